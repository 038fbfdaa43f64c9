"""Methods that put new messages into chats."""

from typing import Any

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.files import PHOTO_LIMIT, UPLOAD_LIMIT, File
from bot.sandbox.keyboards import read_markup
from bot.sandbox.messages import Content, Message
from bot.sandbox.people import Chat
from bot.sandbox.requests import Request
from bot.sandbox.targets import writable_chat
from bot.sandbox.words import read_caption, read_text
from bot.sandbox.world import World


def send_message(world: World, request: Request) -> Any:
    chat = writable_chat(world, request)
    markup = read_markup(request.get("reply_markup"))
    content = Content(read_text(request), markup=markup, preview=request.get("link_preview_options"))
    return _send(world, request, chat, content).as_json()


def send_photo(world: World, request: Request) -> Any:
    return _send_file(world, request, "photo")


def send_document(world: World, request: Request) -> Any:
    return _send_file(world, request, "document")


def send_chat_action(world: World, request: Request) -> Any:
    writable_chat(world, request)
    return True


def _send_file(world: World, request: Request, kind: str) -> Any:
    chat = writable_chat(world, request)
    markup, words = read_markup(request.get("reply_markup")), read_caption(request)
    file = read_file(world, request, request.get(kind), kind)
    return _send(world, request, chat, Content(words, kind, file, markup)).as_json()


def _send(world: World, request: Request, chat: Chat, content: Content) -> Message:
    world.meter.count(chat.id, group=chat.user is None, now=world.now())
    return world.post(
        chat,
        content,
        None,
        silent=request.get("disable_notification", False),
        protected=request.get("protect_content", False),
        reply_to=_replied(request, chat),
    )


def _replied(request: Request, chat: Chat) -> Message | None:
    wanted = request.get("reply_parameters")
    if not wanted:
        return None
    message = chat.find(wanted["message_id"])
    if message is None and not wanted.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return message


def read_file(world: World, request: Request, value: str | None, kind: str) -> File:
    """The file meant by ``value``: uploaded under the parameter's own name, attached, or known by its file_id."""
    upload = request.uploads.get((value or kind).removeprefix("attach://"))
    if upload is None:
        known = world.files.find(value or "")
        if known is None:
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        return known
    if len(upload.content) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
        raise ApiError(413, "Request Entity Too Large")
    if not upload.content:
        raise bad_request("file must be non-empty")
    file = world.files.keep(upload.name, upload.content, upload.mime_type)
    if kind == "photo" and not file.width:
        raise bad_request("IMAGE_PROCESS_FAILED")
    return file
