"""A coordinator moves or cancels a meeting while its invitations are sent, over a slow and lossy network."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.sandbox.messages import Message
from bot.sandbox.people import User
from bot.sending.outbox import IN_FLIGHT
from tests.faults.checking import Fate
from tests.faults.presses import buttons
from tests.faults.program import until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import CARD, ROUND_TRIP, at_rate, cards_sent, outcome, settled, slow_down

BAR = f"moved or cancelled in mid-broadcast: <= {IN_FLIGHT} stale messages each, every one corrected"
SLOW, SECONDS = 0.04, 3
"""The share of cards that take so many seconds, which is longer than the rate limit of a chat."""
DROPPED = 0.04
AHEAD = timedelta(seconds=5)
"""The time in which the coordinator gets to the last tap."""


@dataclass(frozen=True)
class Size:
    people: int
    rounds: int


FULL = Size(people=100, rounds=16)
QUICK = Size(people=30, rounds=2)


@dataclass
class Round:
    """One meeting with its race. ``at`` is the time of the change: messages that were sent before are not stale."""

    moved: bool
    at: datetime
    cards_sent: int
    fates: list[Fate]

    def by_chat(self) -> dict[int, list[Fate]]:
        chats: dict[int, list[Fate]] = defaultdict(list)
        for fate in self.fates:
            chats[fate.chat_id].append(fate)
        return chats

    def old(self, fates: Iterable[Fate]) -> list[Message]:
        """The messages about the meeting before the change."""
        return [copy for fate in fates if fate.kind == "invitation" and fate.revision == 1 for copy in fate.copies]

    def news(self, fates: Iterable[Fate]) -> list[Message]:
        return [copy for fate in fates if fate.kind == "cancelled" or fate.revision > 1 for copy in fate.copies]

    def stale(self) -> list[Message]:
        return [copy for copy in self.old(self.fates) if copy.sent_at > self.at]

    def misled(self) -> list[int]:
        """Chats whose last message is about the meeting before the change, or whose new card cannot be answered."""
        return [chat_id for chat_id, fates in self.by_chat().items() if self._misleads(fates)]

    def _misleads(self, fates: list[Fate]) -> bool:
        old, news = self.old(fates), self.news(fates)
        if self.moved and not (news and buttons(news[-1])):
            return True
        return bool(old) and (not news or _last(old) > _last(news))

    def cards_with_buttons(self) -> int:
        """The number of old cards that still have buttons."""
        return sum(bool(buttons(message)) for message in self.old(self.fates))


def _last(messages: list[Message]) -> datetime:
    return max(message.sent_at for message in messages)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("racing", seed, BAR)
    rounds: list[Round] = []
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        slow_down(rig)
        faults = rig.sandbox.faults
        (lead,) = rig.office.coordinators.values()
        await rig.program(**at_rate(25)).start()
        lead.says("/meetings")
        await until(lambda: any(message.from_bot for message in lead.messages))
        faults.hang(SECONDS, method=CARD, times=None, probability=SLOW)
        faults.drop(after=True, method=CARD, times=None, probability=DROPPED)
        for number in range(size.rounds):
            rounds.append(await race(rig, lead, f"Kokous {number}", moved=number % 2 == 0, people=size.people))
        await rig.all_confirmed()
        await rig.programs["koolla"].stop()
    for round_ in rounds:
        result.count(round_.fates)
    stale, misled = [len(round_.stale()) for round_ in rounds], [len(round_.misled()) for round_ in rounds]
    result.wrong += sum(misled)
    result.done = f"{len(rounds)} meetings, {len([fate for round_ in rounds for fate in round_.fates])} messages"
    result.notes.append(
        f"stale: {max(stale)} at most, {sum(stale)} in all; last word wrong in {sum(misled)} chats; "
        f"{sum(round_.cards_with_buttons() for round_ in rounds)} old cards keep their buttons; "
        f"changes after {[round_.cards_sent for round_ in rounds]} of {size.people}"
    )
    result.require(max(stale) <= IN_FLIGHT, f"{max(stale)} stale messages of one meeting")
    result.require_none("lost", "wrong")
    return result


async def race(rig: Rig, lead: User, title: str, *, moved: bool, people: int) -> Round:
    """Calls a meeting whose invitations are due soon, and moves or cancels it while they are sent."""
    (group_id,) = rig.office.members
    before = max((fate.id for fate in await outcome(rig)), default=0)
    meeting_id = await rig.office.call_meeting(group_id, title, at=datetime.now(UTC) + AHEAD)
    sent_before = cards_sent(rig)
    last_tap = await (ready_to_move(lead, meeting_id) if moved else ready_to_cancel(lead, meeting_id))
    delay = rig.rng.randint(1, people - 1)
    await until(lambda: cards_sent(rig) >= sent_before + delay)
    await asyncio.sleep(rig.rng.uniform(0, ROUND_TRIP))
    tap = rig.sandbox.world.taps[lead.taps_data(last_tap)]
    await until(lambda: tap.answered)
    done_at = datetime.now(UTC)
    await asyncio.sleep(SECONDS)  # slow requests have arrived
    await settled(rig)
    fates = await outcome(rig, after=before)
    # The deliveries that the change planned were due at its time. Without a recipient none was planned.
    planned = [fate.due_at for fate in fates if fate.kind == "cancelled" or fate.revision > 1]
    return Round(moved, min(planned, default=done_at), delay, fates)


async def ready_to_move(lead: User, meeting_id: int) -> str:
    """Goes through the dialogue up to its last card. Returns the data of the button that moves the meeting."""
    lead.taps_data(f"m-change:{meeting_id}")
    lead.taps_data(await button_data(lead, "nm-edit:", ":time"))
    lead.taps_data(await button_data(lead, "nm-time:", ":0900:1200"))
    return await button_data(lead, "nm-go:")


async def ready_to_cancel(lead: User, meeting_id: int) -> str:
    lead.taps_data(f"m-cancel:{meeting_id}")
    return await button_data(lead, f"m-cancel-yes:{meeting_id}")


async def button_data(lead: User, begins: str, ends: str = "") -> str:
    """Waits for a button on the coordinator's newest message. Returns its data."""

    def matching() -> list[str]:
        message = next(message for message in reversed(lead.messages) if message.from_bot)
        every = [button.data or "" for row in message.buttons for button in row]
        return [data for data in every if data.startswith(begins) and data.endswith(ends)]

    await until(lambda: bool(matching()))
    return matching()[0]


SCENARIOS = (Scenario("racing", run),)
