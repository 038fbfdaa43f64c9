"""The pace: how often messages may leave, for all senders together, and whether they may at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new
from models.people.people import Address

CHAT_INTERVAL = timedelta(seconds=1.05)
"""Telegram takes one message a second to a private chat; a twentieth more allows for what the network hurries."""


class Pace(Base):
    """When the next message may leave, for all senders together (one row)."""

    __tablename__ = "pace"

    id: Mapped[int] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    """Since when an operator holds back all deliveries; answers to people's own taps go on."""


LATE = timedelta(milliseconds=20)
"""How far senders may catch up with the pace, or by one message: a timer that wakes late costs nothing then."""


@dataclass(frozen=True)
class Rate:
    """How fast messages may leave: so many a second, and how far they may catch up with that."""

    per_second: float
    late: timedelta = LATE

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=1 / self.per_second)


async def _row(session: AsyncSession, *, now: datetime) -> Pace:
    """The one row, kept from the others: senders claim one by one."""
    pace = await session.get(Pace, 1, populate_existing=True, with_for_update=True)
    if pace is None:
        await insert_new(session, Pace, [{"id": 1, "free_at": now}])
        pace = await session.get_one(Pace, 1, with_for_update=True)
    return pace


async def room(session: AsyncSession, rate: Rate, *, now: datetime) -> int:
    """How many messages may leave now, by the pace that all share; none while paused or held."""
    pace = await _row(session, now=now)
    if pace.paused_at is not None or pace.free_at > now:
        return 0
    return 1 + int((now - _from(pace, rate, now)) / rate.interval)


def _from(pace: Pace, rate: Rate, now: datetime) -> datetime:
    """From when the free room counts: what was not used long ago is lost."""
    return max(pace.free_at, now - max(rate.late, rate.interval))


async def free_at(session: AsyncSession) -> datetime | None:
    """When the next message may leave, by the pace that all share."""
    pace = await session.get(Pace, 1)
    return pace.free_at if pace is not None else None


async def take(session: AsyncSession, address: Address, rate: Rate, *, now: datetime) -> None:
    """Counts one message that leaves now to this address: the rate overall, 1/s to a chat (GCRA)."""
    pace = await _row(session, now=now)
    pace.free_at = _from(pace, rate, now) + rate.interval
    address.free_at = now + CHAT_INTERVAL


async def hold(session: AsyncSession, until: datetime) -> None:
    """Telegram said 429: nobody sends before that moment."""
    pace = await _row(session, now=until)
    pace.free_at = max(pace.free_at, until)


async def pause(session: AsyncSession, *, now: datetime) -> bool:
    """Holds all deliveries back until told to go on; False if they were held back already."""
    pace = await _row(session, now=now)
    was, pace.paused_at = pace.paused_at, pace.paused_at or now
    return was is None


async def resume(session: AsyncSession, *, now: datetime) -> bool:
    """Lets deliveries go on; False if they were going. What has expired meanwhile stays unsent."""
    pace = await _row(session, now=now)
    was, pace.paused_at = pace.paused_at, None
    return was is not None


async def spoken_to(session: AsyncSession, chat_id: int, *, now: datetime) -> None:
    """A reply goes to this chat now: the next delivery waits its second."""
    await session.execute(update(Address).where(Address.chat_id == chat_id).values(free_at=now + CHAT_INTERVAL))
