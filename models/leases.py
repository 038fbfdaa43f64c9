"""Leases: what one process at a time may do. Whoever stops renewing loses it.

Leases go by the database's clock, which all processes share, and never by the program's, which tests and the demo move.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment, dialect_insert

POLLER = "poller"
"""The lease of the one process that asks Telegram for updates."""


class Lease(Base):
    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]
    renewed_at: Mapped[datetime]
    """When its owner last showed a sign of life."""


async def database_time(session: AsyncSession) -> datetime:
    """The moment by the database's clock, in UTC."""
    if session.get_bind().dialect.name == "postgresql":
        clock = func.clock_timestamp(type_=Moment())
    else:
        clock = func.strftime("%Y-%m-%d %H:%M:%f000", "now", type_=Moment())
    moment: datetime = (await session.execute(select(clock))).scalar_one()
    return moment


async def take(session: AsyncSession, name: str, owner: str, *, span: timedelta) -> bool:
    """Takes or renews a lease for ``span``; False while somebody else has it."""
    now = await database_time(session)
    values = {"owner": owner, "until": now + span, "renewed_at": now}
    insert = dialect_insert(session)(Lease).values(name=name, **values)
    mine = or_(Lease.owner == owner, Lease.until < now)
    taken = insert.on_conflict_do_update(index_elements=["name"], set_=values, where=mine).returning(Lease.name)
    return (await session.scalar(taken)) is not None


async def give_back(session: AsyncSession, name: str, owner: str) -> None:
    """Ends a lease, so that the next one need not wait for it to run out."""
    await session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


async def end_all(session: AsyncSession) -> None:
    """Ends all leases: nobody who had one can be alive, on a database just restored or locked for one program."""
    await session.execute(delete(Lease))


async def last_sign(session: AsyncSession, name: str) -> tuple[datetime, datetime] | None:
    """When the owner of a lease last showed a sign of life, and the database's time now; None if nobody has it."""
    renewed_at = await session.scalar(select(Lease.renewed_at).where(Lease.name == name))
    return None if renewed_at is None else (renewed_at, await database_time(session))
