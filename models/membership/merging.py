"""Merges a roster line into the row of the person whom it means, so that one person is one row.

A line is a person without Telegram: nothing was ever sent to it, and it has answered no form. What both have had of
the same thing becomes one, and nothing else is lost:

- memberships in the same group that overlap or meet become one, from the earlier day to the later; others stay apart;
- of two invitations to a meeting the person's own stays, for their card shows it: with the earlier day, with the line's
  answer if they have given none, and as a guest's if one of the two was;
- of two attendances at a meeting the person's own word counts, else that somebody was there, else the later mark;
- of two places in the audience of a form, and of two equal roles, the person's own stays;
- personal links become the person's, and serve nobody any more once the person is in Telegram;
- the person keeps what they have of organisation, field and contact and gets the rest from the line. Their name becomes
  that of the roster if it is still that of their Telegram account.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.errors import Stale
from models.feedback.runs import Participation, Run, RunState
from models.meetings import attendance
from models.meetings.attendance import Attendance
from models.meetings.invitations import Invitation, Source
from models.meetings.meetings import Meeting
from models.membership import same_people
from models.membership.same_people import SameQuestion
from models.people import contacts
from models.people.access import Role, roles
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup, of_person
from models.people.links import Link
from models.people.people import NAME_LENGTH, Person, has_profile_name

Row = TypeVar("Row", Membership, Invitation, Attendance)
Column = InstrumentedAttribute[Any]

SHARED: tuple[Column, ...] = (
    Membership.person_id,
    Invitation.person_id,
    Attendance.person_id,
    Participation.person_id,
    Role.person_id,
    Link.person_id,
    SameQuestion.person_id,
    SameQuestion.line_id,
)
"""Columns that point at a person, in tables where two rows can mean the same: each has its rule."""
MOVED: tuple[Column, ...] = (
    Meeting.created_by,
    Audit.actor_id,
    Audit.person_id,
)
"""Columns that point at a person, whose rows simply become the person's."""


@dataclass(frozen=True)
class Merged:
    """The groups on whose rosters the line stood: those in which it is the person now, and those in which it still
    stands, because whoever merged it has no say there."""

    line: Person
    """Deleted, if there are no other groups."""
    groups: tuple[Workgroup, ...]
    others: tuple[Workgroup, ...]


async def merge(
    session: AsyncSession, line: Person, person: Person, *, group_ids: Collection[int] | None = None, now: datetime
) -> Merged:
    """Merges the line into the person.

    ``group_ids`` are the groups in which it may be merged; None: all. If the line is a member of others now, it stays
    with its rows of those; else it is deleted. Raises Stale if either is gone, or somebody has claimed the line.
    """
    await _lock(session, line, person)
    groups = await of_person(session, line)
    mine = tuple(group for group in groups if group_ids is None or group.id in group_ids)
    others = tuple(group for group in groups if group not in mine)
    within = {group.id for group in mine} if others else None
    await _memberships(session, await _both(session, Membership, line, person, within), person)
    await _invitations(session, await _both(session, Invitation, line, person, within), line, person)
    await _attendances(session, await _both(session, Attendance, line, person, within), line, person)
    await _participations(session, line, person, within)
    await _links(session, line, person, within, now)
    _fill(person, line)
    await same_people.follow(session, line, person, within)
    if within is None:
        await _take_over(session, line, person)
    await session.flush()
    return Merged(line, mine, others)


async def _lock(session: AsyncSession, line: Person, person: Person) -> None:
    """Two merges of the same rows, a claim, and whatever points at the rows meanwhile take turns."""
    ids = [line.id, person.id]
    wanted = select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()
    rows = (await session.execute(wanted, execution_options={"populate_existing": True})).scalars().all()
    if len(rows) < 2 or line.telegram_id is not None:
        raise Stale("line-is-gone")


async def _both(
    session: AsyncSession, table: type[Row], line: Person, person: Person, within: Collection[int] | None
) -> list[Row]:
    """The rows of the two in a table, those of some groups or of all."""
    wanted = select(table).where(table.person_id.in_([line.id, person.id]))
    if within is not None:
        wanted = wanted.where(_in_groups(table, within))
    return list((await session.execute(wanted)).scalars())


def _in_groups(table: Any, group_ids: Collection[int]) -> "ColumnElement[bool]":
    if table is Membership:
        return Membership.workgroup_id.in_(group_ids)
    meetings = select(Meeting.id).where(Meeting.workgroup_id.in_(group_ids))
    condition: ColumnElement[bool] = table.meeting_id.in_(meetings)
    return condition


async def _memberships(session: AsyncSession, rows: list[Membership], person: Person) -> None:
    """Joins overlapping intervals: the person's row stays where there is one, for a message may be about it."""
    by_group: dict[int, list[tuple[Membership, datetime, datetime | None]]] = {}
    for row in sorted(rows, key=lambda row: (row.joined_at, row.person_id != person.id, row.id)):
        intervals = by_group.setdefault(row.workgroup_id, [])
        kept, joined, left = row, row.joined_at, row.left_at
        if intervals and (intervals[-1][2] is None or intervals[-1][2] >= row.joined_at):
            before, joined, end = intervals.pop()
            left = _later(end, left)
            kept, gone = (before, row) if before.person_id == person.id else (row, before)
            await session.delete(gone)
        intervals.append((kept, joined, left))
    await session.flush()  # the rows that go first: of a person and group only one row at a time lasts
    for kept, joined, left in (interval for intervals in by_group.values() for interval in intervals):
        kept.joined_at, kept.left_at, kept.person_id = joined, left, person.id


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    """The later end of two intervals; None: one of them lasts."""
    return None if first is None or second is None else max(first, second)


async def _invitations(session: AsyncSession, rows: list[Invitation], line: Person, person: Person) -> None:
    own = {row.meeting_id: row for row in rows if row.person_id == person.id}
    for row in [row for row in rows if row.person_id == line.id]:
        mine = own.get(row.meeting_id)
        if mine is None:
            row.person_id = person.id
            continue
        mine.invited_at = min(mine.invited_at, row.invited_at)
        if Source.GUEST in (mine.source, row.source):
            mine.source = Source.GUEST
        if mine.answer is None:
            mine.answer, mine.answered_at, mine.update_id = row.answer, row.answered_at, row.update_id
        await session.delete(row)


async def _attendances(session: AsyncSession, rows: list[Attendance], line: Person, person: Person) -> None:
    own = {row.meeting_id: row for row in rows if row.person_id == person.id}
    moved = []
    for row in [row for row in rows if row.person_id == line.id]:
        mine = own.get(row.meeting_id)
        if mine is None:
            row.person_id = person.id
            moved.append(row.meeting_id)
            continue
        counts = max(mine, row, key=lambda row: (row.own_word is True, row.attended.was_there, row.marked_at))
        mine.attended, mine.own_word, mine.marked_at = counts.attended, counts.own_word, counts.marked_at
        await session.delete(row)
    await session.flush()
    closed = select(Run.meeting_id).where(Run.meeting_id.in_(moved), Run.state == RunState.CLOSED)
    in_order = [meeting_id for meeting_id in (await session.execute(closed)).scalars() if meeting_id is not None]
    await attendance.put_in_order(session, in_order)


async def _participations(session: AsyncSession, line: Person, person: Person, within: Collection[int] | None) -> None:
    """Only columns: the rows' primary key changes."""
    own = select(Participation.run_id).where(Participation.person_id == person.id)
    theirs = [Participation.person_id == line.id]
    if within is not None:
        theirs.append(Participation.run_id.in_(select(Run.id).where(Run.workgroup_id.in_(within))))
    moved = update(Participation).where(*theirs, Participation.run_id.not_in(own.scalar_subquery()))
    await session.execute(moved.values(person_id=person.id), execution_options={"synchronize_session": False})
    await session.execute(delete(Participation).where(*theirs), execution_options={"synchronize_session": False})


async def _links(
    session: AsyncSession, line: Person, person: Person, within: Collection[int] | None, now: datetime
) -> None:
    """A link that was used tells its person, at another tap, that all is well."""
    moved = update(Link).where(Link.person_id == line.id)
    if within is not None:
        moved = moved.where(Link.workgroup_id.in_(within))
    closed = now if person.telegram_id is not None else None
    await session.execute(moved.values(person_id=person.id, closed_at=func.coalesce(Link.closed_at, closed)))


def _fill(person: Person, line: Person) -> None:
    person.name = name_of(person, line)
    person.organisation = person.organisation or line.organisation
    person.organisation_name = person.organisation_name or line.organisation_name
    person.field = person.field or line.field
    person.contact = contacts.combined(person.contact, line.contact, NAME_LENGTH)


def name_of(person: Person, line: Person) -> str:
    """The person's name after the merge."""
    return line.name if has_profile_name(person) else person.name


async def _take_over(session: AsyncSession, line: Person, person: Person) -> None:
    """Moves all that is not of one group, and deletes the line."""
    held = {(role.kind, role.workgroup_id) for role in await roles(session, person.id)}
    for role in await roles(session, line.id):
        if (role.kind, role.workgroup_id) in held:
            await session.delete(role)
    await session.flush()
    for column in (*MOVED, Role.person_id):
        await session.execute(update(column.class_).where(column == line.id).values({column: person.id}))
    await session.execute(delete(Person).where(Person.id == line.id))
