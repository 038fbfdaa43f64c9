"""Migrations killed at every statement, on both databases: the old schema or the new, never between."""

import asyncio
import json
import sys
from collections import Counter

from tests.faults.migration_killed import Tally
from tests.faults.program import ROOT
from tests.faults.report import Result, Scenario

MOMENTS = 25
"""Kills at any moment, and as many in the middle of the commit, for each revision."""
QUICK = (6, 2)
"""In the small part: every so-manyth statement, and so many moments."""


async def killed(kind: str, seed: int, every: int, moments: int) -> Tally:
    """See `migration_killed`: what came of it on one kind of database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.migration_killed", kind, str(seed), str(every), str(moments)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, f"ended with {process.returncode}"
    return Tally(**json.loads(said.splitlines()[-1]))


async def run(seed: int, quick: bool) -> Result:
    result = Result("migration", seed, "old or new schema, never between; rows kept")
    every, moments = QUICK if quick else (1, MOMENTS)
    done = Counter[str]()
    for kind in ("sqlite", "postgresql"):
        tally = await killed(kind, seed, every, moments)
        done.update(kills=tally.kills, old=tally.old, new=tally.new)
        points = ", ".join(f"{count} from {start}" for start, count in tally.points.items())
        result.notes.append(f"{kind}: {tally.kills} kills, {tally.old} left old, {tally.new} new; points: {points}")
        result.wrong += len(tally.faults)
        for fault in tally.faults:
            result.wants(False, f"{kind}: {fault}")
    result.done = f"{done['kills']} kills"
    result.wants(done["kills"] == done["old"] + done["new"], "not every kill left the old schema or the new")
    return result


SCENARIOS = [Scenario("migration", run)]
