"""Ticks: the few jobs that run at intervals.

APScheduler only calls the ticks: each derives what is due from the tables. So a bot that was stopped catches up, and a
tick that runs twice does nothing the second time.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import BadRequest, TelegramError

from bot import db, scrubbing, set_aside
from bot.context import Runtime
from models.delivery import clearing, outbox, updates
from models.feedback import asked, closing, keys_set_aside, opening, pooling, previews, runs, surveys
from models.meetings import meetings
from models.people import people
from models.privacy import erasure
from models.reports import digest_plans, digests

log = structlog.get_logger()

Result = TypeVar("Result")

MIN_KEY_AGE = timedelta(hours=1)
"""A younger key that the database does not know may belong to a form that another process is just opening."""
NIGHT = range(2, 5)
"""Hours of the organisation's time zone in which hardly anybody waits for the bot."""


async def in_own_transaction(
    runtime: Runtime, failure: str, action: Callable[[AsyncSession], Awaitable[Result]], **ids: int
) -> Result | None:
    """Runs one action of a tick in a transaction of its own; returns its result, None if it raised. The exception is
    logged as ``failure`` with the ids, the tick goes on, and the next tick tries again."""
    try:
        async with runtime.sessions.begin() as session:
            return await action(session)
    except Exception:
        log.exception(failure, **ids)
        return None


async def ask_for_feedback(runtime: Runtime) -> None:
    """Marks the meetings that have ended as held and, after the delay, opens their forms."""
    now = runtime.clock.now()
    async with runtime.sessions.begin() as session:
        await meetings.mark_held(session, now=now)
    async with runtime.sessions() as session:
        due = await opening.due_to_open(session, runtime.policy, now=now)
    for meeting_id in due:
        open_run = partial(opening.open_run, meeting_id=meeting_id, keys=runtime.keys, policy=runtime.policy, now=now)
        if run := await in_own_transaction(runtime, "run not opened", open_run, meeting=meeting_id):
            log.info("run opened", meeting=meeting_id, run=run.id)


async def open_surveys(runtime: Runtime) -> None:
    """Opens the surveys (forms sent without a meeting) whose time has come."""
    now = runtime.clock.now()
    async with runtime.sessions() as session:
        due = await surveys.due_to_open(session, now=now)
    for run_id in due:
        open_planned = partial(surveys.open_planned, run_id=run_id, keys=runtime.keys, policy=runtime.policy, now=now)
        opened = await in_own_transaction(runtime, "survey failed to open", open_planned, run=run_id)
        if opened is not None:
            log.info("survey opened" if opened else "survey not opened", run=run_id)


async def update_counts(runtime: Runtime) -> None:
    """Updates, after each midnight, how many have answered each open form at least."""
    now = runtime.clock.now()
    async with runtime.sessions.begin() as session:
        await asked.update_counts(session, zone=runtime.policy.zone, now=now)


async def close_forms(runtime: Runtime) -> None:
    """Counts and releases the forms whose time is over, then destroys their keys."""
    now = runtime.clock.now()
    async with runtime.sessions() as session:
        due = await runs.due_to_close(session, now=now)
    for run_id in due:
        await _close_form(runtime, run_id, now)
    if due:
        async with runtime.sessions() as session:
            await closing.destroy_keys(session, runtime.keys)
        runtime.scrub_needed = runtime.clearing = True
        await scrub(runtime)


async def _close_form(runtime: Runtime, run_id: int, now: datetime) -> None:
    """Closes one form. If it fails, the other forms are closed and their keys destroyed all the same."""
    lines: closing.Lines = {}
    ending = partial(
        closing.count_and_close, run_id=run_id, keys=runtime.keys, policy=runtime.policy, now=now, lines=lines
    )
    run = await in_own_transaction(runtime, "run not closed", ending, run=run_id)
    if run is None:
        return
    log.info("run closed", run=run_id)
    if run.unreadable:
        log.error("answers could not be opened: the key is missing", run=run_id)
    await _delete_lines(runtime, lines)


async def _delete_lines(runtime: Runtime, lines: closing.Lines) -> None:
    """Tries once more to delete typed answers from the chats, in random order."""
    async with runtime.sessions() as session:
        chats = await people.private_chats(session, lines)
    for person_id in secrets.SystemRandom().sample(list(chats), len(chats)):
        for message_id in lines[person_id]:
            try:
                await runtime.bot.delete_message(chats[person_id], message_id)
            except BadRequest:
                continue  # it is gone, or too old
            except TelegramError as error:
                log.warning("typed answers not deleted from all chats", error=type(error).__name__)
                return


async def destroy_waiting_answers(runtime: Runtime) -> None:
    """Destroys pooled answers that have waited too long for more, and their keys."""
    wait_for, now = runtime.policy.feedback_wait_for, runtime.clock.now()
    async with runtime.sessions() as session:
        due = await pooling.due_to_destroy(session, wait_for=wait_for, now=now)
    for pool_id in due:
        destroying = partial(pooling.destroy, pool_id=pool_id, keys=runtime.keys, wait_for=wait_for, now=now)
        await in_own_transaction(runtime, "waiting answers not destroyed", destroying, pool=pool_id)
    if due:
        async with runtime.sessions() as session:
            await closing.destroy_keys(session, runtime.keys)
        runtime.scrub_needed = True
        await scrub(runtime)


async def end_previews(runtime: Runtime) -> None:
    """Removes the previews of forms that have expired."""
    now = runtime.clock.now()
    async with runtime.sessions() as session:
        due = await previews.over(session, now=now)
    for run_id in due:
        ending = partial(previews.end, run_id=run_id, keys=runtime.keys, now=now)
        await in_own_transaction(runtime, "preview not removed", ending, run=run_id)


async def plan_digests(runtime: Runtime) -> None:
    """Plans the digests that are due: one transaction for each set of groups, so that taps are handled in between."""
    now = runtime.clock.now()
    if missed := await in_own_transaction(
        runtime, "missed digests not sent", partial(digest_plans.send_again, now=now)
    ):
        log.info("missed digests sent", count=missed)
    async with runtime.sessions() as session:
        due = await digest_plans.wanted(session, policy=runtime.policy, now=now)
    for batch in due:
        planning = partial(digest_plans.plan, batch=batch, policy=runtime.policy, now=now)
        if planned := await in_own_transaction(runtime, "digests not planned", planning):
            log.info("digests planned", count=planned)


async def forget(runtime: Runtime) -> None:
    """Deletes update ids older than a week and dialogues abandoned for a month."""
    async with runtime.sessions.begin() as session:
        await updates.forget_old(session, now=runtime.clock.now())
        await erasure.drop_drafts(session, now=runtime.clock.now())


async def recover(runtime: Runtime) -> None:
    """Recovers deliveries that a process was sending when it died."""
    async with runtime.sessions.begin() as session:
        if stranded := await outbox.recover(session):
            log.warning("deliveries of a dead process taken back", count=stranded)


async def scrub(runtime: Runtime) -> None:
    """After a closing, after the edits of all messages that follow it, and after an erasure, removes from the disk what
    was deleted. Repeated until it is complete: a backup that is being made keeps the log in use."""
    async with runtime.sessions() as session:
        erased = await erasure.erased(session)
        has_cleared = runtime.clearing and not await clearing.is_under_way(session)
    if has_cleared:
        runtime.scrub_needed, runtime.clearing = True, False
    if runtime.scrub_needed or erased != runtime.scrubbed_erasures:
        runtime.scrub_needed, runtime.scrubbed_erasures, runtime.rewrite_needed = True, erased, True
        runtime.scrub_needed = not await scrubbing.scrub(runtime.engine)


async def rewrite_at_night(runtime: Runtime) -> None:
    """In the night after a scrub, rewrites the whole database. Updates that arrive interrupt it; then the next tick
    tries again."""
    if runtime.rewrite_needed and runtime.now.astimezone(runtime.policy.zone).hour in NIGHT:
        runtime.updates_wait.clear()
        runtime.rewrite_needed = not await scrubbing.rewrite(runtime.engine, runtime.updates_wait)


async def destroy_set_aside(runtime: Runtime) -> None:
    """Sets aside the keys that the database does not know, as after a restore, and destroys what was set aside when it
    is due."""
    written_before = datetime.now(UTC) - MIN_KEY_AGE
    async with runtime.sessions() as session:
        strange = await keys_set_aside.sort(session, runtime.keys, now=runtime.now, written_before=written_before)
    if strange:
        log.warning("keys set aside that the database does not know", count=len(strange))
    target = db.database_file(runtime.settings.database.url)
    if set_aside.is_empty(target, runtime.keys):
        return
    for line in await asyncio.to_thread(set_aside.destroy_due, target, runtime.keys, now=runtime.now):
        log.info("set aside by a restore", done=line)


Tick = Callable[[Runtime], Awaitable[None]]

TICKS: tuple[tuple[Tick, int], ...] = (
    (ask_for_feedback, 20),
    (open_surveys, 20),
    (update_counts, 60),
    (close_forms, 30),
    (end_previews, 60),
    (plan_digests, 60),
    (recover, 15),
    (forget, 3600),
    (destroy_waiting_answers, 3600),
    (scrub, 30),
    (rewrite_at_night, 300),
    (destroy_set_aside, 60),
)
"""Each tick with its interval in seconds."""


def schedule(runtime: Runtime) -> AsyncIOScheduler:
    """A scheduler that runs the ticks; a tick that fails is logged and runs again after its interval."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for tick, seconds in TICKS:
        scheduler.add_job(
            run_tick,
            "interval",
            (tick, runtime),
            id=tick.__name__,
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


async def run_tick(tick: Tick, runtime: Runtime) -> None:
    """Runs a tick, logs what it raises, and wakes the outbox."""
    try:
        await tick(runtime)
        runtime.wake_outbox.set()
    except asyncio.CancelledError:
        log.info("tick left", tick=tick.__name__)  # the program stops; the next start runs it again
    except Exception:
        log.exception("tick failed", tick=tick.__name__)


async def next_event(runtime: Runtime) -> datetime | None:
    """When the next message, form or digest is due: simulated time may jump there. None if nothing is."""
    now = runtime.clock.now()
    async with runtime.sessions() as session:
        moments = [
            await outbox.next_due(session, edits=False),
            await opening.next_opening(session, runtime.policy, now=now),
            await surveys.next_opening(session, now=now),
            await runs.next_closing(session, now=now),
            digests.next_due(runtime.policy, now=now),
        ]
    return min((moment for moment in moments if moment is not None), default=None)
