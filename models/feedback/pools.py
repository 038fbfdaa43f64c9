"""Pools: answers that may not be shown yet. They stay sealed, without their persons, until there are enough of them.

A group has at most two waiting pools for a form: the ballots of runs with too few answers, and open texts whose figures
have been released but that had too few possible writers.
"""

import enum
import secrets
from datetime import datetime
from functools import partial
from typing import Any, assert_never

from sqlalchemy import BigInteger, ForeignKey, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.feedback import counting, releases
from models.feedback.answers import Ballot
from models.feedback.releases import Release, spread_from
from models.feedback.runs import Participation, Run
from models.feedback.sealing import NAME_LENGTH, Keyring, new_key_name
from models.forms import forms
from models.forms.forms import FormVersion, Question
from models.people.groups import Membership, Workgroup


class Waits(enum.StrEnum):
    """What a pool holds. This decides how many answers it needs."""

    ANSWERS = "answers"  # needs as many as the threshold: then their means may be shown
    TEXTS = "texts"  # needs twice as many possible writers as the threshold


class Pool(Base):
    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Waits]
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    """The highest threshold that any of its runs promised."""
    answered: Mapped[int] = mapped_column(default=0)
    """Number of ballots in it. In a pool of texts: number of people who answered, any of whom may be a writer."""
    asked: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    key: Mapped[str] = mapped_column(
        String(NAME_LENGTH), index=True, unique=True, default=partial(new_key_name, "pool")
    )
    """The name of its key in the keyring."""

    @property
    def answers_needed(self) -> int:
        """The value of ``answered`` from which the pool can open."""
        match self.kind:
            case Waits.ANSWERS:
                return self.threshold
            case Waits.TEXTS:
                return spread_from(self.threshold)
            case _:
                assert_never(self.kind)


class Pooled(Base):
    """One sealed ballot of a pool, with a random id. All ballots are rewritten whenever one is added."""

    __tablename__ = "pooled"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True)
    blob: Mapped[bytes]


async def release(
    session: AsyncSession, source: Run | Pool, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> list[Release]:
    """Releases the results of a run or an opened pool. Returns one release; two if its texts fill the pool of texts.

    Texts with too few possible writers are added to the group's pool of texts. Texts from a named run are not: the
    other texts in the pool would have fewer possible writers than its count says.
    """
    new = Release(
        run_id=source.id if isinstance(source, Run) else None,
        pool_id=source.id if isinstance(source, Pool) else None,
        workgroup_id=source.workgroup_id,
        form_version_id=source.form_version_id,
        threshold=source.threshold,
        asked=source.asked,
        answered=source.answered,
        released_at=now,
    )
    session.add(new)
    await session.flush()
    questions = await _questions(session, source.form_version_id, ballots)
    texts = releases.open_texts(questions, ballots)
    if not (isinstance(source, Pool) and source.kind is Waits.TEXTS):
        counting.count(session, new, questions, ballots)
    if source.answered >= spread_from(source.threshold):
        releases.publish(session, new, texts)
    elif texts and not (isinstance(source, Run) and source.named):
        return [new, *await add(session, new, Waits.TEXTS, texts, keys, now=now)]
    return [new]


async def _questions(session: AsyncSession, form_version_id: int, ballots: list[Ballot]) -> list[Question]:
    """The version's questions, then those questions of earlier versions that the ballots answer."""
    newest = await forms.questions(session, form_version_id)
    known = {question.id for question in newest}
    answered = {abs(key) for ballot in ballots for key in ballot} - known
    return [*newest, *await forms.some_questions(session, answered)]


async def add(
    session: AsyncSession, source: Run | Release, kind: Waits, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> list[Release]:
    """Adds ballots to the group's pool of a kind. Opens and releases it if it has enough answers from enough people.

    Returns the new releases, none if the pool still waits. One run never fills a pool alone: if it has enough answers,
    they are released without a pool.
    """
    pool = await _waiting_pool(session, source, kind, keys)
    pool.answered += source.answered
    pool.asked += source.asked
    combined = await _seal_into(session, pool, ballots, keys)
    if pool.answered < pool.answers_needed or (
        isinstance(source, Run) and await _max_people(session, source) < pool.threshold
    ):
        return []
    pool.opened_at = now
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    await session.flush()
    return await release(session, pool, combined, keys, now=now)


async def _max_people(session: AsyncSession, run: Run) -> int:
    """The highest number of people from whom the answers of a closing run and the group's earlier runs can be.

    Three members who answer after every meeting soon give enough answers, but they are still only three people.
    """
    asked = select(func.count()).where(Participation.run_id == run.id)
    members = select(func.count()).where(Membership.workgroup_id == run.workgroup_id, Membership.left_at.is_(None))
    return max(await session.scalar(asked) or 0, await session.scalar(members) or 0)


async def _waiting_pool(session: AsyncSession, source: Run | Release, kind: Waits, keys: Keyring) -> Pool:
    """The group's waiting pool of a kind for any version of the form. Creates one if there is none."""
    # The lock makes replicas that close two forms of one group take turns: a second pool would never be filled.
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
        await reset(session, pool, keys)
    pool.threshold = max(pool.threshold, source.threshold)
    pool.form_version_id = max(pool.form_version_id, source.form_version_id)
    return pool


async def opens(session: AsyncSession, pool: Pool, keys: Keyring) -> bool:
    """Whether a pool's key exists and decrypts all its ballots."""
    blobs = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    return keys.has(pool.key) and all(keys.opens(pool.key, blob) for blob in blobs)


async def reset(session: AsyncSession, pool: Pool, keys: Keyring) -> None:
    """Deletes the ballots of a pool and creates a key if there is none. Call it only if they cannot be decrypted."""
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    pool.answered = pool.asked = 0
    keys.create(pool.key)


async def _seal_into(session: AsyncSession, pool: Pool, ballots: list[Ballot], keys: Keyring) -> list[Ballot]:
    """Adds ballots to a pool and returns all ballots in it.

    Rewrites all rows in random order, so that neither the order nor the age of a row reveals the run it came from.
    """
    before = (await session.execute(select(Pooled.blob).where(Pooled.pool_id == pool.id))).scalars()
    together = [*(_ballot(keys.open(pool.key, blob)) for blob in before), *ballots]
    questions = await _questions(session, pool.form_version_id, together)
    together = [_in_newest_version(ballot, questions) for ballot in together]
    size = forms.submission_bytes(questions)
    secrets.SystemRandom().shuffle(together)
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    for ballot in together:
        blob = keys.seal(pool.key, {str(key): value for key, value in ballot.items()}, size=size)
        session.add(Pooled(id=secrets.randbits(62), pool_id=pool.id, blob=blob))
    await session.flush()
    return together


def _ballot(content: dict[str, Any]) -> Ballot:
    """The ballot from decrypted content."""
    return {int(question): value for question, value in content.items() if value is not None}


def _in_newest_version(ballot: Ballot, questions: list[Question]) -> Ballot:
    """The ballot with answers to earlier versions moved to the same questions of the newest version.

    An answer stays under its old question if the newest version has no such question, or not all of its options.
    """
    newest: dict[object, Question] = {}
    for question in questions:
        newest.setdefault(question.same_as, question)
    newest_by_id = {question.id: newest[question.same_as] for question in questions}
    by_id = {question.id: question for question in questions}
    result: Ballot = {}
    for key, value in ballot.items():
        question, new = by_id[abs(key)], newest_by_id[abs(key)]
        converted = _same_options(value, question, new) if isinstance(value, list) else value
        result[(new if converted is not None else question).id * (-1 if key < 0 else 1)] = (
            value if converted is None else converted
        )
    return result


def _same_options(values: list[int], old: Question, new: Question) -> list[int] | None:
    """The numbers of the same options in another version of the question. None if one of them is missing there."""
    identities = {option.number: option.identity for option in old.options}
    numbers = {option.identity: option.number for option in new.options}
    if new.other:
        identities[forms.OTHER], numbers[""] = "", forms.OTHER
    new_values = [numbers[identities[value]] for value in values if identities.get(value) in numbers]
    return new_values if len(new_values) == len(values) else None
