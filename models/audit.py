"""Who did what to what, when. Never answers, never texts that people wrote to each other."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.people import Person


class Audit(Base):
    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """None: the configuration, or someone who has erased themselves."""
    action: Mapped[str]
    """A key like ``role-granted``; its words are in the catalogues under ``audit-…``."""
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """Whom it was done to."""
    detail: Mapped[str] = mapped_column(default="")


def note(
    session: AsyncSession,
    actor: Person | None,
    action: str,
    *,
    now: datetime,
    group_id: int | None = None,
    person_id: int | None = None,
    detail: str = "",
) -> None:
    """Adds a line, in the transaction of the deed."""
    session.add(
        Audit(
            at=now,
            actor_id=actor.id if actor else None,
            action=action,
            workgroup_id=group_id,
            person_id=person_id,
            detail=detail,
        )
    )


async def latest(session: AsyncSession, limit: int = 20, offset: int = 0) -> list[tuple[Audit, str | None]]:
    """The newest lines, each with the actor's name."""
    wanted = select(Audit, Person.name).outerjoin(Person, Person.id == Audit.actor_id)
    rows = await session.execute(wanted.order_by(Audit.id.desc()).limit(limit).offset(offset))
    return [(row, name) for row, name in rows]
