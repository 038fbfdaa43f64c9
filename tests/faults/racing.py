"""A coordinator moves or cancels a meeting while its invitations go out, over a network that is slow and forgets."""

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
from tests.faults.sending import CARD, ROUND_TRIP, at_rate, cards_sent, outcome, settled, travels

BAR = f"moved or cancelled in mid-broadcast: <= {IN_FLIGHT} stale messages each, every one corrected"
SLOW, SECONDS = 0.04, 3
"""How often a card travels for so many seconds, longer than a chat has to wait for its next message."""
DROPPED = 0.04
AHEAD = timedelta(seconds=5)
"""In this time the coordinator comes as far as the last tap."""


@dataclass(frozen=True)
class Size:
    people: int
    rounds: int


FULL = Size(people=100, rounds=16)
QUICK = Size(people=30, rounds=2)


@dataclass
class Round:
    """One meeting with its race. ``at`` is when the deed was done; what was sent before is not stale."""

    moved: bool
    at: datetime
    told: int
    found: list[Fate]

    def by_chat(self) -> dict[int, list[Fate]]:
        chats: dict[int, list[Fate]] = defaultdict(list)
        for fate in self.found:
            chats[fate.chat_id].append(fate)
        return chats

    def old(self, fates: Iterable[Fate]) -> list[Message]:
        """The invitations to the meeting as it was."""
        return [copy for fate in fates if fate.kind == "invitation" and fate.revision == 1 for copy in fate.copies]

    def news(self, fates: Iterable[Fate]) -> list[Message]:
        return [copy for fate in fates if fate.kind == "cancelled" or fate.revision > 1 for copy in fate.copies]

    def stale(self) -> list[Message]:
        return [copy for copy in self.old(self.found) if copy.sent_at > self.at]

    def misled(self) -> list[int]:
        """Chats whose last word is the meeting as it was, or whose new card cannot be answered."""
        return [chat_id for chat_id, fates in self.by_chat().items() if self._misleads(fates)]

    def _misleads(self, fates: list[Fate]) -> bool:
        old, news = self.old(fates), self.news(fates)
        if self.moved and not (news and buttons(news[-1])):
            return True
        return bool(old) and (not news or _last(old) > _last(news))

    def overlooked(self) -> int:
        """Old cards that still look as if they were true."""
        return sum(bool(buttons(one)) for one in self.old(self.found))


def _last(messages: list[Message]) -> datetime:
    return max(message.sent_at for message in messages)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("racing", seed, BAR)
    rounds: list[Round] = []
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        travels(rig)
        faults = rig.sandbox.faults
        (lead,) = rig.office.coordinators.values()
        await rig.program(**at_rate(25)).start()
        lead.says("/meetings")
        await until(lambda: any(message.from_bot for message in lead.messages))
        faults.hang(SECONDS, method=CARD, times=None, probability=SLOW)
        faults.drop(after=True, method=CARD, times=None, probability=DROPPED)
        for number in range(size.rounds):
            rounds.append(await race(rig, lead, f"Kokous {number}", moved=number % 2 == 0, people=size.people))
        await rig.heard()
        await rig.programs["koolla"].stop()
    for one in rounds:
        result.count(one.found)
    stale, misled = [len(one.stale()) for one in rounds], [len(one.misled()) for one in rounds]
    result.wrong += sum(misled)
    result.done = f"{len(rounds)} meetings, {len([fate for one in rounds for fate in one.found])} messages"
    result.notes.append(
        f"stale: {max(stale)} at most, {sum(stale)} in all; last word wrong in {sum(misled)} chats; "
        f"{sum(one.overlooked() for one in rounds)} old cards keep their buttons; "
        f"deeds after {[one.told for one in rounds]} of {size.people}"
    )
    result.wants(max(stale) <= IN_FLIGHT, f"{max(stale)} stale messages of one meeting")
    result.wants_none("lost", "wrong")
    return result


async def race(rig: Rig, lead: User, title: str, *, moved: bool, people: int) -> Round:
    """Calls a meeting whose invitations leave soon, and in their midst moves or cancels it."""
    (group_id,) = rig.office.members
    before = max((fate.id for fate in await outcome(rig)), default=0)
    meeting_id = await rig.office.call_meeting(group_id, title, at=datetime.now(UTC) + AHEAD)
    begun = cards_sent(rig)
    last_tap = await (ready_to_move(lead, meeting_id) if moved else ready_to_cancel(lead, meeting_id))
    told = rig.chance.randint(1, people - 1)
    await until(lambda: cards_sent(rig) >= begun + told)
    await asyncio.sleep(rig.chance.uniform(0, ROUND_TRIP))
    tap = rig.sandbox.world.taps[lead.taps_data(last_tap)]
    await until(lambda: tap.answered)
    done_at = datetime.now(UTC)
    await asyncio.sleep(SECONDS)  # what was slow has come
    await settled(rig)
    found = await outcome(rig, after=before)
    # What the deed planned was due at once, and tells its moment; where nobody had heard, nothing was planned.
    planned = [fate.due_at for fate in found if fate.kind == "cancelled" or fate.revision > 1]
    return Round(moved, min(planned, default=done_at), told, found)


async def ready_to_move(lead: User, meeting_id: int) -> str:
    """Goes through the dialogue up to the card to confirm; the data of the button that moves the meeting."""
    lead.taps_data(f"m-change:{meeting_id}")
    lead.taps_data(await offered(lead, "nm-edit:", ":time"))
    lead.taps_data(await offered(lead, "nm-time:", ":0900:1200"))
    return await offered(lead, "nm-go:")


async def ready_to_cancel(lead: User, meeting_id: int) -> str:
    lead.taps_data(f"m-cancel:{meeting_id}")
    return await offered(lead, f"m-cancel-yes:{meeting_id}")


async def offered(lead: User, begins: str, ends: str = "") -> str:
    """The data of a button of the coordinator's newest message, as soon as it is there."""

    def there() -> list[str]:
        message = next(message for message in reversed(lead.messages) if message.from_bot)
        every = [button.data or "" for row in message.buttons for button in row]
        return [data for data in every if data.startswith(begins) and data.endswith(ends)]

    await until(lambda: bool(there()))
    return there()[0]


SCENARIOS = (Scenario("racing", run),)
