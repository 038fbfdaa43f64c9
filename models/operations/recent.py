"""The last refusals and failures, for ``koolla status --recent``: without person, typed text and ids.

Updates that belong to answering a form are never recorded.
"""

import enum
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new

MAX_ROWS = 50
TRIM_EVERY = 10
"""Rows between two deletions, so that a refusal costs one statement."""


class UpdateOutcome(enum.StrEnum):
    """The outcome of an update."""

    DONE = "done"
    REFUSED = "refused"
    REDELIVERED = "redelivered"
    """It took effect the first time; only its screen was sent again."""
    FAILED = "failed"
    """Each attempt ended in an exception of the program."""


class RecentUpdate(Base):
    """An update that was refused or failed."""

    __tablename__ = "recent_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    """Cut to the full minute."""
    outcome: Mapped[UpdateOutcome]
    route: Mapped[str]
    refusal: Mapped[str]
    """The key of the refusal's text; empty for a failure."""
    gate: Mapped[str]
    """The function that refused, with its module; empty for a failure."""
    reference: Mapped[str]
    """The number that the person was shown and that the log has, for a failure; else empty."""


async def record(
    session: AsyncSession,
    outcome: UpdateOutcome,
    route: str,
    *,
    now: datetime,
    refusal: str = "",
    gate: str = "",
    reference: str = "",
) -> None:
    """Adds a row. Every `TRIM_EVERY` rows deletes all but the last `MAX_ROWS`."""
    row = {
        "at": now.replace(second=0, microsecond=0),
        "outcome": outcome,
        "route": route,
        "refusal": refusal,
        "gate": gate,
        "reference": reference,
    }
    (id_,) = await insert_new(session, RecentUpdate, [row])
    if id_ % TRIM_EVERY == 0:
        await session.execute(delete(RecentUpdate).where(RecentUpdate.id <= id_ - MAX_ROWS))


async def newest_first(session: AsyncSession) -> list[RecentUpdate]:
    """The recorded updates, at most `MAX_ROWS`."""
    wanted = select(RecentUpdate).order_by(RecentUpdate.id.desc()).limit(MAX_ROWS)
    return list((await session.execute(wanted)).scalars())
