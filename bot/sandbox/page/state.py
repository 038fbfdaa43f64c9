"""The state that the page draws, as JSON: people with their messages."""

from datetime import datetime, timedelta
from typing import Any

from bot.sandbox import Sandbox
from bot.sandbox.content import Content
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button
from bot.sandbox.messages import Message
from bot.sandbox.people import User

SHOWN = 150
"""How many messages of each chat the page gets: the newest."""
TYPING = timedelta(seconds=5)


def person_json(sandbox: Sandbox, person: User, role: str) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": " ".join(filter(None, (person.first_name, person.last_name))),
        "role": role,
        "language": person.language,
        "started": person.started,
        "blocked": person.blocked,
        "typing": person.id in typing(sandbox),
        "commands": [command.as_json() for command in person.commands],
        "keyboard": _keyboard(person),
        "toasts": [
            {"text": toast.text, "alert": toast.alert, "tap": toast.tap_id, "url": toast.url} for toast in person.toasts
        ],
        "messages": [_message(message) for message in person.messages[-SHOWN:]],
    }


def typing(sandbox: Sandbox) -> list[int]:
    """The ids of chats where the bot is typing: it said so in the last seconds and has not written since."""
    now, seen, chat_ids = sandbox.world.now(), set[int](), list[int]()
    for call in reversed(sandbox.log):
        if now - call.at > TYPING:
            break
        if call.ok and call.chat_id is not None and call.chat_id not in seen and call.method != "getChat":
            seen.add(call.chat_id)
            if call.method == "sendChatAction":
                chat_ids.append(call.chat_id)
    return sorted(chat_ids)


def counts(sandbox: Sandbox) -> dict[int, int]:
    """How many messages of the bot each person has, by id."""
    return {user.id: sum(message.from_bot for message in user.messages) for user in sandbox.users.values()}


def moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.message_id,
        "mine": not message.from_bot,
        "at": moment(message.sent_at),
        "silent": message.silent,
        "edited": moment(message.edited_at),
        "versions": [_content(content) for content in message.versions],
        **_content(message.content),
        "rows": [[_button(button) for button in row] for row in message.buttons],
    }


def _content(content: Content) -> dict[str, Any]:
    return {
        "text": content.words.plain,
        "entities": [entity.as_json() for entity in content.words.entities],
        "file": _file(content.file, content.kind) if content.file else None,
        "shared": [user["user_id"] for user in content.service.get("users_shared", {}).get("users", [])],
    }


def _file(file: File, kind: str) -> dict[str, Any]:
    size = {"width": file.width, "height": file.height} if kind == "photo" else {}
    return {"id": file.file_id, "name": file.file_name, "size": file.size, "picture": kind == "photo", **size}


def _button(button: Button) -> dict[str, Any]:
    return {
        "label": button.label,
        "data": button.data,
        "url": button.url,
        "copy": button.copy_text,
        "style": button.style,
    }


def _keyboard(person: User) -> dict[str, Any]:
    """The reply keyboard that the person has now: that of the newest message which changed it."""
    for message in reversed(person.messages):
        markup = message.content.markup
        if message.from_bot and markup.replaces_keyboard:
            rows = [[_key(button) for button in row] for row in markup.keyboard]
            return {"rows": rows, "placeholder": markup.placeholder}
    return {"rows": [], "placeholder": None}


def _key(button: Button) -> dict[str, Any]:
    asked = button.request_users
    return {"label": button.label, "asks": {"id": asked.request_id, "most": asked.most} if asked else None}
