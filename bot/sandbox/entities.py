"""Texts with entities, measured in UTF-16 code units as Telegram measures them."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Entity:
    """A MessageEntity; ``offset`` and ``length`` are in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user_id: int | None = None
    language: str | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def as_json(self) -> dict[str, Any]:
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        user_id = fields.pop("user_id", None)
        if user_id is not None:
            fields["user"] = {"id": user_id, "is_bot": False, "first_name": str(user_id)}
        return fields


@dataclass(frozen=True)
class Text:
    """A text after parsing, without markup."""

    plain: str = ""
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def utf16_slice(text: str, offset: int, length: int) -> str:
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def in_order(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Outer before inner, left before right: the order in which Telegram returns them."""
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


# What Telegram recognises in any text. Less exact than the original, but enough for texts that people type.
_PATTERNS = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)")),
    ("email", re.compile(r"(?<!\w)[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"(?<![\w@])(?:https?|tg)://[^\s<>\"]*[^\s<>\".,;:!?)]")),
    ("mention", re.compile(r"(?<![\w@.])@[A-Za-z0-9_]{4,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w&])#\w*[^\W\d]\w*")),
)


def recognise_entities(text: Text) -> Text:
    """Adds entities for the commands, addresses and tags in the text, as Telegram does."""
    entities = list(text.entities)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text.plain):
            entity = Entity(kind, utf16_length(text.plain[: match.start()]), utf16_length(match.group()))
            if not any(_collides(entity, other) for other in entities):
                entities.append(entity)
    return Text(text.plain, in_order(entities))


_CLOSED = {"code", "pre", "text_link", "text_mention", "url", "email", "mention", "hashtag", "bot_command", "date_time"}


def _collides(entity: Entity, other: Entity) -> bool:
    return other.type in _CLOSED and entity.offset < other.end and other.offset < entity.end
