"""A broadcast interrupted by SIGTERM, again and again: requests under way are finished, and nothing comes twice."""

import asyncio
import signal
from dataclasses import dataclass

from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import ROUND_TRIP, at_rate, cards_sent, outcome, settled, slow_down, waiting

BAR = "50 SIGTERMs: 0 lost, 0 twice, exit < 10 s"
SLOWEST_EXIT = 10.0


@dataclass(frozen=True)
class Size:
    people: int
    stops: int


FULL = Size(people=1000, stops=50)
QUICK = Size(people=30, stops=3)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("stopping", seed, BAR)
    took: list[float] = []
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        slow_down(rig)
        (group_id,) = rig.office.members
        await rig.office.call_meeting(group_id, "Kokous")
        program = rig.program(**at_rate(25))
        for left in range(size.stops, 0, -1):
            took.append(await stop_once(rig, program, await waiting(rig.office), left))
        in_midst = await waiting(rig.office)
        await program.start(polling=False)
        await settled(rig)
        await program.stop()
        fates = await outcome(rig)
    result.count(fates)
    took.sort()
    result.done = f"{len(fates)} invitations, {len(took)} SIGTERMs"
    result.notes.append(f"exit after {took[len(took) // 2]:.2f} s (median), {took[-1]:.2f} s at most")
    result.require(in_midst > 0, "the last SIGTERM falls into the broadcast")
    result.require(quick or took[-1] < SLOWEST_EXIT, f"an exit took {took[-1]:.1f} s")
    # A program that has just started has no handler yet, and ends by the signal itself.
    odd = [code for code in program.exits if code not in (0, -signal.SIGTERM)]
    result.require(not odd, f"exit codes {odd}")
    result.require_none("lost", "twice", "ambiguous", "absent", "wrong")
    return result


async def stop_once(rig: Rig, program: Program, waiting: int, left: int) -> float:
    """Stops it while it starts, or at a random moment. Returns the seconds until its end."""
    await program.launch()
    if rig.rng.random() < 0.1:
        await asyncio.sleep(rig.rng.uniform(0, 2))
    else:
        enough = cards_sent(rig) + rig.rng.randint(1, max(1, 2 * waiting // (left + 2)))
        await until(lambda: not program.running or cards_sent(rig) >= enough)
        await asyncio.sleep(rig.rng.uniform(0, ROUND_TRIP))
    return await program.stop()


SCENARIOS = (Scenario("stopping", run),)
