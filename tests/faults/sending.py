"""Broadcasts under way: how many messages still wait, and when all are settled."""

import asyncio
from time import monotonic

from sqlalchemy import select

from models.delivery.outbox import Delivery, Sending
from tests.faults.checking import Fate, fates
from tests.faults.office import Office
from tests.faults.program import Program
from tests.faults.rig import Rig

CARD = "sendDocument"
"""The method that brings an invitation."""
ROUND_TRIP = 0.06
"""Round-trip time in seconds: at 25 messages a second one or two are always under way."""
MOST_COPIES = 2
KINDS = ("invitation", "cancelled")


def at_rate(per_second: float) -> dict[str, str]:
    """The environment of a program that sends so many messages a second."""
    return {"KOOLLA_TELEGRAM__PER_SECOND": str(per_second)}


def slow_down(rig: Rig, seconds: float = ROUND_TRIP) -> None:
    """Makes each request take so many seconds from now on."""
    rig.network.there = rig.network.back = seconds / 2


def cards_sent(rig: Rig, *programs: Program) -> int:
    """The number of requests with a card, of some programs or of all."""
    return sum(rig.network.arrived[program.name, CARD] for program in programs or rig.programs.values())


async def in_states(office: Office, *states: Sending) -> set[int]:
    """The ids of the deliveries in these states."""
    async with office.sessions() as sessions, sessions() as session:
        wanted = select(Delivery.id).where(Delivery.kind.in_(KINDS), Delivery.state.in_(states))
        return set(await session.scalars(wanted))


async def waiting(office: Office) -> int:
    return len(await in_states(office, Sending.DUE, Sending.SENDING))


async def settled(rig: Rig, patience: float = 300) -> None:
    """Waits until no delivery waits any more. Raises TimeoutError if nothing changes for ``patience`` seconds."""
    left, moved_at = -1, monotonic()
    while (now_left := await waiting(rig.office)) > 0:
        if now_left != left:
            left, moved_at = now_left, monotonic()
        if monotonic() - moved_at > patience:
            raise TimeoutError(f"{left} messages have been waiting for {patience:.0f} s")
        await asyncio.sleep(0.3)


async def outcome(rig: Rig, *, after: int = 0) -> list[Fate]:
    """The outcomes of the deliveries with higher ids than ``after``."""
    async with rig.office.sessions() as sessions:
        return [fate for fate in await fates(sessions, rig.sandbox, KINDS) if fate.id > after]


def copies(results: list[Fate]) -> int:
    """The largest number of copies of one message."""
    return max((len(fate.copies) for fate in results), default=0)
