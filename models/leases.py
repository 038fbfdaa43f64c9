"""Leases: rights that one process has at a time, until a lease that is not renewed expires.

Their time is the database's, which all processes share, not the program's, which tests and the demo change.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment, dialect_insert

POLLER = "poller"
"""The lease of the one process that polls Telegram for updates."""


class Lease(Base):
    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]
    renewed_at: Mapped[datetime]
    """When its owner last took or renewed it."""


async def database_time(session: AsyncSession) -> datetime:
    """The database server's time, aware UTC."""
    if session.get_bind().dialect.name == "postgresql":
        clock = func.clock_timestamp(type_=Moment())
    else:
        clock = func.strftime("%Y-%m-%d %H:%M:%f000", "now", type_=Moment())
    moment: datetime = (await session.execute(select(clock))).scalar_one()
    return moment


async def take(session: AsyncSession, name: str, owner: str, *, span: timedelta) -> bool:
    """Takes or renews a lease for ``span``. Returns False while another owner has it."""
    now = await database_time(session)
    values = {"owner": owner, "until": now + span, "renewed_at": now}
    insert = dialect_insert(session)(Lease).values(name=name, **values)
    is_ours_or_expired = or_(Lease.owner == owner, Lease.until < now)
    upsert = insert.on_conflict_do_update(index_elements=["name"], set_=values, where=is_ours_or_expired)
    return (await session.scalar(upsert.returning(Lease.name))) is not None


async def give_back(session: AsyncSession, name: str, owner: str) -> None:
    """Ends a lease, so that the next process does not wait for its expiry."""
    await session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


async def end_all(session: AsyncSession) -> None:
    """Ends all leases. For a database just restored or locked by one process: no other owner can be running."""
    await session.execute(delete(Lease))


async def last_sign(session: AsyncSession, name: str) -> tuple[datetime, datetime] | None:
    """When a lease was last renewed, and the database's time now; None if there is no such lease."""
    renewed_at = await session.scalar(select(Lease.renewed_at).where(Lease.name == name))
    return None if renewed_at is None else (renewed_at, await database_time(session))
