"""Texts and captions of a request, parsed, cleaned and measured."""

import re
from dataclasses import replace
from typing import Any

from bot.sandbox.entities import Entity, Text, in_order, recognise_entities, utf16_length
from bot.sandbox.errors import bad_request
from bot.sandbox.html import parse_html
from bot.sandbox.requests import Request

# In Unicode characters: 4,096 emoji were accepted by the real server and 4,097 rejected, though entities are counted
# in UTF-16 (measured in github.com/FerroxLabs/wayland, issue 934).
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
# In bytes and before parsing: MAX of get_formatted_text in telegram-bot-api.
_SOURCE_LIMIT = 1 << 15
# Telegram silently drops the rest.
_MOST_ENTITIES = 100


def read_text(request: Request) -> Text:
    text = _read(request.get("text") or "", request.get("parse_mode"), request.get("entities"))
    if not text.plain:
        raise bad_request("message text is empty")
    if len(text.plain) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text


def read_caption(fields: Any) -> Text:
    """The caption of a request or of an InputMedia: both have ``get`` and the same names."""
    caption, parse_mode = fields.get("caption") or "", fields.get("parse_mode")
    if not isinstance(caption, str) or not isinstance(parse_mode, str | None):
        raise bad_request('can\'t parse InputMedia: Field "caption" must be of type String')
    text = _read(caption, parse_mode, fields.get("caption_entities"))
    if len(text.plain) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return text


def _read(source: str, parse_mode: str | None, entities: list[Any] | None) -> Text:
    if any("\ud800" <= character <= "\udfff" for character in source):
        raise bad_request("strings must be encoded in UTF-8")
    if len(source.encode()) > _SOURCE_LIMIT:
        raise bad_request("text is too long")
    mode = (parse_mode or "none").lower()
    if mode in ("markdown", "markdownv2"):
        raise bad_request("sandbox: it reads HTML only, not Markdown")
    if mode not in ("html", "none"):
        raise bad_request("unsupported parse_mode")
    if mode == "html":
        text = parse_html(source)
    else:
        text = Text(source, in_order(_entity(value, utf16_length(source)) for value in entities or []))
    return recognise_entities(_trimmed(_cleaned(Text(text.plain, text.entities[:_MOST_ENTITIES]))))


_NEEDED: dict[str, type] = {"offset": int, "length": int, "type": str}
_STRINGS = ("url", "language", "custom_emoji_id", "date_time_format")


def _entity(value: Any, length: int) -> Entity:
    if not isinstance(value, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    for name, kind in _NEEDED.items():
        if not isinstance(value.get(name), kind):
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
    for name in _STRINGS:
        if not isinstance(value.get(name), str | None):
            raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type String')
    fields = {name: each for name, each in value.items() if name in Entity.__dataclass_fields__}
    user = value.get("user")
    entity = Entity(**fields, user_id=user.get("id") if isinstance(user, dict) else None)
    if entity.offset < 0 or entity.length <= 0 or entity.end > length:
        # Telegram would silently cut or drop it. Here it is always a mistake in the bot.
        raise bad_request("sandbox: a MessageEntity reaches beyond the text")
    return entity


# Telegram keeps line feeds, drops these, and shows other control characters as spaces.
_DROPPED = re.compile("[\r\u2028-\u202e]")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")


def _cleaned(text: Text) -> Text:
    plain, entities = _CONTROL.sub(" ", text.plain), text.entities
    for match in reversed(list(_DROPPED.finditer(plain))):
        at = utf16_length(plain[: match.start()])
        plain = plain[: match.start()] + plain[match.end() :]
        entities = tuple(_without(entity, at) for entity in entities)
    return Text(plain, entities)


def _without(entity: Entity, at: int) -> Entity:
    """The entity after the UTF-16 unit at ``at`` was removed from the text."""
    if at < entity.offset:
        return replace(entity, offset=entity.offset - 1)
    return replace(entity, length=entity.length - 1) if at < entity.end else entity


def _trimmed(text: Text) -> Text:
    """Without white space at either end; the entities are moved and cut accordingly."""
    plain = text.plain.rstrip()
    lead = len(plain) - len(plain.lstrip())
    length, entities = utf16_length(plain) - lead, list[Entity]()
    for entity in text.entities:
        start, end = max(0, entity.offset - lead), min(length, entity.end - lead)
        if start < end:
            entities.append(replace(entity, offset=start, length=end - start))
    return Text(plain[lead:], tuple(entities))
