"""Screens: a message with its buttons and file, and how it is sent or edited on Telegram."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from typing import Any

import structlog
from markupsafe import Markup
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.constants import ParseMode

from handlers.layout import CAPTION_LENGTH, DATA_BYTES, TEXT_LENGTH, TOAST_LENGTH, cut, pages_of_blocks, shown_length
from models.delivery.cards import Card

log = structlog.get_logger()

Pause = Callable[[float], Awaitable[object]]
"""Sleeps for so many seconds, by the sender's clock."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Button:
    """A labelled button: ``data`` comes back as a tap; or it opens ``url``, or copies ``copies``."""

    label: str
    data: str = ""
    url: str = ""
    copies: str = ""

    def __post_init__(self) -> None:
        if len(self.data.encode()) > DATA_BYTES:
            raise ValueError(f"callback data over {DATA_BYTES} bytes: {self.data}")

    def drawn(self) -> InlineKeyboardButton:
        if self.url:
            return InlineKeyboardButton(self.label, url=self.url)
        if self.copies:
            return InlineKeyboardButton(self.label, copy_text=CopyTextButton(self.copies))
        return InlineKeyboardButton(self.label, callback_data=self.data)


ButtonRow = tuple[Button, ...]


@dataclass(frozen=True)
class File:
    """A picture or a document. ``name`` is what the reader saves it as."""

    name: str
    content: bytes
    is_picture: bool = False
    caption: Markup | None = None
    """If set, it replaces the screen's text: for a caption that is only known once the file is made."""

    def upload(self, *, attach: bool = False) -> InputFile:
        """The file to send; with ``attach`` as part of a message's media instead of a parameter of its own."""
        return InputFile(BytesIO(self.content), filename=self.name, attach=attach)


@dataclass(frozen=True)
class TypedLines:
    """Messages that a person typed as answers to a form, to be deleted from the chat."""

    run_id: int | None
    """The form; None if their ids are not stored any more."""
    message_ids: tuple[int, ...]


@dataclass(frozen=True)
class Clearance:
    """Messages of the chat that are edited to show a text instead of answers, and have no buttons then."""

    message_ids: tuple[int, ...]
    text: Markup


@dataclass(frozen=True)
class Screen:
    """One message. With a file, the text is its caption.

    ``toast`` answers the tap (``alert`` makes it a box to be closed). ``new_message`` sends a new message where a tap
    would otherwise edit the one it came from. ``card`` says what the message shows, so that it can be edited later.
    An empty text leaves the message as it is.
    """

    text: Markup
    buttons: tuple[ButtonRow, ...] = ()
    file: File | None = None
    draws: Callable[[], File] | None = None
    """Makes the file when the screen is shown, in a thread, after the transaction."""
    toast: str = ""
    alert: bool = False
    new_message: bool = False
    card: Card | None = None
    asks_person: str = ""
    """The label of a keyboard button that chooses a person from the contacts."""
    clears_keyboard: bool = False
    menu: tuple[BotCommand, ...] | None = None
    """The command menu to set in the reader's chat; an empty one restores the default menu."""
    first: "Screen | None" = None
    """What a new message shows first, if the screen holds answers. Only once the id of the message is recorded it is
    edited to show this screen: a message whose id is lost in a crash holds no answers."""
    edits: int | None = None
    """The id of the message to edit, where an answer to a typed line would otherwise be a new message."""
    erases: TypedLines | None = None
    clears: Clearance | None = None
    """For a person who is erased: no delivery can do it later."""

    def toasting(self, text: Markup, *, alert: bool = False) -> "Screen":
        """The same screen with a toast that answers the tap."""
        return replace(self, toast=cut(text.striptags(), TOAST_LENGTH), alert=alert)

    def keyboard(self) -> InlineKeyboardMarkup | None:
        rows = [[button.drawn() for button in row] for row in self.buttons if row]
        return InlineKeyboardMarkup(rows) if rows else None

    @property
    def tidies(self) -> bool:
        """Whether something is deleted from the chat, or cleared there."""
        return self.erases is not None or self.clears is not None

    @property
    def has_file(self) -> bool:
        return self.file is not None or self.draws is not None

    async def drawn(self) -> "Screen":
        """The screen with its file made. If that fails, the screen without it."""
        if self.draws is None:
            return self
        try:
            file = await asyncio.to_thread(self.draws)
        except Exception:
            log.exception("picture not drawn")
            return replace(self, file=None, draws=None)
        return replace(self, text=file.caption or self.text, file=file, draws=None)

    def markup(self) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
        """The keyboard under a new message. Only an inline keyboard can be edited later."""
        if self.asks_person:
            asking = KeyboardButtonRequestUsers(request_id=1, user_is_bot=False, request_name=True)
            button = KeyboardButton(self.asks_person, request_users=asking)
            return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
        return self.keyboard() or (ReplyKeyboardRemove() if self.clears_keyboard else None)


NOTHING = Screen(Markup(""))


@dataclass
class Progress:
    """How many of a screen's messages have been sent: sending goes on behind them."""

    sent: int = 0


async def send(
    bot: Bot, chat_id: int, screen: Screen, pause: Pause = asyncio.sleep, progress: Progress | None = None
) -> int:
    """Sends a screen as a new message, or what it shows `first`; returns the id of the message that carries the
    buttons.

    A caption that is too long is sent as a message after the file, and a text that is too long as several messages, the
    buttons under the last. A second passes between them, because Telegram takes one message a second to a chat.
    """
    screen, progress = await (screen.first or screen).drawn(), progress or Progress()
    parts = _parts(bot, screen, {"chat_id": chat_id, "parse_mode": ParseMode.HTML})
    message_id = 0
    for part in parts[progress.sent :]:
        if progress.sent:
            await pause(1)
        message_id = await part()
        progress.sent += 1
    return message_id


def _parts(bot: Bot, screen: Screen, common: dict[str, Any]) -> list[Callable[[], Awaitable[int]]]:
    """Functions that each send one message of a screen and return its id."""
    if screen.file is not None and shown_length(screen.text) <= CAPTION_LENGTH:
        return [partial(_send_file, bot, screen.file, caption=screen.text, reply_markup=screen.markup(), **common)]
    *texts, last = _messages(screen.text)
    parts: list[Callable[[], Awaitable[int]]] = [partial(_send_text, bot, text, **common) for text in texts]
    if screen.file is not None:
        parts.insert(0, partial(_send_file, bot, screen.file, **common))
    return [*parts, partial(_send_text, bot, last, reply_markup=screen.markup(), **common)]


async def _send_text(bot: Bot, text: Markup, **message: Any) -> int:
    return (await bot.send_message(text=text, link_preview_options=NO_PREVIEW, **message)).message_id


async def _send_file(bot: Bot, file: File, **message: Any) -> int:
    if file.is_picture:
        return (await bot.send_photo(photo=file.upload(), **message)).message_id
    return (await bot.send_document(document=file.upload(), **message)).message_id


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen, *, has_file: bool) -> None:
    """Edits a message to show a screen. A message with a file keeps one, and a message without a file gets none."""
    screen = await screen.drawn()
    where: dict[str, Any] = {"chat_id": chat_id, "message_id": message_id, "reply_markup": screen.keyboard()}
    if has_file and screen.file is not None:
        media = InputMediaPhoto if screen.file.is_picture else InputMediaDocument
        content = media(screen.file.upload(attach=True), caption=screen.text, parse_mode=ParseMode.HTML)
        await bot.edit_message_media(media=content, **where)
    elif has_file:
        await bot.edit_message_caption(caption=screen.text, parse_mode=ParseMode.HTML, **where)
    else:
        await bot.edit_message_text(
            text=screen.text, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW, **where
        )


async def set_menu(bot: Bot, chat_id: int, menu: tuple[BotCommand, ...]) -> None:
    """Sets the command menu of one private chat; an empty one restores the default menu."""
    scope = BotCommandScopeChat(chat_id)
    if menu:
        await bot.set_my_commands(menu, scope=scope)
    else:
        await bot.delete_my_commands(scope=scope)


def _messages(text: Markup) -> list[Markup]:
    """A text in as many messages as it needs, divided between lines; every line closes its tags."""
    if shown_length(text) <= TEXT_LENGTH:
        return [text]
    pages = pages_of_blocks(text.split("\n"), TEXT_LENGTH, gap=1)
    messages = [Markup("\n").join(page).strip("\n") for page in pages]
    return [message for message in messages if message]


def can_edit(has_file: bool, screen: Screen) -> bool:
    """Whether a message can be edited to show this screen."""
    if screen.new_message or screen.asks_person:
        return False
    if shown_length(screen.text) > (CAPTION_LENGTH if has_file else TEXT_LENGTH):
        return False
    return has_file or not screen.has_file
