"""What a code does for whoever brings it: a place in a group, a roster line claimed, a role taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import access, audit, groups, invitations, links, meetings, outbox
from models.access import RoleKind
from models.calendar import next_waking
from models.errors import NotFound, Refused
from models.groups import Workgroup
from models.links import Link, LinkKind
from models.outbox import Planned
from models.people import Person
from models.policy import Policy

TELLS = timedelta(days=7)
"""For how long the news that someone has left is news."""


@dataclass(frozen=True)
class Outcome:
    """What became of a code: ``kind`` is "group", "already", "role" or "has-role"."""

    kind: str
    group: str = ""
    role: str = ""


async def redeem(session: AsyncSession, person: Person, code: str, *, policy: Policy, now: datetime) -> Outcome:
    """Uses a code."""
    link = await links.valid(session, code, now=now)
    group = await session.get(Workgroup, link.workgroup_id) if link.workgroup_id else None
    if link.kind is LinkKind.JOIN and group is not None:
        if group.archived_at is not None:
            raise Refused("link-not-valid")
        return await enter(session, group, person, policy=policy, now=now)
    if link.kind is LinkKind.ROLE and link.role is not None:
        if group is not None and group.archived_at is not None:
            raise Refused("link-not-valid")
        return await _take_role(session, person, link, link.role, group, now=now)
    raise Refused("link-not-valid")


async def _take_role(
    session: AsyncSession, person: Person, link: Link, role: RoleKind, group: Workgroup | None, *, now: datetime
) -> Outcome:
    """Takes the role. Whoever has it already leaves the link for the one it was meant for."""
    name = group.name if group else ""
    if not await access.grant(session, person, role, group, now=now):
        return Outcome("has-role", name, role)
    await links.use_up(session, link, now=now)
    audit.note(session, person, "role-taken", now=now, group_id=link.workgroup_id, detail=role)
    return Outcome("role", name, role)


async def claim_link(session: AsyncSession, *, now: datetime) -> Link | None:
    """The one-time link by which the first administrator comes in; None if there is an administrator.

    The same until it is used or expires, so that a restart does not spoil a code that is just being typed.
    """
    if await access.administrators(session):
        return None
    wanted = select(Link).where(
        Link.kind == LinkKind.ROLE, Link.role == RoleKind.ADMINISTRATOR, Link.closed_at.is_(None), Link.expires_at > now
    )
    waiting = await session.scalar(wanted.order_by(Link.created_at).limit(1))
    return waiting or await links.make(
        session, LinkKind.ROLE, now=now, role=RoleKind.ADMINISTRATOR, keeps=links.ROLE_KEEPS
    )


async def enter(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> Outcome:
    """Joins a group, and is invited to the meetings that are already called."""
    if not await groups.join(session, group, person, now=now):
        return Outcome("already", group.name)
    audit.note(session, person, "joined", now=now, group_id=group.id)
    for meeting in await meetings.coming(session, [group.id], now=now):
        if meeting.starts_at > now:
            await invitations.invite(session, meeting, [person], policy=policy, now=now)
    return Outcome("group", group.name)


async def leave(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> None:
    """Leaves a group of one's own will; its coordinators hear of it."""
    membership_id = await end(session, group, person, now=now)
    audit.note(session, person, "left", now=now, group_id=group.id)
    due = next_waking(now, policy.quiet)
    told = [
        Planned(person_id=one.id, kind="left", subject=membership_id, due_at=due, expires_at=due + TELLS)
        for one in await access.coordinators(session, group.id)
        if one.id != person.id
    ]
    await outbox.plan(session, told)


async def end(session: AsyncSession, group: Workgroup, person: Person, *, now: datetime) -> int:
    """Ends a membership, whoever ends it, and withdraws what waits to be sent about the group's coming meetings."""
    membership_id = await groups.leave(session, group.id, person.id, now=now)
    if membership_id is None:
        raise NotFound
    await invitations.withdraw(session, person, group.id, now=now)
    return membership_id
