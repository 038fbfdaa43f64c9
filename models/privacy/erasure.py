"""Erasing a person. What is about them goes; what is counted stays, without them.

The foreign keys do most of it. CASCADE: the address with everything sent to it, roles, drafts, digests, personal
links, open questions and sealed answers. SET NULL, for the denominators of past meetings: memberships, invitations,
attendances, audit lines, who called a meeting. Counted figures and open answers never had a person.

An administrator named in the configuration is appointed anew by Telegram id at the next start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.drafts import Draft
from models.meetings.invitations import Invitation
from models.membership import roles
from models.people import audit
from models.people.access import RoleKind
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup
from models.people.people import Person

ERASED, LINE_ERASED = "erased", "line-erased"

DRAFTS_KEEP = timedelta(days=30)


@dataclass(frozen=True)
class Gap:
    """What nobody will look after when a person goes: the installation, or groups by name."""

    installation: bool
    groups: tuple[str, ...]


async def gap(session: AsyncSession, person: Person) -> Gap:
    """What a person leaves without anyone in charge of it."""
    held = await roles.of_person(session, person)
    alone = [one for one in held if await roles.is_last(session, one)]
    return Gap(
        installation=any(one.role.kind is RoleKind.ADMINISTRATOR for one in alone),
        groups=tuple(one.group.name for one in alone if one.group and one.role.kind is RoleKind.COORDINATOR),
    )


async def erase(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """Erases a person at once and for good. That somebody did is noted, not who."""
    await _drop(session, person, now=now)
    audit.note(session, None, ERASED, now=now)


async def erase_line(session: AsyncSession, by: Person, group: Workgroup, person: Person, *, now: datetime) -> None:
    """Erases a line of a roster: somebody without Telegram, who could not do it themselves."""
    await _drop(session, person, now=now)
    audit.note(session, by, LINE_ERASED, now=now, group_id=group.id)


async def _drop(session: AsyncSession, person: Person, *, now: datetime) -> None:
    await session.execute(
        update(Membership).where(Membership.person_id == person.id, Membership.left_at.is_(None)).values(left_at=now)
    )
    # An update id tells of one tap of one person, to whoever has the logs.
    await session.execute(update(Invitation).where(Invitation.person_id == person.id).values(update_id=None))
    await session.flush()
    await session.execute(delete(Person).where(Person.id == person.id))


async def drop_drafts(session: AsyncSession, *, now: datetime) -> None:
    """Drops the dialogues that nobody has gone on with: they may hold names, of a list pasted and never added."""
    await session.execute(delete(Draft).where(Draft.updated_at < now - DRAFTS_KEEP))


async def erased(session: AsyncSession) -> int:
    """How many people and lines have been erased so far."""
    return await session.scalar(select(func.count()).where(Audit.action.in_((ERASED, LINE_ERASED)))) or 0
