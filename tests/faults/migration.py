"""Migrations that are killed at every statement, on both databases: they leave the old schema or the new one."""

import asyncio
import json
import sys
from collections import Counter

from tests.faults.migration_killed import Tally
from tests.faults.program import ROOT
from tests.faults.report import Result, Scenario

MOMENTS = 25
"""For each revision: the number of kills at random moments, and of kills during the commit."""
QUICK = (60, 1)
"""With --quick: every sixtieth statement, and one random moment: the rewritten tables have many statements."""


async def killed(kind: str, seed: int, every: int, moments: int) -> Tally:
    """Runs `migration_killed` on one kind of database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.migration_killed", kind, str(seed), str(every), str(moments)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"ended with {process.returncode}"
    return Tally(**json.loads(output.splitlines()[-1]))


async def run(seed: int, quick: bool) -> Result:
    result = Result("migration", seed, "old or new schema, never between; rows kept")
    every, moments = QUICK if quick else (1, MOMENTS)
    totals = Counter[str]()
    for kind in ("sqlite", "postgresql"):
        tally = await killed(kind, seed, every, moments)
        totals.update(kills=tally.kills, old=tally.old, new=tally.new)
        points = ", ".join(f"{count} from {start}" for start, count in tally.points.items())
        result.notes.append(f"{kind}: {tally.kills} kills, {tally.old} left old, {tally.new} new; points: {points}")
        result.wrong += len(tally.faults)
        for fault in tally.faults:
            result.require(False, f"{kind}: {fault}")
    result.done = f"{totals['kills']} kills"
    result.require(totals["kills"] == totals["old"] + totals["new"], "not every kill left the old schema or the new")
    return result


SCENARIOS = [Scenario("migration", run)]
