"""What an error does to a delivery: retried if it was surely not sent, once more if it may have been, else failed."""

from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.backoff import retry_after_s
from bot.telegram import NotSentError
from models.delivery import rate_limit
from models.delivery.outbox import Delivery, DeliveryError, Sending
from models.membership import blocking
from models.people import people
from models.people.people import Address, Reachability
from models.policy import Policy
from models.reports import places

log = structlog.get_logger()

INVALID_TOKEN_PAUSE = timedelta(minutes=1)
"""How long all sending waits after a 401, while somebody sets a new token."""
CHAT_CLOSED = ("chat not found", "rights", "write_forbidden", "deactivated", "chat_admin_required", "chat_restricted")
"""Parts of Telegram's 400 messages, in lower case, about a group or channel that is gone or closed to the bot."""
MAX_RETRY_PAUSE_S = 300


ERROR_KINDS: tuple[tuple[type[TelegramError], DeliveryError], ...] = (
    (Forbidden, DeliveryError.BLOCKED),
    (RetryAfter, DeliveryError.RATE_LIMITED),
    (ChatMigrated, DeliveryError.CHAT_MIGRATED),
    (InvalidToken, DeliveryError.INVALID_TOKEN),
    (BadRequest, DeliveryError.BAD_REQUEST),
    (NotSentError, DeliveryError.NOT_SENT),
    (TimedOut, DeliveryError.TIMED_OUT),
    (NetworkError, DeliveryError.NETWORK),
)
"""In this order: the last one is a base class of the three before it."""


def classify(error: Exception) -> DeliveryError:
    """The kind of an exception raised while sending. What Telegram's status (400, 403) leaves open is told by its
    words."""
    kind = next((kind for class_, kind in ERROR_KINDS if isinstance(error, class_)), DeliveryError.PROGRAM_FAULT)
    words = str(error).lower()
    if kind is DeliveryError.BLOCKED and "deactivated" in words:
        return DeliveryError.DEACTIVATED
    if kind is DeliveryError.BAD_REQUEST and "not modified" in words:
        return DeliveryError.NOT_MODIFIED
    if kind is DeliveryError.BAD_REQUEST and any(part in words for part in CHAT_CLOSED):
        return DeliveryError.CHAT_CLOSED
    return kind


def note(delivery: Delivery, error: Exception) -> DeliveryError:
    """Writes an error into the delivery and returns its kind. Of an exception of ours only its class: its message may
    quote somebody."""
    is_telegrams, kind = isinstance(error, TelegramError), classify(error)
    delivery.error_kind = kind
    delivery.error = f"{type(error).__name__}: {error}"[:200] if is_telegrams else type(error).__name__
    return kind


async def record_failure(
    session: AsyncSession, delivery: Delivery, error: Exception, *, policy: Policy, now: datetime
) -> None:
    """Records why sending failed, and applies the consequences to the delivery and its address."""
    kind = note(delivery, error)
    delivery.owner = None
    match kind:
        case DeliveryError.BLOCKED | DeliveryError.DEACTIVATED:
            delivery.state = Sending.FAILED
            await _stop_writing(session, delivery, policy=policy, now=now)
        case DeliveryError.CHAT_CLOSED:
            delivery.state = Sending.FAILED
            await places.ended(session, delivery.address_id, policy=policy, now=now)
        case DeliveryError.CHAT_MIGRATED:
            assert isinstance(error, ChatMigrated)
            delivery.state = Sending.DUE
            (await session.get_one(Address, delivery.address_id)).chat_id = error.new_chat_id
        case DeliveryError.NOT_MODIFIED:
            delivery.state = Sending.SENT
        case DeliveryError.RATE_LIMITED:
            assert isinstance(error, RetryAfter)
            delivery.state, delivery.due_at = Sending.DUE, now + timedelta(seconds=retry_after_s(error))
        case DeliveryError.INVALID_TOKEN:
            # The token was revoked. Nothing was sent; all of it goes out once the token is right again.
            delivery.state, delivery.due_at = Sending.DUE, now + INVALID_TOKEN_PAUSE
            await rate_limit.hold(session, delivery.due_at)
            log.error("telegram rejects the token")
        case DeliveryError.NOT_SENT:
            _schedule_retry(delivery, now)
        case DeliveryError.TIMED_OUT | DeliveryError.NETWORK:
            _repeat_once(delivery, now)
        case DeliveryError.BAD_REQUEST | DeliveryError.PROGRAM_FAULT:
            delivery.state = Sending.FAILED
        case DeliveryError.UNCLAIMED | DeliveryError.DROPPED | DeliveryError.OTHER:
            delivery.state = Sending.FAILED  # `classify` returns none of them
        case _:
            assert_never(kind)


async def _stop_writing(session: AsyncSession, delivery: Delivery, *, policy: Policy, now: datetime) -> None:
    """After a 403: no more messages to the person, who keeps past answers, or to the group or channel. Those who must
    know are told."""
    reach = Reachability.DEACTIVATED if delivery.error_kind is DeliveryError.DEACTIVATED else Reachability.BLOCKED
    if delivery.kind.about_feedback and delivery.slot:
        # Not told to the coordinators: a note at this moment would tell that the person had not answered by then.
        await people.unreachable(session, delivery.address_id, reach)
    else:
        await blocking.forbidden(session, delivery.address_id, reach, policy=policy, now=now)
        await places.ended(session, delivery.address_id, policy=policy, now=now)


def _repeat_once(delivery: Delivery, now: datetime) -> None:
    """It may have arrived. An edit repeated changes nothing; a third copy of a message is worse than a doubt."""
    if delivery.ambiguous and not delivery.kind.edits:
        delivery.state = Sending.UNKNOWN
    else:
        delivery.ambiguous = True
        _schedule_retry(delivery, now)


def _schedule_retry(delivery: Delivery, now: datetime) -> None:
    pause = timedelta(seconds=min(2**delivery.attempts, MAX_RETRY_PAUSE_S))
    delivery.state, delivery.due_at = Sending.DUE, now + pause
