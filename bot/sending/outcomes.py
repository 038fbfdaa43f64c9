"""What an error makes of a delivery: what was surely not sent is tried again, what may have been, once more."""

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
from models.people.people import Address, Reach
from models.policy import Policy
from models.reports import places

log = structlog.get_logger()

TOKEN_GONE = timedelta(minutes=1)
CLOSED = ("chat not found", "rights", "write_forbidden", "deactivated", "chat_admin_required", "chat_restricted")
"""What Telegram says, in small letters, of a group or channel that is gone or where the bot may not write any more."""
LONGEST = 300
"""Seconds between two tries at most."""


async def failed(
    session: AsyncSession, delivery: Delivery, error: TelegramError, *, policy: Policy, now: datetime
) -> None:
    """Records how sending failed, and what comes of it."""
    delivery.error, delivery.owner = f"{type(error).__name__}: {error}"[:200], None
    if isinstance(error, Forbidden):
        await _refused(session, delivery, error, policy=policy, now=now)
    elif isinstance(error, RetryAfter):
        delivery.state, delivery.due_at = Sending.DUE, now + timedelta(seconds=retry_after_s(error))
        await rate_limit.hold(session, delivery.due_at)
    elif isinstance(error, BadRequest) and "not modified" in error.message:
        delivery.state = Sending.SENT
    elif isinstance(error, ChatMigrated):
        delivery.state = Sending.DUE
        (await session.get_one(Address, delivery.address_id)).chat_id = error.new_chat_id
    elif isinstance(error, BadRequest) and any(words in error.message.lower() for words in CLOSED):
        delivery.state = Sending.FAILED
        await places.ended(session, delivery.address_id, policy=policy, now=now)
    elif isinstance(error, InvalidToken):
        # 401: the token was revoked. Nothing was sent, and nothing is lost while somebody mends it.
        delivery.state, delivery.due_at = Sending.DUE, now + TOKEN_GONE
        await rate_limit.hold(session, delivery.due_at)
        log.error("telegram refuses the token")
    elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        _again(delivery, now, surely_not_sent=isinstance(error, NotSentError))
    else:
        delivery.state = Sending.FAILED


async def _refused(
    session: AsyncSession, delivery: Delivery, error: Forbidden, *, policy: Policy, now: datetime
) -> None:
    """403: they blocked us. Stop writing, keep past answers, tell the coordinators."""
    delivery.state = Sending.FAILED
    gone = Reach.DEACTIVATED if "deactivated" in error.message else Reach.BLOCKED
    if delivery.kind.about_feedback and delivery.slot:
        # A note at this moment would tell that they had not answered by then.
        await people.unreachable(session, delivery.address_id, gone)
    else:
        await blocking.refused(session, delivery.address_id, gone, policy=policy, now=now)
        await places.ended(session, delivery.address_id, policy=policy, now=now)


def _again(delivery: Delivery, now: datetime, *, surely_not_sent: bool) -> None:
    if not surely_not_sent and delivery.ambiguous:
        delivery.state = Sending.UNKNOWN  # repeated once already: a third copy is worse than a doubt
        return
    delivery.ambiguous = delivery.ambiguous or not surely_not_sent
    delivery.state, delivery.due_at = Sending.DUE, now + timedelta(seconds=min(2**delivery.attempts, LONGEST))
