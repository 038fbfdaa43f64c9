"""How many answers in a report came out of pools, and of how many people they are."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Release


@dataclass(frozen=True)
class PooledAnswers:
    """The answers of meetings with too few to be shown alone, which were released together."""

    answers: int
    people: int
    is_exact: bool
    """Whether ``people`` is their number. Otherwise there are at most as many: somebody may be in two pools, or their
    number was not counted."""


async def pooled_answers(session: AsyncSession, releases: "Select[int]") -> PooledAnswers | None:
    """Those of releases, given by a query for their ids. None if no pool of answers is among them."""
    wanted = (
        select(
            func.count(Release.id),
            func.coalesce(func.sum(Release.answered), 0),
            func.coalesce(func.sum(func.coalesce(Release.people, Release.answered)), 0),
            func.count(Release.people),
        )
        .join(Pool, Pool.id == Release.pool_id)
        .where(Pool.kind == PoolKind.ANSWERS, Release.id.in_(releases))
    )
    count, answers, people, counted = (await session.execute(wanted)).one()
    return PooledAnswers(answers, people, is_exact=count == counted == 1) if count else None
