"""Methods that send messages."""

import itertools
from dataclasses import replace
from typing import Any

from bot.sandbox.content import Content
from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import Markup, read_markup
from bot.sandbox.messages import Chat, Message
from bot.sandbox.requests import Request
from bot.sandbox.targets import find_message, writable_chat
from bot.sandbox.texts import read_caption, read_text
from bot.sandbox.uploading import read_file
from bot.sandbox.world import World

_MOST_IN_ALBUM = 10
_album_ids = itertools.count(14_000_000_000_000_001)
_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def send_message(world: World, request: Request) -> Any:
    words = read_text(request)
    chat = writable_chat(world, request)
    content = Content(words, markup=_markup(request, chat), preview=request.get("link_preview_options"))
    (message,) = _send(world, request, chat, content)
    return message.as_json()


def send_photo(world: World, request: Request) -> Any:
    return _send_file(world, request, "photo")


def send_document(world: World, request: Request) -> Any:
    return _send_file(world, request, "document")


def send_media_group(world: World, request: Request) -> Any:
    items = request.get("media")
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > _MOST_IN_ALBUM:
        raise bad_request("too many messages to send as an album")
    chat = writable_chat(world, request)
    contents = [media_content(world, request, item) for item in items]
    if len({content.kind for content in contents}) > 1:
        raise bad_request("can't use the media of the specified type in the album")
    messages = _send(world, request, chat, *contents, album=str(next(_album_ids)))
    return [message.as_json() for message in messages]


def media_content(world: World, request: Request, item: Any, markup: Markup | None = None) -> Content:
    """The content of an InputMedia. The sandbox accepts photos and documents only."""
    if not isinstance(item, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if kind not in ("photo", "document"):
        raise bad_request(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    if not item.get("media"):
        raise bad_request("can't parse InputMedia: media not found")
    words = read_caption(item)
    return Content(words, kind, read_file(world, request, item["media"], kind), markup or Markup())


def copy_message(world: World, request: Request) -> Any:
    """The copy has the text, or a new caption if one is given, and not the buttons."""
    chat = writable_chat(world, request)
    original = find_message(world, request, "copy", "from_chat_id")
    if original.protected or original.content.kind == "service":
        raise bad_request("message can't be copied")
    content = replace(original.content, markup=_markup(request, chat))
    if "caption" in request.values and content.kind != "text":
        content = replace(content, words=read_caption(request))
    (message,) = _send(world, request, chat, content)
    return {"message_id": message.message_id}


def forward_message(world: World, request: Request) -> Any:
    chat = writable_chat(world, request)
    original = find_message(world, request, "forward", "from_chat_id")
    if original.protected or original.content.kind == "service":
        raise bad_request("message can't be forwarded")
    content = replace(original.content, markup=Markup())
    (message,) = _send(world, request, chat, content, forwarded_from=original)
    return message.as_json()


def send_chat_action(world: World, request: Request) -> Any:
    if request.get("action") not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    writable_chat(world, request)
    return True


def _send_file(world: World, request: Request, kind: str) -> Any:
    words = read_caption(request)
    chat = writable_chat(world, request)
    file = read_file(world, request, request.get(kind), kind)
    (message,) = _send(world, request, chat, Content(words, kind, file, _markup(request, chat)))
    return message.as_json()


def _markup(request: Request, chat: Chat) -> Markup:
    return read_markup(request.get("reply_markup"), private=chat.private, inline_only=chat.is_channel)


def _send(world: World, request: Request, chat: Chat, *contents: Content, **fields: Any) -> list[Message]:
    """Post all of the contents, or none: all checks are made first."""
    reply_to = _reply_target(request, chat)
    world.meter.count(chat.id, group=not chat.private, now=world.now(), messages=len(contents))
    fields |= {"silent": request.get("disable_notification", False), "reply_to": reply_to}
    fields["protected"] = request.get("protect_content", False)
    return [world.post(chat, content, None, **fields) for content in contents]


def _reply_target(request: Request, chat: Chat) -> Message | None:
    wanted = request.get("reply_parameters")
    if not wanted:
        return None
    message = chat.find(wanted.get("message_id"))
    if message is None and not wanted.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return message
