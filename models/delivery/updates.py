"""Updates seen: each takes effect at most once. Rows are kept for a week, without person and time of day: with the
times at which people answered, the number of updates would tell who wrote something."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new

KEPT_FOR = timedelta(days=7)
"""Telegram redelivers an update for a day; a week leaves room."""


class SeenUpdate(Base):
    __tablename__ = "seen_update"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime]
    parked: Mapped[str | None]
    """Set on an update that failed in all its tries: the reference number that the log and the person have."""
    about: Mapped[str | None]
    """The route of a parked update: never what somebody wrote."""


async def mark_seen(session: AsyncSession, update_ids: Iterable[int], *, now: datetime) -> set[int]:
    """Marks updates as seen, in the transaction of their effect; returns those not seen before."""
    rows = [{"update_id": update_id, "seen_at": _day(now)} for update_id in update_ids]
    return set(await insert_new(session, SeenUpdate, rows))


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


async def forget(session: AsyncSession, update_id: int) -> None:
    """Removes the mark of an update that changed nothing: if it comes again, it is new."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.update_id == update_id))


async def park(
    session: AsyncSession, update_id: int, reference: str, about: str, *, now: datetime, day_only: bool = False
) -> str:
    """Marks an update that failed in all its tries; it is not tried again. With ``day_only`` without a time of day.
    Returns its reference: an earlier one if it was parked before."""
    row = {"update_id": update_id, "seen_at": _day(now) if day_only else now, "parked": reference, "about": about}
    if await insert_new(session, SeenUpdate, [row]):
        return reference
    return (await session.get_one(SeenUpdate, update_id)).parked or reference


async def parked(session: AsyncSession) -> list[SeenUpdate]:
    """The updates parked in the last week, newest first."""
    wanted = select(SeenUpdate).where(SeenUpdate.parked.is_not(None)).order_by(SeenUpdate.seen_at.desc())
    return list((await session.execute(wanted)).scalars())


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Deletes the marks that are older than `KEPT_FOR`."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < now - KEPT_FOR))
