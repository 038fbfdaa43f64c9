"""The rate limit: how fast all senders together may send, and whether they may at all (GCRA in one row)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new
from models.people.people import Address

CHAT_INTERVAL = timedelta(seconds=1.05)
"""Between two messages to one chat: Telegram takes one a second, and 5 % more allows for jitter of the network."""


class Pace(Base):
    """The state of the rate limit for all senders together (one row)."""

    __tablename__ = "pace"

    id: Mapped[int] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    """When the next message may leave."""
    paused_at: Mapped[datetime | None]
    """Since when an operator holds all deliveries back; replies to people's own taps go on. None while not paused."""


BURST = timedelta(milliseconds=20)
"""Default burst tolerance, or one message's interval if that is longer: a timer that wakes late costs no throughput."""


@dataclass(frozen=True)
class RateLimit:
    """Rate (messages/s) and burst tolerance of the GCRA limiter."""

    per_second: float
    burst: timedelta = BURST

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=1 / self.per_second)


async def _row(session: AsyncSession, *, now: datetime) -> Pace:
    """The one row, locked: senders claim one after the other."""
    pace = await session.get(Pace, 1, populate_existing=True, with_for_update=True)
    if pace is None:
        await insert_new(session, Pace, [{"id": 1, "free_at": now}])
        pace = await session.get_one(Pace, 1, with_for_update=True)
    return pace


async def available(session: AsyncSession, rate: RateLimit, *, now: datetime) -> int:
    """How many messages may leave now; 0 while paused or held."""
    pace = await _row(session, now=now)
    if pace.paused_at is not None or pace.free_at > now:
        return 0
    return 1 + int((now - window_start(pace, rate, now)) / rate.interval)


def window_start(pace: Pace, rate: RateLimit, now: datetime) -> datetime:
    """The moment from which unused capacity counts: what is older than the burst tolerance is lost."""
    return max(pace.free_at, now - max(rate.burst, rate.interval))


async def consume(session: AsyncSession, address: Address, rate: RateLimit, *, now: datetime) -> None:
    """Counts one message that leaves now to this address, against the common rate and the chat's own interval."""
    await consume_common(session, rate, now=now)
    address.free_at = now + CHAT_INTERVAL


async def consume_common(session: AsyncSession, rate: RateLimit, *, now: datetime) -> None:
    """Counts one request that leaves now against the common rate alone."""
    pace = await _row(session, now=now)
    pace.free_at = window_start(pace, rate, now) + rate.interval


async def free_at(session: AsyncSession) -> datetime | None:
    """When the next message may leave; None before the first one."""
    pace = await session.get(Pace, 1)
    return pace.free_at if pace is not None else None


async def hold(session: AsyncSession, until: datetime) -> None:
    """Telegram takes nothing from the bot: nobody sends before ``until``."""
    pace = await _row(session, now=until)
    pace.free_at = max(pace.free_at, until)


async def hold_chat(session: AsyncSession, address_id: int, until: datetime) -> None:
    """Telegram answered 429 for one chat: nothing goes there before ``until``."""
    await session.execute(update(Address).where(Address.id == address_id).values(free_at=until))


async def pause(session: AsyncSession, *, now: datetime) -> bool:
    """Holds all deliveries back until `resume`; False if they were held back already."""
    pace = await _row(session, now=now)
    was_paused_at, pace.paused_at = pace.paused_at, pace.paused_at or now
    return was_paused_at is None


async def resume(session: AsyncSession, *, now: datetime) -> bool:
    """Lets deliveries go on; False if they were not paused. What has expired meanwhile stays unsent."""
    pace = await _row(session, now=now)
    was_paused_at, pace.paused_at = pace.paused_at, None
    return was_paused_at is not None


async def count_reply(session: AsyncSession, chat_id: int, *, now: datetime) -> None:
    """Counts a reply that goes to this chat now: the next delivery to it waits for the chat's interval."""
    await session.execute(update(Address).where(Address.chat_id == chat_id).values(free_at=now + CHAT_INTERVAL))
