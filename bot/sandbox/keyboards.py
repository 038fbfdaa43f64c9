"""Buttons under messages and in place of the keyboard, with Telegram's rules for them."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import bad_request


@dataclass(frozen=True)
class Button:
    """A button of either keyboard; ``raw`` keeps every field as the bot gave it."""

    label: str
    data: str | None = None
    url: str | None = None
    copy_text: str | None = None
    style: str | None = None
    request_users: "RequestUsers | None" = None

    def as_json(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"text": self.label, "callback_data": self.data, "url": self.url, "style": self.style}
        if self.copy_text is not None:
            fields["copy_text"] = {"text": self.copy_text}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True)
class RequestUsers:
    """What a KeyboardButtonRequestUsers asks for."""

    request_id: int
    most: int = 1
    names: bool = False
    usernames: bool = False


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class Markup:
    """A reply_markup: buttons under the message, or something done to the person's keyboard."""

    inline: Rows = ()
    keyboard: Rows = ()
    removes_keyboard: bool = False
    forces_reply: bool = False
    placeholder: str | None = None


def read_markup(value: dict[str, Any] | None) -> Markup:
    if not value:
        return Markup()
    if "inline_keyboard" in value:
        return Markup(inline=_rows(value["inline_keyboard"], _inline_button))
    if "keyboard" in value:
        rows = _rows(value["keyboard"], _keyboard_button)
        return Markup(keyboard=rows, placeholder=value.get("input_field_placeholder"))
    return Markup(removes_keyboard=bool(value.get("remove_keyboard")), forces_reply=bool(value.get("force_reply")))


def _rows(rows: Any, read: Any) -> Rows:
    return tuple(tuple(read(button) for button in row) for row in rows if row)


def _inline_button(value: dict[str, Any]) -> Button:
    data = value.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    copy = value.get("copy_text")
    return Button(value["text"], data, value.get("url"), copy["text"] if copy else None, value.get("style"))


def _keyboard_button(value: dict[str, Any] | str) -> Button:
    if isinstance(value, str):
        return Button(value)
    asked = value.get("request_users")
    users = None
    if asked:
        users = RequestUsers(
            asked["request_id"],
            asked.get("max_quantity", 1),
            bool(asked.get("request_name")),
            bool(asked.get("request_username")),
        )
    return Button(value["text"], style=value.get("style"), request_users=users)
