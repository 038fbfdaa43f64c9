"""Taps on buttons: callback queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.messages import Message


@dataclass
class Tap:
    tap_id: str
    user: Account
    message: Message
    data: str
    at: datetime
    answered: bool = False

    def as_json(self) -> dict[str, Any]:
        message = self.message.as_json()
        if self.message.deleted:
            # An InaccessibleMessage: of deleted messages the bot gets no more.
            message = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
        return {
            "id": self.tap_id,
            "from": self.user.as_json(),
            "message": message,
            "chat_instance": str(self.message.chat.id),
            "data": self.data,
        }
