"""Inline keyboards under messages and reply keyboards, with Telegram's rules for them.

Follows tdlib's ReplyMarkup.cpp and telegram-bot-api's Client.cpp: buttons without a text are dropped, as are the
thirteenth of a row and the three hundred and first of all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import ApiError, bad_request

_MOST_IN_ROW = 12
_MOST = 300
# Telegram's servers reject more than a hundred inline buttons, before the 300 of its library matter.
_MOST_INLINE = 100
_STYLES = (None, "danger", "success", "primary")
# Kinds of buttons that the sandbox accepts and shows, but that nobody can press in it.
_INERT = (
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
)


@dataclass(frozen=True)
class RequestUsers:
    """What a KeyboardButtonRequestUsers asks for."""

    request_id: int
    most: int = 1
    names: bool = False
    usernames: bool = False


@dataclass(frozen=True)
class Button:
    """A button of either keyboard."""

    label: str
    data: str | None = None
    url: str | None = None
    copy_text: str | None = None
    style: str | None = None
    request_users: RequestUsers | None = None

    def as_json(self) -> dict[str, Any]:
        """The InlineKeyboardButton of the Bot API."""
        fields: dict[str, Any] = {"text": self.label, "callback_data": self.data, "url": self.url, "style": self.style}
        if self.copy_text is not None:
            fields["copy_text"] = {"text": self.copy_text}
        return {name: value for name, value in fields.items() if value is not None}


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class Markup:
    """A reply_markup: buttons under the message, or something done to the person's keyboard."""

    inline: Rows = ()
    keyboard: Rows = ()
    removes_keyboard: bool = False
    forces_reply: bool = False
    placeholder: str | None = None

    @property
    def replaces_keyboard(self) -> bool:
        return bool(self.keyboard) or self.removes_keyboard or self.forces_reply


def read_markup(value: dict[str, Any] | None, *, private: bool = True, inline_only: bool = False) -> Markup:
    """The reply_markup of a request to a private chat or elsewhere; ``inline_only`` for edits and channels."""
    markup = _read(value or {}, private=private)
    if inline_only and markup.replaces_keyboard:
        raise bad_request("inline keyboard expected")
    return markup


def _read(value: dict[str, Any], *, private: bool) -> Markup:
    placeholder = value.get("input_field_placeholder")
    if value.get("keyboard"):
        rows = _rows(value["keyboard"], 'Field "keyboard"', "keyboard button", _keyboard_button)
        if not private and any(button.request_users for row in rows for button in row):
            raise bad_request("users can be requested in private chats only")
        return Markup(keyboard=rows, placeholder=placeholder)
    if value.get("inline_keyboard"):
        name = 'Field "inline_keyboard" of the InlineKeyboardMarkup'
        rows = _rows(value["inline_keyboard"], name, "inline keyboard button", _inline_button)
        if sum(len(row) for row in rows) > _MOST_INLINE:
            raise bad_request("reply markup is too long")
        return Markup(inline=rows)
    if value.get("remove_keyboard"):
        return Markup(removes_keyboard=True)
    return Markup(forces_reply=bool(value.get("force_reply")), placeholder=placeholder)


def _rows(rows: Any, name: str, button_name: str, read: Callable[[Any], Button | None]) -> Rows:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f"{name} must be an Array of Arrays")
    button_rows, total = [], 0
    for row in rows:
        try:
            buttons = [button for button in map(read, row) if button][:_MOST_IN_ROW]
        except _UnreadableError as fault:
            raise bad_request(f"can't parse {button_name}: {fault}") from None
        buttons = buttons[: _MOST - total]
        total += len(buttons)
        button_rows.append(tuple(buttons))
    return tuple(row for row in button_rows if row)


class _UnreadableError(Exception):
    """A button that cannot be parsed. The text is the end of Telegram's description."""


def _text(value: dict[str, Any], name: str) -> str:
    if name not in value:
        raise _UnreadableError(f'Can\'t find field "{name}"')
    if not isinstance(value[name], str):
        raise _UnreadableError(f'Field "{name}" must be of type String')
    return str(value[name])


def _inline_button(value: Any) -> Button | None:
    if not isinstance(value, dict):
        raise _UnreadableError("InlineKeyboardButton must be an Object")
    label, style = _text(value, "text"), _style(value)
    if not label:
        return None
    if "url" in value:
        return Button(label, url=_url(_text(value, "url")), style=style)
    if "callback_data" in value:
        return Button(label, data=_data(_text(value, "callback_data")), style=style)
    if "copy_text" in value:
        return Button(label, copy_text=_copied(value["copy_text"]), style=style)
    if any(name in value for name in _INERT):
        return Button(label, style=style)
    raise _UnreadableError("Text buttons are unallowed in the inline keyboard")


def _style(value: dict[str, Any]) -> str | None:
    style = value.get("style")
    if style not in _STYLES:
        raise _UnreadableError("Invalid button style specified")
    return str(style) if style else None


def _data(data: str) -> str:
    if not 1 <= len(data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    return data


def _copied(value: Any) -> str:
    text = _text(value, "text") if isinstance(value, dict) else ""
    if not 1 <= len(text) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return text


def _url(url: str) -> str:
    if re.match(r"(?:https?|tg|ton)://\S", url):
        if re.match(r"https?://(?:[^/?#]+\.[^/?#]+|\[)", url) or not url.startswith("http"):
            return url
        raise _wrong_url(url)
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:[/?#:]\S*)?", url):
        return f"http://{url}"
    raise _wrong_url(url)


def _wrong_url(url: str) -> ApiError:
    return bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _keyboard_button(value: Any) -> Button | None:
    if isinstance(value, str):
        return Button(value) if value else None
    if not isinstance(value, dict):
        raise _UnreadableError("KeyboardButton must be an Object")
    label, style = _text(value, "text"), _style(value)
    asked = value.get("request_users")
    return Button(label, style=style, request_users=_asked(asked) if asked else None) if label else None


def _asked(value: Any) -> RequestUsers:
    if not isinstance(value, dict) or not isinstance(value.get("request_id"), int):
        raise _UnreadableError('Can\'t find field "request_id"')
    names, usernames = bool(value.get("request_name")), bool(value.get("request_username"))
    return RequestUsers(value["request_id"], value.get("max_quantity", 1), names, usernames)
