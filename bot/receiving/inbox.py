"""Updates in: fetched, applied, answered, and only then acknowledged to Telegram.

If the process dies before the acknowledgement, Telegram redelivers the update. The handler runs again, its changes are
rolled back, only the screen is sent again.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import structlog
from telegram import Update
from telegram.error import Conflict, RetryAfter, TelegramError

from bot import db
from bot.backoff import FIRST_PAUSE_S, next_pause, retry_after_s
from bot.context import Runtime
from bot.db import AWAY
from bot.metrics import POLLER
from bot.receiving.applying import Applying
from bot.receiving.reading import NO_ID, Received, read
from bot.receiving.replies import Replies, Reply
from models import leases

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
POLL_LIMIT = 100
"""Updates in one answer to getUpdates: Telegram's maximum."""
COMMIT_BATCH = 20
"""Updates in one transaction: one fsync instead of twenty, and short enough that nobody waits long for the others."""
LONG_POLL_S = 10
"""Seconds for which Telegram keeps a getUpdates request open while there are no updates."""
POLLER_LEASE = timedelta(seconds=25)
"""A poller that has not renewed its lease for this long counts as dead. Telegram drops a tap after 150 s."""
PIPELINE_MIN_RTT_S = 0.04
"""Round-trip time in seconds above which the next getUpdates runs in parallel with processing. Below it, parallel
requests cost more than they save, because each returns the unacknowledged updates again."""
UPDATE_ID_RESET_S = 5 * 86400
"""Seconds without updates after which the offset is dropped: after a week of silence Telegram's update ids may start
anywhere, also below ours (core.telegram.org/bots/api#update)."""
MAX_SCREEN_WAIT_S = 0.5
"""Seconds for which one person's slow screen may delay the next getUpdates for everyone."""
NO_ID_PAUSE_S = 1.0
"""Seconds before updates without an id are asked for again."""
CONFLICT = "another program gets this bot's updates, or a webhook is set: `koolla check` tells"
STANDBY_S = 2.0
"""Seconds between two tries to take the poller's lease over."""


class Inbox:
    """Polls Telegram, has the updates applied and their screens shown, and acknowledges them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.applying = Applying(runtime)
        self.replies = Replies(runtime)
        self.owner = secrets.token_hex(6)
        self.offset = 0
        self._request: asyncio.Future[tuple[Update, ...]] | None = None
        """The getUpdates request under way. Its result is empty: `Runtime.polling` has the answer."""
        self._unacknowledged: dict[int, asyncio.Task[None] | None] = {}
        """Updates received and not yet acknowledged, by id, each with the task that shows its screen once applied."""
        self._last_shown: dict[int, asyncio.Task[None]] = {}
        """The latest task that shows screens, by Telegram user id: the next one waits for it."""
        self._progress = asyncio.Event()
        self._apply_lock = asyncio.Lock()
        self._round_trip_s = 0.0
        self._last_update_at = 0.0
        self._leased_until = 0.0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Polls until stopped. After an error it waits and polls again; no update is skipped."""
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                if await self._may_poll():
                    await self.poll(LONG_POLL_S, max_screen_wait_s=MAX_SCREEN_WAIT_S)
                else:
                    await self._sleep(STANDBY_S)
                pause = FIRST_PAUSE_S
            except* Exception as errors:
                error = errors.exceptions[0]
                if isinstance(error, (TelegramError, *AWAY)):
                    reason = CONFLICT if isinstance(error, Conflict) else db.reason(error)
                    log.warning("polling failed", error=type(error).__name__, reason=reason)
                else:  # a fault of ours: the next start would meet it again
                    log.error("polling failed", exc_info=error)
                self.runtime.metrics.fails(POLLER, error)
                await self._sleep(max(pause, retry_after_s(error) if isinstance(error, RetryAfter) else 0.0))
                pause = next_pause(pause)

    async def _sleep(self, seconds: float) -> None:
        """Waits; returns early when told to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _may_poll(self) -> bool:
        """Whether this process holds the poller's lease: Telegram gives updates to one process at a time."""
        now = asyncio.get_running_loop().time()
        if now + LONG_POLL_S < self._leased_until:
            return True
        async with self.runtime.sessions.begin() as session:
            taken = await leases.take(session, leases.POLLER, self.owner, span=POLLER_LEASE)
        if taken:
            self._leased_until = now + POLLER_LEASE.total_seconds()
        else:
            self.runtime.metrics.works(POLLER)
        return taken

    async def poll(self, long_poll_s: int = 0, *, max_screen_wait_s: float | None = None) -> int:
        """Gets updates, applies them in their order and shows the screens; returns how many were new.

        While an answer is full (`POLL_LIMIT`), the next updates are fetched in parallel with processing.
        ``max_screen_wait_s`` limits in seconds how long the screens are waited for; None waits for all.
        """
        batch, count = await self._get_updates(0 if self._unacknowledged else long_poll_s), 0
        if batch and all(received.update_id == NO_ID for received in batch):
            await self._sleep(NO_ID_PAUSE_S)  # they cannot be acknowledged, so that Telegram returns them at once
        try:
            async with asyncio.TaskGroup() as applying:
                while True:
                    self.runtime.metrics.arrived()
                    self._unacknowledged |= {received.update_id: None for received in batch}
                    count += len(batch)
                    applying.create_task(self._apply(batch))
                    if len(self.runtime.polling.answer) < POLL_LIMIT or not await self._may_poll():
                        break
                    await self._wait_shown(COMMIT_BATCH if self._round_trip_s > PIPELINE_MIN_RTT_S else None)
                    if self._stopping.is_set():
                        break
                    batch = await self._get_updates(0)
        finally:
            self._unacknowledged = {id_: task for id_, task in self._unacknowledged.items() if task is not None}
        with suppress(TimeoutError):
            async with asyncio.timeout(max_screen_wait_s):
                await self._wait_shown()
        return count

    async def _apply(self, batch: tuple[Received, ...]) -> None:
        if batch:
            self.runtime.updates_wait.set()
        async with self._apply_lock:
            for part in _slices(batch, COMMIT_BATCH):
                for user_id, replies in _by_user(await self.applying.apply(part)).items():
                    self._show(user_id, replies)
                self.runtime.wake_outbox.set()

    async def _get_updates(self, long_poll_s: int) -> tuple[Received, ...]:
        """The new updates of one getUpdates request; none if it was cancelled by `stop`."""
        began = asyncio.get_running_loop().time()
        self._request = asyncio.ensure_future(
            self.runtime.bot.get_updates(
                offset=self.offset, limit=POLL_LIMIT, timeout=long_poll_s, allowed_updates=ALLOWED_UPDATES
            )
        )
        try:
            await self._request
        except asyncio.CancelledError:
            if self._stopping.is_set():
                return ()
            raise
        finally:
            self._request = None
        now = asyncio.get_running_loop().time()
        self._round_trip_s = now - began
        if answer := self.runtime.polling.answer:
            self._last_update_at = now
        elif now - self._last_update_at > UPDATE_ID_RESET_S:
            self.offset, self._last_update_at = 0, now
        new = {}
        for raw in answer:
            if received := read(raw, self.runtime.bot, ignored=self._unacknowledged):
                new[received.update_id] = received
        return tuple(new.values())

    def _show(self, user_id: int, replies: list[Reply]) -> None:
        """Starts showing one person's screens, after that person's earlier ones."""
        task = asyncio.create_task(self.replies.show(replies, after=self._last_shown.get(user_id)))
        task.add_done_callback(lambda _: self._progress.set())
        self._last_shown[user_id] = task
        self._unacknowledged.update({reply.update.update_id: task for reply in replies})

    async def _wait_shown(self, count: int | None = None) -> None:
        """Waits until ``count`` more updates (None: all) are shown, in the order of their ids, and moves the offset
        behind them: the next getUpdates acknowledges these."""
        while True:
            self._progress.clear()
            for update_id in sorted(self._unacknowledged):
                task = self._unacknowledged[update_id]
                if task is None or not task.done():
                    break
                del self._unacknowledged[update_id]
                self.offset = max(self.offset, update_id + 1)
                count = None if count is None else count - 1
            if not self._unacknowledged or (count is not None and count <= 0):
                break
            await self._progress.wait()
        self._last_shown = {user_id: task for user_id, task in self._last_shown.items() if not task.done()}

    def stop(self) -> None:
        """Stops polling; updates already received are finished."""
        self._stopping.set()
        if self._request is not None:
            self._request.cancel()

    async def confirm(self) -> None:
        """Acknowledges what has been handled and gives the lease back, so that after a clean stop no screen is shown
        twice."""
        if self._leased_until < asyncio.get_running_loop().time():
            return  # another process polls by now
        await self._wait_shown()
        with suppress(TelegramError):
            await self.runtime.bot.get_updates(offset=self.offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES)
        with suppress(*AWAY):
            async with self.runtime.sessions.begin() as session:
                await leases.give_back(session, leases.POLLER, self.owner)


def _slices(batch: tuple[Received, ...], size: int) -> Iterator[tuple[Received, ...]]:
    """Parts of at most ``size`` updates. A document is a part of its own: whether it is fetched depends on what its
    sender did just before."""
    part: list[Received] = []
    for received in batch:
        message = received.update.message
        is_document = message is not None and message.document is not None
        if part and (is_document or len(part) == size):
            yield tuple(part)
            part = []
        part.append(received)
        if is_document:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def _by_user(replies: list[Reply]) -> dict[int, list[Reply]]:
    """Replies by Telegram user id, in their order; those of updates without a user under 0."""
    by_user: dict[int, list[Reply]] = {}
    for reply in replies:
        user = reply.update.effective_user
        by_user.setdefault(user.id if user else 0, []).append(reply)
    return by_user
