"""The audit log: who did what to whom, and when. It never holds answers or texts that people wrote to each other."""

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
    """None: the configuration, or a person who has since erased themselves."""
    action: Mapped[str] = mapped_column(index=True)
    """A key like ``role-granted``. Its text has the key ``audit-role-granted``."""
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """The person it was done to."""
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
    """Adds an entry to the current transaction."""
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
class AuditEntry:
    """An entry with the current names of the people and the group. None for a person who has erased themselves."""

    at: datetime
    action: str
    actor: str | None
    person: str | None
    group: str | None
    detail: str


async def page(session: AsyncSession, reader: Person, number: int, size: int) -> tuple[list[AuditEntry], bool]:
    """A page of entries, newest first, and whether there are older ones. Raises NotAllowed unless ``reader`` is an
    administrator."""
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
    lines = [AuditEntry(row.at, row.action, who, whom, where, row.detail) for row, who, whom, where in rows]
    return lines[:size], len(lines) > size
