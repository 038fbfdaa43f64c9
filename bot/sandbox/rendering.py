"""Writes texts with entities as HTML, for tests to compare."""

import re
from html import escape

from bot.sandbox.entities import Entity, Text, utf16_slice

_PLAIN = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote expandable",
}


def to_html(text: Text) -> str:
    """``text`` as HTML that parses back to the same. Entities that Telegram recognises itself are left plain."""
    entities = [entity for entity in text.entities if _tags(entity)]
    whole = text.plain.encode("utf-16-le")
    return _part(text.plain, entities, 0, len(whole) // 2)


def _part(plain: str, entities: list[Entity], start: int, end: int) -> str:
    """The part from ``start`` to ``end`` in UTF-16 units. ``entities`` are those within it, outer ones first."""
    written, at = "", start
    while entities:
        outer, rest = entities[0], entities[1:]
        inner = [entity for entity in rest if entity.end <= outer.end]
        opening, closing = _tags(outer) or ("", "")
        written += escape(utf16_slice(plain, at, outer.offset - at), quote=False)
        written += opening + _part(plain, inner, outer.offset, outer.end) + closing
        at = outer.end
        entities = [entity for entity in rest if entity.offset >= at]
    return written + escape(utf16_slice(plain, at, end - at), quote=False)


def _tags(entity: Entity) -> tuple[str, str] | None:
    """The opening and closing tags of the entity; None for kinds that Telegram recognises itself."""
    opening = _opening(entity)
    if opening is None:
        return None
    names = re.findall(r"<([a-z-]+)", opening)
    return opening, "".join(f"</{name}>" for name in reversed(names))


def _opening(entity: Entity) -> str | None:
    style = f' format="{escape(entity.date_time_format)}"' if entity.date_time_format else ""
    language = f'<code class="language-{escape(entity.language)}">' if entity.language else ""
    return {
        **{kind: f"<{tag}>" for kind, tag in _PLAIN.items()},
        "text_link": f'<a href="{escape(entity.url or "")}">',
        "text_mention": f'<a href="tg://user?id={entity.user_id}">',
        "custom_emoji": f'<tg-emoji emoji-id="{entity.custom_emoji_id}">',
        "date_time": f'<tg-time unix="{entity.unix_time}"{style}>',
        "pre": f"<pre>{language}",
    }.get(entity.type)
