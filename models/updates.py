"""Updates seen: each takes effect at most once. Rows are kept a week and name nobody."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, delete
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


async def first_sight(session: AsyncSession, update_id: int, *, now: datetime, parked: str | None = None) -> bool:
    """Marks an update as seen, in the transaction of its effect; False if it was seen before."""
    row = {"update_id": update_id, "seen_at": now, "parked": parked}
    return bool(await insert_new(session, SeenUpdate, [row]))


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Telegram redelivers for a day; a week is ample."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < now - KEEPS))
