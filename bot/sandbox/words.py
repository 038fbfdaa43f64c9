"""Texts and captions of a request, parsed, cleaned and measured."""

import re
from dataclasses import replace
from typing import Any

from bot.sandbox.entities import Entity, Text, in_order, recognised, utf16_length
from bot.sandbox.errors import bad_request
from bot.sandbox.html import parse_html
from bot.sandbox.requests import Request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024


def read_text(request: Request) -> Text:
    text = _read(request.get("text", ""), request.get("parse_mode"), request.get("entities"))
    if not text.plain:
        raise bad_request("message text is empty")
    if utf16_length(text.plain) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text


def read_caption(fields: Any) -> Text:
    """The caption of a request or of an InputMedia: both have ``get`` and the same names."""
    text = _read(fields.get("caption") or "", fields.get("parse_mode"), fields.get("caption_entities"))
    if utf16_length(text.plain) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return text


def _read(source: str, parse_mode: str | None, entities: list[dict[str, Any]] | None) -> Text:
    if parse_mode and parse_mode.lower() == "html":
        text = parse_html(source)
    elif parse_mode:
        raise bad_request(f"unsupported parse_mode: the sandbox reads HTML, not {parse_mode}")
    else:
        text = Text(source, in_order(_entity(value) for value in entities or []))
    return recognised(_trimmed(_cleaned(text)))


def _entity(value: dict[str, Any]) -> Entity:
    fields = {name: each for name, each in value.items() if name != "user"}
    user = value.get("user")
    return Entity(**fields, user_id=user["id"] if user else None)


# Telegram keeps line feeds, drops these, and shows other control characters as spaces.
_DROPPED = re.compile("[\r\u2028-\u202e]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def _cleaned(text: Text) -> Text:
    plain = _CONTROL.sub(" ", text.plain)
    for match in reversed(list(_DROPPED.finditer(plain))):
        at = utf16_length(plain[: match.start()])
        plain = plain[: match.start()] + plain[match.end() :]
        text = Text(plain, tuple(_without(entity, at) for entity in text.entities))
    return Text(plain, text.entities)


def _without(entity: Entity, at: int) -> Entity:
    """The entity when the one unit at ``at`` is taken out of the text."""
    if at < entity.offset:
        return replace(entity, offset=entity.offset - 1)
    return replace(entity, length=entity.length - 1) if at < entity.end else entity


def _trimmed(text: Text) -> Text:
    """Without white space at either end; entities move along and end where the text ends."""
    plain = text.plain.rstrip()
    lead = len(plain) - len(plain.lstrip())
    length, kept = utf16_length(plain) - lead, []
    for entity in text.entities:
        start, end = max(0, entity.offset - lead), min(length, entity.end - lead)
        if start < end:
            kept.append(replace(entity, offset=start, length=end - start))
    return Text(plain[lead:], tuple(kept))
