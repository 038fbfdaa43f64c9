"""A process that stands still for longer than its lease while another goes on: what it writes late changes nothing."""

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
from tests.faults.sending import MOST_COPIES, ROUND_TRIP, at_rate, cards_sent, copies, outcome, settled, travels

BAR = "SIGSTOP beyond the lease, then SIGCONT: 0 lost, late writes fenced, <= 2 copies, all on record"


TAKEN_OVER = 45.0
"""Seconds after which the other has long looked for what is left: it does so every 15."""


@dataclass(frozen=True)
class Size:
    people: int
    waits: bool
    """Whether the lease runs out by itself; otherwise the harness puts its end into the past."""


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
    """The same at the worst moment: it has not even committed, and holds rows that the other needs."""
    result = Result("standing-still-in-transaction", seed, BAR)
    return await stand_still(result, QUICK if quick else FULL, in_transaction=True)


async def stand_still(result: Result, size: Size, *, in_transaction: bool = False) -> Result:
    with postgres_server() as server:
        url = await new_database(server)
        async with rigged(result.seed, {"Lastensuojelu": size.people}, url=url) as rig:
            (group_id,) = rig.office.members
            await rig.office.hand_out(group_id, "Ensimmäinen")
            before = max(fate.id for fate in await outcome(rig))
            travels(rig)
            first, second = (rig.program(name, **at_rate(25)) for name in ("first", "second"))
            await first.start()
            await rig.office.call_meeting(group_id, "Toinen")
            enough = cards_sent(rig, first) + size.people // 6
            await until(lambda: cards_sent(rig, first) >= enough)
            held = await stop(rig, first, in_transaction=in_transaction)
            presses = tap(rig)
            await second.start(polling=False)
            took_over = await outlive(rig, size, held)
            taken_over = cards_sent(rig, second)
            first.send(signal.SIGCONT)
            await settled(rig, 120)
            await rig.heard()
            await asyncio.sleep(2)  # whatever is written late has been written
            await check(result, rig, before, held, presses)
            for program in (first, second):
                await program.stop()
    result.notes.append(f"{len(held)} under way when it stood still; the other sent {taken_over} until it went on")
    result.wants(took_over, f"what was under way is taken over within {TAKEN_OVER:.0f} s of the lease's end")
    result.wants_none("lost", "wrong", "unanswered")
    result.wants(len(held) > 0, "something was under way when it stood still")
    return result


async def stop(rig: Rig, program: Program, *, in_transaction: bool) -> list[Held]:
    """SIGSTOP with messages under way, and in the midst of a transaction or outside of one."""
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(rig.chance.uniform(0, ROUND_TRIP))
            program.send(signal.SIGSTOP)
            await asyncio.sleep(0.05)  # what the server was doing for it has ended
            held = await under_way(rig)
            if held and await idle_in_transaction(rig) is in_transaction:
                return held
            program.send(signal.SIGCONT)


async def under_way(rig: Rig) -> list[Held]:
    async with rig.office.sessions() as sessions, sessions() as session:
        wanted = select(Delivery.id, Delivery.owner).where(Delivery.state == Sending.SENDING)
        return [Held(*row) for row in await session.execute(wanted)]


async def idle_in_transaction(rig: Rig) -> bool:
    """Whether the stopped process, the only one so far, has a transaction open."""
    wanted = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
    )
    async with rig.office.sessions() as sessions, sessions() as session:
        return bool(await session.scalar(wanted))


def tap(rig: Rig) -> Presses:
    """Some people answer; whoever polls then must take it up."""
    presses = Presses(rig.sandbox)
    for user in rig.office.everyone[:10]:
        presses.press(user, cards(user)[0], rig.chance.choice(list(Answer)))
    return presses


async def outlive(rig: Rig, size: Size, held: list[Held]) -> bool:
    """Stands still until the lease is over; whether the other has taken over what was under way."""
    if size.waits:
        await asyncio.sleep(LEASE.total_seconds())
    ends = monotonic() + TAKEN_OVER
    async with rig.office.sessions() as sessions:
        while (held_on := await still_held(sessions, held)) and monotonic() < ends:
            await (asyncio.sleep(1) if size.waits else expire(sessions, held))
            await asyncio.sleep(0.5)
    await asyncio.sleep(rig.chance.uniform(0, 10 * ROUND_TRIP))
    return not held_on


async def still_held(sessions: db.Sessions, held: list[Held]) -> bool:
    async with sessions() as session:
        rows = await session.execute(select(Delivery.id, Delivery.owner).where(Delivery.state == Sending.SENDING))
        return bool(set(held) & {Held(*row) for row in rows})


async def expire(sessions: db.Sessions, held: list[Held]) -> None:
    """As if the lease had run out: the other's next look takes the deliveries, unless a transaction still has them."""
    async with sessions.begin() as session:
        past = await database_time(session) - timedelta(seconds=1)
        ours = Delivery.id.in_([one.id for one in held]), Delivery.state == Sending.SENDING
        for row in (await session.scalars(select(Delivery).where(*ours).with_for_update(skip_locked=True))).all():
            row.leased_until = past


async def check(result: Result, rig: Rig, before: int, held: list[Held], presses: Presses) -> None:
    """Each row says what the chats say; what was taken over names the copy that came last, which is the other's."""
    found = await outcome(rig, after=before)
    result.count(found)
    result.done = f"{len(found)} invitations, 2 processes"
    result.wants(copies(found) <= MOST_COPIES, f"{copies(found)} copies of one invitation")
    async with rig.office.sessions() as sessions, sessions() as session:
        rows = await session.execute(select(Delivery.id, Delivery.message_id))
        noted = {row.id: row.message_id for row in rows}
    unfit = [one.id for one in found if one.copies and noted[one.id] not in {copy.message_id for copy in one.copies}]
    result.wrong += len(unfit)
    result.notes += [f"delivery {number} names a message that is not there" for number in unfit[:5]]
    taken = {one.id for one in held}
    unmarked = [one.id for one in found if one.id in taken and not one.ambiguous]
    result.wants(not unmarked, f"taken over without a mark: {unmarked}")
    async with rig.office.sessions() as sessions:
        checked = await presses.check(sessions)
    result.lost += len(checked.lost)
    result.wrong += len(checked.wrong) + len(checked.stale)
    result.unanswered = presses.unanswered()


SCENARIOS = (
    Scenario("standing-still", run),
    Scenario("standing-still-in-transaction", run_in_transaction),
)
