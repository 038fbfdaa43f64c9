"""Methods that change or remove messages."""

from dataclasses import replace
from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import read_markup
from bot.sandbox.messages import Content, Message
from bot.sandbox.requests import Request
from bot.sandbox.sending import read_file
from bot.sandbox.targets import find_chat, own_message
from bot.sandbox.words import read_caption, read_text
from bot.sandbox.world import World

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def edit_text(world: World, request: Request) -> Any:
    message = own_message(world, request)
    if message.content.kind != "text":
        raise bad_request("there is no text in the message to edit")
    markup = read_markup(request.get("reply_markup"))
    content = Content(read_text(request), markup=markup, preview=request.get("link_preview_options"))
    return _change(world, message, content)


def edit_caption(world: World, request: Request) -> Any:
    message = own_message(world, request)
    if message.content.kind == "text":
        raise bad_request("there is no caption in the message to edit")
    markup = read_markup(request.get("reply_markup"))
    return _change(world, message, replace(message.content, words=read_caption(request), markup=markup))


def edit_media(world: World, request: Request) -> Any:
    message = own_message(world, request)
    media = request.get("media")
    file = read_file(world, request, media["media"], media["type"])
    markup = read_markup(request.get("reply_markup"))
    return _change(world, message, Content(read_caption(media), media["type"], file, markup))


def edit_markup(world: World, request: Request) -> Any:
    message = own_message(world, request)
    markup = read_markup(request.get("reply_markup"))
    return _change(world, message, replace(message.content, markup=markup))


def _change(world: World, message: Message, content: Content) -> Any:
    if content == message.content:
        raise bad_request(_NOT_MODIFIED)
    message.change(content, world.now())
    world.touch()
    return message.as_json()


def delete_message(world: World, request: Request) -> Any:
    message = find_chat(world, request).find(request.get("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    message.deleted = True
    world.touch()
    return True


def delete_messages(world: World, request: Request) -> Any:
    chat = find_chat(world, request)
    for message_id in request.get("message_ids"):
        if message := chat.find(message_id):
            message.deleted = True
    world.touch()
    return True
