"""Figures, as frozen dataclasses; whatever must be hidden is already hidden here.

A month's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import forms
from models.forms import Question
from models.funnel import Funnel, Scope, count_meetings, funnel
from models.meetings import MeetingState
from models.months import Month
from models.possible import Mean
from models.releases import Figure, OpenAnswer, OptionCount, Release, Withheld

Scale = tuple[str, int, int]
"""A statement's identity and the ends of its scale: means on different scales are never put together."""


@dataclass(frozen=True)
class Statement:
    """A statement over a month's releases, and over those of the latest earlier month that had any."""

    identity: str
    mean: Mean
    earlier: Mean | None = None
    earlier_month: str | None = None


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

    @property
    def is_empty(self) -> bool:
        return self.funnel.is_empty and not self.statements


@dataclass(frozen=True)
class Result:
    """One statement of one release, with what of it may be seen."""

    identity: str
    mean: Mean | None
    n: int | None
    withheld: Withheld | None
    distribution: tuple[tuple[int, int], ...]
    """(value, people) from the low end to the high; empty where it is not released."""


@dataclass(frozen=True)
class Results:
    """What a closed form has said."""

    asked: int
    answered: int
    threshold: int
    results: tuple[Result, ...]
    texts: tuple[str, ...]
    pooled: bool = False
    """Whether the answers of several meetings are in it, each too few alone."""


async def month_figures(session: AsyncSession, scope: Scope) -> MonthFigures:
    """The figures of a month, of some groups or of the organisation."""
    called = MeetingState.ANNOUNCED, MeetingState.HELD
    return MonthFigures(
        month=str(scope.month),
        funnel=await funnel(session, scope),
        before=await funnel(session, scope.shifted(-1)),
        statements=await statements(session, scope),
        coming=await count_meetings(session, scope.shifted(1), *called),
    )


async def statements(session: AsyncSession, scope: Scope) -> tuple[Statement, ...]:
    """The statements whose figures were released in a month, strongest first, each with its last earlier month."""
    found = []
    earlier: dict[Month | None, dict[Scale, Mean]] = {None: {}}
    for scale, mean in (await _means(session, scope)).items():
        month = await _month_before(session, scale, scope)
        if month is not None and month not in earlier:
            earlier[month] = await _means(session, Scope(month, scope.zone, scope.group_ids))
        found.append(Statement(scale[0], mean, earlier[month].get(scale), str(month) if month else None))
    return tuple(sorted(found, key=lambda one: (-one.mean.value, one.identity)))


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


async def results(session: AsyncSession, release: Release) -> Results:
    """What a release shows."""
    questions = {q.id: q for q in await forms.questions(session, release.form_version_id)}
    figures = (await session.execute(select(Figure).where(Figure.release_id == release.id))).scalars()
    counts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in (await session.execute(select(OptionCount).where(OptionCount.release_id == release.id))).scalars():
        counts[row.question_id].append((row.value, row.chosen))
    texts = select(OpenAnswer.text).where(OpenAnswer.release_id == release.id).order_by(OpenAnswer.id)
    ordered = sorted(figures, key=lambda figure: questions[figure.question_id].position)
    return Results(
        asked=release.asked,
        answered=release.answered,
        threshold=release.threshold,
        results=tuple(_result(questions[f.question_id], f, counts[f.question_id]) for f in ordered),
        texts=tuple((await session.execute(texts)).scalars()),
        pooled=release.pool_id is not None,
    )


def _result(question: Question, figure: Figure, counts: list[tuple[int, int]]) -> Result:
    mean = None
    if figure.total is not None and figure.n:
        mean = Mean(figure.total, figure.n, question.low or 0, question.high or 0)
    return Result(question.identity, mean, figure.n, figure.withheld, tuple(sorted(counts)))
