"""A broadcast under SIGKILL: everyone gets their invitation, few get it twice, and each such case is recorded."""

import asyncio
from dataclasses import dataclass

from bot.sending.outbox import IN_FLIGHT
from models.delivery.outbox import Sending
from tests.faults.network import Arrival, Cut
from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, Strike, rigged
from tests.faults.sending import (
    CARD,
    MOST_COPIES,
    ROUND_TRIP,
    at_rate,
    copies,
    in_states,
    outcome,
    settled,
    slow_down,
    waiting,
)

BAR = f"1,000 to send, 200 kills: 0 lost, <= {IN_FLIGHT} twice a kill, <= 2 copies, all on record, <= 1 % absent"
MOST_ABSENT = 0.01


@dataclass(frozen=True)
class Size:
    people: int
    kills: int


FULL = Size(people=1000, kills=200)
QUICK = Size(people=30, kills=4)


class HalfSent(Strike):
    """A kill so early that the request under way is lost, too."""

    def __call__(self, arrival: Arrival) -> None:
        was_done = self.done
        super().__call__(arrival)
        if self.done and not was_done:
            raise Cut


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("broadcast", seed, BAR)
    stranded: list[int] = []
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        slow_down(rig)
        (group_id,) = rig.office.members
        await rig.office.call_meeting(group_id, "Kokous")
        program = rig.program(**at_rate(25))
        for left in range(size.kills, 0, -1):
            before = await in_states(rig.office, Sending.SENDING)
            await strike(rig, program, await waiting(rig.office), left)
            stranded.append(len(await in_states(rig.office, Sending.SENDING) - before))
        in_midst = await waiting(rig.office)
        await program.start(polling=False)
        await settled(rig)
        await program.stop()
        fates = await outcome(rig)
    result.count(fates)
    result.done = f"{len(fates)} invitations, {program.kills} SIGKILLs"
    result.notes.append(
        f"under way when killed: {max(stranded)} at most, {sum(stranded)} in all; {copies(fates)} copies at most; "
        f"{sum(fate.state is Sending.UNKNOWN for fate in fates)} unknown; {in_midst} still to be sent at the last kill"
    )
    result.require(program.kills >= size.kills, f"{program.kills} kills, wanted {size.kills}")
    result.require(in_midst > 0, "the last kill falls into the broadcast")
    result.require(max(stranded) <= IN_FLIGHT, f"{max(stranded)} under way at one kill")
    result.require(result.twice <= IN_FLIGHT * program.kills, f"{result.twice} copies too many")
    result.require(copies(fates) <= MOST_COPIES, f"{copies(fates)} copies of one invitation")
    result.require(result.absent <= MOST_ABSENT * len(fates), f"{result.absent} unknown that had not arrived")
    result.require_none("lost", "wrong")
    return result


async def strike(rig: Rig, program: Program, waiting: int, left: int) -> None:
    """Kills once: while the program starts, or after a few messages, before, during or after a request."""
    rng, way = rig.rng, rig.rng.random()
    await program.launch()
    if way < 0.05:
        await asyncio.sleep(rng.uniform(0, 2))
    else:
        number = rng.randint(1, max(1, 2 * waiting // (left + 2)))
        kind = HalfSent if way < 0.15 else Strike
        blow = kind(program, number, CARD, taken=way > 0.5)
        rig.network.watchers.append(blow)
        if way < 0.8:
            await until(lambda: not program.running or blow.done)
        else:  # at a random moment
            blow.done = True
            before = rig.network.arrived[program.name, CARD]
            await until(lambda: not program.running or rig.network.arrived[program.name, CARD] >= before + number)
            await asyncio.sleep(rng.uniform(0, ROUND_TRIP))
    await program.kill()
    rig.network.watchers.clear()


SCENARIOS = (Scenario("broadcast", run),)
