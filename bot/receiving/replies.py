"""Replies: the screens that answer people's own taps and messages, sent after the commit. They never wait behind
deliveries in the outbox."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import structlog
from telegram import Bot, MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.context import Runtime
from bot.db import AWAY
from bot.receiving import tidying
from bot.receiving.requests import Requests
from bot.sending import outcomes
from bot.sending.breaker import Breaker
from handlers.many_messages import Fate
from handlers.message_kinds import is_private
from handlers.screen import Progress, Screen, can_edit, edit, send, set_menu
from models.delivery import cards
from models.delivery.kinds import CardKind
from models.errors import Refused
from models.people import people

log = structlog.get_logger()


class Shared:
    """A reply to several updates."""

    shown = False


@dataclass(eq=False)
class Reply:
    """An update, the screen that answers it, and how far that has come."""

    update: Update
    screen: Screen
    language: str | None = None
    """The reader's; None for the organisation's."""
    fate: Fate = Fate.DONE
    refusal: Refused | None = None
    """Why it was refused, if it was."""
    is_form: bool = False
    """It belongs to answering a form: nothing counts when that was."""
    part_of: Shared | None = None
    """The one reply to many messages that is shown in its place."""
    answered: bool = field(init=False)
    """Whether the tap was answered, if it is one."""
    shown: bool = field(init=False)
    """Whether the screen stands in the chat, or a later one in its place."""

    def __post_init__(self) -> None:
        is_empty = not self.screen.text and self.screen.menu is None and self.fate is not Fate.UNREAD
        self.answered = self.update.callback_query is None
        self.shown = is_empty or not is_private(self.update)  # nothing is written into groups

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be done: Telegram may forget the update."""
        return self.answered and (self.shown or (self.part_of is not None and self.part_of.shown))

    @cached_property
    def edits(self) -> tuple[int, int] | None:
        """The chat id and message id of the message that the screen replaces; None if it is sent as a new message."""
        query, typed = self.update.callback_query, self.update.message
        if typed is not None:
            return (typed.chat_id, self.screen.edits) if self.screen.edits is not None else None
        message = query.message if query is not None else None
        if not isinstance(message, Message) or not self.screen.text or not can_edit(has_file(message), self.screen):
            return None
        return message.chat.id, message.message_id

    @property
    def edits_file(self) -> bool:
        """Whether the message that the screen replaces has a file."""
        query = self.update.callback_query
        return query is not None and query.message is not None and has_file(query.message)


class Replies:
    """Shows replies. Best effort: what cannot be shown now is seen at the next tap."""

    def __init__(self, runtime: Runtime, breaker: Breaker) -> None:
        self.runtime = runtime
        self.requests = Requests(runtime, breaker)

    async def answer(self, reply: Reply) -> None:
        """Answers a tap."""
        query, screen = reply.update.callback_query, reply.screen
        assert query is not None
        toast = screen.toast or None
        await self._request(partial(self.runtime.bot.answer_callback_query, query.id, toast, show_alert=screen.alert))

    async def show(self, reply: Reply) -> None:
        """Puts a screen into the private chat it is for."""
        update, screen = reply.update, reply.screen
        if update.callback_query is not None or update.message is not None:
            await self._put_or_clear(reply)
        if screen.menu is not None and update.effective_chat is not None:
            await self._request(partial(set_menu, self.runtime.bot, update.effective_chat.id, screen.menu))

    async def tidy(self, replies: list[Reply]) -> None:
        """Takes out of the chat what the screens of these replies say."""
        screens = [(reply.update.effective_chat, reply.screen) for reply in replies]
        await tidying.tidy(self.runtime, [(chat.id, screen) for chat, screen in screens if chat], self._request)

    async def _put_or_clear(self, reply: Reply) -> None:
        """Shows a screen. If a form's message cannot be edited now, plans that it is cleared: it may show answers that
        have been sent."""
        if await self._succeeds(self._put(reply)) or reply.edits is None:
            return
        card, chat_id, message_id = reply.screen.card, *reply.edits
        if card is not None and card.kind is CardKind.FEEDBACK:
            await self._succeeds(tidying.plan_clearing(self.runtime, chat_id, card.subject, message_id))

    async def _put(self, reply: Reply) -> None:
        """Edits the message that the screen replaces; sends a new one if there is none, or it cannot be edited."""
        message = reply.update.effective_message
        if message is None or not reply.screen.text:
            return
        screen = await self._drawn(message.chat.id, reply.screen)
        if reply.edits is None or not await self._edited(reply, screen):
            await self._send(message.chat.id, screen)

    async def _edited(self, reply: Reply, screen: Screen) -> bool:
        """Edits the message that the screen replaces. Returns whether it could be edited."""
        assert reply.edits is not None
        try:
            await self.requests.make(partial(edit, self.runtime.bot, *reply.edits, screen, has_file=reply.edits_file))
        except BadRequest as error:
            if "can't be edited" in error.message or "to edit not found" in error.message:
                return False
            if "not modified" not in error.message:
                raise
        return True

    async def _drawn(self, chat_id: int, screen: Screen) -> Screen:
        """The screen with its file made; meanwhile the chat shows that the bot is typing."""
        if screen.draws is None:
            return screen
        typing = self.runtime.bot.send_chat_action(chat_id, ChatAction.TYPING)
        drawn, action = await asyncio.gather(screen.drawn(), typing, return_exceptions=True)
        if isinstance(action, BaseException) and not isinstance(action, TelegramError):
            raise action
        if isinstance(drawn, BaseException):
            raise drawn
        return drawn

    async def _send(self, chat_id: int, screen: Screen) -> None:
        screen = await self._drawn(chat_id, screen)
        bot, pause, progress = self.runtime.bot, self.runtime.clock.sleep, Progress()
        message_id = await self.requests.make(partial(send, bot, chat_id, screen, pause, progress), progress=progress)
        await self._record_card(chat_id, message_id, screen)
        if screen.first is not None:
            await self._request(partial(edit, self.runtime.bot, chat_id, message_id, screen, has_file=False))

    async def _record_card(self, chat_id: int, message_id: int, screen: Screen) -> None:
        """Records that a new message is the card of its subject; takes the buttons off the card that it replaces."""
        if screen.card is None:
            return
        async with self.runtime.sessions.begin() as session:
            address_id = await people.private_address(session, chat_id)
            if address_id is None:
                return
            replaced = await cards.record_card(
                session, address_id, screen.card, message_id=message_id, now=self.runtime.now
            )
        self.runtime.wake_outbox.set()
        if replaced is not None:
            await remove_buttons(self.runtime.bot, chat_id, replaced)

    async def _request(self, request: Callable[[], Awaitable[object]]) -> bool:
        """Makes a request to Telegram, repeated as far as that does no harm. Logs errors and goes on. Returns whether
        it succeeded."""
        return await self._succeeds(self.requests.make(request))

    async def _succeeds(self, action: Awaitable[object]) -> bool:
        """Logs errors of Telegram and of the database, and goes on. Returns whether there was none."""
        try:
            await action
            return True
        except Forbidden:
            log.info("reply forbidden", reason="blocked")
        except TelegramError as error:
            if isinstance(error, BadRequest) and "query is too old" in error.message.lower():
                return True  # it was answered by a request whose answer got lost, or the person has stopped waiting
            self.runtime.metrics.replies_failed += 1
            log.warning("reply failed", error=type(error).__name__, reason=str(outcomes.classify(error)))
        except AWAY as error:
            log.warning("reply not remembered", error=type(error).__name__)
        return False


def has_file(message: MaybeInaccessibleMessage) -> bool:
    """Whether a message has a document or a picture, so that its text is a caption."""
    return isinstance(message, Message) and bool(message.document or message.photo)


async def remove_buttons(bot: Bot, chat_id: int, message_id: int) -> None:
    """Takes the buttons off a message that a newer one replaces. Best effort: they would lead to the newer one."""
    try:
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id)
    except TelegramError as error:
        log.info("old message not retired", error=type(error).__name__)
