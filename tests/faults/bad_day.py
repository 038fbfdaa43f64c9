"""A bad day: Telegram answers 502, closes connections, wants rests or is away, the program is killed; people tap."""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from models.meetings.invitations import Answer
from tests.faults.presses import Presses, cards
from tests.faults.program import Program, until
from tests.faults.replies import in_words
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import MOST_COPIES, ROUND_TRIP, at_rate, copies, outcome, settled, slow_down

BAR = "400 taps, 200 invitations, 40 SIGKILLs: 0 lost, <= 2 copies, 0 taps unanswered, <= 1 % unknown and not arrived"
MOST_ABSENT = 0.01
PARTLY = 0.3
"""The probability of an error where only some requests fail."""
REST = 3
"""The longest retry_after of a 429 in seconds."""
LONGEST_CALM, LONGEST_LIFE = 8.0, 8.0
"""Seconds between two troubles, and from the first poll of a process to its end, at most."""


@dataclass(frozen=True)
class Size:
    people: int
    taps: int
    kills: int
    longest: float
    """Seconds that a trouble lasts at most."""


FULL = Size(people=200, taps=400, kills=40, longest=10)
QUICK = Size(people=30, taps=60, kills=4, longest=3)

Trouble = Callable[[], None]


def troubles(rig: Rig) -> list[Trouble | None]:
    """What may go wrong until it is cleared; None stands for an outage."""
    faults, rng = rig.sandbox.faults, rig.rng
    always = {"times": None, "probability": 1.0}
    sometimes = {"times": None, "probability": PARTLY}
    return [
        None,
        partial(faults.bad_gateway, **always),
        partial(faults.bad_gateway, after=True, **always),
        partial(faults.bad_gateway, **sometimes),
        partial(faults.drop, **always),
        partial(faults.drop, after=True, **sometimes),
        lambda: faults.too_many(rng.randint(1, REST), times=None, probability=PARTLY),
    ]


async def weather(rig: Rig, size: Size) -> None:
    """One trouble after the other, with a while between them."""
    left: list[Trouble | None] = []
    while True:
        await asyncio.sleep(rig.rng.uniform(0.5, LONGEST_CALM))
        if not left:
            left = troubles(rig)
            rig.rng.shuffle(left)
        trouble, seconds = left.pop(), rig.rng.uniform(size.longest / 5, size.longest)
        if trouble is None:
            async with rig.network.outage():
                await asyncio.sleep(seconds)
        else:
            trouble()
            await asyncio.sleep(seconds)
            rig.sandbox.faults.clear()


async def polls_or_ends(rig: Rig, program: Program) -> None:
    """Starts the program, and waits until it polls, or has ended because Telegram is away."""
    polls = rig.network.arrived[program.name, "getUpdates"]
    await program.launch()
    await until(lambda: rig.network.arrived[program.name, "getUpdates"] > polls or not program.running)


async def kill_and_start(rig: Rig, program: Program, size: Size) -> None:
    """Starts the program whenever it has ended, as systemd does, and kills it again and again."""
    kills = 0
    while True:
        await polls_or_ends(rig, program)
        life = rig.rng.uniform(0.2, LONGEST_LIFE) if kills < size.kills else None
        with suppress(TimeoutError):
            async with asyncio.timeout(life):
                await program.ended(math.inf)
                continue  # it could not start: Telegram was away
        await program.kill()
        kills += 1


async def tap(rig: Rig, presses: Presses, size: Size, within: float) -> None:
    people_cards = [(user, cards(user)[0]) for user in rig.office.everyone]
    for _ in range(size.taps):
        presses.press(*rig.rng.choice(people_cards), rig.rng.choice(list(Answer)))
        await asyncio.sleep(rig.rng.uniform(0, 2 * within / size.taps))


def answered_after(rig: Rig, presses: Presses) -> Iterator[float]:
    """The seconds from each tap to its answer, of those whose first answer reached the program."""
    calls = [call for call in rig.sandbox.log if call.method == "answerCallbackQuery" and call.ok]
    first = {call.parameters["callback_query_id"]: call.at for call in reversed(calls)}
    for press in presses.made:
        if at := first.get(press.tap_id):
            yield (at - rig.sandbox.world.taps[press.tap_id].at) / timedelta(seconds=1)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("bad-day", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        (group_id,) = rig.office.members
        await rig.office.hand_out(group_id, "Ensimmäinen")
        before = max(fate.id for fate in await outcome(rig))
        slow_down(rig, ROUND_TRIP)
        program, presses = rig.program(**at_rate(25)), Presses(rig.sandbox)
        supervising = asyncio.create_task(kill_and_start(rig, program, size))
        storm = asyncio.create_task(weather(rig, size))
        try:
            await rig.office.call_meeting(group_id, "Toinen")
            await tap(rig, presses, size, LONGEST_LIFE * size.kills)
            await until(lambda: program.kills >= size.kills, 900)
        finally:
            storm.cancel()
            await asyncio.wait([storm])
        rig.sandbox.faults.clear()
        await settled(rig)
        await rig.all_confirmed()
        supervising.cancel()
        await asyncio.wait([supervising])
        await program.stop()
        fates = await outcome(rig, after=before)
        result.count(fates)
        async with rig.office.sessions() as sessions:
            checked = await presses.check(sessions)
        result.wrong += len(checked.wrong) + len(checked.stale)
        result.lost += len(checked.lost)
        result.unanswered = sum(not rig.sandbox.world.taps[press.tap_id].answered for press in presses.made)
        waits = sorted(answered_after(rig, presses))
        log = program.log
    result.done = (
        f"{len(fates)} invitations, {len(presses.made)} taps, {program.kills} SIGKILLs, {program.starts} starts"
    )
    result.notes += [*checked.lost[:3], *checked.wrong[:3], *checked.stale[:3]]
    result.notes.append(f"at most {copies(fates)} copies; the log has {len(log.splitlines())} lines")
    result.notes.append(in_words(waits))
    result.require(copies(fates) <= MOST_COPIES, f"{copies(fates)} copies of one invitation")
    result.require(quick or result.absent <= MOST_ABSENT * len(fates), f"{result.absent} unknown and not arrived")
    result.require("Traceback" not in log, "a traceback in the log")
    result.require_none("lost", "wrong", "unanswered")
    return result


SCENARIOS = (Scenario("bad-day", run),)
