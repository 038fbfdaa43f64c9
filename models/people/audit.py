"""Who did what to what, when. Never answers, never texts that people wrote to each other."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Base
from models.people.access import RoleKind, require_role
from models.people.groups import Workgroup
from models.people.people import Person


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


@dataclass(frozen=True)
class Line:
    """A row with the names that its ids stand for now; None for whoever has erased themselves."""

    at: datetime
    action: str
    actor: str | None
    person: str | None
    group: str | None
    detail: str


async def page(session: AsyncSession, reader: Person, number: int, size: int) -> tuple[list[Line], bool]:
    """A page of lines for an administrator, the newest first, and whether there are older ones."""
    await require_role(session, reader, RoleKind.ADMINISTRATOR)
    actor, other = aliased(Person), aliased(Person)
    wanted = (
        select(Audit, actor.name, other.name, Workgroup.name)
        .outerjoin(actor, actor.id == Audit.actor_id)
        .outerjoin(other, other.id == Audit.person_id)
        .outerjoin(Workgroup, Workgroup.id == Audit.workgroup_id)
        .order_by(Audit.id.desc())
    )
    rows = (await session.execute(wanted.limit(size + 1).offset(number * size))).all()
    lines = [Line(row.at, row.action, who, whom, where, row.detail) for row, who, whom, where in rows]
    return lines[:size], len(lines) > size
