"""A delivery on its way, and what the log hears of it."""

import asyncio
from dataclasses import dataclass, field

import structlog
from telegram.error import TelegramError

from handlers.screen import Screen
from models.delivery.outbox import Delivery

log = structlog.get_logger()


@dataclass
class Outgoing:
    """A delivery claimed and rendered, and what became of it."""

    delivery: Delivery
    chat_id: int
    screen: Screen
    outdated: Screen
    """What the message becomes that this one replaces."""
    edited: int | None = None
    """The id of the message to edit instead of sending a new one."""
    message_id: int | None = None
    error: TelegramError | None = None
    is_late: bool = False
    """The process stood still for longer than its lease: another may have sent it, so this one did not."""
    claimed_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    """By the loop's clock, which goes on while the process is stopped."""

    @property
    def arrived(self) -> bool:
        """Telegram has said that it has it: that stays true, whoever holds the delivery now."""
        return self.error is None and not self.is_late


def blame(delivery: Delivery, what: str) -> None:
    """Logs a fault of ours with its place; of feedback not in which delivery."""
    which = {} if delivery.kind.about_feedback else {"delivery": delivery.id}
    log.exception(what, kind=str(delivery.kind), **which)


def tell(delivery: Delivery) -> None:
    """One line for each delivery; of feedback not which: that a reminder was not needed tells who has answered."""
    if delivery.kind.about_feedback:
        log.info("delivery", kind=str(delivery.kind))
    else:
        log.info("delivery", delivery=delivery.id, kind=str(delivery.kind), state=str(delivery.state))
