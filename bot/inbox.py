"""Updates in: one transaction each, acknowledged to Telegram only when it is committed and its screen shown.

A death anywhere in between means that Telegram delivers the update again: its effect is not repeated, its screen is.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Bot, CallbackQuery, Message, Update
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from handlers import hearing
from handlers.routes import Context
from handlers.screen import NOTHING, Screen, can_edit, edit, send, set_menu
from models import outbox, people, updates
from models.errors import Refused

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger()

ALLOWED = ["message", "callback_query", "my_chat_member"]
DATABASE_AWAY = (OperationalError, InterfaceError, OSError)
"""What SQLAlchemy and the drivers raise when the database cannot be reached or written."""
BATCH = 100
TRIES = 5
LARGEST_FILE = 512 * 1024
LONGEST_WAIT = 5
"""Seconds for which a reply waits when Telegram says 429; beyond it the person taps again."""


class Inbox:
    """Polls, handles and answers."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self.offset = 0
        self._asking: asyncio.Future[tuple[Update, ...]] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Polls until stopped; what goes wrong on the way is waited out, never skipped."""
        pause = 1.0
        while not self._stopping:
            try:
                await self.poll(wait=25)
                pause = 1.0
            except* (TelegramError, *DATABASE_AWAY) as errors:
                log.warning("polling failed", error=type(errors.exceptions[0]).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30)

    async def poll(self, wait: int = 0) -> int:
        """Gets a batch and handles it, each person's updates in their order, people side by side."""
        asking = self.app.poller.get_updates(offset=self.offset, limit=BATCH, timeout=wait, allowed_updates=ALLOWED)
        self._asking = asyncio.ensure_future(asking)
        try:
            batch = await self._asking
        except asyncio.CancelledError:
            if self._stopping:
                return 0
            raise
        finally:
            self._asking = None
        lanes: dict[int, list[Update]] = defaultdict(list)
        for update in batch:
            lanes[update.effective_user.id if update.effective_user else 0].append(update)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._lane(lane))
        if batch:
            self.offset = batch[-1].update_id + 1
        return len(batch)

    def stop(self) -> None:
        """Asks for no more; the batch in hand is finished."""
        self._stopping = True
        if self._asking is not None:
            self._asking.cancel()

    async def confirm(self) -> None:
        """Tells Telegram what has been handled, so that after a clean stop no screen is shown twice."""
        with suppress(TelegramError):
            await self.app.poller.get_updates(offset=self.offset, limit=1, timeout=0, allowed_updates=ALLOWED)

    async def _lane(self, lane: list[Update]) -> None:
        for update in lane:
            await self.handle(update)

    async def handle(self, update: Update) -> None:
        """One update from transaction to screen. One that fails again and again is parked, not retried for ever."""
        reference = secrets.token_hex(4).upper()
        for attempt in range(1, TRIES + 1):
            try:
                screen = await self._answer(update)
                break
            except DATABASE_AWAY:
                raise  # Telegram keeps the update for us
            except Exception:
                log.exception("update failed", update=update.update_id, attempt=attempt, reference=reference)
        else:
            screen = await self._park(update, reference)
        self.app.outbox.wake.set()
        log.info("update", update=update.update_id, route=hearing.route_of(update))
        await self._show(update, screen)

    async def _answer(self, update: Update) -> Screen:
        file = await self._download(update)
        try:
            async with self.app.sessions() as session, session.begin() as transaction:
                now = self.app.clock.now()
                fresh = await updates.first_sight(session, update.update_id, now=now)
                screen = await hearing.answer(await self._context(session, update, file), update)
                if update.message is not None:
                    await outbox.spoken_to(session, update.message.chat_id, now=now)
                if not fresh:
                    screen = await screen.drawn()  # while what it is drawn from is at hand
                    await transaction.rollback()  # seen before: shown again, done once
                return screen
        except Refused as refusal:
            return await self._refused(update, refusal)

    async def _refused(self, update: Update, refusal: Refused) -> Screen:
        """The refusal in words; for a tap beside the fresh card, if the handler can draw one."""
        async with self.app.sessions() as session, session.begin() as transaction:
            context = await self._context(session, update, None)
            screen = await (await hearing.refused(context, update, refusal)).drawn()
            await transaction.rollback()
            return screen

    async def _park(self, update: Update, reference: str) -> Screen:
        async with self.app.sessions.begin() as session:
            now = self.app.clock.now()
            await updates.first_sight(session, update.update_id, now=now, parked=reference)
            if update.effective_user is None:
                return NOTHING
            return hearing.failed(await self._context(session, update, None), reference)

    async def _context(self, session: AsyncSession, update: Update, file: bytes | None) -> Context:
        return await hearing.context(
            session,
            update,
            policy=self.app.policy,
            keys=self.app.keys,
            bot_name=self.app.bot_name,
            now=self.app.clock.now(),
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

    async def _show(self, update: Update, screen: Screen) -> None:
        """Best effort: what cannot be shown now is seen at the next tap."""
        if update.callback_query is not None:
            await asyncio.gather(
                self._attempt(partial(self._toast, update.callback_query, screen)),
                self._attempt(partial(self._put, update.callback_query, screen)),
            )
        elif update.message is not None and screen.text:
            await self._attempt(partial(self._send, update.message.chat_id, screen))
        if screen.menu is not None and update.effective_chat is not None:
            await self._attempt(partial(set_menu, self.app.bot, update.effective_chat.id, screen.menu))

    async def _toast(self, query: CallbackQuery, screen: Screen) -> None:
        await self.app.bot.answer_callback_query(query.id, screen.toast or None, show_alert=screen.alert)

    async def _put(self, query: CallbackQuery, screen: Screen) -> None:
        message = query.message
        if message is None or not screen.text:
            return
        chat_id, message_id = message.chat.id, message.message_id
        has_file = isinstance(message, Message) and bool(message.document or message.photo)
        if not (isinstance(message, Message) and can_edit(has_file, screen)):
            await self._send(chat_id, screen)
            return
        try:
            await edit(self.app.bot, chat_id, message_id, screen, has_file=has_file)
        except BadRequest as error:
            if "not modified" in error.message:
                return
            if "can't be edited" not in error.message and "to edit not found" not in error.message:
                raise
            await self._send(chat_id, screen)

    async def _send(self, chat_id: int, screen: Screen) -> None:
        message_id = await send(self.app.bot, chat_id, screen, self.app.clock.sleep)
        await self._remember(chat_id, message_id, screen)

    async def _remember(self, chat_id: int, message_id: int, screen: Screen) -> None:
        if screen.stands is None:
            return
        kind, subject, revision = screen.stands
        async with self.app.sessions.begin() as session:
            address_id = await people.private_address(session, chat_id)
            if address_id is None:
                return
            replaced = await outbox.stands(session, address_id, kind, subject, message_id=message_id, revision=revision)
        if replaced is not None:
            await retire(self.app.bot, chat_id, replaced)

    async def _attempt(self, doing: Callable[[], Awaitable[object]]) -> None:
        """Shows something, waiting out one short 429; what Telegram will not have any more is let go, here alone."""
        try:
            try:
                await doing()
            except RetryAfter as error:
                if seconds(error) > LONGEST_WAIT:
                    raise
                await self.app.clock.sleep(seconds(error))
                await doing()
        except Forbidden:
            log.info("reply refused", reason="blocked")
        except TelegramError as error:
            log.warning("reply failed", error=type(error).__name__, reason=str(error)[:80])
        except DATABASE_AWAY as error:
            log.warning("reply not remembered", error=type(error).__name__)


async def retire(bot: Bot, chat_id: int, message_id: int) -> None:
    """Takes the buttons from a message that a newer one replaces. If it fails, they still lead to the new one."""
    try:
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id)
    except TelegramError as error:
        log.info("old message not retired", error=type(error).__name__)


def seconds(error: RetryAfter) -> float:
    """For how long Telegram wants to hear nothing, in seconds."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else wait
