"""What a code does for whoever brings it: a place in a group, a roster line claimed, a role taken."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models import access, audit, groups, invitations, links, meetings
from models.errors import Refused
from models.groups import Workgroup
from models.links import LinkKind
from models.people import Person
from models.policy import Policy


@dataclass(frozen=True)
class Outcome:
    """What became of a code: ``kind`` is "group", "already" or "role"."""

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
        await links.use_up(session, link, now=now)
        await access.grant(session, person, link.role, group, now=now)
        audit.note(session, person, "role-taken", now=now, group_id=link.workgroup_id, detail=link.role)
        return Outcome("role", group.name if group else "", link.role)
    raise Refused("link-not-valid")


async def enter(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> Outcome:
    """Joins a group, and is invited to the meetings that are already called."""
    if not await groups.join(session, group, person, now=now):
        return Outcome("already", group.name)
    audit.note(session, person, "joined", now=now, group_id=group.id)
    for meeting in await meetings.coming(session, [group.id], now=now):
        if meeting.starts_at > now:
            await invitations.invite(session, meeting, [person], policy=policy, now=now)
    return Outcome("group", group.name)
