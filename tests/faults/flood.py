"""One person sends up to a thousand texts, forwards, files or taps at once; how long do the others wait?

By the real clock and with Telegram's limits: one message a second to a chat, thirty to all.
"""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.sandbox import Limits, User
from bot.sandbox.content import Content
from bot.sandbox.entities import Text, recognise_entities
from models.meetings.invitations import Answer
from tests.faults.polling import group_of
from tests.faults.presses import buttons, cards
from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged

BAR = "N = 100, 300, 1,000: the others' p99 < 1 s over that without a flood, every tap answered, <= 5 replies"
ROUND_TRIP = 0.04
"""Round-trip time to Telegram in seconds."""
EVERY = 0.1
"""Seconds between two acts of the others."""
MOST_MORE, MOST_MORE_QUICK = 1.0, 10.0
"""Seconds by which the others' p99 may be longer in a flood; in the small part, which runs on busy machines, more."""
MOST_REPLIES = 5
"""Messages that the flooder may get: the flood takes the harness a moment to send, so that one may not be enough."""
MOST_MEMORY = 40.0
"""Mebibytes by which all floods together may enlarge the program."""


@dataclass(frozen=True)
class Size:
    people: int
    """The others. Each acts so rarely that no reply waits for the limit of their own chat."""
    counts: tuple[int, ...]
    watched: float
    """Seconds for which the others are measured, from the flood on."""
    most_more: float = MOST_MORE


FULL = Size(people=30, counts=(100, 300, 1000), watched=10)
QUICK = Size(people=15, counts=(150,), watched=3, most_more=MOST_MORE_QUICK)


@dataclass
class Others:
    """People who tap and type in turns, and when each was answered."""

    rig: Rig
    taps: list[tuple[datetime, str]] = field(default_factory=list)
    typed: list[tuple[datetime, int]] = field(default_factory=list)

    async def run(self) -> None:
        rng = self.rig.rng
        everyone = [(user, cards(user)[0]) for user in self.rig.office.everyone]
        while True:
            for user, card in everyone:
                if rng.random() < 0.7:
                    button = buttons(card)[rng.choice(list(Answer))]
                    self.taps.append((datetime.now(UTC), user.taps_data(button.data or "", card)))
                else:
                    user.says("/meetings")
                    self.typed.append((datetime.now(UTC), user.id))
                await asyncio.sleep(EVERY)

    def waits(self, begin: datetime, end: datetime) -> list[float]:
        """The seconds from each act of a period to its answer, sorted; infinity for those without one."""
        answered, sent = {}, dict[int, list[datetime]]()
        for call in self.rig.sandbox.log:
            if call.ok and call.method == "answerCallbackQuery":
                answered[call.parameters["callback_query_id"]] = call.at
            elif call.ok and call.method == "sendMessage" and call.chat_id is not None:
                sent.setdefault(call.chat_id, []).append(call.at)
        acts = [(at, answered.get(tap_id)) for at, tap_id in self.taps]
        acts += [(at, next((came for came in sent.get(user, []) if came >= at), None)) for at, user in self.typed]
        within = [(at, came) for at, came in acts if begin <= at < end]
        return sorted((came - at) / timedelta(seconds=1) if came else math.inf for at, came in within)


def p99(waits: list[float]) -> float:
    return waits[max(0, math.ceil(len(waits) * 0.99) - 1)]


@contextmanager
def acting(rig: Rig) -> Iterator[Others]:
    others = Others(rig)
    task = asyncio.create_task(others.run())
    try:
        yield others
    finally:
        task.cancel()


Flood = Callable[[User, int], object]


def forwards(user: User, number: int) -> None:
    content = Content(recognise_entities(Text(f"Edelleen lähetetty {number}")))
    message = user.world.post(user.chat, content, user, forwarded_from=user.messages[0])
    user.world.updates.add("message", message.as_json())


def taps_card(user: User, number: int) -> None:
    card = cards(user)[0]
    user.taps_data(buttons(card)[list(Answer)[number % len(Answer)]].data or "", card)


FLOODS: dict[str, Flood] = {
    "texts": lambda user, number: user.says(f"Viesti {number}"),
    "forwards": forwards,
    "files": lambda user, number: user.uploads(f"{number}.csv", b"Nimi\nBo"),
    "commands": lambda user, number: user.says("/meetings"),
    "taps": lambda user, number: user.taps_data("go:help", user.messages[-1]),
    "taps on a card": taps_card,
    "lines in a dialogue": lambda user, number: user.says(f"Jäsen {number} Niminen"),
    "files in a dialogue": lambda user, number: user.uploads(f"{number}.csv", f"Nimi\nJäsen {number}\n".encode()),
}
"""What a person sends. The first five are of a stranger, the last two of a coordinator."""


async def ready(rig: Rig, kind: str, number: int) -> User:
    """A person who is about to flood."""
    if kind == "taps on a card":
        return rig.office.everyone[-1]
    if "dialogue" in kind:
        (lead,) = rig.office.coordinators.values()
        lead.says("/members")
        await until(lambda: lead.messages[-1].from_bot)
        lead.taps_data(f"roster-add:{group_of(rig, lead)}")
        return lead
    stranger = rig.sandbox.add_user(f"Vieras {number}")
    stranger.starts()
    await until(lambda: stranger.messages[-1].from_bot)
    return stranger


async def calm(flooder: User) -> None:
    """Waits until the flooder has got all replies."""
    before = -1
    while before != (now := len(flooder.messages)):
        before = now
        await asyncio.sleep(2.5)


def memory(program: Program) -> float:
    """The resident memory of a program, in mebibytes."""
    assert program.process is not None
    status = Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@dataclass
class Measure:
    """Floods one after the other, while the others act."""

    rig: Rig
    size: Size
    others: Others
    result: Result
    quiet: float = 0.0
    """The others' p99 in seconds without a flood."""

    async def be_quiet(self) -> None:
        begin = datetime.now(UTC)
        await asyncio.sleep(self.size.watched + 1)
        waits = self.others.waits(begin, datetime.now(UTC) - timedelta(seconds=1))
        self.quiet = p99(waits)
        self.result.notes.append(f"without a flood: p99 {self.quiet:.2f} s, at most {waits[-1]:.2f} s")

    async def flood(self, kind: str, count: int) -> None:
        rig, result = self.rig, self.result
        flooder = await ready(rig, kind, count)
        await calm(flooder)
        since, earlier, begin = len(flooder.messages), set(rig.sandbox.world.taps), datetime.now(UTC)
        for number in range(count):
            FLOODS[kind](flooder, number)
        sent = len(flooder.messages)
        await asyncio.sleep(self.size.watched)
        end = datetime.now(UTC)
        await calm(flooder)
        waits = self.others.waits(begin, end)
        taps = [tap for id_, tap in rig.sandbox.world.taps.items() if id_ not in earlier and tap.user is flooder]
        unanswered, replies = sum(not tap.answered for tap in taps), len(flooder.messages) - sent
        result.unanswered += unanswered + waits.count(math.inf)
        result.notes.append(
            f"{count} {kind}: the others' p99 {p99(waits):.2f} s, at most {waits[-1]:.2f} s; "
            f"{replies} replies" + (f", {len(taps) - unanswered} of {len(taps)} taps answered" if taps else "")
        )
        more = p99(waits) - self.quiet
        result.require(more < self.size.most_more, f"{count} {kind}: p99 {more:.2f} s more for the others")
        enough = bool(taps) or 0 < replies <= MOST_REPLIES
        result.require(enough, f"{count} {kind}: {replies} replies for {sent - since} messages")


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("flood", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people + 1}, limits=Limits()) as rig:
        (group_id,) = rig.office.members
        await rig.office.hand_out(group_id, "Ensimmäinen")
        rig.network.there = rig.network.back = ROUND_TRIP / 2
        program = rig.program()
        await program.start()
        with acting(rig) as others:
            measure = Measure(rig, size, others, result)
            await measure.be_quiet()
            before = memory(program)
            for kind in FLOODS:
                for count in size.counts:
                    await measure.flood(kind, count)
            more = memory(program) - before
        await rig.all_confirmed()
        await program.stop()
    result.done = f"{len(FLOODS)} kinds of floods of {' and '.join(map(str, size.counts))}"
    result.notes.append(f"resident memory grew by {more:.0f} MiB")
    result.require(more < MOST_MEMORY, f"memory grew by {more:.0f} MiB")
    result.require_none("unanswered")
    return result


SCENARIOS = (Scenario("flood", run),)
