"""Counts from roster to answers, by one rule for every period and for the organisation, a group or a meeting.

Meetings and their invitations count in the period in which the meeting began, forms in which they closed; but in the
counts by meeting a form counts with its meeting.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.response import Response, response_columns
from models.feedback.runs import Run, RunState
from models.meetings import invitations
from models.meetings.attendance import Attendance, Attended, HeadCount
from models.meetings.invitations import COMING, Invitation
from models.meetings.meetings import Meeting, MeetingState
from models.months import Month
from models.people.groups import Membership, Workgroup
from models.people.people import Person, Reachability
from models.periods import Scope

Columns = TypeVarTuple("Columns")

KEY = "counted_by"
"""The label of what counts are grouped by. No table has a column of this name, which PostgreSQL would group by."""


@dataclass(frozen=True)
class Flow:
    """``invited``, ``yes`` and ``attended`` are of invitations and attendances at the meetings held (a person at two
    meetings counts twice); ``response`` is of the forms that closed."""

    meetings: int = 0
    cancelled: int = 0
    invited: int = 0
    """Invitations that were or may have been sent. In digests of earlier versions all invitations."""
    yes: int = 0
    on_site: int = 0
    remote: int = 0
    people: int = 0
    """Different named people who attended."""
    response: Response = field(default_factory=Response)
    unnamed: int = 0
    """Attendances without a name: counted by head, or of people who were erased."""
    heads: int = 0
    """Of the attendances, those counted without a name."""
    unrecorded: int = 0
    """Meetings held whose attendance was not recorded."""
    unsent: int = 0
    """Invitations that could not be sent, for example to people without Telegram."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote

    @property
    def named(self) -> int:
        """Attendances by name: people were invited by name, so these alone are a rate of ``called``. Who came uninvited
        is among them."""
        return self.attended - self.heads

    @property
    def called(self) -> int:
        """Invitations, whether they could be sent or not: who did not get one may have heard of it by telephone."""
        return self.invited + self.unsent

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened. Groups and rosters do not count as happening."""
        return self.meetings == self.cancelled == 0 and self.response.is_empty


@dataclass(frozen=True)
class Funnel(Flow):
    """The counts with the groups' rosters: ``roster`` is different people at the period's end."""

    groups: int = 0
    roster: int = 0
    reachable: int = 0
    """Of the roster, those whom the bot may write to now."""


@dataclass(frozen=True)
class Window(Scope):
    """The last months up to the period's last, so many of them."""

    months: int

    @property
    def each(self) -> list[Month]:
        return [self.period.last.shifted(back) for back in range(1 - self.months, 1)]

    @property
    def _span(self) -> tuple[datetime, datetime]:
        return self.each[0].span(self.zone)[0], self.each[-1].span(self.zone)[1]


class By(enum.Enum):
    """What counts are grouped by; without it, all are added up."""

    GROUP = enum.auto()
    MEETING = enum.auto()


async def funnel(session: AsyncSession, scope: Scope) -> Funnel:
    """The funnel of a period."""
    groups, roster, reachable = await _roster(session, scope)
    flow = (await _flows(session, scope, literal(0), literal(0))).get(0, Flow())
    return Funnel(**vars(flow), groups=groups, roster=roster, reachable=reachable)


async def flows(session: AsyncSession, scope: Scope, by: By) -> dict[int, Flow]:
    """What happened in a period by the id of the group, or of the meeting held in it with its own forms."""
    if by is By.GROUP:
        return await _flows(session, scope, Meeting.workgroup_id.expression, Run.workgroup_id.expression)
    return await _flows(session, scope, Meeting.id.expression, Run.meeting_id.expression, forms_of_meetings=True)


async def by_month(session: AsyncSession, window: Window) -> dict[Month, Flow]:
    """What happened in each month of a window, oldest first."""
    bounds = [month.span(window.zone)[1] for month in window.each[:-1]]

    def number(at: ColumnElement[datetime]) -> "ColumnElement[int]":
        return case(*((at < bound, index) for index, bound in enumerate(bounds)), else_=len(bounds))

    flows_by_index = await _flows(
        session, window, number(Meeting.starts_at.expression), number(Run.closes_at.expression)
    )
    return {month: flows_by_index.get(index, Flow()) for index, month in enumerate(window.each)}


async def count_meetings(session: AsyncSession, scope: Scope, *states: MeetingState) -> int:
    """How many meetings of the period are in a state."""
    counted = in_period(select(func.count(Meeting.id)), scope).where(Meeting.state.in_(states))
    return await session.scalar(counted) or 0


def in_period(wanted: "Select[*Columns]", scope: Scope) -> "Select[*Columns]":
    """Narrows a query to the meetings of a scope."""
    wanted = wanted.where(Meeting.starts_at >= scope.first, Meeting.starts_at < scope.after)
    return scope.of_groups(wanted, Meeting.workgroup_id.expression)


async def _flows(
    session: AsyncSession,
    scope: Scope,
    of_meeting: "ColumnElement[int]",
    of_form: "ColumnElement[Any]",
    *,
    forms_of_meetings: bool = False,
) -> dict[int, Flow]:
    """The counts by key, in five queries whatever they are grouped by."""
    counts_by_key: dict[int, dict[str, int]] = {}
    for wanted in _of_meetings(scope, of_meeting.label(KEY)):
        for row in (await session.execute(wanted)).mappings():
            counts = counts_by_key.setdefault(row[KEY], {})
            for name, count in _without_key(row).items():
                counts[name] = counts.get(name, 0) + (count or 0)
    forms = await session.execute(_forms(scope, of_form, of_meetings=forms_of_meetings))
    responses = {row[KEY]: Response(**_without_key(row)) for row in forms.mappings()}
    return {
        key: Flow(**counts_by_key.get(key, {}), response=responses.get(key, Response()))
        for key in {*counts_by_key, *responses}
    }


def _without_key(row: Mapping[Any, Any]) -> dict[str, int]:
    return {name: count for name, count in row.items() if name != KEY}


def _of_meetings(scope: Scope, key: Any) -> list[Select[*tuple[Any, ...]]]:
    state, held = Meeting.state, Meeting.state == MeetingState.HELD
    has_attendance = exists().where(Attendance.meeting_id == Meeting.id) | exists().where(
        HeadCount.meeting_id == Meeting.id
    )
    stands = select(
        key,
        _sum(held).label("meetings"),
        _sum(state == MeetingState.CANCELLED).label("cancelled"),
        _sum(held & ~has_attendance).label("unrecorded"),
    ).where(state.in_([MeetingState.HELD, MeetingState.CANCELLED]))
    yes = _sum(Invitation.answer.in_(COMING))
    was_sent = invitations.was_sent()
    invited = select(key, _sum(was_sent).label("invited"), _sum(~was_sent).label("unsent"), yes.label("yes")).join(
        Meeting, Meeting.id == Invitation.meeting_id
    )
    present = case((Attendance.attended != Attended.NO, Attendance.person_id))
    named = select(
        key,
        _sum(Attendance.attended == Attended.ON_SITE).label("on_site"),
        _sum(Attendance.attended == Attended.REMOTE).label("remote"),
        func.count(present.distinct()).label("people"),
        _sum((Attendance.attended != Attended.NO) & Attendance.person_id.is_(None)).label("unnamed"),
    ).join(Meeting, Meeting.id == Attendance.meeting_id)
    counted = select(
        key,
        func.sum(HeadCount.on_site).label("on_site"),
        func.sum(HeadCount.remote).label("remote"),
        func.sum(HeadCount.on_site + HeadCount.remote).label("unnamed"),
        func.sum(HeadCount.on_site + HeadCount.remote).label("heads"),
    ).join(Meeting, Meeting.id == HeadCount.meeting_id)
    wanted = (stands, *(query.where(held) for query in (invited, named, counted)))
    return [in_period(query, scope).group_by(KEY) for query in wanted]


def _forms(scope: Scope, key: "ColumnElement[Any]", *, of_meetings: bool) -> Select[*tuple[Any, ...]]:
    wanted = select(key.label(KEY), *response_columns()).where(Run.state == RunState.CLOSED)
    if of_meetings:
        held = in_period(select(Meeting.id), scope).where(Meeting.state == MeetingState.HELD)
        return wanted.where(Run.meeting_id.in_(held)).group_by(KEY)
    wanted = wanted.where(Run.closes_at >= scope.first, Run.closes_at < scope.after)
    return scope.of_groups(wanted, Run.workgroup_id.expression).group_by(KEY)


def _sum(condition: ColumnElement[bool]) -> "ColumnElement[int]":
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


async def _roster(session: AsyncSession, scope: Scope) -> tuple[int, int, int]:
    """The groups, and the different people on their rosters, at the period's end (in one not over yet: now)."""
    living = Workgroup.created_at < scope.after, _lasts(Workgroup.archived_at.expression, scope)
    groups = scope.of_groups(select(func.count(Workgroup.id)).where(*living), Workgroup.id.expression)
    people = (
        select(
            func.count(Person.id.distinct()),
            func.count(case((Person.reach == Reachability.REACHABLE, Person.id)).distinct()),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Workgroup, Workgroup.id == Membership.workgroup_id)
        .where(Membership.joined_at < scope.after, _lasts(Membership.left_at.expression, scope), *living)
    )
    row = (await session.execute(scope.of_groups(people, Workgroup.id.expression))).one()
    return await session.scalar(groups) or 0, row[0], row[1]


def _lasts(ended: "ColumnElement[datetime | None]", scope: Scope) -> "ColumnElement[bool]":
    return ended.is_(None) | (ended >= scope.after)
