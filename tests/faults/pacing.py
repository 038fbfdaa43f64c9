"""The rate limit: as fast as it is set, without a 429 from Telegram, in one process or in three."""

from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox import Limits
from tests.databases import postgres_server
from tests.faults.report import Result, Scenario
from tests.faults.rig import new_database, rigged
from tests.faults.sending import CARD, at_rate, outcome, settled, slow_down

RATE = 25
LEAST = 0.98
ALONE_BAR = f"Telegram's limits: 0 x 429, >= {LEAST:.0%} of {RATE}/s"
SHARED_BAR = "three processes on one pace: 0 x 429"
TRAVEL = 0.06
"""Round-trip time in seconds."""


@dataclass(frozen=True)
class Size:
    people: int


FULL = Size(people=600)
QUICK = Size(people=50)


async def run(seed: int, quick: bool) -> Result:
    """The rate of one process: as fast as it is set, without a 429 from Telegram."""
    result = Result("pacing", seed, ALONE_BAR)
    rate = await pace(result, QUICK if quick else FULL, ["koolla"])
    result.require(quick or rate >= LEAST * RATE, f"{rate:.2f} a second of {RATE}")
    return result


async def run_shared(seed: int, quick: bool) -> Result:
    """The rate of three processes that share a PostgreSQL database: together as fast as it is set."""
    with postgres_server() as server:
        result, names = Result("pacing-shared", seed, SHARED_BAR), ["first", "second", "third"]
        await pace(result, QUICK if quick else FULL, names, await new_database(server))
    return result


async def pace(result: Result, size: Size, names: list[str], url: str | None = None) -> float:
    """Counts the 429s. Returns messages per second, from the second message to the last."""
    async with rigged(result.seed, {"Lastensuojelu": size.people}, url=url, limits=Limits()) as rig:
        slow_down(rig, TRAVEL)
        (group_id,) = rig.office.members
        for name in names:
            await rig.program(name, **at_rate(RATE)).start(polling=name == names[0])
        await rig.office.call_meeting(group_id, "Kokous")
        await settled(rig)
        for program in rig.programs.values():
            await program.stop()
        fates = await outcome(rig)
        refused = sum(call.error_code == 429 for call in rig.sandbox.log)
        shares = [rig.network.arrived[name, CARD] for name in names]
    result.count(fates)
    came = sorted(copy.sent_at for fate in fates for copy in fate.copies)[1:]
    rate = (len(came) - 1) / ((came[-1] - came[0]) / timedelta(seconds=1))
    most = max(sum(at <= moment < at + timedelta(seconds=1) for moment in came) for at in came)
    result.done = f"{len(fates)} invitations at {rate:.2f}/s"
    result.notes.append(f"{refused} times 429; at most {most} in one second; sent by each process: {shares}")
    result.require(refused == 0, f"{refused} times 429")
    result.require_none("lost", "twice", "ambiguous", "wrong")
    return rate


SCENARIOS = (Scenario("pacing", run), Scenario("pacing-shared", run_shared))
