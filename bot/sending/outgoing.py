"""A delivery being sent, and its log lines."""

import asyncio
from dataclasses import dataclass, field

import structlog

from handlers.screen import Progress, Screen
from models.delivery.outbox import Delivery, DeliveryError

log = structlog.get_logger()


@dataclass
class Outgoing:
    """A delivery claimed and rendered, and the result of sending it."""

    delivery: Delivery
    chat_id: int
    screen: Screen
    outdated: Screen
    """What is put in place of an earlier message that this one replaces."""
    edited: int | None = None
    """The id of the message to edit; None if a new one is sent."""
    message_id: int | None = None
    error: Exception | None = None
    progress: Progress = field(default_factory=Progress)
    is_late: bool = False
    """The process stood still for longer than its lease, so nothing was sent: another process may have sent it."""
    claimed_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    """By the event loop's clock, which goes on while the process is stopped."""

    @property
    def arrived(self) -> bool:
        """Telegram has confirmed it: that stays true, whoever holds the delivery now."""
        return self.error is None and not self.is_late


def log_fault(delivery: Delivery, what: str) -> None:
    """Logs an exception of ours with its traceback; of feedback not in which delivery."""
    which = {} if delivery.kind.about_feedback else {"delivery": delivery.id}
    log.exception(what, kind=str(delivery.kind), **which)


WORDS_LOGGED = {DeliveryError.BLOCKED, DeliveryError.DEACTIVATED, DeliveryError.NOT_SENT}
"""Errors that are logged with their words: fixed sentences about the chat, or the class of a connection error. Of all
others only the exception's class is logged, because what Telegram says of a bad request may quote the message."""


def log_state(delivery: Delivery) -> None:
    """One line for each delivery that was handled. Of feedback without id and state: that a reminder was not needed
    tells who has answered."""
    if delivery.kind.about_feedback:
        log.info("delivery", kind=str(delivery.kind))
    else:
        error = {"error": str(delivery.error_kind)} if delivery.error_kind else {}
        words = delivery.error or ""
        shown = words if delivery.error_kind in WORDS_LOGGED else words.partition(":")[0]
        reason = {"reason": shown} if shown else {}
        state = str(delivery.state)
        log.info("delivery", delivery=delivery.id, kind=str(delivery.kind), state=state, **error, **reason)
