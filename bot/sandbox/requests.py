"""Requests of the bot, parsed and checked by the table of methods."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.methods import METHODS, Kind

# Telegram's descriptions for missing parameters. For others the sandbox has its own.
_MISSING = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "message_id": "message identifier is not specified",
    "user_id": "invalid user_id specified",
    "file_id": "file_id not specified",
}


@dataclass(frozen=True)
class Upload:
    """A file in the request itself."""

    name: str
    content: bytes
    mime_type: str


@dataclass(frozen=True)
class Request:
    """A call of a known method, with parameters of the right types."""

    method: str
    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


def read_request(method: str, given: dict[str, Any], uploads: dict[str, Upload], *, strict: bool = True) -> Request:
    """Check ``given`` against the table. ``strict`` also rejects what Telegram would silently ignore."""
    known = next((name for name in METHODS if name.lower() == method.lower()), None)
    if known is None:
        raise ApiError(404, "Not Found")
    kinds = METHODS[known].parameters
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in kinds and value == "":
            values[name] = None if kinds[name] is not Kind.STRING else value
        elif name in kinds:
            values[name] = _value(known, name, kinds[name], value)
        elif strict:
            raise bad_request(f"sandbox: {known} has no parameter {name!r}")
    for name in METHODS[known].required:
        # An empty address is allowed: it removes the webhook.
        empty = values.get(name) is None or (values[name] == "" and name != "url")
        if empty and name not in uploads:
            raise bad_request(_MISSING.get(name, f"sandbox: {known} needs parameter {name!r}"))
    return Request(known, values, uploads)


def read_leniently(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """``given`` for the log: parsed where that is possible, else unchanged."""
    kinds = METHODS[method].parameters if method in METHODS else {}
    return {name: _read(kinds[name], value) if name in kinds else value for name, value in given.items()}


def _value(method: str, name: str, kind: Kind, given: Any) -> Any:
    value = _read(kind, given)
    if not _fits(kind, value):
        raise bad_request(f"sandbox: {method} parameter {name!r} must be {kind.value}, not {value!r:.80}")
    return value


def _read(kind: Kind, value: Any) -> Any:
    """A form's string as a value of this type; unchanged if it cannot be parsed."""
    if not isinstance(value, str):
        return value
    match kind:
        case Kind.OBJECT | Kind.LIST:
            return _parsed(value)
        case Kind.BOOLEAN:
            return {"true": True, "false": False, "1": True, "0": False}.get(value.lower(), value)
        case Kind.INTEGER | Kind.CHAT:
            return int(value) if re.fullmatch(r"-?[0-9]{1,18}", value.strip()) else value
    return value


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.CHAT:
            return isinstance(value, int | str) and not isinstance(value, bool)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.OBJECT:
            return isinstance(value, dict)
        case Kind.LIST:
            return isinstance(value, list)
    return isinstance(value, str)
