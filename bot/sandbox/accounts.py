"""Telegram accounts of people, and the answers to taps that they see."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Toast:
    """The answer to a tap as the person sees it: a line at the top, or a dialog box if ``alert``."""

    text: str
    alert: bool
    tap_id: str
    url: str | None = None


@dataclass(eq=False)
class Account:
    """A person's account. ``language`` is the language of their application.

    ``started`` is set once they have written to the bot: before that it may not write to them.
    """

    id: int
    first_name: str
    last_name: str = ""
    username: str | None = None
    language: str | None = "fi"
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    toasts: list[Toast] = field(default_factory=list)

    def names(self) -> dict[str, str]:
        """The names that they have, as fields of the Bot API's User and Chat."""
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username or ""}
        return {name: value for name, value in names.items() if value}

    def as_json(self) -> dict[str, Any]:
        """The User of the Bot API."""
        language = {"language_code": self.language} if self.language else {}
        return {"id": self.id, "is_bot": False, **self.names(), **language}
