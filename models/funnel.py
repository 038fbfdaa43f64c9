"""From roster to answers: how many of a month's invitations led to what."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.attendance import Attendance, Attended, HeadCount
from models.groups import Membership, Workgroup
from models.invitations import Answer, Invitation
from models.meetings import Meeting, MeetingState
from models.months import Month
from models.people import Person, Reach
from models.runs import Run, RunState

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Funnel:
    """``roster`` is people at the month's end; the middle counts are of invitations and attendances at the meetings
    held in the month (a person at two meetings counts twice); ``asked`` and ``answered`` are of the forms that closed
    in it."""

    groups: int
    roster: int
    reachable: int
    """Of the roster, those whom the bot may write to now."""
    meetings: int
    cancelled: int
    invited: int
    yes: int
    on_site: int
    remote: int
    people: int
    """Different named people who attended."""
    asked: int
    answered: int
    waiting: int
    """Forms that closed with too few answers to show."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in the month: the rest is standing."""
        return not (self.meetings or self.cancelled or self.asked)


@dataclass(frozen=True)
class Scope:
    """Which month, in which zone, of which groups (None: the organisation's)."""

    month: Month
    zone: ZoneInfo
    group_ids: list[int] | None

    @property
    def first(self) -> datetime:
        return self.month.span(self.zone)[0]

    @property
    def after(self) -> datetime:
        return self.month.span(self.zone)[1]

    def shifted(self, months: int) -> "Scope":
        return Scope(self.month.shifted(months), self.zone, self.group_ids)

    def of_groups(self, wanted: "Select[*Columns]", column: "ColumnElement[int]") -> "Select[*Columns]":
        """Narrows a query to the scope's groups."""
        return wanted if self.group_ids is None else wanted.where(column.in_(self.group_ids))


async def funnel(session: AsyncSession, scope: Scope) -> Funnel:
    """The funnel of a month."""
    groups, roster, reachable = await _roster(session, scope)
    invited, yes = await _invited(session, scope)
    on_site, remote, people = await _attended(session, scope)
    asked, answered, waiting = await _answers(session, scope)
    return Funnel(
        groups=groups,
        roster=roster,
        reachable=reachable,
        meetings=await count_meetings(session, scope, MeetingState.HELD),
        cancelled=await count_meetings(session, scope, MeetingState.CANCELLED),
        invited=invited,
        yes=yes,
        on_site=on_site,
        remote=remote,
        people=people,
        asked=asked,
        answered=answered,
        waiting=waiting,
    )


async def count_meetings(session: AsyncSession, scope: Scope, *states: MeetingState) -> int:
    """How many meetings of the month stand so."""
    counted = _in_month(select(func.count(Meeting.id)), scope).where(Meeting.state.in_(states))
    return await session.scalar(counted) or 0


def _in_month(wanted: "Select[*Columns]", scope: Scope) -> "Select[*Columns]":
    wanted = wanted.where(Meeting.starts_at >= scope.first, Meeting.starts_at < scope.after)
    return scope.of_groups(wanted, Meeting.workgroup_id.expression)


def _held(scope: Scope) -> "Select[int]":
    return _in_month(select(Meeting.id), scope).where(Meeting.state == MeetingState.HELD)


def _sum(condition: ColumnElement[bool]) -> "ColumnElement[int]":
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


async def _roster(session: AsyncSession, scope: Scope) -> tuple[int, int, int]:
    """The groups, and the different people on their rosters, at the month's end (in a month not over yet: now)."""
    living = Workgroup.created_at < scope.after, _lasts(Workgroup.archived_at.expression, scope)
    groups = scope.of_groups(select(func.count(Workgroup.id)).where(*living), Workgroup.id.expression)
    people = (
        select(
            func.count(Person.id.distinct()),
            func.count(case((Person.reach == Reach.REACHABLE, Person.id)).distinct()),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Workgroup, Workgroup.id == Membership.workgroup_id)
        .where(Membership.joined_at < scope.after, _lasts(Membership.left_at.expression, scope), *living)
    )
    row = (await session.execute(scope.of_groups(people, Workgroup.id.expression))).one()
    return await session.scalar(groups) or 0, row[0], row[1]


def _lasts(ended: "ColumnElement[datetime | None]", scope: Scope) -> "ColumnElement[bool]":
    return ended.is_(None) | (ended >= scope.after)


async def _invited(session: AsyncSession, scope: Scope) -> tuple[int, int]:
    yes = _sum(Invitation.answer.in_([Answer.ON_SITE, Answer.REMOTE]))
    wanted = select(func.count(Invitation.id), yes).where(Invitation.meeting_id.in_(_held(scope)))
    row = (await session.execute(wanted)).one()
    return row[0], row[1]


async def _attended(session: AsyncSession, scope: Scope) -> tuple[int, int, int]:
    """On site, remote, and different people by name; head counts are in the first two."""
    present = case((Attendance.attended != Attended.NO, Attendance.person_id))
    named = select(
        _sum(Attendance.attended == Attended.ON_SITE),
        _sum(Attendance.attended == Attended.REMOTE),
        func.count(present.distinct()),
    ).where(Attendance.meeting_id.in_(_held(scope)))
    on_site, remote, people = (await session.execute(named)).one()
    counted = select(func.coalesce(func.sum(HeadCount.on_site), 0), func.coalesce(func.sum(HeadCount.remote), 0)).where(
        HeadCount.meeting_id.in_(_held(scope))
    )
    heads_on_site, heads_remote = (await session.execute(counted)).one()
    return on_site + heads_on_site, remote + heads_remote, people


async def _answers(session: AsyncSession, scope: Scope) -> tuple[int, int, int]:
    few = _sum((Run.answered > 0) & (Run.answered < Run.threshold))
    wanted = select(func.coalesce(func.sum(Run.asked), 0), func.coalesce(func.sum(Run.answered), 0), few).where(
        Run.state == RunState.CLOSED, Run.closes_at >= scope.first, Run.closes_at < scope.after
    )
    row = (await session.execute(scope.of_groups(wanted, Run.workgroup_id.expression))).one()
    return row[0], row[1], row[2]
