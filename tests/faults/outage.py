"""Trouble with Telegram during a broadcast: offline, lost answers, 429; people tap all the time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from bot.sending.outbox import IN_FLIGHT
from models.delivery.outbox import Delivery, Sending
from models.delivery.rate_limit import Pace
from models.people.people import Address
from tests.faults.program import Program, until
from tests.faults.replies import LONGEST, Tapping, in_words, tapping
from tests.faults.report import Result, Run, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import CARD, MOST_COPIES, ROUND_TRIP, at_rate, cards_sent, copies, outcome, settled, slow_down

AWAY_BAR = f"8 s away: 0 lost, <= {IN_FLIGHT} ambiguous, replies < 1 s once it is back"
FLAKY_BAR = "2 % answers dropped, 5 % 429: 0 lost, ambiguous only what was dropped, replies < 1 s"
HOUR_BAR = "retry_after 3600: all held for an hour, 0 lost, replies < 1 s"
REPLY = "answerCallbackQuery"
DROPPED, TOO_MANY = 0.02, 0.05
HOUR = 3600


@dataclass(frozen=True)
class Size:
    people: int
    away: float
    """Seconds for which Telegram cannot be reached."""
    watched: float
    """Seconds for which it is checked that nothing is sent after a 429 for an hour."""


FULL = Size(people=500, away=8, watched=10)
QUICK = Size(people=50, away=2, watched=2)

Trouble = Callable[[Rig, Program, Size, Tapping, Result], Awaitable[None]]


def during(name: str, bar: str, trouble: Trouble) -> Run:
    """Runs a broadcast with trouble during it, and people who tap."""

    async def run(seed: int, quick: bool) -> Result:
        size, result = QUICK if quick else FULL, Result(name, seed, bar)
        async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
            (group_id,) = rig.office.members
            await rig.office.hand_out(group_id, "Ensimmäinen")
            before = max(fate.id for fate in await outcome(rig))
            slow_down(rig)
            program = rig.program(**at_rate(25))
            await program.start()
            async with tapping(rig) as people:
                await rig.office.call_meeting(group_id, "Toinen")
                await trouble(rig, program, size, people, result)
                await settled(rig)
            rig.sandbox.faults.clear()
            await rig.all_confirmed()
            await program.stop()
            fates = await outcome(rig, after=before)
            result.count(fates)
            result.unanswered = people.presses.unanswered()
            async with rig.office.sessions() as sessions:
                checked = await people.presses.check(sessions)
            result.wrong += len(checked.lost) + len(checked.wrong) + len(checked.stale)
        waits = people.waits()
        result.done = f"{len(fates)} invitations, {len(waits)} taps"
        result.notes += [in_words(waits), *checked.lost[:2], *checked.wrong[:2], *checked.stale[:2]]
        result.require(quick or waits[-1] < LONGEST, f"a reply came after {waits[-1]:.2f} s")
        result.require(copies(fates) <= MOST_COPIES, f"{copies(fates)} copies of one invitation")
        result.require_none("lost", "wrong", "unanswered")
        return result

    run.__doc__ = trouble.__doc__

    return run


async def midst(rig: Rig, size: Size) -> None:
    """Waits until about a third has been sent."""
    enough = cards_sent(rig) + size.people // 3
    await until(lambda: cards_sent(rig) >= enough)
    await asyncio.sleep(rig.rng.uniform(0, ROUND_TRIP))


async def away(rig: Rig, program: Program, size: Size, people: Tapping, result: Result) -> None:
    """Every connection is cut, answered or not, and none can be made for a while, in the middle of a reply."""
    await midst(rig, size)
    replies = rig.network.arrived[program.name, REPLY]
    await until(lambda: rig.network.arrived[program.name, REPLY] > replies)
    begins = datetime.now(UTC)
    async with rig.network.outage():
        await asyncio.sleep(size.away)
    back, sent = datetime.now(UTC), cards_sent(rig)
    people.cut_off.append((begins, back))
    await until(lambda: cards_sent(rig) > sent)
    result.notes.append(f"invitations went on {(datetime.now(UTC) - back).total_seconds():.1f} s after it was back")
    await settled(rig)
    doubtful = await ambiguous(rig)
    result.require(doubtful <= IN_FLIGHT, f"{doubtful} ambiguous after one outage")


async def flaky(rig: Rig, _program: Program, _size: Size, _people: Tapping, result: Result) -> None:
    """Answers are dropped after the message was accepted, others are 429."""
    faults = rig.sandbox.faults
    faults.drop(after=True, method=CARD)  # at least one of each kind
    faults.too_many(1, method=CARD)
    faults.drop(after=True, method=CARD, times=None, probability=DROPPED)
    faults.too_many(1, method=CARD, times=None, probability=TOO_MANY)
    await settled(rig)
    calls = [call for call in rig.sandbox.log if call.method == CARD]
    dropped = sum(call.description == "dropped" for call in calls)
    refused = sum(call.error_code == 429 for call in calls)
    result.notes.append(f"{dropped} answers dropped, {refused} times 429 among {len(calls)} requests")
    doubtful = await ambiguous(rig)
    result.require(doubtful <= dropped, f"{doubtful} ambiguous, {dropped} answers dropped")


async def an_hour(rig: Rig, program: Program, size: Size, _people: Tapping, result: Result) -> None:
    """Telegram answers 429 for an hour; the harness then ends the hour early."""
    await midst(rig, size)
    rig.sandbox.faults.too_many(HOUR, method=CARD, times=2)  # of one alone only its chat is held
    refused = len(rig.sandbox.log)
    await until(lambda: sum(call.error_code == 429 for call in rig.sandbox.log[refused:]) == 2)
    await asyncio.sleep(1)  # requests under way arrive
    sent = cards_sent(rig, program)
    await asyncio.sleep(size.watched)
    result.require(cards_sent(rig, program) == sent, f"{cards_sent(rig, program) - sent} sent in spite of the hour")
    result.notes.append(f"nothing sent in {size.watched:.0f} s of the hour, {await held_for(rig):.0f} s to go")
    result.require(await held_for(rig) > HOUR / 2, "the whole hour is held")
    async with rig.office.sessions() as sessions, sessions.begin() as session:
        now = datetime.now(UTC)
        await session.execute(update(Pace).values(free_at=now))
        await session.execute(update(Address).values(free_at=now))
        await session.execute(
            update(Delivery).where(Delivery.state == Sending.DUE, Delivery.kind == "invitation").values(due_at=now)
        )


async def held_for(rig: Rig) -> float:
    """The seconds for which nothing will be sent."""
    async with rig.office.sessions() as sessions, sessions() as session:
        free_at = (await session.execute(select(Pace.free_at))).scalar_one()
    return (free_at - datetime.now(UTC)) / timedelta(seconds=1)


async def ambiguous(rig: Rig) -> int:
    async with rig.office.sessions() as sessions, sessions() as session:
        return await session.scalar(select(func.count()).where(Delivery.ambiguous)) or 0


SCENARIOS = (
    Scenario("away", during("away", AWAY_BAR, away)),
    Scenario("flaky", during("flaky", FLAKY_BAR, flaky)),
    Scenario("an-hour", during("an-hour", HOUR_BAR, an_hour)),
)
