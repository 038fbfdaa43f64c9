"""Updates in: fetched, applied, shown, and acknowledged to Telegram only then.

A death anywhere in between means that Telegram delivers the update again: its effect is not repeated, its screen is.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import structlog
from telegram import Update
from telegram.error import RetryAfter, TelegramError

from bot import db
from bot.backoff import FIRST_PAUSE_S, next_pause, retry_after_s
from bot.context import Runtime
from bot.db import AWAY
from bot.metrics import POLLER
from bot.receiving.applying import Applying
from bot.receiving.replies import Heard, Replies
from models import leases

log = structlog.get_logger()

ALLOWED = ["message", "callback_query", "my_chat_member"]
BATCH = 100
TOGETHER = 20
"""Updates in one transaction: one wait for the disk instead of twenty, and nobody waits long for the others."""
POLL = 10
"""Seconds for which Telegram keeps a request for updates open."""
LEASE = timedelta(seconds=25)
"""For how long a poller that shows no sign of life is taken to be alive. Telegram forgets a tap after 150 s."""
FAR = 0.04
"""Seconds for one answer of Telegram from which on it pays to ask for the next beside the work on the last: each brings
that again."""
IDS_LAST = 5 * 86400
"""Seconds without updates after which we ask from the beginning: after a week of silence Telegram's ids start anywhere,
lower ones too (core.telegram.org/bots/api#update)."""
PATIENCE = 0.5
"""Seconds for which one person's slow screen keeps the others' next updates waiting."""
STANDBY = 2.0
"""Seconds between two looks whether the poller still lives."""


class Inbox:
    """Polls, handles and answers."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.applying = Applying(runtime)
        self.replies = Replies(runtime)
        self.owner = secrets.token_hex(6)
        self.offset = 0
        self._asking: asyncio.Future[tuple[Update, ...]] | None = None
        self._in_hand: dict[int, asyncio.Task[None] | None] = {}
        """Updates that Telegram still keeps for us, by id, each with the showing of its screen once it is applied."""
        self._lanes: dict[int, asyncio.Task[None]] = {}
        """The last showing of each person."""
        self._progress = asyncio.Event()
        self._turn = asyncio.Lock()
        self._trip = 0.0
        self._heard_at = 0.0
        self._leased_until = 0.0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Polls until stopped; what goes wrong on the way is waited out, never skipped."""
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                if await self._may_poll():
                    await self.poll(POLL, patience=PATIENCE)
                else:
                    await self._rest(STANDBY)
                pause = FIRST_PAUSE_S
            except* (TelegramError, *AWAY) as errors:
                error = errors.exceptions[0]
                log.warning("polling failed", error=type(error).__name__, reason=db.reason(error))
                self.runtime.metrics.fails(POLLER, error)
                await self._rest(max(pause, retry_after_s(error) if isinstance(error, RetryAfter) else 0.0))
                pause = next_pause(pause)

    async def _rest(self, most: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), most)

    async def _may_poll(self) -> bool:
        """Whether this process is the one that polls: Telegram gives updates to one at a time."""
        now = asyncio.get_running_loop().time()
        if now + POLL < self._leased_until:
            return True
        async with self.runtime.sessions.begin() as session:
            taken = await leases.take(session, leases.POLLER, self.owner, span=LEASE)
        if taken:
            self._leased_until = now + LEASE.total_seconds()
        else:
            self.runtime.metrics.works(POLLER)
        return taken

    async def poll(self, wait: int = 0, *, patience: float | None = None) -> int:
        """Gets updates, applies them in their order and shows the screens; returns how many were new.

        While more wait than one answer holds, the next are fetched beside the work on the last. ``patience`` is how
        long a screen may keep the next updates waiting, in seconds; None is for ever.
        """
        batch, count = await self._ask(0 if self._in_hand else wait), 0
        try:
            async with asyncio.TaskGroup() as applying:
                while True:
                    new = tuple(update for update in batch if update.update_id not in self._in_hand)
                    self.runtime.metrics.arrived(new)
                    self._in_hand |= {update.update_id: None for update in new}
                    count += len(new)
                    applying.create_task(self._apply(new))
                    if self.runtime.polling.held < BATCH or not await self._may_poll():
                        break
                    await self._shown(TOGETHER if self._trip > FAR else None)
                    if self._stopping.is_set():
                        break
                    batch = await self._ask(0)
        finally:
            self._in_hand = {update_id: task for update_id, task in self._in_hand.items() if task is not None}
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._shown()
        return count

    async def _apply(self, batch: tuple[Update, ...]) -> None:
        async with self._turn:
            for some in _slices(batch, TOGETHER):
                for person, theirs in _by_person(await self.applying.hear(some)).items():
                    self._show(person, theirs)
                self.runtime.wake_outbox.set()

    async def _ask(self, wait: int) -> tuple[Update, ...]:
        self.runtime.polling.in_hand = self._in_hand
        began = asyncio.get_running_loop().time()
        asking = self.runtime.bot.get_updates(offset=self.offset, limit=BATCH, timeout=wait, allowed_updates=ALLOWED)
        self._asking = asyncio.ensure_future(asking)
        try:
            batch = await self._asking
        except asyncio.CancelledError:
            if self._stopping.is_set():
                return ()
            raise
        finally:
            self._asking = None
        now = asyncio.get_running_loop().time()
        self._trip = now - began
        if batch:
            self._heard_at = now
        elif now - self._heard_at > IDS_LAST:
            self.offset, self._heard_at = 0, now
        return batch

    def _show(self, person: int, theirs: list[Heard]) -> None:
        """Shows one person's screens, after those before."""
        before = self._lanes.get(person)
        task = asyncio.create_task(self.replies.show(theirs, after=before))
        task.add_done_callback(lambda _: self._progress.set())
        self._lanes[person] = task
        self._in_hand.update({one.update.update_id: task for one in theirs})

    async def _shown(self, wanted: int | None = None) -> None:
        """Waits until so many more screens, or all, stand in order: those updates need not be delivered again."""
        while True:
            self._progress.clear()
            for update_id in sorted(self._in_hand):
                task = self._in_hand[update_id]
                if task is None or not task.done():
                    break
                del self._in_hand[update_id]
                self.offset = max(self.offset, update_id + 1)
                wanted = None if wanted is None else wanted - 1
            if not self._in_hand or (wanted is not None and wanted <= 0):
                break
            await self._progress.wait()
        self._lanes = {person: task for person, task in self._lanes.items() if not task.done()}

    def stop(self) -> None:
        """Asks for no more; what is in hand is finished."""
        self._stopping.set()
        if self._asking is not None:
            self._asking.cancel()

    async def confirm(self) -> None:
        """Tells Telegram what has been handled, so that after a clean stop no screen is shown twice."""
        if self._leased_until < asyncio.get_running_loop().time():
            return  # it is not ours to ask
        await self._shown()
        with suppress(TelegramError):
            await self.runtime.bot.get_updates(offset=self.offset, limit=1, timeout=0, allowed_updates=ALLOWED)
        with suppress(*AWAY):
            async with self.runtime.sessions.begin() as session:
                await leases.give_back(session, leases.POLLER, self.owner)


def _slices(batch: tuple[Update, ...], size: int) -> Iterator[tuple[Update, ...]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def _by_person(heard: list[Heard]) -> dict[int, list[Heard]]:
    """Each person's updates in their order; what comes from nobody in particular is one lane."""
    lanes: dict[int, list[Heard]] = {}
    for one in heard:
        user = one.update.effective_user
        lanes.setdefault(user.id if user else 0, []).append(one)
    return lanes
