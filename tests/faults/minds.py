"""People who change their answers, updates that come twice or out of order, kills: the newest tap counts."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.people import User
from models.meetings.invitations import Answer
from tests.faults.presses import Presses, cards
from tests.faults.program import Program
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged

BAR = "300 people: 0 wrong final answers"
TWICE = 0.1
"""The share of updates that are delivered again after they were confirmed."""
LATE = 0.2
"""The share of updates that are held back until up to `BEHIND` younger ones have come."""
BEHIND = 40
JITTER = 0.05
"""Seconds by which one request may overtake another."""
SLEEP = 0.004
"""Average seconds between two taps: about what one process can handle."""


@dataclass(frozen=True)
class Size:
    people: int
    presses: int
    """Taps of each person, on average."""
    kills: int


FULL = Size(people=300, presses=8, kills=10)
QUICK = Size(people=20, presses=5, kills=1)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("minds", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        (group_id,) = rig.office.members
        await rig.office.hand_out(group_id, "Kokous")
        program, presses = rig.program(), Presses(rig.sandbox)
        rig.network.jitter = JITTER
        await program.start()
        for people in rounds(rig, size):
            await press(rig, presses, people, program)
        rig.sandbox.updates.late = 0
        rig.sandbox.updates.release()
        await rig.all_confirmed()
        await program.stop()
        delivered = len(rig.sandbox.updates.confirmed)
        async with rig.office.sessions() as sessions:
            checked = await presses.check(sessions)
    result.lost, result.wrong = len(checked.lost), len(checked.wrong) + len(checked.stale)
    result.unanswered = presses.unanswered()
    result.done = f"{len(presses.made)} presses, {delivered} deliveries, {program.kills} SIGKILLs"
    result.notes = [*checked.lost, *checked.wrong, *checked.stale][:5]
    result.require_none("lost", "wrong", "unanswered")
    result.require(delivered > len(presses.made), "some updates are delivered twice")
    return result


def rounds(rig: Rig, size: Size) -> Iterator[list[User]]:
    """The people who tap, in order, in one list for each kill."""
    whole = rig.rng.choices(rig.office.everyone, k=size.people * size.presses)
    each = -(-len(whole) // size.kills)
    for start in range(0, len(whole), each):
        yield whole[start : start + each]


async def press(rig: Rig, presses: Presses, people: list[User], program: Program) -> None:
    """Everyone taps a random answer of their card. At a random tap the program is killed and started again."""
    rng, faults = rig.rng, rig.sandbox.faults
    dies_at = rng.randrange(len(people))
    for number, user in enumerate(people):
        if rng.random() < TWICE:
            faults.duplicate_updates()
        if rng.random() < LATE:
            faults.late_updates(behind=rng.randint(1, BEHIND))
        (card,) = cards(user)
        presses.press(user, card, rng.choice(list(Answer)))
        await asyncio.sleep(rng.expovariate(1 / SLEEP))
        if number == dies_at:
            program.kill_now()
    await program.ended()
    await program.start()


SCENARIOS = (Scenario("minds", run),)
