"""Figures of a digest, as frozen dataclasses; whatever must be hidden is already hidden here.

A period's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import highlights
from models.attention import Attention, attention
from models.forms import Question
from models.funnel import By, Flow, Funnel, Scope, Window, by_month, count_meetings, flows, funnel, in_period
from models.groups import Workgroup
from models.meetings import Meeting, MeetingState
from models.periods import Span
from models.possible import Mean
from models.releases import Figure, Release

NAMED = 3
"""Coming meetings that are kept by name."""
MONTHS = 12
"""Of the trend."""

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

    @property
    def answered(self) -> int | None:
        """How many answered; None where a form had so few that it is not told."""
        return None if self.flow.waiting else self.flow.answered


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
    of: tuple[str, ...] | None = None
    """The names of the groups that it is of; None of the organisation, and in what earlier programs froze."""

    @property
    def is_empty(self) -> bool:
        return self.funnel.is_empty and not self.statements


async def month_figures(session: AsyncSession, scope: Scope, *, now: datetime | None = None) -> MonthFigures:
    """The figures of a month or quarter, of some groups or of the organisation. ``now``: if it may not be over yet."""
    called = MeetingState.ANNOUNCED, MeetingState.HELD
    at = scope.after if now is None else min(scope.after, now.astimezone(scope.zone))
    year_before = await funnel(session, scope.of(scope.period.year_before))
    return MonthFigures(
        month=str(scope.period),
        funnel=await funnel(session, scope),
        before=await funnel(session, scope.shifted(-1)),
        statements=await statements(session, scope),
        coming=await count_meetings(session, scope.shifted(1), *called),
        highlights=await highlights.of_month(session, scope),
        year_before=year_before if year_before.groups or not year_before.is_empty else None,
        attention=await attention(session, scope.group_ids, at=at),
        meetings=await _coming(session, scope.shifted(1)),
        groups=await _groups(session, scope),
        months=await _months(session, scope),
        of=await _names(session, scope),
    )


async def _names(session: AsyncSession, scope: Scope) -> tuple[str, ...] | None:
    if scope.group_ids is None:
        return None
    wanted = select(Workgroup.name).where(Workgroup.id.in_(scope.group_ids))
    return tuple((await session.execute(wanted.order_by(Workgroup.name, Workgroup.id))).scalars())


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
    return tuple(GroupFlow(name, found[group_id]) for name, group_id in sorted(named))


async def _months(session: AsyncSession, scope: Scope) -> tuple[MonthFlow, ...]:
    found = await by_month(session, Window(scope.period, scope.zone, scope.group_ids, months=MONTHS))
    return tuple(MonthFlow(str(month), flow) for month, flow in found.items())


async def statements(session: AsyncSession, scope: Scope) -> tuple[Statement, ...]:
    """The statements whose figures were released in a period, strongest first, each with its last earlier period."""
    found = []
    earlier: dict[Span | None, dict[Scale, Mean]] = {None: {}}
    for scale, mean in (await _means(session, scope)).items():
        text, low_name, high_name = await _words(session, scale)
        month = await _period_before(session, scale, scope)
        if month is not None and month not in earlier:
            earlier[month] = await _means(session, scope.of(month))
        found.append(
            Statement(
                identity=scale[0],
                mean=mean,
                earlier=earlier[month].get(scale),
                earlier_month=str(month) if month else None,
                text=text,
                low_name=low_name,
                high_name=high_name,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.mean.value, one.identity)))


async def _words(session: AsyncSession, scale: Scale) -> tuple[str | None, str | None, str | None]:
    """A statement's newest words, and those of the ends of its scale."""
    identity, low, high = scale
    same = Question.identity == identity, Question.low == low, Question.high == high
    newest = select(Question.text, Question.low_name, Question.high_name).where(*same)
    row = (await session.execute(newest.order_by(Question.id.desc()).limit(1))).one()
    return row.text, row.low_name, row.high_name


async def _period_before(session: AsyncSession, scale: Scale, scope: Scope) -> Span | None:
    """The latest period of the same length before this that released this statement: back to the first that did."""
    identity, low, high = scale
    released = (
        select(Figure.release_id)
        .join(Question, Question.id == Figure.question_id)
        .where(Figure.release_id == Release.id, Figure.total.is_not(None))
        .where(Question.identity == identity, Question.low == low, Question.high == high)
    )
    latest = select(Release.released_at).where(Release.released_at < scope.first, released.exists())
    latest = scope.of_groups(latest, Release.workgroup_id.expression)
    moment: datetime | None = await session.scalar(latest.order_by(Release.released_at.desc()).limit(1))
    return scope.period.holding(moment, scope.zone) if moment else None


async def _means(session: AsyncSession, scope: Scope) -> dict[Scale, Mean]:
    wanted = (
        select(Question.identity, func.sum(Figure.total), func.sum(Figure.n), Question.low, Question.high)
        .join(Question, Question.id == Figure.question_id)
        .join(Release, Release.id == Figure.release_id)
        .where(Figure.total.is_not(None), Release.released_at >= scope.first, Release.released_at < scope.after)
        .group_by(Question.identity, Question.low, Question.high)
    )
    rows = await session.execute(scope.of_groups(wanted, Release.workgroup_id.expression))
    return {
        (identity, low or 0, high or 0): Mean(total or 0, n or 0, low or 0, high or 0)
        for identity, total, n, low, high in rows
    }
