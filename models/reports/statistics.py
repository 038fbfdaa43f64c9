"""Figures of a digest as frozen dataclasses. What must be withheld is already left out.

A period's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it. How many were asked is told of any group and meeting; how many
answered, from the threshold on; what they answered, only as it was released.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.codec import stored_as
from models.feedback.releases import Figure, Release
from models.forms.forms import Question
from models.meetings.meetings import Meeting, MeetingState
from models.people.groups import Workgroup
from models.people.names import in_order
from models.periods import Scope
from models.reports.attention import Attention, attention
from models.reports.funnel import By, Flow, Funnel, Window, by_month, count_meetings, flows, funnel, in_period
from models.reports.pooled import PooledAnswers, pooled_answers
from models.reports.statements import Statement, statements
from models.results import highlights

MONTHS = 12
"""Months in the trend."""


@dataclass(frozen=True)
class Coming:
    """A meeting called for the next period, on a day in the organisation's zone."""

    day: date
    group: str
    title: str | None = None


@dataclass(frozen=True)
class GroupFlow:
    """What happened in one group, under the name it has when the figures are made."""

    group: str
    flow: Flow


@dataclass(frozen=True)
class MeetingFlow:
    """What came of one meeting that was held, with its own form once that has closed."""

    day: date
    group: str
    title: str | None
    flow: Flow


@dataclass(frozen=True)
class MonthFlow:
    """What happened in one month of the twelve up to the period's last."""

    month: str
    flow: Flow


@dataclass(frozen=True)
class DigestFigures:
    """Everything in a digest."""

    period: str = field(metadata=stored_as("month"))
    """A month or a quarter, as `str` writes it."""
    funnel: Funnel
    before: Funnel
    """The period before, computed now."""
    statements: tuple[Statement, ...]
    coming: int
    """Meetings called for the next period."""
    highlights: tuple[str, ...] = ()
    """Open answers that came out in the period and that coordinators have marked as worth quoting."""
    year_before: Funnel | None = None
    """The same period of the year before; None if there was no group then."""
    attention: tuple[Attention, ...] = ()
    meetings: tuple[Coming, ...] = ()
    """The coming meetings; in digests of earlier versions only the first of them."""
    groups: tuple[GroupFlow, ...] | None = None
    """The groups in which anything happened, by name; None in digests of earlier versions, like ``months``."""
    months: tuple[MonthFlow, ...] | None = None
    held: tuple[MeetingFlow, ...] | None = None
    """The period's meetings, by day; None in digests of earlier versions."""
    of: tuple[str, ...] | None = None
    """The names of the groups that it is of; None for the organisation, and in digests of earlier versions."""
    rest: tuple[Coming, ...] = ()
    """In a period that is not over yet, the meetings called for the rest of it."""
    releases: int | None = None
    """How many releases came out in the period; None in digests of earlier versions."""
    withheld: int = 0
    """How many statements of these releases have no mean that may be shown."""
    pooled: PooledAnswers | None = None
    """Answers from several meetings in these releases; None if there are none, and in digests of earlier versions."""
    has_responses: bool = False
    """Whether its flows have responses; False in digests of earlier versions, which counted differently."""

    @property
    def is_empty(self) -> bool:
        return self.funnel.is_empty and not self.statements and not self.releases


Detail = Literal["groups", "held", "statements", "attention", "months", "meetings"]


async def detail(session: AsyncSession, scope: Scope, name: Detail, *, now: datetime) -> DigestFigures:
    """One detail alone, without computing the others."""
    made: dict[Detail, Callable[[], Awaitable[Any]]] = {
        "groups": partial(_groups, session, scope),
        "held": partial(_meetings, session, scope),
        "statements": partial(statements, session, scope),
        "attention": partial(attention, session, scope.group_ids, at=_looked_at(scope, now)),
        "months": partial(_months, session, scope),
        "meetings": partial(_coming, session, scope.shifted(1)),
    }
    parts = {name: await made[name](), "of": await _names(session, scope)}
    if name == "statements":
        parts["pooled"] = await _pooled(session, scope)
    if name == "meetings":
        parts["rest"] = await _coming(session, scope, after=now)
    return replace(DigestFigures(str(scope.period), Funnel(), Funnel(), (), 0), **parts)


def _looked_at(scope: Scope, now: datetime | None) -> datetime:
    """The period's end, or the present in one that is not over yet."""
    return scope.after if now is None else min(scope.after, now.astimezone(scope.zone))


async def digest_figures(session: AsyncSession, scope: Scope, *, now: datetime | None = None) -> DigestFigures:
    """The figures of a month or quarter, of some groups or of all. ``now`` ends a period that is not over."""
    called = MeetingState.ANNOUNCED, MeetingState.HELD
    year_before = await funnel(session, scope.of(scope.period.year_before))
    releases, withheld = await _came_out(session, scope)
    return DigestFigures(
        period=str(scope.period),
        funnel=await funnel(session, scope),
        before=await funnel(session, scope.shifted(-1)),
        statements=await statements(session, scope),
        coming=await count_meetings(session, scope.shifted(1), *called),
        highlights=await highlights.of_month(session, scope),
        year_before=year_before if year_before.groups or not year_before.is_empty else None,
        attention=await attention(session, scope.group_ids, at=_looked_at(scope, now)),
        meetings=await _coming(session, scope.shifted(1)),
        groups=await _groups(session, scope),
        months=await _months(session, scope),
        of=await _names(session, scope),
        held=await _meetings(session, scope),
        rest=await _coming(session, scope, after=now) if now is not None and now < scope.after else (),
        releases=releases,
        withheld=withheld,
        pooled=await _pooled(session, scope),
        has_responses=True,
    )


async def _names(session: AsyncSession, scope: Scope) -> tuple[str, ...] | None:
    """The groups of a scope, without those archived before the period."""
    if scope.group_ids is None:
        return None
    wanted = select(Workgroup.name, Workgroup.archived_at).where(Workgroup.id.in_(scope.group_ids))
    groups = [(name, archived) for name, archived in await session.execute(wanted)]
    lived = [name for name, archived in groups if archived is None or archived >= scope.first]
    return tuple(sorted(lived or [name for name, _ in groups], key=in_order))


async def _came_out(session: AsyncSession, scope: Scope) -> tuple[int, int]:
    """How many releases came out, and how many of their statements have no mean that may be shown."""
    hidden = case((Question.low.is_not(None) & Figure.total.is_(None), Figure.question_id))
    wanted = (
        select(func.count(Release.id.distinct()), func.count(hidden))
        .outerjoin(Figure, Figure.release_id == Release.id)
        .outerjoin(Question, Question.id == Figure.question_id)
        .where(Release.released_at >= scope.first, Release.released_at < scope.after)
    )
    row = (await session.execute(scope.of_groups(wanted, Release.workgroup_id.expression))).one()
    return row[0], row[1]


async def _pooled(session: AsyncSession, scope: Scope) -> PooledAnswers | None:
    came_out = select(Release.id).where(Release.released_at >= scope.first, Release.released_at < scope.after)
    return await pooled_answers(session, scope.of_groups(came_out, Release.workgroup_id.expression))


async def _coming(session: AsyncSession, scope: Scope, *, after: datetime | None = None) -> tuple[Coming, ...]:
    """The meetings called for a period, or for what is left of it ``after`` a moment."""
    called = Meeting.state.in_([MeetingState.ANNOUNCED, MeetingState.HELD])
    wanted = select(Meeting.starts_at, Workgroup.name, Meeting.title).where(called)
    wanted = wanted.join(Workgroup, Workgroup.id == Meeting.workgroup_id).order_by(Meeting.starts_at, Meeting.id)
    if after is not None:
        wanted = wanted.where(Meeting.starts_at > after)
    rows = await session.execute(in_period(wanted, scope))
    return tuple(Coming(at.astimezone(scope.zone).date(), group, title) for at, group, title in rows)


async def _groups(session: AsyncSession, scope: Scope) -> tuple[GroupFlow, ...]:
    flow_of = await flows(session, scope, By.GROUP)
    names = select(Workgroup.id, Workgroup.name).where(Workgroup.id.in_(list(flow_of)))
    named = [(name, group_id) for group_id, name in await session.execute(names)]
    by_name = sorted(named, key=lambda pair: (in_order(pair[0]), pair[1]))
    return tuple(GroupFlow(name, flow_of[group_id]) for name, group_id in by_name)


async def _meetings(session: AsyncSession, scope: Scope) -> tuple[MeetingFlow, ...]:
    flow_of = await flows(session, scope, By.MEETING)
    wanted = select(Meeting.id, Meeting.starts_at, Workgroup.name, Meeting.title)
    wanted = wanted.join(Workgroup, Workgroup.id == Meeting.workgroup_id).where(Meeting.state == MeetingState.HELD)
    rows = sorted(await session.execute(in_period(wanted, scope)), key=lambda row: (row[1], in_order(row[2]), row[0]))
    return tuple(
        MeetingFlow(at.astimezone(scope.zone).date(), group, title, flow_of[meeting_id])
        for meeting_id, at, group, title in rows
    )


async def _months(session: AsyncSession, scope: Scope) -> tuple[MonthFlow, ...]:
    """The twelve months, from the first in which there was a group."""
    window = Window(scope.period, scope.zone, scope.group_ids, months=MONTHS)
    founded = await session.scalar(scope.of_groups(select(func.min(Workgroup.created_at)), Workgroup.id.expression))
    months, last = list((await by_month(session, window)).items()), window.each[-1]
    while (
        months[0][0] < last
        and months[0][1].is_empty
        and (founded is None or founded >= months[0][0].span(scope.zone)[1])
    ):
        del months[0]
    return tuple(MonthFlow(str(month), flow) for month, flow in months)
