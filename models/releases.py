"""Closing a run: open the sealed answers, count, keep only counts, release once.

Nothing here or anywhere later stores a ballot in the clear, or anything that ties a figure to a person.
"""

import enum
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models import access, feedback, forms, outbox
from models.attendance import Attendance, Attended
from models.base import Base
from models.calendar import next_waking
from models.drafts import Draft
from models.feedback import Participation, Run, RunState, Staged
from models.forms import Kind, Question
from models.outbox import Planned
from models.policy import Policy
from models.sealing import Keyring

TELLS = timedelta(days=14)
"""For how long a coordinator is told of results; /results shows them always."""

Ballot = dict[int, Any]
"""One person's answers by question id; a skip is None."""


class Withheld(enum.StrEnum):
    """Why a figure is not shown."""

    FEW = "few"
    AGREE = "agree"  # all chose the same end of the scale: the mean would tell each one's answer


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


class Release(Base):
    """What one run, or one pool, has said. Written once; everything that anyone sees comes from releases."""

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"), unique=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), unique=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    asked: Mapped[int]
    answered: Mapped[int]
    released_at: Mapped[datetime] = mapped_column(index=True)


class Figure(Base):
    """A statement's figure: the mean is ``total / n`` exactly."""

    __tablename__ = "figure"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    n: Mapped[int | None]
    """Answers without skips; None below the threshold."""
    total: Mapped[int | None]
    withheld: Mapped[Withheld | None]


class OptionCount(Base):
    """How many chose a value; kept only from twice the threshold on, and where not all agree."""

    __tablename__ = "option_count"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True)
    chosen: Mapped[int]


class OpenAnswer(Base):
    """A released text, under a random key: rows tell no order."""

    __tablename__ = "open_answer"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    text: Mapped[str]


async def close(session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime) -> Run | None:
    """Closes a run whose time is over; None if it was closed already. `destroy_keys` follows the commit."""
    closed = await session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == RunState.OPEN, Run.closes_at <= now)
        .values(state=RunState.CLOSED)
        .returning(Run.id)
    )
    if closed.scalar_one_or_none() is None:
        return None
    run = (await session.execute(select(Run).where(Run.id == run_id))).scalar_one()
    ballots = await _ballots(session, run, keys)
    run.asked, run.answered = await _asked(session, run), len(ballots)
    if run.answered >= run.threshold:
        await _tell(session, await _release_run(session, run, ballots, keys, now=now), policy=policy, now=now)
    elif ballots and (release := await _pool(session, run, ballots, keys, now=now)):
        await _tell(session, release, policy=policy, now=now)
    await _forget_people(session, run)
    return run


async def _tell(session: AsyncSession, release: Release, *, policy: Policy, now: datetime) -> None:
    """Tells the group's coordinators that there are results."""
    due = next_waking(now, policy.quiet)
    coordinators = await access.coordinators(session, release.workgroup_id)
    await outbox.plan(
        session,
        [
            Planned(person_id=person.id, kind="results", subject=release.id, due_at=due, expires_at=due + TELLS)
            for person in coordinators
        ],
    )


async def _ballots(session: AsyncSession, run: Run, keys: Keyring) -> list[Ballot]:
    """The answers, shuffled; those who only skipped have not answered."""
    blobs = (await session.execute(select(Staged.blob).where(Staged.run_id == run.id))).scalars()
    sheets = [feedback.opened(keys.open(run.key, blob)) for blob in blobs]
    ballots = [{question_id: given.value for question_id, given in sheet.items()} for sheet in sheets]
    answered = [ballot for ballot in ballots if any(value is not None for value in ballot.values())]
    secrets.SystemRandom().shuffle(answered)
    return answered


def _read(content: dict[str, Any]) -> Ballot:
    return {int(question): value for question, value in content.items()}


async def _asked(session: AsyncSession, run: Run) -> int:
    """Those who were there and so were asked; whoever answered was asked, whatever was marked later."""
    there = select(Attendance.person_id).where(
        Attendance.meeting_id == run.meeting_id,
        Attendance.attended != Attended.NO,
        Attendance.person_id.is_not(None),
    )
    staged = select(Staged.person_id).where(Staged.run_id == run.id)
    counted = select(func.count()).where(
        Participation.run_id == run.id,
        Participation.person_id.in_(there) | Participation.person_id.in_(staged),
    )
    return await session.scalar(counted) or 0


async def _forget_people(session: AsyncSession, run: Run) -> None:
    """Removes all that could tell who answered: a reminder not sent tells it too."""
    await session.execute(delete(Staged).where(Staged.run_id == run.id))
    await session.execute(delete(Participation).where(Participation.run_id == run.id))
    for draft in (await session.execute(select(Draft).where(Draft.subject == "feedback"))).scalars():
        if draft.data.get("run") == run.id:
            await session.delete(draft)
    for table in (outbox.Delivery, outbox.Message):
        await session.execute(delete(table).where(table.kind == "feedback", table.subject == run.id))


async def _release_run(
    session: AsyncSession, run: Run, ballots: list[Ballot], keys: Keyring, *, now: datetime
) -> Release:
    release = Release(
        run_id=run.id,
        workgroup_id=run.workgroup_id,
        form_version_id=run.form_version_id,
        threshold=run.threshold,
        asked=run.asked,
        answered=run.answered,
        released_at=now,
    )
    session.add(release)
    await session.flush()
    questions = await forms.questions(session, run.form_version_id)
    _count(session, release, questions, ballots)
    texts = _texts(questions, ballots)
    if run.answered >= 2 * run.threshold:
        _publish(session, release, texts)
    elif texts:
        await _carry(session, release, texts, run.answered, keys)
    return release


def _count(session: AsyncSession, release: Release, questions: list[Question], ballots: list[Ballot]) -> None:
    for question in (q for q in questions if q.kind is Kind.SCALE):
        values = [ballot[question.id] for ballot in ballots if ballot.get(question.id) is not None]
        session.add(_figure(release, question, values))
        if len(values) >= 2 * release.threshold and len(set(values)) > 1:
            for value in range(question.low or 0, (question.high or 0) + 1):
                chosen = values.count(value)
                session.add(OptionCount(release_id=release.id, question_id=question.id, value=value, chosen=chosen))


def _figure(release: Release, question: Question, values: list[int]) -> Figure:
    figure = Figure(release_id=release.id, question_id=question.id)
    if len(values) < release.threshold:
        figure.withheld = Withheld.FEW
    elif set(values) in ({question.low}, {question.high}):
        figure.n, figure.withheld = len(values), Withheld.AGREE
    else:
        figure.n, figure.total = len(values), sum(values)
    return figure


def _texts(questions: list[Question], ballots: list[Ballot]) -> list[Ballot]:
    """The open answers, each alone: nothing ties two texts of one person together, or to their numbers."""
    opens = [question.id for question in questions if question.kind is Kind.OPEN]
    texts = [{key: ballot[key]} for ballot in ballots for key in opens if ballot.get(key)]
    secrets.SystemRandom().shuffle(texts)
    return texts


def _publish(session: AsyncSession, release: Release, texts: list[Ballot]) -> None:
    for ballot in texts:
        for question_id, text in ballot.items():
            session.add(OpenAnswer(id=secrets.randbits(62), release_id=release.id, question_id=question_id, text=text))


async def _carry(session: AsyncSession, source: Release, texts: list[Ballot], heard: int, keys: Keyring) -> None:
    """Seals texts whose crowd was too small into the group's pool, where they wait for ``2 k`` possible writers."""
    pool = await _open_pool(session, source, keys)
    pool.heard += heard
    await _seal_into(session, pool, texts, keys)


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
    pool.threshold = max(pool.threshold, source.threshold)
    return pool


async def _pool(
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
    _count(session, release, questions, kept)
    texts, heard = _texts(questions, kept), pool.answered + pool.heard
    pool.opened_at = now
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    await session.flush()
    if heard >= 2 * pool.threshold:
        _publish(session, release, texts)
    elif texts:
        await _carry(session, release, texts, heard, keys)
    return release


async def destroy_keys(session: AsyncSession, keys: Keyring) -> None:
    """Destroys the keys of closed runs and opened pools, after the commit that closed them. Safe to repeat.

    A key with no row is left alone: its run may be about to be committed elsewhere, and it opens nothing.
    """
    runs = await session.execute(select(Run).where(Run.state == RunState.CLOSED, Run.id.in_(_ids(keys, "run"))))
    pools = await session.execute(select(Pool).where(Pool.opened_at.is_not(None), Pool.id.in_(_ids(keys, "pool"))))
    for row in (*runs.scalars(), *pools.scalars()):
        keys.destroy(row.key)


def _ids(keys: Keyring, kind: str) -> list[int]:
    return [int(name.removeprefix(f"{kind}-")) for name in keys.names() if name.startswith(f"{kind}-")]
