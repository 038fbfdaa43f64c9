"""Opens a pool with given answers, however few people they are of."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback import pooling, pools
from models.feedback.answers import Ballot
from models.feedback.pool_content import PoolContent
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Release


async def open_with(session: AsyncSession, pool: Pool, ballots: Sequence[Ballot], *, now: datetime) -> Release:
    """Releases the answers of the ballots, each of another person, as those of a pool."""
    given = {key for ballot in ballots for key in ballot}
    questions = await pools.questions_of(session, pool.form_version_id, given)
    content = PoolContent()
    wanted = pooling.ballot_keys(pool.kind, questions)
    people = dict(enumerate(ballots))
    content.add_run(people, wanted, are_texts=pool.kind is PoolKind.TEXTS, day=now.date())
    return await pooling.open_pool(session, pool, questions, content.waiting, now=now)
