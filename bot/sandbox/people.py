"""People and chats: what a person can do in Telegram, a test or the chat page does through a User."""

from __future__ import annotations

import itertools
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.entities import Text, recognised
from bot.sandbox.keyboards import Button
from bot.sandbox.messages import Content, Message
from bot.sandbox.taps import Tap, Toast

if TYPE_CHECKING:
    from bot.sandbox.commands import Command
    from bot.sandbox.world import World


@dataclass(eq=False)
class Chat:
    """A private chat, whose id is the person's, or a group."""

    world: World
    id: int
    type: str
    title: str = ""
    user: User | None = None
    members: list[User] = field(default_factory=list)
    administrators: list[User] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    pinned: list[Message] = field(default_factory=list)
    bot_status: str = "member"
    migrated_to: Chat | None = None
    own_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def shown(self) -> list[Message]:
        return [message for message in self.messages if not message.deleted]

    def find(self, message_id: int) -> Message | None:
        return next((message for message in self.shown if message.message_id == message_id), None)

    def as_json(self) -> dict[str, Any]:
        if self.user:
            return {"id": self.id, "type": self.type, **self.user.names()}
        return {"id": self.id, "type": self.type, "title": self.title}


@dataclass(eq=False)
class User:
    """A person with a Telegram account. ``language`` is the language of their application."""

    world: World
    id: int
    first_name: str
    last_name: str = ""
    username: str | None = None
    language: str | None = "fi"
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    toasts: list[Toast] = field(default_factory=list)
    chat: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.chat = Chat(self.world, self.id, "private", user=self)

    def names(self) -> dict[str, str]:
        found = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username or ""}
        return {name: value for name, value in found.items() if value}

    def as_json(self) -> dict[str, Any]:
        language = {"language_code": self.language} if self.language else {}
        return {"id": self.id, "is_bot": False, **self.names(), **language}

    @property
    def messages(self) -> list[Message]:
        """What this person sees in the private chat with the bot now, oldest first."""
        return self.chat.shown

    @property
    def commands(self) -> list[Command]:
        """The command menu in the private chat, by scope and language as Telegram chooses it."""
        return self.world.commands.shown_to(self.id, self.language)

    def says(self, text: str, *, chat: Chat | None = None, reply_to: Message | None = None) -> Message:
        return self._posts(Content(recognised(Text(text))), chat, reply_to)

    def starts(self, payload: str | None = None) -> Message:
        """Press Start, with the payload of a deep link if there is one. From now on the bot may write."""
        return self.says(f"/start {payload}" if payload else "/start")

    def uploads(
        self, name: str, content: bytes, caption: str | None = None, *, claimed_size: int | None = None
    ) -> Message:
        mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = self.world.files.keep(name, content, mime_type, claimed_size=claimed_size)
        return self._posts(Content(recognised(Text(caption or "")), "document", file))

    def edits(self, message: Message, text: str) -> None:
        """Change one of their own messages."""
        message.change(Content(recognised(Text(text))), self.world.now())
        self.world.updates.add("edited_message", message.as_json())
        self.world.touch()

    def taps(self, button: Button | str, message: Message | None = None) -> str:
        """Tap a button, named by label, beginning of a label, or callback data, on the newest message that has it.

        Returns the callback id, or the address if the button opens one.
        """
        where, found = self._find_button(button, message)
        if found.url is not None:
            return found.url
        if found.data is None:
            return found.copy_text or ""
        return self.taps_data(found.data, where)

    def taps_data(self, data: str, message: Message) -> str:
        """Send callback data that no button need have: what a forged client can do."""
        tap = Tap(str(len(self.world.taps) + 7_000_000_001), self, message, data, self.world.now())
        self.world.taps[tap.tap_id] = tap
        self.world.updates.add("callback_query", tap.as_json())
        return tap.tap_id

    def chooses(self, request_id: int, users: Sequence[User]) -> Message:
        """Answer a keyboard button that asks for people."""
        shared = [{"user_id": user.id} for user in users]
        return self._posts(
            Content(kind="service", service={"users_shared": {"request_id": request_id, "users": shared}})
        )

    def blocks(self) -> None:
        self.blocked = True
        self._status("member", "kicked")

    def unblocks(self) -> None:
        self.blocked = False
        self._status("kicked", "member")

    def deactivates(self) -> None:
        self.deactivated = True

    def _posts(self, content: Content, chat: Chat | None = None, reply_to: Message | None = None) -> Message:
        where = chat or self.chat
        if where is self.chat:
            self.started = True
            if self.blocked:
                self.unblocks()
        message = self.world.post(where, content, self, reply_to=reply_to)
        self.world.updates.add("message", message.as_json())
        return message

    def _status(self, old: str, new: str) -> None:
        me = self.world.me
        statuses = {name: {"status": status, "user": me} for name, status in (("old", old), ("new", new))}
        change = {"chat": self.chat.as_json(), "from": self.as_json(), "date": int(self.world.now().timestamp())}
        for name, status in statuses.items():
            change[f"{name}_chat_member"] = {**status, **({"until_date": 0} if status["status"] == "kicked" else {})}
        self.world.updates.add("my_chat_member", change)

    def _find_button(self, wanted: Button | str, message: Message | None) -> tuple[Message, Button]:
        messages = [message] if message else self.messages[::-1]
        for matches in (_same, _starts):
            for each in messages:
                for found in (found for row in each.buttons for found in row):
                    if matches(found, wanted):
                        return each, found
        labels = [found.label for each in messages for row in each.buttons for found in row]
        raise LookupError(f"{self.first_name} sees no button {wanted!r}, only {labels}")


def _same(button: Button, wanted: Button | str) -> bool:
    return wanted in (button, button.label, button.data)


def _starts(button: Button, wanted: Button | str) -> bool:
    return isinstance(wanted, str) and button.label.startswith(wanted)
