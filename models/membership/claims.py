"""Personal links, with which people take their place on a roster, and what becomes of the place.

A line on a roster is a person without Telegram, known in one group only: that another group's line has the same name
and contact merges nothing, or whoever adds a line could take someone else's places with its link. Claiming merges.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.errors import Refused, Stale
from models.feedback.runs import Participation
from models.meetings.attendance import Attendance
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people import audit, links
from models.people.access import Role, roles
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup, of_person
from models.people.links import PERSONAL, Link, LinkKind
from models.people.people import Person

Column = InstrumentedAttribute[Any]

MOVED: tuple[tuple[Column, Column | None], ...] = (
    (Invitation.person_id, Invitation.meeting_id),
    (Attendance.person_id, Attendance.meeting_id),
    (Participation.person_id, Participation.run_id),
    (Meeting.created_by, None),
    (Audit.actor_id, None),
    (Audit.person_id, None),
    (Link.person_id, None),
)
"""Columns that point at a person, each with the column of which a person has one row. There the claimer's own row
stays."""


async def links_of(session: AsyncSession, people: list[Person], *, now: datetime) -> dict[int, Link]:
    """The personal links of people without Telegram, by person id. Creates those that are missing or expired."""
    waiting = {person.id for person in people if person.telegram_id is None}
    valid = select(Link).where(
        Link.kind == LinkKind.CLAIM, Link.person_id.in_(waiting), Link.closed_at.is_(None), Link.expires_at > now
    )
    known = {link.person_id: link for link in (await session.execute(valid)).scalars() if link.person_id}
    for person_id in sorted(waiting - set(known)):
        known[person_id] = _link(person_id, now)
        session.add(known[person_id])
    await session.flush()
    return known


def _link(person_id: int, now: datetime) -> Link:
    return Link(
        code=links.new_code(), kind=LinkKind.CLAIM, person_id=person_id, created_at=now, expires_at=now + PERSONAL
    )


async def renew(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, code: str, *, now: datetime
) -> Link:
    """Replaces a personal link. ``code`` is the link on the screen: a second tap raises Stale and makes no second
    link."""
    old = update(Link).where(Link.kind == LinkKind.CLAIM, Link.person_id == person.id, Link.closed_at.is_(None))
    closed = await session.execute(old.where(Link.code == code).values(closed_at=now).returning(Link.code))
    if person.telegram_id is not None or closed.scalar_one_or_none() is None:
        raise Stale("link-replaced")
    audit.note(session, by, "link-renewed", now=now, group_id=group.id, person_id=person.id)
    link = _link(person.id, now)
    session.add(link)
    await session.flush()
    return link


async def withdraw(session: AsyncSession, person_id: int, *, now: datetime) -> None:
    """Closes the personal links of a person who is on no roster any more."""
    current = select(Membership.id).where(Membership.person_id == person_id, Membership.left_at.is_(None))
    if await session.scalar(current.limit(1)) is None:
        mine = update(Link).where(Link.kind == LinkKind.CLAIM, Link.person_id == person_id, Link.closed_at.is_(None))
        await session.execute(mine.values(closed_at=now))


@dataclass(frozen=True)
class RosterPlace:
    """A roster line that nobody has claimed."""

    name: str
    groups: tuple[str, ...]


async def waiting_place(session: AsyncSession, code: str, *, now: datetime) -> RosterPlace | None:
    """The roster line of a code, for its person to confirm. None if the code is no valid personal link."""
    try:
        link = await links.access_link(session, code, now=now)
    except Refused:
        return None
    line = await session.get(Person, link.person_id) if link.kind is LinkKind.CLAIM else None
    if line is None:
        return None
    return RosterPlace(line.name, tuple(group.name for group in await of_person(session, line)))


async def taken_before(session: AsyncSession, person: Person, code: str) -> bool:
    """Whether this person has used this personal link already. Raises Refused if somebody else has."""
    link = await session.get(Link, links.normal(code))
    if link is None or link.kind is not LinkKind.CLAIM or link.closed_at is None or link.person_id is None:
        return False
    if link.person_id == person.id:
        return True
    holder = await session.get(Person, link.person_id)
    if holder is not None and holder.telegram_id is not None:
        raise Refused("claim-taken")
    return False


async def take(session: AsyncSession, person: Person, link: Link, *, now: datetime) -> list[int]:
    """Merges a roster line into the person and deletes the line. Returns the ids of the line's groups."""
    await links.use_up(session, link, now=now)
    line = await session.get(Person, link.person_id)
    if line is None or line.telegram_id is not None:
        raise Refused("link-not-valid")
    groups = await _take_memberships(session, line, person)
    for column, of in MOVED:
        await _move(session, line, person, column, of)
    await _take_roles(session, line, person)
    others = update(Link).where(Link.kind == LinkKind.CLAIM, Link.person_id == person.id, Link.closed_at.is_(None))
    await session.execute(others.values(closed_at=now))
    person.name = line.name or person.name
    person.organisation = person.organisation or line.organisation
    person.field = person.field or line.field
    person.contact = person.contact or line.contact
    await session.execute(delete(Person).where(Person.id == line.id))
    return groups


async def _take_memberships(session: AsyncSession, line: Person, person: Person) -> list[int]:
    """Merges memberships of the same group, from the earlier day. Returns the ids of the line's groups."""
    both = select(Membership).where(Membership.person_id.in_([line.id, person.id]), Membership.left_at.is_(None))
    rows = list((await session.execute(both)).scalars())
    mine = {row.workgroup_id: row for row in rows if row.person_id == person.id}
    theirs = {row.workgroup_id: row for row in rows if row.person_id == line.id}
    for group_id, row in theirs.items():
        if own := mine.get(group_id):
            own.joined_at = min(own.joined_at, row.joined_at)
            await session.delete(row)
    await session.flush()
    await session.execute(update(Membership).where(Membership.person_id == line.id).values(person_id=person.id))
    return sorted(theirs)


async def _take_roles(session: AsyncSession, line: Person, person: Person) -> None:
    held = {(role.kind, role.workgroup_id) for role in await roles(session, person.id)}
    for role in await roles(session, line.id):
        if (role.kind, role.workgroup_id) in held:
            await session.delete(role)
    await session.flush()
    await session.execute(update(Role).where(Role.person_id == line.id).values(person_id=person.id))


async def _move(session: AsyncSession, line: Person, person: Person, column: Column, of: Column | None) -> None:
    """Moves the line's rows of one table to the person. Deletes those of which the person has their own."""
    theirs = column == line.id
    if of is None:
        await session.execute(update(column.class_).where(theirs).values({column: person.id}))
        return
    mine = select(of).where(column == person.id).scalar_subquery()
    await session.execute(update(column.class_).where(theirs, of.not_in(mine)).values({column: person.id}))
    await session.execute(delete(column.class_).where(theirs))
