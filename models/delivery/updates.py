"""Updates seen: each takes effect at most once. Rows are kept a week, name nobody and tell no time of day: whoever knew
when people answered could tell by the number of their presses who wrote something."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new

KEEPS = timedelta(days=7)


class SeenUpdate(Base):
    __tablename__ = "seen_update"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime]
    parked: Mapped[str | None]
    """Set on an update that failed again and again: the reference number under which the log tells why."""
    about: Mapped[str | None]
    """What a parked update was, by its route: never what somebody wrote."""


async def first_sight(session: AsyncSession, update_ids: Iterable[int], *, now: datetime) -> set[int]:
    """Marks updates as seen, in the transaction of their effect; returns those not seen before."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [{"update_id": update_id, "seen_at": day} for update_id in update_ids]
    return set(await insert_new(session, SeenUpdate, rows))


async def unsee(session: AsyncSession, update_id: int) -> None:
    """Forgets an update whose effect came to nothing: it will be tried again."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.update_id == update_id))


async def park(session: AsyncSession, update_id: int, reference: str, about: str, *, now: datetime) -> None:
    """Puts an update aside that failed again and again."""
    row = {"update_id": update_id, "seen_at": now, "parked": reference, "about": about}
    await insert_new(session, SeenUpdate, [row])


async def parked(session: AsyncSession) -> list[SeenUpdate]:
    """The updates put aside in the last week, newest first."""
    wanted = select(SeenUpdate).where(SeenUpdate.parked.is_not(None)).order_by(SeenUpdate.seen_at.desc())
    return list((await session.execute(wanted)).scalars())


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Telegram redelivers for a day; a week is ample."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < now - KEEPS))
