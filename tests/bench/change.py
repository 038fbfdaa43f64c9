"""Cancelling and moving a meeting of 3,000 people: seconds and statements of the one transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import db
from models.meetings import announcing, meetings
from models.meetings.meetings import Meeting
from models.policy import Policy
from tests.bench import seed
from tests.bench.stand import Line, fresh
from tests.statements import recorded

PEOPLE = 3_000
Change = Callable[[AsyncSession, Meeting, datetime], Awaitable[int]]


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    people = PEOPLE // 10 if quick else PEOPLE
    template = folder / "change.db"
    seed.called(template, people=people, meetings=1)
    for name, change in (("cancelling", cancel), ("moving", move)):
        results = [asyncio.run(_timed(fresh(folder, template) / "koolla.db", change)) for _ in range(rounds)]
        seconds, counts = zip(*results, strict=True)
        yield Line(f"{name} a meeting of {people:,}", seconds, "s")
        yield Line(f"{name} a meeting of {people:,}, statements", counts)


async def _timed(file: Path, change: Change) -> tuple[float, int]:
    """Seconds and number of statements of the whole transaction."""
    engine = db.make_engine(f"sqlite+aiosqlite:///{file}")
    try:
        with recorded(engine) as statements:
            begun = time.perf_counter()
            async with db.make_sessions(engine).begin() as session:
                meeting = (await session.execute(select(Meeting))).scalar_one()
                await change(session, meeting, datetime.now(UTC))
            return time.perf_counter() - begun, len(statements)
    finally:
        await engine.dispose()


async def cancel(session: AsyncSession, meeting: Meeting, now: datetime) -> int:
    """Cancels a meeting; returns how many people are notified."""
    await meetings.cancel(session, meeting, now=now)
    return await announcing.notify_cancelled(session, meeting, policy=Policy(), now=now)


async def move(session: AsyncSession, meeting: Meeting, now: datetime) -> int:
    """Moves a meeting by a day; returns how many people are invited again."""
    was, day = meeting.starts_at, timedelta(days=1)
    moved = replace(meeting.plan, starts_at=meeting.starts_at + day, ends_at=meeting.ends_at + day)
    await meetings.change(session, meeting, moved, sequence=meeting.sequence, now=now)
    return await announcing.invite_again(session, meeting, was=was, policy=Policy(), now=now)
