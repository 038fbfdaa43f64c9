"""People: tests and the chat page act through a `User`, with what a person can do in Telegram."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.commands import Command
from bot.sandbox.content import Content
from bot.sandbox.entities import Text, recognise_entities
from bot.sandbox.groups import Group
from bot.sandbox.keyboards import Button, RequestUsers
from bot.sandbox.messages import Chat, Message
from bot.sandbox.world import World


@dataclass(eq=False)
class User(Account):
    """A person with a Telegram account, their private chat with the bot, and what they can do."""

    world: World = field(kw_only=True, repr=False)
    chat: Chat = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chat = Chat(self.id, "private", self.world.me, user=self)

    # What they see

    @property
    def messages(self) -> list[Message]:
        """The private chat with the bot as it stands now, oldest first."""
        return self.chat.messages

    @property
    def commands(self) -> list[Command]:
        """The command menu of the private chat, by scope and language as Telegram chooses it."""
        return self.world.commands.shown_in(self.chat, self)

    @property
    def reply_keyboard(self) -> list[list[Button]]:
        """The rows of buttons that replace their keyboard now."""
        for message in reversed(self.messages):
            if message.content.markup.replaces_keyboard:
                return message.reply_keyboard
        return []

    # What they do

    def says(self, text: str, *, chat: Chat | None = None, reply_to: Message | None = None) -> Message:
        return self._posts(Content(recognise_entities(Text(text))), chat, reply_to)

    def starts(self, payload: str | None = None) -> Message:
        """Press Start, with the payload of a deep link if there is one. From now on the bot may write.

        Raises ValueError for a payload that no link can carry.
        """
        if payload is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise ValueError(f"no deep link can carry {payload!r}: 1-64 of A-Z a-z 0-9 _ -")
        if self.blocked:
            self.unblocks()
        return self.says(f"/start {payload}" if payload else "/start")

    def uploads(
        self, name: str, content: bytes, caption: str | None = None, *, claimed_size: int | None = None
    ) -> Message:
        """Send a document. ``claimed_size`` makes Telegram believe that it is as large as that."""
        mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = self.world.files.add(name, content, mime_type, claimed_size=claimed_size)
        return self._posts(Content(recognise_entities(Text(caption or "")), "document", file))

    def edits(self, message: Message, text: str) -> None:
        """Change one of their own messages."""
        message.change(Content(recognise_entities(Text(text))), self.world.now())
        if message.chat.is_channel:
            self.world.tell_post("edited_channel_post", message)
        else:
            self.world.updates.add("edited_message", message.as_json())
        self.world.touch()

    def deletes(self, message: Message) -> None:
        """Delete a message for both sides. Bots are not told."""
        message.deleted = True
        self.world.touch()

    def taps(self, button: Button | str, message: Message | None = None) -> str:
        """Tap a button, given by label, beginning of a label, or callback data, on the newest message that has it.

        Returns the callback id, or the address or text of a button that opens or copies it. A button of the reply
        keyboard sends its label. Raises LookupError if there is no such button.
        """
        carrier, match = self._find_button(button, message)
        if carrier is None:
            self.says(match.label)
            return match.label
        if match.data is None:
            return match.url or match.copy_text or ""
        return self.taps_data(match.data, carrier)

    def taps_data(self, data: str, message: Message | None = None) -> str:
        """Send callback data that need not be on any button, as a forged client can. Returns the callback id."""
        self._must_exist()
        return self.world.tap(self, message or self._newest_of_bot(), data).tap_id

    def chooses(self, request_id: int, users: Sequence[Account]) -> Message:
        """Answer the button of the reply keyboard that asks for people with this ``request_id``."""
        wanted = next(
            (
                button.request_users
                for row in self.reply_keyboard
                for button in row
                if button.request_users and button.request_users.request_id == request_id
            ),
            None,
        )
        if wanted is None or not 1 <= len(users) <= wanted.most:
            raise LookupError(f"{self.first_name} is not asked to choose {len(users)} people by request {request_id}")
        shared = {"request_id": request_id, "users": [_shared(user, wanted) for user in users]}
        return self._posts(Content(kind="service", service={"users_shared": shared}))

    def shares_user(self, request_id: int, user: Account) -> Message:
        return self.chooses(request_id, [user])

    def joins(self, group: Group) -> None:
        group.adds(self)

    def leaves(self, group: Group) -> None:
        group.removes(self)

    def blocks(self) -> None:
        """Block the bot. It gets a my_chat_member and can no longer write."""
        self.blocked = True
        self.world.tell_status(self.chat, self, "member", "kicked")

    def unblocks(self) -> None:
        self.blocked = False
        self.world.tell_status(self.chat, self, "kicked", "member")

    def deactivates(self) -> None:
        """Delete their account. The bot gets no update: its next message fails."""
        self.deactivated = True
        self.world.touch()

    def _must_exist(self) -> None:
        if self.deactivated:
            raise RuntimeError(f"{self.first_name} has no account any more")

    def _posts(self, content: Content, chat: Chat | None = None, reply_to: Message | None = None) -> Message:
        self._must_exist()
        target = chat or self.chat
        if target is self.chat:
            if self.blocked:
                raise RuntimeError(f"{self.first_name} has blocked the bot: only starts() or unblocks() is possible")
            self.started = True
        elif target.id not in self.world.chats or self not in target.members:
            raise RuntimeError(f"{self.first_name} is not in {target.title}")
        elif target.is_channel and self not in target.administrators:
            raise RuntimeError(f"{self.first_name} only reads {target.title}")
        return self.world.say(target, content, self, reply_to)

    def _newest_of_bot(self) -> Message:
        for message in reversed(self.messages):
            if message.from_bot:
                return message
        raise LookupError(f"{self.first_name} has no message of the bot")

    def _find_button(self, wanted: Button | str, message: Message | None) -> tuple[Message | None, Button]:
        messages = [message] if message else self.messages[::-1]
        shown: list[tuple[Message | None, Button]] = [
            (each, button) for each in messages for row in each.buttons for button in row
        ]
        if message is None:
            shown += [(None, button) for row in self.reply_keyboard for button in row if not button.request_users]
        for matches in (_same, _begins):
            for carrier, button in shown:
                if matches(button, wanted):
                    return carrier, button
        raise LookupError(f"{self.first_name} sees no button {wanted!r}, only {[button.label for _, button in shown]}")


def _same(button: Button, wanted: Button | str) -> bool:
    return wanted in (button, button.label, button.data)


def _begins(button: Button, wanted: Button | str) -> bool:
    return isinstance(wanted, str) and button.label.startswith(wanted)


def _shared(user: Account, wanted: RequestUsers) -> dict[str, Any]:
    """The SharedUser: names only where the button asked for them."""
    shared: dict[str, Any] = {"user_id": user.id}
    names = user.names()
    if wanted.names:
        shared |= {name: names[name] for name in ("first_name", "last_name") if name in names}
    if wanted.usernames and user.username:
        shared["username"] = user.username
    return shared
