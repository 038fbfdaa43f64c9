"""Figures, as frozen dataclasses; whatever must be hidden is already hidden here.

A month's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import highlights
from models.forms import Question
from models.funnel import Funnel, Scope, count_meetings, funnel
from models.meetings import MeetingState
from models.months import Month
from models.possible import Mean
from models.releases import Figure, Release

Scale = tuple[str, int, int]
"""A statement's identity and the ends of its scale: means on different scales are never put together."""


@dataclass(frozen=True)
class Statement:
    """A statement over a month's releases, and over those of the latest earlier month that had any."""

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
class MonthFigures:
    """Everything in a month's digest."""

    month: str
    funnel: Funnel
    before: Funnel
    """The month before, as it is known now."""
    statements: tuple[Statement, ...]
    coming: int
    """Meetings called for the next month."""
    highlights: tuple[str, ...] = ()
    """Open answers that came out in the month and that coordinators have marked as worth quoting."""

    @property
    def is_empty(self) -> bool:
        return self.funnel.is_empty and not self.statements


async def month_figures(session: AsyncSession, scope: Scope) -> MonthFigures:
    """The figures of a month, of some groups or of the organisation."""
    called = MeetingState.ANNOUNCED, MeetingState.HELD
    return MonthFigures(
        month=str(scope.month),
        funnel=await funnel(session, scope),
        before=await funnel(session, scope.shifted(-1)),
        statements=await statements(session, scope),
        coming=await count_meetings(session, scope.shifted(1), *called),
        highlights=await highlights.of_month(session, scope),
    )


async def statements(session: AsyncSession, scope: Scope) -> tuple[Statement, ...]:
    """The statements whose figures were released in a month, strongest first, each with its last earlier month."""
    found = []
    earlier: dict[Month | None, dict[Scale, Mean]] = {None: {}}
    for scale, mean in (await _means(session, scope)).items():
        text, low_name, high_name = await _words(session, scale)
        month = await _month_before(session, scale, scope)
        if month is not None and month not in earlier:
            earlier[month] = await _means(session, Scope(month, scope.zone, scope.group_ids))
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


async def _month_before(session: AsyncSession, scale: Scale, scope: Scope) -> Month | None:
    """The latest month before this that released this statement: back from this month to the first that did."""
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
    return Month.of(moment, scope.zone) if moment else None


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
