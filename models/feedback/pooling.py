"""Releasing the answers of a run, or gathering them in a pool until enough different people have answered.

When a pool opens, the answers to questions of too few people move to the next pool, which has a new key.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback import counting, pool_content, pools, releases
from models.feedback.answers import Ballot
from models.feedback.pool_content import PoolContent, WaitingAnswers, WaitingByKey
from models.feedback.pools import Pool, Pooled, PoolKind
from models.feedback.releases import OFF, Release, spread_from
from models.feedback.runs import Run
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import Question


async def release_or_wait(
    session: AsyncSession, run: Run, by_person: Mapping[int, Ballot], keys: Keyring, *, now: datetime
) -> list[Release]:
    """Releases what of a closed run may be shown, and adds the rest to the group's pools.

    Returns the new releases, with those of pools that open. Named answers go into no pool: they would make those
    without a name identifiable. Call it under `pools.lock_group`.
    """
    released: list[Release | None] = []
    waits = not run.named and run.threshold != OFF
    if len(by_person) >= run.threshold:
        released.append(await _release_run(session, run, list(by_person.values()), now=now))
    elif waits:
        released.append(await add(session, run, PoolKind.ANSWERS, by_person, keys, now=now))
    if waits and len(by_person) < spread_from(run.threshold):
        released.append(await add(session, run, PoolKind.TEXTS, by_person, keys, now=now))
    return [release for release in released if release is not None]


async def _release_run(session: AsyncSession, run: Run, ballots: list[Ballot], *, now: datetime) -> Release:
    """Releases the results of a run with enough answers; its texts only if enough people may have written them."""
    secrets.SystemRandom().shuffle(ballots)
    n = len(ballots)
    new = await _new_release(session, run, n, asked=run.asked, present=run.present, people=n, now=now)
    questions = await forms.questions(session, run.form_version_id)
    counting.count(session, new, questions, ballots)
    if n >= spread_from(run.threshold):
        releases.publish(session, new, releases.open_texts(questions, ballots))
    return new


async def _new_release(
    session: AsyncSession,
    source: Run | Pool,
    answered: int,
    *,
    asked: int | None,
    present: int | None,
    people: int | None,
    now: datetime,
) -> Release:
    new = Release(
        run_id=source.id if isinstance(source, Run) else None,
        pool_id=source.id if isinstance(source, Pool) else None,
        workgroup_id=source.workgroup_id,
        form_version_id=source.form_version_id,
        threshold=source.threshold,
        asked=asked,
        present=present,
        answered=answered,
        people=people,
        released_at=now,
    )
    session.add(new)
    await session.flush()
    return new


async def add(
    session: AsyncSession, run: Run, kind: PoolKind, ballots: Mapping[int, Ballot], keys: Keyring, *, now: datetime
) -> Release | None:
    """Adds a run's answers or its texts, by person id, to the group's pool of that kind, and releases what is ready.

    Returns None if all of it still waits. A run without answers is counted, too: that there is a pool, or how many it
    asked, must not tell that somebody answered after a certain meeting.
    """
    questions = await forms.questions(session, run.form_version_id)
    wanted = ballot_keys(kind, questions)
    if not wanted:
        return None
    pool, content = await pools.waiting_pool(session, run, kind, keys)
    pool.count(len(ballots), asked=run.asked, present=run.present)
    pool.oldest_on = pool.oldest_on or now.date()
    given = {key for ballot in ballots.values() for key in ballot} & wanted
    if not given:
        return None
    content.add_run(ballots, given, are_texts=kind is PoolKind.TEXTS, day=now.date())
    questions = await pools.questions_of(session, pool.form_version_id, set(content.waiting))
    content.waiting = pool_content.in_newest_version(content.waiting, questions)
    by_id = {question.id: question for question in questions}
    ready = {key for key, waiting in content.waiting.items() if is_ready(pool, by_id[abs(key)], waiting)}
    if not ready:
        await pools.store(session, pool, content, keys)
        return None
    released = await open_pool(session, pool, questions, {key: content.waiting.pop(key) for key in ready}, now=now)
    await _move_on(session, pool, content, keys)
    return released


def ballot_keys(kind: PoolKind, questions: list[Question]) -> set[int]:
    """The keys of a ballot whose answers go into a pool of this kind. Answers to background questions go into none."""
    asked = [question for question in questions if question.background is None]
    typed = pool_content.text_keys(asked)
    match kind:
        case PoolKind.ANSWERS:
            return {question.id for question in asked} - typed
        case PoolKind.TEXTS:
            return typed
        case _:
            assert_never(kind)


def is_ready(pool: Pool, question: Question, waiting: WaitingAnswers) -> bool:
    """Whether the answers to a question are of enough different people to be shown, none of whom gave most of them.

    A choice needs twice the people, because it shows a distribution and no mean. Texts need twice the people who may
    have written them, and the threshold of people who did.
    """
    twice = spread_from(pool.threshold)
    match pool.kind:
        case PoolKind.ANSWERS:
            least, crowd = pool.threshold if question.kind.has_mean else twice, 0
        case PoolKind.TEXTS:
            least, crowd = pool.threshold, twice
        case _:
            assert_never(pool.kind)
    return waiting.is_mixed and waiting.people >= least and len(waiting.crowd) >= crowd


async def open_pool(
    session: AsyncSession, pool: Pool, questions: list[Question], ready: WaitingByKey, *, now: datetime
) -> Release:
    """Opens a pool and releases those of its answers that are ready.

    ``answered`` is at least the largest n: answers that moved here from the pool before are not counted in the pool.
    """
    pool.opened_at = now
    answered = max([pool.answered, *(len(waiting.answers) for waiting in ready.values())])
    of_all = not any(waiting.untagged for waiting in ready.values())
    people = len({tag for waiting in ready.values() for tag in waiting.crowd}) if of_all else None
    asked, present = (None if of is None else max(of, answered) for of in (pool.asked, pool.present))
    new = await _new_release(session, pool, answered, asked=asked, present=present, people=people, now=now)
    ballots: list[Ballot] = [{key: value} for key, waiting in ready.items() for value in waiting.answers]
    match pool.kind:
        case PoolKind.ANSWERS:
            # Of the newest version all questions are counted, so that results say which are of too few people.
            newest = {question for question in questions if question.form_version_id == pool.form_version_id}
            counted = [q for q in questions if q.background is None and (q in newest or q.id in ready)]
            counting.count(session, new, counted, ballots, {key: waiting.people for key, waiting in ready.items()})
        case PoolKind.TEXTS:
            releases.publish(session, new, releases.open_texts(questions, ballots))
        case _:
            assert_never(pool.kind)
    return new


async def _move_on(session: AsyncSession, pool: Pool, content: PoolContent, keys: Keyring) -> None:
    """Empties a pool that was opened or destroyed. What is left of its content goes into the next pool."""
    await session.execute(delete(Pooled).where(Pooled.pool_id == pool.id))
    if content.waiting:
        await pools.store(session, await pools.create(session, pool, pool.kind), content, keys)


async def due_to_destroy(session: AsyncSession, *, wait_for: timedelta, now: datetime) -> list[int]:
    """The ids of the pools with answers that have waited for longer than ``wait_for``."""
    wanted = select(Pool.id).where(pools.is_waiting(), Pool.oldest_on < (now - wait_for).date())
    return list((await session.execute(wanted.order_by(Pool.id))).scalars())


async def destroy(session: AsyncSession, pool_id: int, keys: Keyring, *, wait_for: timedelta, now: datetime) -> None:
    """Destroys the answers in a pool to the questions whose oldest answer has waited too long. Nobody reads them.

    Answers to other questions go into the next pool. Call `closing.destroy_keys` after the commit.
    """
    pool = await session.get_one(Pool, pool_id)
    await pools.lock_group(session, pool.workgroup_id)
    await session.refresh(pool)
    if pool.opened_at is not None or pool.destroyed_at is not None:
        return
    content = await pools.content_of(session, pool, keys) if await pools.opens(session, pool, keys) else PoolContent()
    first_day = (now - wait_for).date()
    content.waiting = {key: waiting for key, waiting in content.waiting.items() if waiting.oldest >= first_day}
    pool.destroyed_at = now
    await _move_on(session, pool, content, keys)
