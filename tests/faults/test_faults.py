"""A small part of the scenarios. A seed that failed once is added here."""

import pytest

from tests.faults import (
    bad_day,
    broadcast,
    clearing,
    flood,
    minds,
    pacing,
    polling,
    racing,
    standing_still,
    stopping,
    year,
)
from tests.faults.report import Scenario

CASES = [
    (polling, 1),
    (minds, 1),  # a card's older edit overtook the newer one
    (year, 1),
    (year, 2),
    (broadcast, 1),
    (clearing, 1),
    (stopping, 1),
    (standing_still, 1),  # nobody could send while one process stood still in a transaction
    (pacing, 1),
    (racing, 1),
    (flood, 1),
    (bad_day, 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "seed"),
    [
        pytest.param(scenario, seed, id=f"{scenario.name}-{seed}")
        for module, seed in CASES
        for scenario in module.SCENARIOS
    ],
)
async def test_nothing_is_lost_and_nothing_comes_twice(scenario: Scenario, seed: int) -> None:
    result = await scenario.run(seed, True)
    assert not result.misses, [*result.misses, *result.notes]
