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
        found = {name: value for name, value in asdict(self).items() if value is not None}
        user_id = found.pop("user_id", None)
        if user_id is not None:
            found["user"] = {"id": user_id, "is_bot": False, "first_name": str(user_id)}
        return found


@dataclass(frozen=True)
class Text:
    """A text as it stands after parsing: no markup left in it."""

    plain: str = ""
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def utf16_slice(text: str, offset: int, length: int) -> str:
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def in_order(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Outer before inner, left before right: the order in which Telegram returns them."""
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


# What Telegram recognises by itself in any text. Looser than the original: enough for texts that people type.
_FOUND = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)")),
    ("email", re.compile(r"(?<!\w)[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"(?<![\w@])(?:https?|tg)://[^\s<>\"]*[^\s<>\".,;:!?)]")),
    ("mention", re.compile(r"(?<![\w@.])@[A-Za-z0-9_]{4,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w&])#\w*[^\W\d]\w*")),
)


def recognised(text: Text) -> Text:
    """The text with the commands, addresses and tags that Telegram finds in it by itself."""
    found = list(text.entities)
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text.plain):
            entity = Entity(kind, utf16_length(text.plain[: match.start()]), utf16_length(match.group()))
            if not any(_collides(entity, other) for other in found):
                found.append(entity)
    return Text(text.plain, in_order(found))


_CLOSED = {"code", "pre", "text_link", "text_mention", "url", "email", "mention", "hashtag", "bot_command", "date_time"}


def _collides(entity: Entity, other: Entity) -> bool:
    return other.type in _CLOSED and entity.offset < other.end and other.offset < entity.end
