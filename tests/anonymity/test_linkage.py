"""An attacker with the whole database links no more answers to people than expected by chance."""

from pathlib import Path

import pytest

from bot.demo.stage import Stage
from tests.anonymity.campaign import SMALL_GROUPS, one_world, small_groups
from tests.anonymity.linkage import Table
from tests.anonymity.room import Room
from tests.conftest import LOG


@pytest.mark.parametrize("through", ["verbs", pytest.param("inbox", marks=pytest.mark.slow)])
async def test_no_more_is_linked_than_by_chance(tmp_path: Path, migrated_url: str, through: str) -> None:
    table = Table()
    async with Stage.open(tmp_path, database={"url": migrated_url}) as stage:
        await one_world(stage, tmp_path, table, respondents=40, seed=7, through=through, log=LOG.getvalue)
    table.print_lines()
    assert table.lines
    assert [str(line) for line in table.failed()] == []
    assert [str(line) for line in table.unproved()] == []


async def test_no_more_of_a_waiting_pool_is_linked_than_by_chance(tmp_path: Path, migrated_url: str) -> None:
    table = Table()
    async with Room.open(migrated_url, tmp_path) as room:
        await small_groups(room, table, groups=SMALL_GROUPS, seed=7)
    table.print_lines()
    assert len(table.lines) == 2
    assert [str(line) for line in table.failed()] == []
    assert [str(line) for line in table.unproved()] == []
