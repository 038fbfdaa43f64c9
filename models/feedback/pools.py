"""Pools: answers that may not be shown yet, sealed on without their persons until together they are enough.

A group has at most two waiting pools for a form: whole answers of runs that had too few, and open texts whose
figures are out but whose crowd was too small to hide in.
"""

import enum
import secrets
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import BigInteger, ForeignKey, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.feedback import counting, releases
from models.feedback.answers import Ballot
from models.feedback.releases import Release, spread_from
from models.feedback.runs import Participation, Run
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import FormVersion, Question
from models.people.groups import Membership, Workgroup


class Waits(enum.StrEnum):
    """What a pool holds, and so for how many answers it waits."""

    ANSWERS = "answers"  # for k: then their means may be shown
    TEXTS = "texts"  # for 2 k possible writers


class Pool(Base):
    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Waits]
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    """The highest promised by any of its runs."""
    answered: Mapped[int] = mapped_column(default=0)
    """Answers in it; of texts, the answers among which their writers are."""
    asked: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        return f"pool-{self.id}"

    @property
    def enough(self) -> int:
        match self.kind:
            case Waits.ANSWERS:
                return self.threshold
            case Waits.TEXTS:
                return spread_from(self.threshold)
            case _:
                assert_never(self.kind)


class Pooled(Base):
    """One sealed ballot of a pool, under a random key, written anew with all others whenever one is added."""

    __tablename__ = "pooled"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True)
    blob: Mapped[bytes]


async def release(
    session: AsyncSession, source: Run | Pool, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> list[Release]:
    """Releases what a run or an opened pool has said, once.

    Texts with too small a crowd go on into the group's pool of texts, which may fill it: then there are two releases.
    Not those given under a name: among them others would hide in a smaller crowd than it seems.
    """
    made = Release(
        run_id=source.id if isinstance(source, Run) else None,
        pool_id=source.id if isinstance(source, Pool) else None,
        workgroup_id=source.workgroup_id,
        form_version_id=source.form_version_id,
        threshold=source.threshold,
        asked=source.asked,
        answered=source.answered,
        released_at=now,
    )
    session.add(made)
    await session.flush()
    questions = await _questions(session, source.form_version_id, ballots)
    texts = releases.open_texts(questions, ballots)
    if not (isinstance(source, Pool) and source.kind is Waits.TEXTS):
        counting.count(session, made, questions, ballots)
    if source.answered >= spread_from(source.threshold):
        releases.publish(session, made, texts)
    elif texts and not (isinstance(source, Run) and source.named):
        return [made, *await add(session, made, Waits.TEXTS, texts, keys, now=now)]
    return [made]


async def _questions(session: AsyncSession, form_version_id: int, ballots: list[Ballot]) -> list[Question]:
    """The version's questions; after them, those of earlier versions to which there are answers in a pool."""
    newest = await forms.questions(session, form_version_id)
    known = {question.id for question in newest}
    answered = {abs(key) for ballot in ballots for key in ballot} - known
    return [*newest, *await forms.some_questions(session, answered)]


async def add(
    session: AsyncSession, source: Run | Release, kind: Waits, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> list[Release]:
    """Adds to the group's pool of a kind, and opens the pool if it now holds enough, of a group that is large enough.

    One run never fills a pool alone: what it has enough of is released without one.
    """
    pool = await _waiting_pool(session, source, kind, keys)
    pool.answered += source.answered
    pool.asked += source.asked
    combined = await _seal_into(session, pool, ballots, keys)
    if pool.answered < pool.enough or (isinstance(source, Run) and await _people(session, source) < pool.threshold):
        return []
    pool.opened_at = now
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    await session.flush()
    return await release(session, pool, combined, keys, now=now)


async def _people(session: AsyncSession, run: Run) -> int:
    """Of how many people a closing run's answers, and those of the group before it, can be at most.

    Three members who answer at every meeting soon have given enough answers, and are three all the same.
    """
    asked = select(func.count()).where(Participation.run_id == run.id)
    members = select(func.count()).where(Membership.workgroup_id == run.workgroup_id, Membership.left_at.is_(None))
    return max(await session.scalar(asked) or 0, await session.scalar(members) or 0)


async def _waiting_pool(session: AsyncSession, source: Run | Release, kind: Waits, keys: Keyring) -> Pool:
    """The group's waiting pool of a kind for the form, whatever its version; a new one if there is none."""
    # Two replicas that close two forms of one group take turns: of two pools, one would wait for ever.
    await session.execute(select(Workgroup.id).where(Workgroup.id == source.workgroup_id).with_for_update())
    of_form = select(FormVersion.form_id).where(FormVersion.id == source.form_version_id).scalar_subquery()
    versions = select(FormVersion.id).where(FormVersion.form_id == of_form)
    wanted = select(Pool).where(
        Pool.kind == kind,
        Pool.workgroup_id == source.workgroup_id,
        Pool.form_version_id.in_(versions),
        Pool.opened_at.is_(None),
    )
    pool = await session.scalar(wanted.with_for_update())
    if pool is None:
        pool = Pool(
            kind=kind,
            workgroup_id=source.workgroup_id,
            form_version_id=source.form_version_id,
            threshold=source.threshold,
            answered=0,
            asked=0,
        )
        session.add(pool)
        await session.flush()
        keys.create(pool.key)
    if not await opens(session, pool, keys):
        await begin_anew(session, pool, keys)
    pool.threshold = max(pool.threshold, source.threshold)
    pool.form_version_id = max(pool.form_version_id, source.form_version_id)
    return pool


async def opens(session: AsyncSession, pool: Pool, keys: Keyring) -> bool:
    """Whether a pool's key is there and is the one with which its answers were sealed."""
    blobs = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    return keys.has(pool.key) and all(keys.opens(pool.key, blob) for blob in blobs)


async def begin_anew(session: AsyncSession, pool: Pool, keys: Keyring) -> None:
    """The key is gone, as after a restored backup: what the pool held cannot be read any more by anyone."""
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    pool.answered = pool.asked = 0
    keys.create(pool.key)


async def _seal_into(session: AsyncSession, pool: Pool, ballots: list[Ballot], keys: Keyring) -> list[Ballot]:
    """Writes all of a pool's ballots anew, shuffled: neither row order nor a row's age tells the run it came from."""
    before = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    together = [*(_read(keys.open(pool.key, blob)) for blob in before), *ballots]
    questions = await _questions(session, pool.form_version_id, together)
    together = [_renewed(ballot, questions) for ballot in together]
    size = forms.submission_bytes(questions)
    secrets.SystemRandom().shuffle(together)
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    for ballot in together:
        blob = keys.seal(pool.key, {str(key): value for key, value in ballot.items()}, size=size)
        session.add(Pooled(id=secrets.randbits(62), pool_id=pool.id, blob=blob))
    await session.flush()
    return together


def _read(content: dict[str, Any]) -> Ballot:
    return {int(question): value for question, value in content.items() if value is not None}


def _renewed(ballot: Ballot, questions: list[Question]) -> Ballot:
    """Answers to an earlier version, put under the same statements of the newest; what has none stays as it is."""
    newest: dict[object, Question] = {}
    for question in questions:
        newest.setdefault(question.same_as, question)
    now = {question.id: newest[question.same_as] for question in questions}
    old = {question.id: question for question in questions}
    renewed: Ballot = {}
    for key, value in ballot.items():
        question, new = old[abs(key)], now[abs(key)]
        converted = _same_options(value, question, new) if isinstance(value, list) else value
        renewed[(new if converted is not None else question).id * (-1 if key < 0 else 1)] = (
            value if converted is None else converted
        )
    return renewed


def _same_options(values: list[int], old: Question, new: Question) -> list[int] | None:
    """The same options' numbers in another version; None if it has not all of them."""
    identities = {option.number: option.identity for option in old.options}
    numbers = {option.identity: option.number for option in new.options}
    if new.other:
        identities[forms.OTHER], numbers[""] = "", forms.OTHER
    new_values = [numbers[identities[value]] for value in values if identities.get(value) in numbers]
    return new_values if len(new_values) == len(values) else None
