"""What a code does for whoever brings it: a place in a group, a roster line claimed, a role taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Planned, Sending
from models.errors import NotFound, Refused
from models.meetings import announcing, meetings
from models.membership import claims, requests
from models.membership.requests import RequestDetails
from models.people import access, audit, groups, links, people
from models.people.access import RoleKind
from models.people.groups import Membership, Workgroup
from models.people.links import Link, LinkKind
from models.people.people import Address, Person
from models.policy import Policy

TELLS = timedelta(days=7)
"""For how long the news that someone has left is news."""


@dataclass(frozen=True)
class RedeemedCode:
    """What became of a code: ``kind`` is "group", "already", "asked", "asked-already", "claimed", "claimed-already",
    "role" or "has-role"."""

    kind: str
    group: str = ""
    role: str = ""


async def redeem(session: AsyncSession, person: Person, code: str, *, policy: Policy, now: datetime) -> RedeemedCode:
    """Uses a code."""
    if await claims.taken_before(session, person, code):
        return RedeemedCode("claimed-already")
    link = await links.access_link(session, code, now=now)
    group = await session.get(Workgroup, link.workgroup_id) if link.workgroup_id else None
    match link.kind:
        case LinkKind.CLAIM:
            return await _claim(session, person, link, policy=policy, now=now)
        case LinkKind.JOIN:
            if group is None:
                raise Refused("link-not-valid")
            return await _join(session, group, person, policy=policy, now=now)
        case LinkKind.ROLE:
            if link.role is None or (group is not None and group.archived_at is not None):
                raise Refused("link-not-valid")
            return await _take_role(session, person, link, link.role, group, now=now)
        case _:
            assert_never(link.kind)


async def _take_role(
    session: AsyncSession, person: Person, link: Link, role: RoleKind, group: Workgroup | None, *, now: datetime
) -> RedeemedCode:
    """Takes the role. Whoever has it already leaves the link for the one it was meant for."""
    name = group.name if group else ""
    if not await access.grant(session, person, role, group, now=now):
        return RedeemedCode("has-role", name, role)
    await links.use_up(session, link, now=now)
    audit.note(session, person, "role-taken", now=now, group_id=link.workgroup_id, detail=role)
    return RedeemedCode("role", name, role)


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


async def _claim(session: AsyncSession, person: Person, link: Link, *, policy: Policy, now: datetime) -> RedeemedCode:
    """Takes a place on a roster, and is invited to the meetings that are already called."""
    names = []
    for group_id in await claims.take(session, person, link, now=now):
        group = await session.get_one(Workgroup, group_id)
        audit.note(session, person, "claimed", now=now, group_id=group.id, person_id=person.id)
        await requests.settle(session, group.id, person.id, now=now)
        await _invite(session, group, person, policy=policy, now=now)
        names.append(group.name)
    return RedeemedCode("claimed", ", ".join(names))


async def _join(
    session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime
) -> RedeemedCode:
    """By the joining link: at once, or where its coordinators let people in one by one, with their leave."""
    if group.archived_at is not None:
        raise Refused("link-not-valid")
    trusted = await access.is_member(session, person, group.id) or await access.holds(
        session, person, RoleKind.COORDINATOR, group.id
    )
    if trusted or not group.approves_joiners:
        return await enter(session, group, person, policy=policy, now=now)
    new = await requests.ask(session, group, person, policy=policy, now=now)
    return RedeemedCode("asked" if new else "asked-already", group.name)


async def answer_request(
    session: AsyncSession, by: Person, asked: RequestDetails, approved: bool, *, policy: Policy, now: datetime
) -> None:
    """A coordinator lets somebody in, or does not."""
    if asked.group.archived_at is not None:
        raise Refused("roster-archived", group=asked.group.name)
    await requests.decide(session, by, asked, approved, now=now)
    if approved:
        await enter(session, asked.group, asked.person, policy=policy, now=now)


async def enter(
    session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime
) -> RedeemedCode:
    """Joins a group, and is invited to the meetings that are already called."""
    if not await groups.join(session, group, person, now=now):
        return RedeemedCode("already", group.name)
    audit.note(session, person, "joined", now=now, group_id=group.id)
    await requests.settle(session, group.id, person.id, now=now)
    await _invite(session, group, person, policy=policy, now=now)
    return RedeemedCode("group", group.name)


async def _invite(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> None:
    """Invites a person to a group's coming meetings, anew to those from which they were withdrawn when they left."""
    for meeting in await meetings.coming(session, [group.id], now=now):
        if meeting.starts_at > now:
            await announcing.revive(session, meeting, person, now=now)
            await announcing.invite(session, meeting, [person], policy=policy, now=now)


async def meet(
    session: AsyncSession, telegram_id: int, name: str, language: str | None, *, policy: Policy, now: datetime
) -> Person:
    """`people.met`; whoever could not be written to hears of the meetings that were called meanwhile."""
    person, is_new = await people.met(session, telegram_id, name, language, now=now)
    if is_new:
        await _send_after_all(session, person)
        for group in await groups.of_person(session, person):
            await _invite(session, group, person, policy=policy, now=now)
    return person


async def _send_after_all(session: AsyncSession, person: Person) -> None:
    """Puts back the invitations that came to nothing because the person could not be reached."""
    theirs = select(Address.id).where(Address.person_id == person.id).scalar_subquery()
    failed = update(Delivery).where(Delivery.address_id == theirs, Delivery.kind == DeliveryKind.INVITATION)
    await session.execute(failed.where(Delivery.state == Sending.FAILED).values(state=Sending.DUE))


async def leave(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> None:
    """Leaves a group of one's own will; its coordinators hear of it."""
    membership_id = await end(session, group, person, now=now)
    audit.note(session, person, "left", now=now, group_id=group.id)
    due = next_waking(now, policy.quiet)
    notices = [
        Planned(person_id=member.id, kind=DeliveryKind.LEFT, subject=membership_id, due_at=due, expires_at=due + TELLS)
        for member in await access.coordinators(session, group.id)
        if member.id != person.id
    ]
    await outbox.plan(session, notices)


async def end(session: AsyncSession, group: Workgroup, person: Person, *, now: datetime) -> int:
    """Ends a membership, whoever ends it, and withdraws what waits to be sent about the group's coming meetings."""
    membership_id = await groups.leave(session, group.id, person.id, now=now)
    if membership_id is None:
        raise NotFound
    await announcing.withdraw(session, person, group.id, now=now)
    await claims.withdraw(session, person.id, now=now)
    return membership_id


async def left(session: AsyncSession, membership_id: int) -> tuple[str, str] | None:
    """Who left which group, by name; None if they have erased themselves or are back."""
    membership = await session.get(Membership, membership_id)
    if membership is None or membership.person_id is None:
        return None
    group = await session.get_one(Workgroup, membership.workgroup_id)
    person = await session.get_one(Person, membership.person_id)
    return None if await access.is_member(session, person, group.id) else (person.name, group.name)
