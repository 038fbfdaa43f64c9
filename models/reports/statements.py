"""Statements with the means of a period and of the one before. What must be withheld is already left out."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Figure, Release
from models.forms.forms import Question
from models.periods import Scope
from models.valid_figures import Mean

LOOKS_BACK = 24
"""Months. A statement last asked before them has no earlier mean."""

Scale = tuple[str, int, int]
"""A statement's identity and the ends of its scale: means on different scales are never compared."""


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
    """The names of the scale's ends, if they are not those of agreement."""

    @property
    def low(self) -> int:
        return self.mean.low

    @property
    def high(self) -> int:
        return self.mean.high


async def statements(session: AsyncSession, scope: Scope) -> tuple[Statement, ...]:
    """The statements whose figures were released in a period, strongest first, each with its last earlier period."""
    now = await _means(session, scope)
    earlier = await _earlier(session, scope, set(now))
    words = await _words(session, [current.question_id for current in now.values()])
    result = []
    for scale, current in now.items():
        text, low_name, high_name = words[current.question_id]
        before = earlier.get(scale)
        result.append(
            Statement(
                identity=scale[0],
                mean=current.mean,
                earlier=before.mean if before else None,
                earlier_month=before.month if before else None,
                text=text,
                low_name=low_name,
                high_name=high_name,
            )
        )
    return tuple(sorted(result, key=lambda statement: (-statement.mean.value, statement.identity)))


async def _words(session: AsyncSession, ids: list[int]) -> dict[int, tuple[str | None, str | None, str | None]]:
    """The words of questions, and those of the ends of their scales."""
    wanted = select(Question.id, Question.text, Question.low_name, Question.high_name).where(Question.id.in_(ids))
    return {row.id: (row.text, row.low_name, row.high_name) for row in await session.execute(wanted)}


@dataclass(frozen=True)
class _Meant:
    """A mean of a period, and the newest of the questions asked, whose words are shown."""

    mean: Mean
    question_id: int
    month: str


async def _earlier(session: AsyncSession, scope: Scope, wanted: set[Scale]) -> dict[Scale, _Meant]:
    """Each statement in the latest period of the same length that released it, `LOOKS_BACK` months back at most.

    Period by period, because nearly all were in the one before; a statement asked for the first time costs
    `LOOKS_BACK` months at most.
    """
    earlier: dict[Scale, _Meant] = {}
    first, before = scope.period.last.shifted(-LOOKS_BACK), scope.shifted(-1)
    while wanted - earlier.keys() and before.period.last >= first:
        means = await _means(session, before)
        earlier |= {scale: means[scale] for scale in (wanted - earlier.keys()) & means.keys()}
        before = before.shifted(-1)
    return earlier


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
    by_scale = {}
    for identity, low, high, total, n, question_id in rows:
        mean = Mean(total or 0, n or 0, low or 0, high or 0)
        by_scale[identity, mean.low, mean.high] = _Meant(mean, question_id, str(scope.period))
    return by_scale
