"""Chats and their messages, with the earlier contents of each message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.content import Content
from bot.sandbox.entities import Entity
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button
from bot.sandbox.numbers import Numbers


@dataclass(eq=False)
class Chat:
    """A private chat (its id is the person's), a group or a channel. ``history`` includes deleted messages.

    ``bot`` is the User of the bot; ``bot_status`` is member, administrator, left or kicked; ``bot_may_post`` is its
    right to post in a channel. The first of ``members`` is the creator. Only channels have ``administrators``.
    """

    id: int
    type: str
    bot: dict[str, Any]
    title: str = ""
    user: Account | None = None
    members: list[Account] = field(default_factory=list)
    administrators: list[Account] = field(default_factory=list)
    history: list[Message] = field(default_factory=list)
    pinned: list[Message] = field(default_factory=list)
    bot_status: str = "member"
    bot_may_post: bool = True
    migrated_to: Chat | None = None
    # Private chats and basic groups share the bot's own counter, supergroups and channels count by themselves.
    own_ids: Numbers = field(default_factory=Numbers)

    @property
    def private(self) -> bool:
        return self.user is not None

    @property
    def is_channel(self) -> bool:
        return self.type == "channel"

    @property
    def messages(self) -> list[Message]:
        """The messages that are not deleted, oldest first."""
        return [message for message in self.history if not message.deleted]

    def find(self, message_id: int) -> Message | None:
        return next((message for message in self.messages if message.message_id == message_id), None)

    def as_json(self) -> dict[str, Any]:
        if self.user:
            return {"id": self.id, "type": self.type, **self.user.names()}
        return {"id": self.id, "type": self.type, "title": self.title}

    def status_of(self, user: Account) -> str:
        """The person's status in the group or channel: left, member, administrator or creator."""
        if user not in self.members:
            return "left"
        if user is self.members[0]:
            return "creator"
        return "administrator" if user in self.administrators else "member"


@dataclass(eq=False)
class Message:
    """One message in one chat. ``sender`` is None for the bot's own; ``versions`` are its earlier contents."""

    chat: Chat
    message_id: int
    sender: Account | None
    content: Content
    sent_at: datetime
    edited_at: datetime | None = None
    deleted: bool = False
    silent: bool = False
    protected: bool = False
    reply_to: Message | None = None
    forwarded_from: Message | None = None
    album: str | None = None
    reaction: list[dict[str, Any]] = field(default_factory=list)
    versions: list[Content] = field(default_factory=list)

    @property
    def from_bot(self) -> bool:
        return self.sender is None

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def caption(self) -> str:
        return self.content.caption

    @property
    def entities(self) -> list[Entity]:
        return self.content.entities

    @property
    def html(self) -> str:
        return self.content.html

    @property
    def buttons(self) -> list[list[Button]]:
        return self.content.buttons

    @property
    def photo(self) -> File | None:
        return self.content.photo

    @property
    def document(self) -> File | None:
        return self.content.document

    @property
    def reply_keyboard(self) -> list[list[Button]]:
        return self.content.reply_keyboard

    def change(self, content: Content, at: datetime) -> None:
        self.versions.append(self.content)
        self.content, self.edited_at = content, at

    def as_json(self, *, replies: bool = True) -> dict[str, Any]:
        """The Message of the Bot API."""
        me = self.chat.bot
        fields: dict[str, Any] = {
            "message_id": self.message_id,
            **self._author(),
            "chat": self.chat.as_json(),
            "date": int(self.sent_at.timestamp()),
            **self.content.as_json(),
        }
        if self.edited_at:
            fields["edit_date"] = int(self.edited_at.timestamp())
        if self.protected:
            fields["has_protected_content"] = True
        if self.album:
            fields["media_group_id"] = self.album
        if self.reply_to and replies:
            fields["reply_to_message"] = self.reply_to.as_json(replies=False)
        if self.forwarded_from:
            fields["forward_origin"] = _origin(self.forwarded_from, me)
        return fields

    def _author(self) -> dict[str, Any]:
        """In a channel posts are by the channel, whoever wrote them."""
        if self.chat.is_channel:
            return {"sender_chat": self.chat.as_json()}
        return {"from": self.sender.as_json() if self.sender else self.chat.bot}


def _origin(message: Message, me: dict[str, Any]) -> dict[str, Any]:
    date = int(message.sent_at.timestamp())
    if message.chat.is_channel:
        return {"type": "channel", "date": date, "chat": message.chat.as_json(), "message_id": message.message_id}
    user = message.sender.as_json() if message.sender else me
    return {"type": "user", "date": date, "sender_user": user}
