"""Pools: the few answers of closed runs, sealed on without their persons until together they are enough."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models import forms, releases
from models.base import Base
from models.releases import Ballot, Release
from models.runs import Run
from models.sealing import Keyring


class Pool(Base):
    """Answers of closed runs that were too few, sealed on until together they are enough."""

    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    """The highest promised by any of its runs."""
    answered: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    heard: Mapped[int] = mapped_column(default=0)
    """Answers already released as means, whose open texts wait here for a larger crowd."""
    opened_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        return f"pool-{self.id}"


class Pooled(Base):
    """One sealed ballot of a pool, under a random key, written anew with all others whenever one is added."""

    __tablename__ = "pooled"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True)
    blob: Mapped[bytes]


async def add(
    session: AsyncSession, run: Run, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> Release | None:
    """Adds a run's few answers to its group's pool, and releases the pool if it is now large enough.

    A run alone never fills a pool: it would have been released itself, so that two runs at least are in it.
    """
    pool = await _open_pool(session, run, keys)
    pool.answered += run.answered
    pool.asked += run.asked
    kept = await _seal_into(session, pool, ballots, keys)
    if pool.answered >= pool.threshold:
        return await _release_pool(session, pool, kept, keys, now=now)
    return None


async def carry(session: AsyncSession, source: Release, texts: list[Ballot], heard: int, keys: Keyring) -> None:
    """Seals texts whose crowd was too small into the group's pool, where they wait for ``2 k`` possible writers."""
    pool = await _open_pool(session, source, keys)
    pool.heard += heard
    await _seal_into(session, pool, texts, keys)


def _read(content: dict[str, Any]) -> Ballot:
    return {int(question): value for question, value in content.items()}


async def _open_pool(session: AsyncSession, source: Run | Release, keys: Keyring) -> Pool:
    """The group's waiting pool for the form; a new one if there is none."""
    wanted = select(Pool).where(
        Pool.workgroup_id == source.workgroup_id,
        Pool.form_version_id == source.form_version_id,
        Pool.opened_at.is_(None),
    )
    pool = await session.scalar(wanted.with_for_update())
    if pool is None:
        pool = Pool(
            workgroup_id=source.workgroup_id,
            form_version_id=source.form_version_id,
            threshold=source.threshold,
            answered=0,
            asked=0,
            heard=0,
        )
        session.add(pool)
        await session.flush()
        keys.create(pool.key)
    if not keys.has(pool.key):
        await _begin_anew(session, pool, keys)
    pool.threshold = max(pool.threshold, source.threshold)
    return pool


async def _begin_anew(session: AsyncSession, pool: Pool, keys: Keyring) -> None:
    """The key is gone, as after a restored backup: what the pool held cannot be read any more by anyone."""
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    pool.answered = pool.asked = pool.heard = 0
    keys.create(pool.key)


async def _seal_into(session: AsyncSession, pool: Pool, ballots: list[Ballot], keys: Keyring) -> list[Ballot]:
    """Writes all of a pool's ballots anew, shuffled: neither row order nor a row's age tells the run it came from."""
    before = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    together = [*(_read(keys.open(pool.key, blob)) for blob in before), *ballots]
    secrets.SystemRandom().shuffle(together)
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    for ballot in together:
        blob = keys.seal(pool.key, {str(key): value for key, value in ballot.items()})
        session.add(Pooled(id=secrets.randbits(62), pool_id=pool.id, blob=blob))
    await session.flush()
    return together


async def _release_pool(
    session: AsyncSession, pool: Pool, kept: list[Ballot], keys: Keyring, *, now: datetime
) -> Release:
    """Opens a pool. Open texts need twice the threshold of possible writers, those already heard included."""
    release = Release(
        pool_id=pool.id,
        workgroup_id=pool.workgroup_id,
        form_version_id=pool.form_version_id,
        threshold=pool.threshold,
        asked=pool.asked,
        answered=pool.answered,
        released_at=now,
    )
    session.add(release)
    await session.flush()
    questions = await forms.questions(session, pool.form_version_id)
    releases.count(session, release, questions, kept)
    texts, heard = releases.open_texts(questions, kept), pool.answered + pool.heard
    pool.opened_at = now
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    await session.flush()
    if heard >= 2 * pool.threshold:
        releases.publish(session, release, texts)
    elif texts:
        await carry(session, release, texts, heard, keys)
    return release
