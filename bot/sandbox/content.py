"""The content of messages: text, file and buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.entities import Entity, Text
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button, Markup
from bot.sandbox.rendering import to_html


@dataclass(frozen=True)
class Content:
    """The content of a message between two edits. ``words`` are its text or caption."""

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

    def as_json(self) -> dict[str, Any]:
        """The fields of the Bot API's Message that hold the content."""
        fields: dict[str, Any] = dict(self.service)
        words = "text" if self.kind == "text" else "caption"
        entities = "entities" if self.kind == "text" else "caption_entities"
        if self.words.plain:
            fields[words] = self.words.plain
        if self.words.entities:
            fields[entities] = [entity.as_json() for entity in self.words.entities]
        if self.photo:
            fields["photo"] = self.photo.as_photo_sizes()
        if self.document:
            fields["document"] = self.document.as_document()
        if self.markup.inline:
            rows = [[button.as_json() for button in row] for row in self.markup.inline]
            fields["reply_markup"] = {"inline_keyboard": rows}
        if self.preview:
            fields["link_preview_options"] = self.preview
        return fields
