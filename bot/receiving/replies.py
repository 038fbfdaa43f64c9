"""Replies: what people see of their own taps and words, once it is committed. They never wait behind a broadcast."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial

import structlog
from telegram import Bot, CallbackQuery, MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.backoff import FIRST_PAUSE_S, next_pause, retry_after_s
from bot.context import Runtime
from bot.db import AWAY
from bot.telegram import NotSentError
from handlers.screen import Screen, can_edit, edit, send, set_menu
from models.delivery import cards
from models.people import people

log = structlog.get_logger()

OUTAGE = timedelta(hours=1)
"""For how long a reply waits while no connection to Telegram can be made: no updates come in meanwhile either."""
LONGEST_WAIT = 5
"""Seconds for which a reply waits when Telegram says 429; beyond it the person taps again."""


@dataclass(frozen=True)
class Heard:
    """An update and the screen that answers it."""

    update: Update
    screen: Screen

    @cached_property
    def message(self) -> tuple[int, int] | None:
        """The chat and id of the message that the screen takes the place of; None if it is a new message."""
        query = self.update.callback_query
        message = query.message if query is not None else None
        if not isinstance(message, Message) or not self.screen.text or not can_edit(has_file(message), self.screen):
            return None
        return message.chat.id, message.message_id


class Replies:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def show(self, heard: list[Heard], *, after: asyncio.Task[None] | None = None) -> None:
        """One person's screens, once those before are shown. Of several for the same message only the last is put
        there; every tap is answered."""
        if after is not None:
            await asyncio.wait([after])
        last = {one.message: one for one in heard}
        for one in heard:
            try:
                await self._one(one, put=one.message is None or last[one.message] is one)
            except Exception:
                log.exception("screen not shown", update=one.update.update_id)  # our fault: it must not stop the others

    async def _one(self, heard: Heard, *, put: bool) -> None:
        """Best effort: what cannot be shown now is seen at the next tap."""
        update, screen = heard.update, heard.screen
        if update.callback_query is not None:
            shown = [self._attempt(partial(self._toast, update.callback_query, screen))]
            if put:
                shown.append(self._attempt(partial(self._put, update.callback_query, heard)))
            await asyncio.gather(*shown)
            self.runtime.metrics.tap_shown()
        elif update.message is not None and screen.text:
            await self._attempt(partial(self._send, update.message.chat_id, screen))
        if screen.menu is not None and update.effective_chat is not None:
            await self._attempt(partial(set_menu, self.runtime.bot, update.effective_chat.id, screen.menu))

    async def _toast(self, query: CallbackQuery, screen: Screen) -> None:
        await self.runtime.bot.answer_callback_query(query.id, screen.toast or None, show_alert=screen.alert)

    async def _put(self, query: CallbackQuery, heard: Heard) -> None:
        message = query.message
        if message is None or not heard.screen.text:
            return
        screen = await self._drawn(message.chat.id, heard.screen)
        if heard.message is None:
            await self._send(message.chat.id, screen)
            return
        try:
            await edit(self.runtime.bot, *heard.message, screen, has_file=has_file(message))
        except BadRequest as error:
            if "not modified" in error.message:
                return
            if "can't be edited" not in error.message and "to edit not found" not in error.message:
                raise
            await self._send(message.chat.id, screen)

    async def _drawn(self, chat_id: int, screen: Screen) -> Screen:
        """The screen with its file made; while it is, the chat says that the bot is at work."""
        if screen.draws is None:
            return screen
        at_work = self.runtime.bot.send_chat_action(chat_id, ChatAction.TYPING)
        drawn, told = await asyncio.gather(screen.drawn(), at_work, return_exceptions=True)
        if isinstance(told, BaseException) and not isinstance(told, TelegramError):
            raise told
        if isinstance(drawn, BaseException):
            raise drawn
        return drawn

    async def _send(self, chat_id: int, screen: Screen) -> None:
        screen = await self._drawn(chat_id, screen)
        message_id = await send(self.runtime.bot, chat_id, screen, self.runtime.clock.sleep)
        await self._remember(chat_id, message_id, screen)

    async def _remember(self, chat_id: int, message_id: int, screen: Screen) -> None:
        if screen.card is None:
            return
        async with self.runtime.sessions.begin() as session:
            address_id = await people.private_address(session, chat_id)
            if address_id is None:
                return
            replaced = await cards.record_card(session, address_id, screen.card, message_id=message_id)
        if replaced is not None:
            await retire(self.runtime.bot, chat_id, replaced)

    async def _through(self, doing: Callable[[], Awaitable[object]]) -> None:
        """Tries again while Telegram cannot be reached, and once more when it may or may not have heard: an edit done
        twice is one, and a screen shown twice does no harm."""
        ends, doubts, pause = self.runtime.now + OUTAGE, 0, FIRST_PAUSE_S
        while True:
            try:
                await doing()
                return
            except NetworkError as error:
                doubts += not isinstance(error, NotSentError)
                if isinstance(error, BadRequest) or doubts > 1 or self.runtime.now >= ends:
                    raise
                await self.runtime.clock.sleep(pause)
                pause = next_pause(pause)

    async def _attempt(self, doing: Callable[[], Awaitable[object]]) -> None:
        """Shows something, waiting out one short 429; what Telegram will not have any more is let go, here alone."""
        try:
            try:
                await self._through(doing)
            except RetryAfter as error:
                if retry_after_s(error) > LONGEST_WAIT:
                    raise
                await self.runtime.clock.sleep(retry_after_s(error))
                await doing()
        except Forbidden:
            log.info("reply refused", reason="blocked")
        except TelegramError as error:
            self.runtime.metrics.replies_failed += 1
            log.warning("reply failed", error=type(error).__name__, reason=str(error)[:80])
        except AWAY as error:
            log.warning("reply not remembered", error=type(error).__name__)


def has_file(message: MaybeInaccessibleMessage) -> bool:
    """Whether a message carries a document or a picture, its text being the caption."""
    return isinstance(message, Message) and bool(message.document or message.photo)


async def retire(bot: Bot, chat_id: int, message_id: int) -> None:
    """Takes the buttons from a message that a newer one replaces. If it fails, they still lead to the new one."""
    try:
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id)
    except TelegramError as error:
        log.info("old message not retired", error=type(error).__name__)
