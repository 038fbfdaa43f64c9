"""Upgrades that are killed, and upgrades at the same time."""

import asyncio

import pytest

from bot import db
from bot.commands import migrate
from bot.config import Settings
from tests.faults import migration

SEEDS = [1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_killed_upgrade_leaves_the_old_schema_or_the_new(kind: str, seed: int) -> None:
    """At every sixtieth statement here, at each in `make faults`."""
    tally = await migration.killed(kind, seed, *migration.QUICK)
    assert tally.faults == []
    assert tally.kills == tally.old + tally.new
    assert tally.old >= len(tally.points)
    assert tally.new >= len(tally.points)


async def test_two_programs_that_start_at_once_upgrade_once(database_url: str) -> None:
    url = Settings(database={"url": database_url}).database.url
    engines = [db.make_engine(url) for _ in range(4)]
    results = await asyncio.gather(*map(migrate.upgrade, engines))
    assert sorted(results) == [False, False, False, True]
    for engine in engines:
        await engine.dispose()
