"""Messages as people see them, with everything that they said before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.sandbox.entities import Entity, Text
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button, Markup
from bot.sandbox.rendering import to_html

if TYPE_CHECKING:
    from bot.sandbox.chats import Chat
    from bot.sandbox.people import User


@dataclass(frozen=True)
class Content:
    """What a message says at one time: its words, its file, its buttons."""

    words: Text = field(default_factory=Text)
    kind: str = "text"
    file: File | None = None
    markup: Markup = field(default_factory=Markup)
    service: dict[str, Any] = field(default_factory=dict, hash=False)
    preview: dict[str, Any] | None = field(default=None, hash=False, compare=False)

    @property
    def text(self) -> str:
        return self.words.plain if self.kind == "text" else ""

    @property
    def caption(self) -> str:
        return "" if self.kind == "text" else self.words.plain

    @property
    def entities(self) -> list[Entity]:
        return list(self.words.entities)

    @property
    def html(self) -> str:
        return to_html(self.words)

    @property
    def buttons(self) -> list[list[Button]]:
        return [list(row) for row in self.markup.inline]

    @property
    def photo(self) -> File | None:
        return self.file if self.kind == "photo" else None

    @property
    def document(self) -> File | None:
        return self.file if self.kind == "document" else None

    @property
    def reply_keyboard(self) -> list[list[Button]]:
        return [list(row) for row in self.markup.keyboard]


@dataclass(eq=False)
class Message:
    """One message in one chat. ``sender`` is None for the bot's own; ``versions`` are its earlier contents."""

    chat: Chat
    message_id: int
    sender: User | None
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
        me = self.chat.world.me
        found: dict[str, Any] = {
            "message_id": self.message_id,
            **self._author(),
            "chat": self.chat.as_json(),
            "date": int(self.sent_at.timestamp()),
            **_content_json(self.content),
        }
        if self.edited_at:
            found["edit_date"] = int(self.edited_at.timestamp())
        if self.protected:
            found["has_protected_content"] = True
        if self.album:
            found["media_group_id"] = self.album
        if self.reply_to and replies:
            found["reply_to_message"] = self.reply_to.as_json(replies=False)
        if self.forwarded_from:
            found["forward_origin"] = _origin(self.forwarded_from, me)
        return found

    def _author(self) -> dict[str, Any]:
        """In a channel it is the channel that speaks, whoever wrote."""
        if self.chat.is_channel:
            return {"sender_chat": self.chat.as_json()}
        return {"from": self.sender.as_json() if self.sender else self.chat.world.me}


def _content_json(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = dict(content.service)
    words = "text" if content.kind == "text" else "caption"
    entities = "entities" if content.kind == "text" else "caption_entities"
    if content.words.plain:
        found[words] = content.words.plain
    if content.words.entities:
        found[entities] = [entity.as_json() for entity in content.words.entities]
    if content.photo:
        found["photo"] = content.photo.as_photo_sizes()
    if content.document:
        found["document"] = content.document.as_document()
    if content.markup.inline:
        rows = [[button.as_json() for button in row] for row in content.markup.inline]
        found["reply_markup"] = {"inline_keyboard": rows}
    if content.preview:
        found["link_preview_options"] = content.preview
    return found


def _origin(message: Message, me: dict[str, Any]) -> dict[str, Any]:
    date = int(message.sent_at.timestamp())
    if message.chat.is_channel:
        return {"type": "channel", "date": date, "chat": message.chat.as_json(), "message_id": message.message_id}
    user = message.sender.as_json() if message.sender else me
    return {"type": "user", "date": date, "sender_user": user}
