"""A process is stopped for longer than its lease while another goes on: its late writes change nothing."""

import asyncio
import signal
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from sqlalchemy import select, text

from bot import db
from models.delivery.outbox import LEASE, Delivery, Sending
from models.leases import database_time
from models.meetings.invitations import Answer
from tests.databases import postgres_server
from tests.faults.presses import Presses, cards
from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, new_database, rigged
from tests.faults.sending import MOST_COPIES, ROUND_TRIP, at_rate, cards_sent, copies, outcome, settled, slow_down

BAR = "SIGSTOP beyond the lease, then SIGCONT: 0 lost, late writes fenced, <= 2 copies, all on record"


TAKEN_OVER = 45.0
"""Seconds after which the other has looked for expired leases: it does so every 15."""


@dataclass(frozen=True)
class Size:
    people: int
    waits: bool
    """Whether to wait for the end of the lease; otherwise the harness moves it into the past."""


FULL = Size(people=300, waits=True)
QUICK = Size(people=60, waits=False)


@dataclass(frozen=True)
class Held:
    """A delivery that the stopped process was sending."""

    id: int
    owner: str | None


async def run(seed: int, quick: bool) -> Result:
    return await stand_still(Result("standing-still", seed, BAR), QUICK if quick else FULL)


async def run_in_transaction(seed: int, quick: bool) -> Result:
    """The same in the middle of a transaction, which locks rows that the other needs."""
    result = Result("standing-still-in-transaction", seed, BAR)
    return await stand_still(result, QUICK if quick else FULL, in_transaction=True)


async def stand_still(result: Result, size: Size, *, in_transaction: bool = False) -> Result:
    with postgres_server() as server:
        url = await new_database(server)
        async with rigged(result.seed, {"Lastensuojelu": size.people}, url=url) as rig:
            (group_id,) = rig.office.members
            await rig.office.hand_out(group_id, "Ensimmäinen")
            before = max(fate.id for fate in await outcome(rig))
            slow_down(rig)
            first, second = (rig.program(name, **at_rate(25)) for name in ("first", "second"))
            await first.start()
            await rig.office.call_meeting(group_id, "Toinen")
            enough = cards_sent(rig, first) + size.people // 6
            await until(lambda: cards_sent(rig, first) >= enough)
            in_flight = await stop(rig, first, in_transaction=in_transaction)
            presses = tap(rig)
            await second.start(polling=False)
            took_over = await outlive(rig, size, in_flight)
            taken_over = cards_sent(rig, second)
            first.send(signal.SIGCONT)
            await settled(rig, 120)
            await rig.all_confirmed()
            await asyncio.sleep(2)  # late writes are done
            await check(result, rig, before, in_flight, presses)
            for program in (first, second):
                await program.stop()
    result.notes.append(f"{len(in_flight)} under way when it stood still; the other sent {taken_over} until it went on")
    result.require(took_over, f"what was under way is taken over within {TAKEN_OVER:.0f} s of the lease's end")
    result.require_none("lost", "wrong", "unanswered")
    result.require(len(in_flight) > 0, "something was under way when it stood still")
    return result


async def stop(rig: Rig, program: Program, *, in_transaction: bool) -> list[Held]:
    """SIGSTOP with messages under way, inside a transaction or outside. Returns those deliveries.

    A process that is stopped between the two messages of a statement counts as neither: its transaction is active, so
    the server does not end it, and its locks last until the process continues.
    """
    wanted = {"idle in transaction"} if in_transaction else set()
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(rig.rng.uniform(0, ROUND_TRIP))
            program.send(signal.SIGSTOP)
            await asyncio.sleep(0.05)  # the server has finished its statement
            in_flight = await under_way(rig)
            if in_flight and await open_transactions(rig) == wanted:
                return in_flight
            program.send(signal.SIGCONT)


async def under_way(rig: Rig) -> list[Held]:
    async with rig.office.sessions() as sessions, sessions() as session:
        wanted = select(Delivery.id, Delivery.owner).where(Delivery.state == Sending.SENDING)
        return [Held(*row) for row in await session.execute(wanted)]


async def open_transactions(rig: Rig) -> set[str]:
    """The states of the open transactions of the stopped process, the only one so far."""
    wanted = text(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
        " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
    )
    async with rig.office.sessions() as sessions, sessions() as session:
        return set(await session.scalars(wanted))


def tap(rig: Rig) -> Presses:
    """Some people answer; the process that polls then must handle it."""
    presses = Presses(rig.sandbox)
    for user in rig.office.everyone[:10]:
        presses.press(user, cards(user)[0], rig.rng.choice(list(Answer)))
    return presses


async def outlive(rig: Rig, size: Size, in_flight: list[Held]) -> bool:
    """Waits until the lease is over. Returns whether the other process has taken over what was under way."""
    if size.waits:
        await asyncio.sleep(LEASE.total_seconds())
    ends = monotonic() + TAKEN_OVER
    async with rig.office.sessions() as sessions:
        while (held_on := await still_held(sessions, in_flight)) and monotonic() < ends:
            await (asyncio.sleep(1) if size.waits else expire(sessions, in_flight))
            await asyncio.sleep(0.5)
    await asyncio.sleep(rig.rng.uniform(0, 10 * ROUND_TRIP))
    return not held_on


async def still_held(sessions: db.Sessions, in_flight: list[Held]) -> bool:
    async with sessions() as session:
        rows = await session.execute(select(Delivery.id, Delivery.owner).where(Delivery.state == Sending.SENDING))
        return bool(set(in_flight) & {Held(*row) for row in rows})


async def expire(sessions: db.Sessions, in_flight: list[Held]) -> None:
    """Moves the end of the leases into the past, so that the other takes them over, unless a transaction locks them."""
    async with sessions.begin() as session:
        past = await database_time(session) - timedelta(seconds=1)
        ours = Delivery.id.in_([delivery.id for delivery in in_flight]), Delivery.state == Sending.SENDING
        for row in (await session.scalars(select(Delivery).where(*ours).with_for_update(skip_locked=True))).all():
            row.leased_until = past


async def check(result: Result, rig: Rig, before: int, in_flight: list[Held], presses: Presses) -> None:
    """Each row agrees with the chats. Those taken over name the last copy, which is that of the other process."""
    fates = await outcome(rig, after=before)
    result.count(fates)
    result.done = f"{len(fates)} invitations, 2 processes"
    result.require(copies(fates) <= MOST_COPIES, f"{copies(fates)} copies of one invitation")
    async with rig.office.sessions() as sessions, sessions() as session:
        rows = await session.execute(select(Delivery.id, Delivery.message_id))
        noted = {row.id: row.message_id for row in rows}
    unfit = [
        fate.id for fate in fates if fate.copies and noted[fate.id] not in {copy.message_id for copy in fate.copies}
    ]
    result.wrong += len(unfit)
    result.notes += [f"delivery {number} names a message that is not there" for number in unfit[:5]]
    taken = {delivery.id for delivery in in_flight}
    unmarked = [fate.id for fate in fates if fate.id in taken and not fate.ambiguous]
    result.require(not unmarked, f"taken over without a mark: {unmarked}")
    async with rig.office.sessions() as sessions:
        checked = await presses.check(sessions)
    result.lost += len(checked.lost)
    result.wrong += len(checked.wrong) + len(checked.stale)
    result.unanswered = presses.unanswered()


SCENARIOS = (
    Scenario("standing-still", run),
    Scenario("standing-still-in-transaction", run_in_transaction),
)
