"""Pools: answers that may not be shown yet. They stay sealed until enough different people have given them.

A group has at most two waiting pools for a form: the answers of runs with too few answers, and open texts. What a pool
holds is in `pool_content`, how it is filled and opened in `pooling`.
"""

import enum
import secrets
from datetime import date, datetime
from functools import partial
from typing import assert_never

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.feedback import pool_content
from models.feedback.pool_content import PoolContent
from models.feedback.releases import spread_from
from models.feedback.runs import Run
from models.feedback.sealing import NAME_LENGTH, Keyring, new_key_name
from models.forms import forms
from models.forms.forms import FormVersion, Question
from models.people.groups import Workgroup


class PoolKind(enum.StrEnum):
    """What a pool holds. This decides how many people it needs."""

    ANSWERS = "answers"
    TEXTS = "texts"


class Pool(Base):
    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PoolKind]
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    """The highest threshold that any of its runs promised."""
    answered: Mapped[int] = mapped_column(default=0)
    """How many answered the runs that it is of. Somebody who answered two of them counts twice."""
    asked: Mapped[int | None] = mapped_column(default=0)
    """How many people these runs were sent to. None if it is not known of one of them."""
    present: Mapped[int | None] = mapped_column(default=0)
    """How many people were present at their meetings. None if one of them was sent on its own."""
    oldest_on: Mapped[date | None]
    """The day on which the earliest run closed of which it holds answers; while it holds none, of which it is."""
    opened_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    """When its answers were destroyed unread because they had waited too long."""
    key: Mapped[str] = mapped_column(
        String(NAME_LENGTH), index=True, unique=True, default=partial(new_key_name, "pool")
    )
    """The name of its key in the keyring. Each time the content changes it is sealed with a new key, so that nobody can
    open an earlier content in a backup, and compare."""
    old_keys: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The names of its earlier keys, which `closing.destroy_keys` destroys."""

    @property
    def people_needed(self) -> int:
        """How many different people must have answered before anything of it may be shown."""
        match self.kind:
            case PoolKind.ANSWERS:
                return self.threshold
            case PoolKind.TEXTS:
                return spread_from(self.threshold)
            case _:
                assert_never(self.kind)

    def count(self, answered: int, *, asked: int | None, present: int | None) -> None:
        """Adds the people of a run, or of another pool."""
        self.answered += answered
        self.asked = None if self.asked is None or asked is None else self.asked + asked
        self.present = None if self.present is None or present is None else self.present + present


class Pooled(Base):
    """All that a pool holds, sealed, under a random id. Earlier versions kept one row for each person's ballot."""

    __tablename__ = "pooled"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True)
    blob: Mapped[bytes]


def is_waiting() -> ColumnElement[bool]:
    return Pool.opened_at.is_(None) & Pool.destroyed_at.is_(None)


async def lock_group(session: AsyncSession, group_id: int) -> None:
    """Makes replicas that change the pools of one group take turns. A transaction takes this lock before any other.

    Otherwise two closings deadlock: each inserts a row that refers to the group, and then waits for the other.
    """
    wanted = select(Workgroup.id).where(Workgroup.id == group_id)
    await session.execute(wanted.with_for_update(key_share=True))


async def waiting_pool(
    session: AsyncSession, source: Run | Pool, kind: PoolKind, keys: Keyring
) -> tuple[Pool, PoolContent]:
    """The group's waiting pool of a kind for any version of the form, with its content. Creates one if there is none.

    A pool that cannot be decrypted is emptied. Call it under `lock_group`: a second pool would never be filled.
    """
    of_form = select(FormVersion.form_id).where(FormVersion.id == source.form_version_id).scalar_subquery()
    versions = select(FormVersion.id).where(FormVersion.form_id == of_form)
    wanted = select(Pool).where(
        Pool.kind == kind, Pool.workgroup_id == source.workgroup_id, Pool.form_version_id.in_(versions), is_waiting()
    )
    pool = await session.scalar(wanted)
    if pool is None:
        pool = await create(session, source, kind)
    if not await opens(session, pool, keys):
        await reset(session, pool)
    content = await content_of(session, pool, keys)
    pool.threshold = max(pool.threshold, source.threshold)
    pool.form_version_id = max(pool.form_version_id, source.form_version_id)
    return pool, content


async def create(session: AsyncSession, source: Run | Pool, kind: PoolKind) -> Pool:
    """Creates an empty pool for the group and form of a run or another pool. `store` gives it a key."""
    pool = Pool(
        kind=kind,
        workgroup_id=source.workgroup_id,
        form_version_id=source.form_version_id,
        threshold=source.threshold,
        answered=0,
        asked=0,
        present=0,
    )
    session.add(pool)
    await session.flush()
    return pool


async def content_of(session: AsyncSession, pool: Pool, keys: Keyring) -> PoolContent:
    """What a pool holds. Whole ballots of an earlier version are split first, and their texts moved to the group's pool
    of texts."""
    blobs = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    contents = [keys.open(pool.key, blob) for blob in blobs]
    if not contents:
        return PoolContent()
    if pool_content.TAG_KEY in contents[0]:
        return PoolContent.from_json(contents[0])
    assert pool.oldest_on is not None  # the migration has set it
    ballots = [{int(key): value for key, value in ballot.items() if value is not None} for ballot in contents]
    questions = await questions_of(session, pool.form_version_id, {key for ballot in ballots for key in ballot})
    content = PoolContent(waiting=pool_content.split(ballots, questions, day=pool.oldest_on))
    if pool.kind is PoolKind.ANSWERS:
        typed = pool_content.text_keys(questions) & content.waiting.keys()
        if texts := {key: content.waiting.pop(key) for key in typed}:
            pool_of_texts, content_of_texts = await waiting_pool(session, pool, PoolKind.TEXTS, keys)
            pool_of_texts.count(pool.answered, asked=pool.asked, present=pool.present)
            content_of_texts.add(texts)
            await store(session, pool_of_texts, content_of_texts, keys)
    await store(session, pool, content, keys)
    return content


async def questions_of(session: AsyncSession, form_version_id: int, keys: set[int]) -> list[Question]:
    """The version's questions, then those questions of earlier versions to which keys of a ballot belong."""
    newest = await forms.questions(session, form_version_id)
    known = {question.id for question in newest}
    return [*newest, *await forms.some_questions(session, {abs(key) for key in keys} - known)]


async def store(session: AsyncSession, pool: Pool, content: PoolContent, keys: Keyring) -> None:
    """Seals all that a pool holds in one row, which replaces the earlier ones, with a new key.

    Call `closing.destroy_keys` after the commit.
    """
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    if content.waiting:
        pool.old_keys, pool.key = [*pool.old_keys, pool.key], new_key_name("pool")
        keys.create(pool.key)
        plain = content.to_json()
        blob = keys.seal(pool.key, plain, size=pool_content.padded_size(plain))
        session.add(Pooled(id=secrets.randbits(62), pool_id=pool.id, blob=blob))
        pool.oldest_on = min(answers.oldest for answers in content.waiting.values())
    await session.flush()


async def convert_ballots(session: AsyncSession, keys: Keyring) -> None:
    """Splits the whole ballots that pools of earlier versions hold, where the key is at hand."""
    waiting = select(Pool).where(is_waiting(), Pool.id.in_(select(Pooled.pool_id)))
    for pool in (await session.execute(waiting.order_by(Pool.workgroup_id, Pool.id))).scalars().all():
        await lock_group(session, pool.workgroup_id)
        if await opens(session, pool, keys):
            await content_of(session, pool, keys)


async def opens(session: AsyncSession, pool: Pool, keys: Keyring) -> bool:
    """Whether a pool's key decrypts all that the pool holds."""
    blobs = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    return all(keys.opens(pool.key, blob) for blob in blobs)


async def reset(session: AsyncSession, pool: Pool) -> None:
    """Empties a pool. Call it only if its content cannot be decrypted."""
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    pool.answered = pool.asked = pool.present = 0
    pool.oldest_on = None
