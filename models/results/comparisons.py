"""Earlier means of the same statements: of the latest earlier release of the group, or of an earlier period."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Figure, Release
from models.forms.forms import Question
from models.forms.items import QuestionKind
from models.results.aggregates import Aggregate, Earlier, Result
from models.valid_figures import Mean

Scale = tuple[str, int, int]
"""A statement's identity and the ends of its scale."""


async def since_release(session: AsyncSession, aggregate: Aggregate, release: Release) -> Aggregate:
    """The aggregate, with the mean of the latest earlier release beside each mean.

    It is of the same group and statement, in any version of any form.
    """
    before = or_(
        Release.released_at < release.released_at,
        and_(Release.released_at == release.released_at, Release.id < release.id),
    )
    rows = await _means(session, aggregate, Release.workgroup_id == release.workgroup_id, before)
    latest: dict[Scale, Earlier] = {}
    for scale, mean, at in rows:
        latest[scale] = Earlier(mean, at)  # rows are sorted by release: the latest stays
    return _beside(aggregate, latest.get)


async def since_period(
    session: AsyncSession, aggregate: Aggregate, group_id: int, span: tuple[datetime, datetime]
) -> Aggregate:
    """The aggregate, with the group's mean of an earlier period beside each mean.

    ``span`` is the first moment of the period and the first moment after it.
    """
    within = and_(Release.released_at >= span[0], Release.released_at < span[1])
    sums: dict[Scale, Mean] = {}
    for scale, mean, _ in await _means(session, aggregate, Release.workgroup_id == group_id, within):
        known = sums.get(scale)
        sums[scale] = Mean(mean.total + known.total, mean.n + known.n, mean.low, mean.high) if known else mean
    return _beside(aggregate, {scale: Earlier(mean, span[0]) for scale, mean in sums.items()}.get)


async def _means(
    session: AsyncSession, aggregate: Aggregate, *where: ColumnElement[bool]
) -> Sequence[tuple[Scale, Mean, datetime]]:
    """The means by release, oldest first. Two versions of a statement in one pool are put together."""
    identities = {result.words.identity for result in aggregate.results if result.mean is not None}
    wanted = (
        select(
            Question.identity,
            Question.low,
            Question.high,
            func.sum(Figure.total),
            func.sum(Figure.n),
            Release.released_at,
        )
        .join(Question, Question.id == Figure.question_id)
        .join(Release, Release.id == Figure.release_id)
        .where(
            Figure.total.is_not(None), Question.kind == QuestionKind.SCALE, Question.identity.in_(identities), *where
        )
        .group_by(Release.id, Release.released_at, Question.identity, Question.low, Question.high)
        .order_by(Release.released_at, Release.id)
    )
    return [
        ((identity, low or 0, high or 0), Mean(total or 0, n or 0, low or 0, high or 0), at)
        for identity, low, high, total, n, at in await session.execute(wanted)
    ]


def _beside(aggregate: Aggregate, of: Callable[[Scale], Earlier | None]) -> Aggregate:
    """The aggregate with an earlier mean beside each mean that has one."""

    def with_earlier(result: Result) -> Result:
        if result.mean is None:
            return result
        return replace(result, earlier=of((result.words.identity, result.low, result.high)))

    return replace(aggregate, results=tuple(with_earlier(result) for result in aggregate.results))
