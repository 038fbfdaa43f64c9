"""Updates in: fetched, applied, answered, and only then acknowledged to Telegram.

If the process dies before the acknowledgement, Telegram redelivers the update. The handler runs again, its changes are
rolled back, only the screen is sent again.
"""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
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
from bot.receiving.backlog import Backlog, by_sender, counts, is_document, parts, sender_of
from bot.receiving.fetching import FILES_AT_ONCE, fetch, is_wanted
from bot.receiving.lanes import MANY, Lanes
from bot.receiving.reading import NO_ID, Received, read
from bot.receiving.replies import Replies, Reply
from bot.receiving.window import Window
from bot.sending.breaker import Breaker
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
MAX_SCREEN_WAIT_S = 0.2
"""Seconds for which screens that are not shown yet may delay the next getUpdates for everyone."""
MOST_WAITING = 2000
"""With more replies that wait to be shown, no further updates are taken: memory is bounded."""
NO_ID_PAUSE_S = 1.0
"""Seconds before updates without an id are asked for again."""
CONFLICT = "another program gets this bot's updates, or a webhook is set: `koolla check` tells"
STANDBY_S = 2.0
"""Seconds between two tries to take the poller's lease over."""


class Inbox:
    """Polls Telegram, has the updates applied and their screens shown, and acknowledges them."""

    def __init__(self, runtime: Runtime, breaker: Breaker) -> None:
        self.runtime = runtime
        self.applying = Applying(runtime)
        self.replies = Replies(runtime, breaker)
        self.window = Window()
        self.lanes = Lanes(self.replies, self.window.change)
        self.backlog = Backlog()
        self.owner = secrets.token_hex(6)
        self._request: asyncio.Future[tuple[Update, ...]] | None = None
        """The getUpdates request under way. Its result is empty: `Runtime.polling` has the answer."""
        self._fetching: dict[int, set[asyncio.Task[None]]] = {}
        """The files being fetched, by the Telegram id of who sent them."""
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
        batch, count = await self._get_updates(0 if len(self.window) else long_poll_s), 0
        if batch and all(received.update_id == NO_ID for received in batch):
            await self._sleep(NO_ID_PAUSE_S)  # they cannot be acknowledged, so that Telegram returns them at once
        try:
            async with asyncio.TaskGroup() as applying:
                while True:
                    self.runtime.metrics.arrived()
                    for received in batch:
                        self.window.receive(received.update_id)
                    count += len(batch)
                    applying.create_task(self._apply(batch))
                    if len(self.runtime.polling.answer) < POLL_LIMIT or not await self._may_poll():
                        break
                    self.lanes.drained.clear()
                    await self._make_room()
                    if self._stopping.is_set():
                        break
                    batch = await self._get_updates(0)
        finally:
            self.window.lose_unapplied()
            self.backlog.end()
            self.applying.end_backlog()
            self.lanes.drained.set()
        await self.window.settled(max_wait_s=max_screen_wait_s)
        return count

    async def _make_room(self) -> None:
        """Waits until Telegram can give further updates, but not for one person's screens alone."""
        wanted = COMMIT_BATCH if self._round_trip_s > PIPELINE_MIN_RTT_S else POLL_LIMIT // 2
        await self.window.settled(wanted, max_wait_s=MAX_SCREEN_WAIT_S)
        while len(self.lanes) > MOST_WAITING and not self._stopping.is_set():
            await self._sleep(MAX_SCREEN_WAIT_S)

    async def _apply(self, batch: tuple[Received, ...]) -> None:
        """Applies a batch. Whoever has many updates in it is answered once all of theirs are applied."""
        if batch:
            self.runtime.updates_wait.set()
        many = {sender for sender, count in counts(batch).items() if count > MANY}
        later: dict[int, list[Reply]] = {}
        try:
            async with self._apply_lock:
                for part in parts(batch, COMMIT_BATCH):
                    for sender, replies in by_sender(await self._apply_part(part)).items():
                        if sender in many:
                            later.setdefault(sender, []).extend(replies)
                        else:
                            self.lanes.add(sender, replies)
        finally:
            for sender, replies in later.items():
                self.lanes.add(sender, replies)

    async def _apply_part(self, part: tuple[Received, ...]) -> list[Reply]:
        """Applies updates; of those whose file a dialogue waits for, the file is fetched first, without waiting."""
        now = []
        for received in part:
            if not is_document(received) or not await is_wanted(self.runtime, received.update):
                now.append(received)
            elif received.is_surplus or len(self._fetching.get(sender_of(received), ())) >= FILES_AT_ONCE:
                now.append(replace(received, is_surplus=True))
            else:
                self._fetch(received)
        replies = await self.applying.apply(tuple(now))
        for reply in replies:
            self.window.apply(reply)
        self.runtime.wake_outbox.set()
        return replies

    def _fetch(self, received: Received) -> None:
        sender, task = sender_of(received), asyncio.create_task(self._fetch_and_apply(received))
        self.window.fetch(received.update_id)
        self._fetching.setdefault(sender, set()).add(task)
        task.add_done_callback(lambda _: self._fetched(sender, task))

    def _fetched(self, sender: int, task: asyncio.Task[None]) -> None:
        self._fetching[sender].discard(task)
        if not self._fetching[sender]:
            del self._fetching[sender]

    async def _fetch_and_apply(self, received: Received) -> None:
        assert received.update.message is not None
        assert received.update.message.document is not None
        try:
            file = await fetch(self.runtime, received.update.message.document)
            async with self._apply_lock:
                replies = await self.applying.apply((received,), file=file)
        except Exception as error:
            log.warning("file not handled", error=type(error).__name__)
            self.window.lose(received.update_id)
            return
        for reply in replies:
            self.window.apply(reply)
        self.lanes.add(sender_of(received), replies)
        self.runtime.wake_outbox.set()

    async def _get_updates(self, long_poll_s: int) -> tuple[Received, ...]:
        """The new updates of one getUpdates request; none if it was cancelled by `stop`."""
        began = asyncio.get_running_loop().time()
        self._request = asyncio.ensure_future(
            self.runtime.bot.get_updates(
                offset=self.window.offset, limit=POLL_LIMIT, timeout=long_poll_s, allowed_updates=ALLOWED_UPDATES
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
            self.window.offset, self._last_update_at = 0, now
        new = {}
        for raw in answer:
            if received := read(raw, self.runtime.bot, ignored=self.window, admits=self.backlog.admits):
                new[received.update_id] = received
        return tuple(new.values())

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
        await self.window.settled()
        await self.lanes.finish()
        with suppress(TelegramError):
            await self.runtime.bot.get_updates(
                offset=self.window.offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES
            )
        with suppress(*AWAY):
            async with self.runtime.sessions.begin() as session:
                await leases.give_back(session, leases.POLLER, self.owner)
