"""People who tap while something else goes on, and how long they wait for their reply."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from models.meetings.invitations import Answer
from tests.faults.presses import Presses, cards
from tests.faults.rig import Rig

EVERY = 0.25
"""Seconds between two taps."""
LONGEST = 1.0
"""Seconds within which a reply must come."""


class Tapping:
    """Random people tap an answer from time to time, on the first card in their chat."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.presses = rig, Presses(rig.sandbox)
        self.cut_off: list[tuple[datetime, datetime]] = []
        """A period in which no tap could be answered: replies are due from its end on."""

    async def run(self) -> None:
        rng = self.rig.rng
        people_cards = [(user, cards(user)[0]) for user in self.rig.office.everyone]
        while True:
            self.presses.press(*rng.choice(people_cards), rng.choice(list(Answer)))
            await asyncio.sleep(rng.uniform(0, 2 * EVERY))

    def waits(self) -> list[float]:
        """The seconds until each tap was answered, sorted; infinity for those that were not."""
        calls = [call for call in self.rig.sandbox.log if call.method == "answerCallbackQuery" and call.ok]
        came = {call.parameters["callback_query_id"]: call.at for call in calls}
        seconds = []
        for press in self.presses.made:
            tap = self.rig.sandbox.world.taps[press.tap_id]
            at = came.get(press.tap_id)
            seconds.append((at - self._due(tap.at)) / timedelta(seconds=1) if at else float("inf"))
        return sorted(seconds)

    def _due(self, at: datetime) -> datetime:
        """When the reply to a tap was due: after an outage, if the tap was under way when that began."""
        slack = timedelta(seconds=LONGEST)
        return next((end for begin, end in self.cut_off if begin - slack <= at <= end), at)


@asynccontextmanager
async def tapping(rig: Rig) -> AsyncIterator[Tapping]:
    """Taps for as long as the block lasts, then waits until all are answered."""
    people = Tapping(rig)
    task = asyncio.create_task(people.run())
    try:
        yield people
    finally:
        task.cancel()
        await asyncio.wait([task])
    await rig.all_confirmed()


def in_words(waits: list[float]) -> str:
    middle, high = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    return f"{len(waits)} replies after {middle:.2f} s (median), {high:.2f} s (p99), {waits[-1]:.2f} s at most"
