"""Taps on buttons: callback queries, and what the bot answered to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.messages import Message
    from bot.sandbox.people import User


@dataclass(frozen=True)
class Toast:
    """An answer to a tap, as the person sees it: a line at the top, or a box to close if ``alert``."""

    text: str
    alert: bool
    tap_id: str
    url: str | None = None


@dataclass
class Tap:
    tap_id: str
    user: User
    message: Message
    data: str
    at: datetime
    answered: bool = False

    def as_json(self) -> dict[str, Any]:
        message = self.message.as_json()
        if self.message.deleted:
            # An InaccessibleMessage: all that a bot learns of what it can no longer see.
            message = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
        return {
            "id": self.tap_id,
            "from": self.user.as_json(),
            "message": message,
            "chat_instance": str(self.message.chat.id),
            "data": self.data,
        }
