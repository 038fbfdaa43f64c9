"""Time: the clock that everything reads, and the few ticks that it drives.

APScheduler wakes the ticks and knows nothing: each derives what is due from the tables, so that a bot that slept
catches up, and a tick repeated does nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncSession

from bot import db
from models.delivery import outbox, updates
from models.feedback import closing, previews, runs, surveys
from models.meetings import meetings
from models.privacy import erasure
from models.reports import digest_plans, digests

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger()


class Clock:
    """The real clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ShiftedClock(Clock):
    """The real clock, moved: the demo's, whose buttons push it on."""

    def __init__(self, start: datetime) -> None:
        self.offset = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


class StandingClock(Clock):
    """A clock that stands until it is moved: the tests'. Who sleeps by it moves it."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


Made = TypeVar("Made")


async def _alone(
    app: "App", failed: str, doing: Callable[[AsyncSession], Awaitable[Made]], **about: int
) -> Made | None:
    """Does one of a tick's things in a transaction of its own; None if it failed. It comes again with the next tick,
    and holds nothing else up."""
    try:
        async with app.sessions.begin() as session:
            return await doing(session)
    except Exception:
        log.exception(failed, **about)
        return None


async def ask_for_feedback(app: "App") -> None:
    """Holds the meetings that have ended and, after the delay, opens their forms."""
    now = app.clock.now()
    async with app.sessions.begin() as session:
        await meetings.hold(session, now=now)
    async with app.sessions() as session:
        due = await runs.due_to_open(session, app.policy, now=now)
    for meeting_id in due:
        opening = partial(runs.open_run, meeting_id=meeting_id, keys=app.keys, policy=app.policy, now=now)
        if run := await _alone(app, "run not opened", opening, meeting=meeting_id):
            log.info("run opened", meeting=meeting_id, run=run.id)


async def open_surveys(app: "App") -> None:
    """Opens the forms that were planned to be sent on their own."""
    now = app.clock.now()
    async with app.sessions() as session:
        due = await surveys.due_to_open(session, now=now)
    for run_id in due:
        opening = partial(surveys.open_planned, run_id=run_id, keys=app.keys, policy=app.policy, now=now)
        opened = await _alone(app, "survey failed to open", opening, run=run_id)
        if opened is not None:
            log.info("survey opened" if opened else "survey not opened", run=run_id)


async def close_forms(app: "App") -> None:
    """Counts and releases the forms whose time is over, then destroys their keys."""
    now = app.clock.now()
    async with app.sessions() as session:
        due = await runs.due_to_close(session, now=now)
    for run_id in due:
        await _close_form(app, run_id, now)
    if due:
        async with app.sessions() as session:
            await closing.destroy_keys(session, app.keys)
        await db.scrub(app.engine)


async def _close_form(app: "App", run_id: int, now: datetime) -> None:
    """Closes one form. One that fails comes again, and keeps neither the others open nor their keys."""
    ending = partial(closing.close, run_id=run_id, keys=app.keys, policy=app.policy, now=now)
    run = await _alone(app, "run not closed", ending, run=run_id)
    if run is None:
        return
    log.info("run closed", run=run_id)
    if run.unreadable:
        log.error("answers could not be opened: the key is missing", run=run_id, answers=run.unreadable)


async def end_previews(app: "App") -> None:
    """Removes the previews of forms whose day is over."""
    async with app.sessions() as session:
        due = await previews.over(session, now=app.clock.now())
    for run_id in due:
        await _alone(app, "preview not removed", partial(previews.end, run_id=run_id, keys=app.keys), run=run_id)


async def plan_digests(app: "App") -> None:
    """Plans the digests that are due: those of the same groups in one transaction, so that taps come between."""
    now = app.clock.now()
    if missed := await _alone(app, "missed digests not sent", partial(digest_plans.send_again, now=now)):
        log.info("missed digests sent", count=missed)
    async with app.sessions() as session:
        due = await digest_plans.wanted(session, policy=app.policy, now=now)
    for one in due:
        planning = partial(digest_plans.plan, one=one, policy=app.policy, now=now)
        if planned := await _alone(app, "digests not planned", planning):
            log.info("digests planned", count=planned)


async def forget(app: "App") -> None:
    """Drops what has served: update ids older than a week, and dialogues left for a month."""
    async with app.sessions.begin() as session:
        await updates.forget_old(session, now=app.clock.now())
        await erasure.drop_drafts(session, now=app.clock.now())


async def recover(app: "App") -> None:
    """Takes back what processes were sending that died over it."""
    async with app.sessions.begin() as session:
        if stranded := await outbox.recover(session):
            log.warning("deliveries of a dead process taken back", count=stranded)


async def scrub_erased(app: "App") -> None:
    """When someone has erased themselves, the freed pages of the file and its log soon forget them too."""
    async with app.sessions() as session:
        erased = await erasure.erased(session)
    if erased != app.scrubbed:
        await db.scrub(app.engine)
        app.scrubbed = erased


Tick = Callable[["App"], Awaitable[None]]

TICKS: tuple[tuple[Tick, int], ...] = (
    (ask_for_feedback, 20),
    (open_surveys, 20),
    (close_forms, 30),
    (end_previews, 60),
    (plan_digests, 60),
    (recover, 15),
    (forget, 3600),
    (scrub_erased, 60),
)
"""Each tick with its interval in seconds."""


def schedule(app: "App") -> AsyncIOScheduler:
    """A scheduler that runs the ticks; a tick that fails is logged and comes again."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for tick, seconds in TICKS:
        scheduler.add_job(
            guarded,
            "interval",
            (tick, app),
            id=tick.__name__,
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


async def guarded(tick: Tick, app: "App") -> None:
    try:
        await tick(app)
        app.outbox.wake.set()
    except asyncio.CancelledError:
        log.info("tick left", tick=tick.__name__)  # the program stops; the next one does it
    except Exception:
        log.exception("tick failed", tick=tick.__name__)


async def next_event(app: "App") -> datetime | None:
    """When the next message, form or digest is due: where simulated time may jump to."""
    now = app.clock.now()
    async with app.sessions() as session:
        moments = [
            await outbox.next_due(session, edits=False),
            await runs.next_opening(session, app.policy, now=now),
            await surveys.next_opening(session, now=now),
            await runs.next_closing(session, now=now),
            digests.next_due(app.policy, now=now),
        ]
    return min((moment for moment in moments if moment), default=None)
