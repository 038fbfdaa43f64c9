"""What an error does to a delivery: retried if it was surely not sent, once more if it may have been, else failed."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.backoff import retry_after_s
from bot.telegram import NotSentError
from models.delivery import rate_limit
from models.delivery.outbox import Delivery, Sending
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


async def record_failure(
    session: AsyncSession, delivery: Delivery, error: TelegramError, *, policy: Policy, now: datetime
) -> None:
    """Records why sending failed, and applies the consequences to the delivery and its address."""
    delivery.error, delivery.owner = f"{type(error).__name__}: {error}"[:200], None
    if isinstance(error, Forbidden):
        await _record_forbidden(session, delivery, error, policy=policy, now=now)
    elif isinstance(error, RetryAfter):
        delivery.state, delivery.due_at = Sending.DUE, now + timedelta(seconds=retry_after_s(error))
        await rate_limit.hold(session, delivery.due_at)
    elif isinstance(error, BadRequest) and "not modified" in error.message:
        delivery.state = Sending.SENT
    elif isinstance(error, ChatMigrated):
        delivery.state = Sending.DUE
        (await session.get_one(Address, delivery.address_id)).chat_id = error.new_chat_id
    elif isinstance(error, BadRequest) and any(words in error.message.lower() for words in CHAT_CLOSED):
        delivery.state = Sending.FAILED
        await places.ended(session, delivery.address_id, policy=policy, now=now)
    elif isinstance(error, InvalidToken):
        # 401: the token was revoked. Nothing was sent; all of it goes out once the token is right again.
        delivery.state, delivery.due_at = Sending.DUE, now + INVALID_TOKEN_PAUSE
        await rate_limit.hold(session, delivery.due_at)
        log.error("telegram refuses the token")
    elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        _schedule_retry(delivery, now, surely_not_sent=isinstance(error, NotSentError))
    else:
        delivery.state = Sending.FAILED


async def _record_forbidden(
    session: AsyncSession, delivery: Delivery, error: Forbidden, *, policy: Policy, now: datetime
) -> None:
    """403: the person blocked the bot or is gone. Stop writing, keep past answers, tell the coordinators."""
    delivery.state = Sending.FAILED
    gone = Reachability.DEACTIVATED if "deactivated" in error.message else Reachability.BLOCKED
    if delivery.kind.about_feedback and delivery.slot:
        # Not told to the coordinators: a note at this moment would tell that the person had not answered by then.
        await people.unreachable(session, delivery.address_id, gone)
    else:
        await blocking.refused(session, delivery.address_id, gone, policy=policy, now=now)
        await places.ended(session, delivery.address_id, policy=policy, now=now)


def _schedule_retry(delivery: Delivery, now: datetime, *, surely_not_sent: bool) -> None:
    if not surely_not_sent and delivery.ambiguous:
        delivery.state = Sending.UNKNOWN  # repeated once already: a third copy is worse than a doubt
        return
    delivery.ambiguous = delivery.ambiguous or not surely_not_sent
    pause = timedelta(seconds=min(2**delivery.attempts, MAX_RETRY_PAUSE_S))
    delivery.state, delivery.due_at = Sending.DUE, now + pause
