"""Using a code: joining a group, claiming a roster line, or taking a role."""

from collections.abc import Collection
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
from models.membership import claims, requests, same_people
from models.membership.merging import Merged
from models.membership.requests import RequestDetails
from models.people import access, audit, groups, links, people
from models.people.access import RoleKind
from models.people.groups import Membership, Workgroup
from models.people.links import Link, LinkKind
from models.people.people import Address, Person, quiet_hours
from models.policy import Policy

TELLS = timedelta(days=14)
"""How long a notice that somebody has left or was added waits to be sent."""


@dataclass(frozen=True)
class RedeemedCode:
    """The result of a code: ``kind`` is "group", "already", "asked", "asked-already", "claimed", "claimed-already",
    "role" or "has-role"."""

    kind: str
    group: str = ""
    role: str = ""


async def redeem(session: AsyncSession, person: Person, code: str, *, policy: Policy, now: datetime) -> RedeemedCode:
    """Uses a code. Raises Refused if it is not valid."""
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
    """Takes the role of a link. The link stays open if the person has the role already: it was meant for another."""
    name = group.name if group else ""
    if not await access.grant(session, person, role, group, now=now):
        return RedeemedCode("has-role", name, role)
    await links.use_up(session, link, now=now)
    audit.note(session, person, "role-taken", now=now, group_id=link.workgroup_id, detail=role)
    return RedeemedCode("role", name, role)


async def claim_link(session: AsyncSession, *, now: datetime) -> Link | None:
    """The one-time link for the first administrator; None if there is an administrator.

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
    """Claims a roster line, and invites the person to the coming meetings."""
    merged = await claims.take(session, person, link, now=now)
    for group in merged.groups:
        audit.note(session, person, "claimed", now=now, group_id=group.id, person_id=person.id)
    await welcome(session, person, merged, policy=policy, now=now)
    return RedeemedCode("claimed", ", ".join(group.name for group in merged.groups))


async def welcome(session: AsyncSession, person: Person, merged: Merged, *, policy: Policy, now: datetime) -> None:
    """After a line was merged into a person: invites them to the coming meetings of its groups, and asks the
    coordinators of those groups in which it still stands."""
    for group in merged.groups:
        await requests.settle(session, group.id, person.id, now=now)
        await invite(session, group, [person], policy=policy, now=now)
    for group in merged.others:
        await same_people.ask(session, group, person, [merged.line], policy=policy, now=now)


async def _join(
    session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime
) -> RedeemedCode:
    """Uses a joining link: the person joins at once, or waits where coordinators approve each person."""
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
    """A coordinator accepts or declines a request to join."""
    if asked.group.archived_at is not None:
        raise Refused("roster-archived", group=asked.group.name)
    await requests.decide(session, by, asked, approved, now=now)
    if approved:
        await enter(session, asked.group, asked.person, policy=policy, now=now)


async def enter(
    session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime
) -> RedeemedCode:
    """Makes the person a member, and invites them to the coming meetings."""
    if not await groups.join(session, group, person, now=now):
        return RedeemedCode("already", group.name)
    audit.note(session, person, "joined", now=now, group_id=group.id)
    await requests.settle(session, group.id, person.id, now=now)
    await invite(session, group, [person], policy=policy, now=now)
    await ask_about_namesakes(session, group, person, policy=policy, now=now)
    return RedeemedCode("group", group.name)


async def ask_about_namesakes(
    session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime
) -> None:
    """Asks about lines that have the name of somebody who has joined otherwise: those of the group, and of other groups
    that its coordinators run."""
    others = [other for other in await access.run_by_the_same(session, group.id) if other.id != group.id]
    for each in (group, *others):
        if lines := await same_people.lines_named(session, each, person):
            await same_people.ask(session, each, person, lines, policy=policy, now=now)


async def tell_of_places(
    session: AsyncSession, person: Person, memberships: Collection[int], *, policy: Policy, now: datetime
) -> None:
    """Tells somebody in Telegram of the memberships that a coordinator has given them."""
    due = next_waking(now, quiet_hours(person, policy))
    notes = [
        Planned(person.id, DeliveryKind.ADDED, membership_id, due_at=due, expires_at=due + TELLS)
        for membership_id in memberships
    ]
    await outbox.plan(session, notes)


async def renamed(session: AsyncSession, person: Person, *, policy: Policy, now: datetime) -> None:
    """After a person has changed their name: it may be that of a line in one of their groups."""
    for group in await groups.of_person(session, person):
        await ask_about_namesakes(session, group, person, policy=policy, now=now)


async def invite(
    session: AsyncSession, group: Workgroup, people: list[Person], *, policy: Policy, now: datetime
) -> None:
    """Invites people to a group's coming meetings. Invitations withdrawn when somebody left are sent again."""
    for meeting in await meetings.coming(session, [group.id], now=now):
        if meeting.starts_at > now:
            for person in people:
                if person.telegram_id is not None:
                    await announcing.revive(session, meeting, person, now=now)
            await announcing.invite(session, meeting, people, policy=policy, now=now)


async def meet(
    session: AsyncSession, telegram_id: int, name: str, language: str | None, *, policy: Policy, now: datetime
) -> Person:
    """Calls `people.met`. A person who was not reachable gets the invitations that could not be sent meanwhile."""
    person, is_new = await people.met(session, telegram_id, name, language, now=now)
    if is_new:
        await _send_after_all(session, person)
        for group in await groups.of_person(session, person):
            await invite(session, group, [person], policy=policy, now=now)
    return person


async def _send_after_all(session: AsyncSession, person: Person) -> None:
    """Re-queues the invitations that failed because the person was not reachable."""
    theirs = select(Address.id).where(Address.person_id == person.id).scalar_subquery()
    failed = update(Delivery).where(Delivery.address_id == theirs, Delivery.kind == DeliveryKind.INVITATION)
    await session.execute(failed.where(Delivery.state == Sending.FAILED).values(state=Sending.DUE))


async def leave(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> None:
    """The person leaves a group. Its coordinators get a notice."""
    membership_id = await end(session, group, person, now=now)
    audit.note(session, person, "left", now=now, group_id=group.id)
    due = next_waking(now, policy.quiet)
    notices = [
        Planned(
            person_id=coordinator.id, kind=DeliveryKind.LEFT, subject=membership_id, due_at=due, expires_at=due + TELLS
        )
        for coordinator in await access.coordinators(session, group.id)
        if coordinator.id != person.id
    ]
    await outbox.plan(session, notices)


async def end(session: AsyncSession, group: Workgroup, person: Person, *, now: datetime) -> int:
    """Ends a membership and withdraws the deliveries about the group's coming meetings. Returns its id. Raises
    NotFound if
    there is none."""
    membership_id = await groups.leave(session, group.id, person.id, now=now)
    if membership_id is None:
        raise NotFound
    await announcing.withdraw(session, person, group.id, now=now)
    await claims.withdraw(session, group.id, person.id, now=now)
    await same_people.drop(session, group.id, person.id)
    return membership_id


async def added(session: AsyncSession, membership_id: int) -> str | None:
    """The name of the group to which somebody was added. None if they are not in it any more."""
    membership = await session.get(Membership, membership_id)
    if membership is None or membership.left_at is not None:
        return None
    return (await session.get_one(Workgroup, membership.workgroup_id)).name


async def left(session: AsyncSession, membership_id: int) -> tuple[str, str] | None:
    """The names of the person who left and of the group. None if the person is erased or a member again."""
    membership = await session.get(Membership, membership_id)
    if membership is None or membership.person_id is None:
        return None
    group = await session.get_one(Workgroup, membership.workgroup_id)
    person = await session.get_one(Person, membership.person_id)
    return None if await access.is_member(session, person, group.id) else (person.name, group.name)
