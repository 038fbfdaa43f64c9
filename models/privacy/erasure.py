"""A person erases themselves; what nobody would look after then; what is erased by time alone.

Which rows are deleted: ``models.membership.deletion``. An administrator named in the configuration is appointed anew
by Telegram id at the next start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.drafts import Draft
from models.membership import roles
from models.membership.deletion import LINE_ERASED, delete_person
from models.people import audit
from models.people.access import RoleKind
from models.people.audit import Audit
from models.people.people import Person

ERASED = "erased"

DRAFTS_KEEP = timedelta(days=30)


@dataclass(frozen=True)
class Gap:
    """What nobody will look after when a person goes: the installation, or groups by name."""

    installation: bool
    groups: tuple[str, ...]


async def gap(session: AsyncSession, person: Person) -> Gap:
    """What a person leaves without anyone in charge of it."""
    held = await roles.of_person(session, person)
    alone = [holding for holding in held if await roles.is_last(session, holding)]
    return Gap(
        installation=any(holding.role.kind is RoleKind.ADMINISTRATOR for holding in alone),
        groups=tuple(
            holding.group.name for holding in alone if holding.group and holding.role.kind is RoleKind.COORDINATOR
        ),
    )


async def erase(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """Erases a person at once and for good. That somebody did is noted, not who."""
    await delete_person(session, person, now=now)
    audit.note(session, None, ERASED, now=now)


async def drop_drafts(session: AsyncSession, *, now: datetime) -> None:
    """Drops the dialogues that nobody has gone on with: they may hold names, of a list pasted and never added."""
    await session.execute(delete(Draft).where(Draft.updated_at < now - DRAFTS_KEEP))


async def erased(session: AsyncSession) -> int:
    """How many people and lines have been erased so far."""
    return await session.scalar(select(func.count()).where(Audit.action.in_((ERASED, LINE_ERASED)))) or 0
