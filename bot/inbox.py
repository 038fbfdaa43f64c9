"""Updates in: applied in transactions of a few, acknowledged to Telegram only when committed and shown.

A death anywhere in between means that Telegram delivers the update again: its effect is not repeated, its screen is.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from telegram import Update
from telegram.error import TelegramError

from bot import db
from bot.breaker import SHORTEST, longer
from bot.db import AWAY
from bot.metrics import POLLER
from bot.replies import Heard, Replies
from handlers import hearing
from handlers.routes import Context
from handlers.screen import NOTHING, Screen
from models import leases, pace, updates
from models.errors import Refused

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger()

ALLOWED = ["message", "callback_query", "my_chat_member"]
BATCH = 100
TOGETHER = 20
"""Updates in one transaction: one wait for the disk instead of twenty, and nobody waits long for the others."""
TRIES = 5
LARGEST_FILE = 512 * 1024
POLL = 10
"""Seconds for which Telegram keeps a request for updates open."""
LEASE = timedelta(seconds=25)
"""For how long a poller that shows no sign of life is taken to be alive. Telegram forgets a tap after 150 s."""
FAR = 0.04
"""Seconds for one answer of Telegram from which on it pays to ask for the next beside the work on the last: each brings
that again."""
STANDBY = 2.0
"""Seconds between two looks whether the poller still lives."""


class Inbox:
    """Polls, handles and answers."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self.replies = Replies(app)
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
        self._leased_until = 0.0
        self._stopping = False

    async def run(self) -> None:
        """Polls until stopped; what goes wrong on the way is waited out, never skipped."""
        pause = SHORTEST
        while not self._stopping:
            try:
                if await self._may_poll():
                    await self.poll(POLL)
                else:
                    await asyncio.sleep(STANDBY)
                pause = SHORTEST
            except* (TelegramError, *AWAY) as errors:
                error = errors.exceptions[0]
                log.warning("polling failed", error=type(error).__name__, reason=db.reason(error))
                self.app.metrics.fails(POLLER, error)
                await asyncio.sleep(pause)
                pause = longer(pause)

    async def _may_poll(self) -> bool:
        """Whether this process is the one that polls: Telegram gives updates to one at a time."""
        now = asyncio.get_running_loop().time()
        if now + POLL < self._leased_until:
            return True
        async with self.app.sessions.begin() as session:
            taken = await leases.take(session, leases.POLLER, self.owner, span=LEASE)
        if taken:
            self._leased_until = now + LEASE.total_seconds()
        else:
            self.app.metrics.works(POLLER)
        return taken

    async def poll(self, wait: int = 0) -> int:
        """Gets updates, applies them in their order and shows the screens; returns how many were new.

        While more wait than one answer holds, the next are fetched beside the work on the last.
        """
        batch, count = await self._ask(wait), 0
        try:
            async with asyncio.TaskGroup() as applying:
                while True:
                    new = tuple(update for update in batch if update.update_id not in self._in_hand)
                    self._in_hand |= {update.update_id: None for update in new}
                    count += len(new)
                    applying.create_task(self._apply(new))
                    if len(batch) < BATCH or not await self._may_poll():
                        break
                    await self._shown(TOGETHER if self._trip > FAR else None)
                    batch = await self._ask(0)
        finally:
            self._in_hand = {update_id: task for update_id, task in self._in_hand.items() if task is not None}
        await self._shown()
        return count

    async def _apply(self, batch: tuple[Update, ...]) -> None:
        async with self._turn:
            for some in _slices(batch, TOGETHER):
                for person, theirs in _by_person(await self._hear(some)).items():
                    self._show(person, theirs)
                self.app.outbox.wake.set()

    async def _ask(self, wait: int) -> tuple[Update, ...]:
        began = asyncio.get_running_loop().time()
        asking = self.app.poller.get_updates(offset=self.offset, limit=BATCH, timeout=wait, allowed_updates=ALLOWED)
        self._asking = asyncio.ensure_future(asking)
        try:
            batch = await self._asking
        except asyncio.CancelledError:
            if self._stopping:
                return ()
            raise
        finally:
            self._asking = None
        self._trip = asyncio.get_running_loop().time() - began
        self.app.metrics.arrived(batch)
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
        self._stopping = True
        if self._asking is not None:
            self._asking.cancel()

    async def confirm(self) -> None:
        """Tells Telegram what has been handled, so that after a clean stop no screen is shown twice."""
        await self._shown()
        with suppress(TelegramError):
            await self.app.poller.get_updates(offset=self.offset, limit=1, timeout=0, allowed_updates=ALLOWED)
        with suppress(*AWAY):
            async with self.app.sessions.begin() as session:
                await leases.give_back(session, leases.POLLER, self.owner)

    async def _hear(self, some: tuple[Update, ...]) -> list[Heard]:
        """Applies updates in one transaction, each behind a savepoint. What fails there is tried again alone."""
        files = {update.update_id: await self._download(update) for update in some}
        heard: list[Heard] = []
        async with self.app.engine.begin() as connection:
            async with self._session(connection) as session, session.begin():
                fresh = await updates.first_sight(session, files, now=self.app.now)
            for update in some:
                is_new = update.update_id in fresh
                fresh.discard(update.update_id)  # the same one twice in a batch is applied once
                screen = await self._try(connection, update, files[update.update_id], is_new=is_new)
                if screen is not None:
                    heard.append(Heard(update, screen))
        failed = {update.update_id for update in some} - {one.update.update_id for one in heard}
        for update in some:
            if update.update_id in failed:
                heard.append(Heard(update, await self._alone(update, files[update.update_id])))
        for one in heard:
            log.info("update", update=one.update.update_id, route=hearing.route_of(one.update))
        return heard

    async def _try(
        self, connection: AsyncConnection, update: Update, file: bytes | None, *, is_new: bool, reference: str = ""
    ) -> Screen | None:
        """One update behind its savepoint; None if it failed, and then it counts as never seen."""
        try:
            return await self._answer(connection, update, file, is_new=is_new)
        except Refused as refusal:
            if is_new:
                await self._unsee(connection, update)  # it has done nothing: refused alike if it comes again
                return await self._refused(connection, update, refusal)
            # What is refused now, its first coming has done.
            return await self._refused(connection, update, Refused("already-done"))
        except AWAY:
            raise  # Telegram keeps the update for us
        except Exception:
            log.exception("update failed", update=update.update_id, reference=reference)
            await self._unsee(connection, update)
            return None

    async def _unsee(self, connection: AsyncConnection, update: Update) -> None:
        async with self._session(connection) as session, session.begin():
            await updates.unsee(session, update.update_id)

    async def _answer(self, connection: AsyncConnection, update: Update, file: bytes | None, *, is_new: bool) -> Screen:
        async with self._session(connection) as session, session.begin() as savepoint:
            screen = await hearing.answer(await self._context(session, update, file), update)
            if update.message is not None:
                await pace.spoken_to(session, update.message.chat_id, now=self.app.now)
            if not is_new:
                screen = await screen.drawn()  # while what it is drawn from is at hand
                await savepoint.rollback()  # seen before: shown again, done once
            return screen

    async def _refused(self, connection: AsyncConnection, update: Update, refusal: Refused) -> Screen:
        """The refusal in words; for a tap beside the fresh card, if the handler can draw one."""
        async with self._session(connection) as session, session.begin() as savepoint:
            context = await self._context(session, update, None)
            screen = await (await hearing.refused(context, update, refusal)).drawn()
            await savepoint.rollback()
            return screen

    async def _alone(self, update: Update, file: bytes | None) -> Screen:
        """An update that failed beside others, in transactions of its own; one that fails for good is put aside."""
        reference = secrets.token_hex(4).upper()
        for _ in range(TRIES - 1):
            async with self.app.engine.begin() as connection:
                async with self._session(connection) as session, session.begin():
                    fresh = await updates.first_sight(session, [update.update_id], now=self.app.now)
                screen = await self._try(connection, update, file, is_new=bool(fresh), reference=reference)
            if screen is not None:
                return screen
        log.error("update parked", update=update.update_id, reference=reference)
        self.app.metrics.parked += 1
        async with self.app.sessions.begin() as session:
            about = hearing.route_of(update)
            await updates.park(session, update.update_id, reference, about, now=self.app.now)
        return await self._excuse(update, reference)

    async def _excuse(self, update: Update, reference: str) -> Screen:
        """That it is our fault, in the person's language; nothing if even that fails."""
        if update.effective_user is None:
            return NOTHING
        try:
            async with self.app.sessions() as session:
                return hearing.failed(await self._context(session, update, None), reference)
        except AWAY:
            raise
        except Exception:
            log.exception("no words for a failure", update=update.update_id, reference=reference)
            return NOTHING

    def _session(self, connection: AsyncConnection) -> AsyncSession:
        """A session of one update: what it does is undone alone, and nothing it read is remembered for the next."""
        return self.app.sessions(bind=connection, join_transaction_mode="create_savepoint")

    async def _context(self, session: AsyncSession, update: Update, file: bytes | None) -> Context:
        return await hearing.context(
            session,
            update,
            policy=self.app.policy,
            keys=self.app.keys,
            bot_name=self.app.bot_name,
            now=self.app.now,
            file=file,
        )

    async def _download(self, update: Update) -> bytes | None:
        """A small document sent to the bot, fetched before the transaction; of a large one an empty one is made."""
        document = update.message.document if update.message else None
        if document is None:
            return None
        if (document.file_size or 0) > LARGEST_FILE:
            return b""
        return bytes(await (await self.app.bot.get_file(document.file_id)).download_as_bytearray())


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
