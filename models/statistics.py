"""Figures of a digest, as frozen dataclasses; whatever must be hidden is already hidden here.

A period's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it. How many were asked and answered is told of any group and meeting;
what they answered, only as it was released.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import highlights
from models.attention import Attention, attention
from models.forms import Question
from models.funnel import By, Flow, Funnel, Scope, Window, by_month, count_meetings, flows, funnel, in_period
from models.groups import Workgroup, in_order
from models.meetings import Meeting, MeetingState
from models.possible import Mean
from models.releases import Figure, Release

NAMED = 3
"""Coming meetings that are kept by name."""
MONTHS = 12
"""Of the trend."""
LOOKS_BACK = 24
"""Months: a statement that was last asked before them is compared with nothing."""

Scale = tuple[str, int, int]
"""A statement's identity and the ends of its scale: means on different scales are never put together."""


@dataclass(frozen=True)
class Statement:
    """A statement over a period's releases, and over those of the latest earlier one that had any."""

    identity: str
    mean: Mean
    earlier: Mean | None = None
    earlier_month: str | None = None
    text: str | None = None
    """Its words, if they are not in the catalogues."""
    low_name: str | None = None
    high_name: str | None = None
    """What the ends of its scale mean, if not agreement."""

    @property
    def low(self) -> int:
        return self.mean.low

    @property
    def high(self) -> int:
        return self.mean.high


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
class MonthFigures:
    """Everything in a digest."""

    month: str
    """The month, or the quarter."""
    funnel: Funnel
    before: Funnel
    """The period before, as it is known now."""
    statements: tuple[Statement, ...]
    coming: int
    """Meetings called for the next period."""
    highlights: tuple[str, ...] = ()
    """Open answers that came out in the period and that coordinators have marked as worth quoting."""
    year_before: Funnel | None = None
    """The same period of the year before; None if there was no group then."""
    attention: tuple[Attention, ...] = ()
    meetings: tuple[Coming, ...] = ()
    """The first of those that are coming."""
    groups: tuple[GroupFlow, ...] | None = None
    """The groups in which anything happened, by name; None in what earlier programs froze, as ``months``."""
    months: tuple[MonthFlow, ...] | None = None
    held: tuple[MeetingFlow, ...] | None = None
    """The period's meetings, by day; None in what earlier programs froze."""
    of: tuple[str, ...] | None = None
    """The names of the groups that it is of; None of the organisation, and in what earlier programs froze."""

    @property
    def is_empty(self) -> bool:
        return self.funnel.is_empty and not self.statements


Detail = Literal["groups", "held", "statements", "attention", "months"]


async def detail(session: AsyncSession, scope: Scope, name: Detail, *, now: datetime) -> MonthFigures:
    """One of the figures alone, and nothing in place of the others: what one page tells, without what they cost."""
    made: dict[Detail, Callable[[], Awaitable[Any]]] = {
        "groups": partial(_groups, session, scope),
        "held": partial(_meetings, session, scope),
        "statements": partial(statements, session, scope),
        "attention": partial(attention, session, scope.group_ids, at=_looked_at(scope, now)),
        "months": partial(_months, session, scope),
    }
    parts = {name: await made[name](), "of": await _names(session, scope)}
    return replace(MonthFigures(str(scope.period), Funnel(), Funnel(), (), 0), **parts)


def _looked_at(scope: Scope, now: datetime | None) -> datetime:
    """The period's end, or the present in one that is not over yet."""
    return scope.after if now is None else min(scope.after, now.astimezone(scope.zone))


async def month_figures(session: AsyncSession, scope: Scope, *, now: datetime | None = None) -> MonthFigures:
    """The figures of a month or quarter, of some groups or of the organisation. ``now``: if it may not be over yet."""
    called = MeetingState.ANNOUNCED, MeetingState.HELD
    year_before = await funnel(session, scope.of(scope.period.year_before))
    return MonthFigures(
        month=str(scope.period),
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
    )


async def _names(session: AsyncSession, scope: Scope) -> tuple[str, ...] | None:
    """Of the groups in it; those archived before the period have nothing there."""
    if scope.group_ids is None:
        return None
    wanted = select(Workgroup.name, Workgroup.archived_at).where(Workgroup.id.in_(scope.group_ids))
    found = [(name, archived) for name, archived in await session.execute(wanted)]
    lived = [name for name, archived in found if archived is None or archived >= scope.first]
    return tuple(sorted(lived or [name for name, _ in found], key=in_order))


async def _coming(session: AsyncSession, scope: Scope) -> tuple[Coming, ...]:
    called = Meeting.state.in_([MeetingState.ANNOUNCED, MeetingState.HELD])
    wanted = select(Meeting.starts_at, Workgroup.name, Meeting.title).where(called)
    wanted = wanted.join(Workgroup, Workgroup.id == Meeting.workgroup_id).order_by(Meeting.starts_at, Meeting.id)
    rows = await session.execute(in_period(wanted, scope).limit(NAMED))
    return tuple(Coming(at.astimezone(scope.zone).date(), group, title) for at, group, title in rows)


async def _groups(session: AsyncSession, scope: Scope) -> tuple[GroupFlow, ...]:
    found = await flows(session, scope, By.GROUP)
    names = select(Workgroup.id, Workgroup.name).where(Workgroup.id.in_(list(found)))
    named = [(name, group_id) for group_id, name in await session.execute(names)]
    by_name = sorted(named, key=lambda one: (in_order(one[0]), one[1]))
    return tuple(GroupFlow(name, found[group_id]) for name, group_id in by_name)


async def _meetings(session: AsyncSession, scope: Scope) -> tuple[MeetingFlow, ...]:
    found = await flows(session, scope, By.MEETING)
    wanted = select(Meeting.id, Meeting.starts_at, Workgroup.name, Meeting.title)
    wanted = wanted.join(Workgroup, Workgroup.id == Meeting.workgroup_id).where(Meeting.state == MeetingState.HELD)
    rows = sorted(await session.execute(in_period(wanted, scope)), key=lambda one: (one[1], in_order(one[2]), one[0]))
    return tuple(
        MeetingFlow(at.astimezone(scope.zone).date(), group, title, found[meeting_id])
        for meeting_id, at, group, title in rows
    )


async def _months(session: AsyncSession, scope: Scope) -> tuple[MonthFlow, ...]:
    found = await by_month(session, Window(scope.period, scope.zone, scope.group_ids, months=MONTHS))
    return tuple(MonthFlow(str(month), flow) for month, flow in found.items())


async def statements(session: AsyncSession, scope: Scope) -> tuple[Statement, ...]:
    """The statements whose figures were released in a period, strongest first, each with its last earlier period."""
    now = await _means(session, scope)
    earlier = await _earlier(session, scope, set(now))
    words = await _words(session, [one.question_id for one in now.values()])
    found = []
    for scale, one in now.items():
        text, low_name, high_name = words[one.question_id]
        before = earlier.get(scale)
        found.append(
            Statement(
                identity=scale[0],
                mean=one.mean,
                earlier=before.mean if before else None,
                earlier_month=before.month if before else None,
                text=text,
                low_name=low_name,
                high_name=high_name,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.mean.value, one.identity)))


async def _words(session: AsyncSession, ids: list[int]) -> dict[int, tuple[str | None, str | None, str | None]]:
    """The words of questions, and those of the ends of their scales."""
    wanted = select(Question.id, Question.text, Question.low_name, Question.high_name).where(Question.id.in_(ids))
    return {row.id: (row.text, row.low_name, row.high_name) for row in await session.execute(wanted)}


@dataclass(frozen=True)
class _Meant:
    """A mean of a period, and the newest of the questions that were asked: its words are the statement's."""

    mean: Mean
    question_id: int
    month: str


async def _earlier(session: AsyncSession, scope: Scope, wanted: set[Scale]) -> dict[Scale, _Meant]:
    """Each statement in the latest period of the same length that released it, `LOOKS_BACK` months back at most.

    Period by period: nearly all were in the one before, and what is asked for the first time looks back no further
    however long the history is.
    """
    found: dict[Scale, _Meant] = {}
    first, before = scope.period.last.shifted(-LOOKS_BACK), scope.shifted(-1)
    while wanted - found.keys() and before.period.last >= first:
        means = await _means(session, before)
        found |= {scale: means[scale] for scale in (wanted - found.keys()) & means.keys()}
        before = before.shifted(-1)
    return found


async def _means(session: AsyncSession, scope: Scope) -> dict[Scale, _Meant]:
    sums = func.sum(Figure.total), func.sum(Figure.n)
    wanted = (
        select(Question.identity, Question.low, Question.high, *sums, func.max(Question.id))
        .join(Question, Question.id == Figure.question_id)
        .join(Release, Release.id == Figure.release_id)
        .where(Figure.total.is_not(None), Release.released_at >= scope.first, Release.released_at < scope.after)
        .group_by(Question.identity, Question.low, Question.high)
    )
    rows = await session.execute(scope.of_groups(wanted, Release.workgroup_id.expression))
    found = {}
    for identity, low, high, total, n, question_id in rows:
        mean = Mean(total or 0, n or 0, low or 0, high or 0)
        found[identity, mean.low, mean.high] = _Meant(mean, question_id, str(scope.period))
    return found
