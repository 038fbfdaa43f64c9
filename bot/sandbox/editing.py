"""Methods that edit or delete messages."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.sandbox.content import Content
from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import Markup, read_markup
from bot.sandbox.messages import Message
from bot.sandbox.requests import Request
from bot.sandbox.sending import media_content
from bot.sandbox.targets import find_message, open_chat, own_message
from bot.sandbox.texts import read_caption, read_text
from bot.sandbox.world import World

_DELETABLE_FOR = timedelta(hours=48)
_MOST_DELETED = 100
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def edit_text(world: World, request: Request) -> Any:
    words = read_text(request)
    message = own_message(world, request)
    if message.content.kind != "text":
        raise bad_request("there is no text in the message to edit")
    return _change(world, message, Content(words, markup=_inline(request), preview=request.get("link_preview_options")))


def edit_caption(world: World, request: Request) -> Any:
    words = read_caption(request)
    message = own_message(world, request)
    if message.content.kind == "text":
        raise bad_request("there is no caption in the message to edit")
    return _change(world, message, replace(message.content, words=words, markup=_inline(request)))


def edit_media(world: World, request: Request) -> Any:
    """Text messages may become media; media never become text."""
    message = own_message(world, request)
    return _change(world, message, media_content(world, request, request.get("media"), _inline(request)))


def edit_markup(world: World, request: Request) -> Any:
    message = own_message(world, request)
    return _change(world, message, replace(message.content, markup=_inline(request)))


def delete_message(world: World, request: Request) -> Any:
    open_chat(world, request)
    message = find_message(world, request, "delete")
    if not _deletable(world, message):
        raise bad_request("message can't be deleted for everyone")
    _delete(world, message)
    return True


def delete_messages(world: World, request: Request) -> Any:
    """Messages that cannot be found are skipped, as Telegram does."""
    wanted = request.get("message_ids")
    if not wanted:
        raise bad_request("message identifiers are not specified")
    if len(wanted) > _MOST_DELETED:
        raise bad_request("too many message identifiers specified")
    chat = open_chat(world, request)
    for message in map(chat.find, wanted):
        if message is not None and _deletable(world, message):
            _delete(world, message)
    return True


def _inline(request: Request) -> Markup:
    return read_markup(request.get("reply_markup"), inline_only=True)


def _change(world: World, message: Message, content: Content) -> Any:
    if content == message.content:
        raise bad_request(_NOT_MODIFIED)
    message.change(content, world.now())
    world.touch()
    return message.as_json()


def _deletable(world: World, message: Message) -> bool:
    """In groups the bot may delete its own messages and, as administrator, all; none after 48 hours."""
    chat = message.chat
    allowed = chat.private or message.from_bot or chat.bot_status == "administrator"
    return allowed and world.now() - message.sent_at < _DELETABLE_FOR


def _delete(world: World, message: Message) -> None:
    message.deleted = True
    if message in message.chat.pinned:
        message.chat.pinned.remove(message)
    world.touch()
