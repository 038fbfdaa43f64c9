"""A small part of each scenario, at every run of the tests. A seed that failed once is kept here."""

import pytest

from tests.faults import minds, polling
from tests.faults.report import Run

SEEDS = [1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("run", [polling.run, minds.run], ids=lambda run: run.__module__.rpartition(".")[2])
async def test_nothing_is_lost_and_nothing_comes_twice(run: Run, seed: int) -> None:
    result = await run(seed, True)
    assert not result.misses, [result.misses, result.notes]
