"""Polling under SIGKILL: every tap and every typed line takes effect once, and everyone gets a reply."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import func, select

from bot import db
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from handlers.texts import catalogue, texts
from models.delivery.drafts import Draft
from models.meetings.invitations import Answer
from models.people.audit import Audit
from models.people.groups import Workgroup
from tests.faults.presses import Presses, cards
from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged

BAR = "60 kills, 1,500 updates: 0 lost, 0 twice, 0 unanswered"
ROUND_TRIP = 0.01
"""Round-trip time in seconds, so that kills also fall between an update and its reply."""


@dataclass(frozen=True)
class Size:
    kills: int
    updates: int
    """The least number of updates in all."""
    people: int
    meetings: int
    """Each person taps once on each, so that a lost tap leaves an invitation without an answer."""
    changes: int
    """Further taps, on cards that were answered before."""
    lines: int
    """Typed by each coordinator into the dialogue of their roster."""
    groups: int
    """How many groups the administrator creates, each with one typed line."""


FULL = Size(kills=60, updates=1500, people=60, meetings=20, changes=200, lines=60, groups=60)
QUICK = Size(kills=3, updates=40, people=8, meetings=2, changes=10, lines=5, groups=5)
TEAMS = ("Lastensuojelu", "Vammaispalvelu")

Act = Callable[[], object]


@dataclass
class Day:
    """What people will do, and what must be stored in the end."""

    rig: Rig
    size: Size
    presses: Presses
    typed: dict[int, list[str]]
    """Lines by coordinator's Telegram id."""
    founded: list[str] = field(default_factory=list)
    before: Counter[int] = field(default_factory=Counter)
    """How many messages those who type had before."""

    def acts(self) -> list[Act]:
        """All acts of people, shuffled."""
        rng, office = self.rig.rng, self.rig.office
        all_cards = [(user, card) for user in office.everyone for card in cards(user)]
        made: list[Act] = [partial(self._press, user, card) for user, card in all_cards]
        made += [partial(self._founds, f"Ryhmä {number}") for number in range(self.size.groups)]
        for lead in office.coordinators.values():
            made += [partial(self._types, lead, f"Rivi {lead.id}-{number}") for number in range(self.size.lines)]
        rng.shuffle(made)
        return made + [partial(self._press, *rng.choice(all_cards)) for _ in range(self.size.changes)]

    def _press(self, user: User, card: Message) -> None:
        self.presses.press(user, card, self.rig.rng.choice(list(Answer)))

    def _types(self, lead: User, line: str) -> None:
        self.typed[lead.id].append(line)
        lead.says(line)

    def _founds(self, name: str) -> None:
        self.founded.append(name)
        self.rig.office.administrator.says(f"/newgroup {name}")

    def replies(self) -> dict[int, list[Message]]:
        """The number of messages of each person who types, by id."""
        writers = [self.rig.office.administrator, *self.rig.office.coordinators.values()]
        return {user.id: [message for message in user.messages if message.from_bot] for user in writers}

    def silences(self) -> int:
        """How many typed lines got no reply. Each is answered by a message of its own, or many by one."""
        typed = {user_id: len(lines) for user_id, lines in self.typed.items()}
        typed[self.rig.office.administrator.id] = len(self.founded)
        came = {
            user_id: sum(map(answered_lines, messages[self.before[user_id] :]))
            for user_id, messages in self.replies().items()
        }
        return sum(max(0, count - came[user_id]) for user_id, count in typed.items())

    def refused(self) -> int:
        """How many new groups were answered with "the name is taken", not with the group's card."""
        messages = [message.text for message in self.rig.office.administrator.messages if message.from_bot]
        t = texts("fi")
        return sum(
            any(str(t("group-name-taken", group=name).striptags()) in text for text in messages)
            for name in self.founded
        )


def answered_lines(message: Message) -> int:
    """How many typed lines a message answers."""
    before, after = catalogue("fi")["many-heading"][0].split("{n}")
    many = re.match(f"{re.escape(before)}([0-9]+){re.escape(after)}", message.text)
    return int(many[1]) if many else 1


async def prepare(rig: Rig, size: Size) -> Day:
    """Everyone has a card, and each coordinator is in the dialogue that adds people to the roster."""
    for group_id, lead in rig.office.coordinators.items():
        for number in range(size.meetings):
            await rig.office.hand_out(group_id, f"Kokous {group_id}-{number}")
        lead.says("/members")
    program = rig.program()
    await program.start()
    await rig.all_confirmed()
    for lead in rig.office.coordinators.values():
        lead.taps_data(f"roster-add:{group_of(rig, lead)}")
    await rig.all_confirmed()
    await program.stop()
    day = Day(rig, size, Presses(rig.sandbox), {lead.id: [] for lead in rig.office.coordinators.values()})
    day.before = Counter({user_id: len(messages) for user_id, messages in day.replies().items()})
    return day


def group_of(rig: Rig, lead: User) -> int:
    return next(group_id for group_id, user in rig.office.coordinators.items() if user is lead)


async def act(rig: Rig, acts: list[Act], within: float) -> None:
    """People act one after the other, whatever the program does meanwhile."""
    for perform in acts:
        perform()
        await asyncio.sleep(rig.rng.uniform(0, 2 * within / len(acts)))


async def strike(rig: Rig, program: Program, acting: asyncio.Task[None]) -> None:
    """Kills once: while it starts, after a while, or at a request, before it takes effect or before its answer.

    Two requests a tap: now and then it gets through all that waits, as it would with a longer life.
    """
    rng = rig.rng
    way = rng.random()
    if way < 0.1:
        await program.launch()
        await asyncio.sleep(rng.uniform(0, 1))
    elif way < 0.4:
        await program.start()
        await asyncio.sleep(rng.uniform(0, 0.5))
    else:
        await program.start()
        waiting = len(rig.sandbox.updates.waiting())
        rig.at_request(program, rng.randint(1, 60 + 6 * waiting), taken=rng.random() < 0.7)
        await until(lambda: not program.running or (acting.done() and not rig.sandbox.updates.waiting()))
    await program.kill()
    rig.network.watchers.clear()


def batches(acts: list[Act], count: int) -> Iterator[list[Act]]:
    for number in range(count):
        yield acts[number * len(acts) // count : (number + 1) * len(acts) // count]


async def run(seed: int, quick: bool) -> Result:
    size = QUICK if quick else FULL
    result = Result("polling", seed, BAR)
    each = size.people // len(TEAMS)
    async with rigged(seed, dict.fromkeys(TEAMS, each)) as rig:
        day = await prepare(rig, size)
        rig.network.there = rig.network.back = ROUND_TRIP / 2
        program = rig.programs["koolla"]
        acts = day.acts()
        for batch in batches(acts, size.kills):
            acting = asyncio.create_task(act(rig, batch, 0.6))
            await strike(rig, program, acting)
            await acting
        await program.start()
        await rig.all_confirmed()
        await program.stop()
        result.done = f"{program.kills} SIGKILLs, {len(acts)} updates"
        async with rig.office.sessions() as sessions:
            await check(result, day, sessions)
    result.require(program.kills >= size.kills, f"{program.kills} kills, wanted {size.kills}")
    result.require(len(acts) >= size.updates, f"{len(acts)} updates, wanted {size.updates}")
    result.require_none("lost", "twice", "wrong", "unanswered")
    return result


async def check(result: Result, day: Day, sessions: db.Sessions) -> None:
    """Counts by the stored effects alone, not by the program's own marks."""
    async with sessions() as session:
        names = Counter((await session.execute(select(Workgroup.name))).scalars())
        noted = await session.scalar(select(func.count()).where(Audit.action == "group-founded")) or 0
        stored = [
            [entry[1] for entry in data.get("entries", ())]
            for data in (await session.execute(select(Draft.data))).scalars()
        ]
    pressed, lines = await day.presses.check(sessions), Counter(line for entries in stored for line in entries)
    typed = [line for entries in day.typed.values() for line in entries]
    result.lost = len(pressed.lost) + sum(lines[line] == 0 for line in typed)
    result.lost += sum(names[name] == 0 for name in day.founded)
    result.twice = sum(lines[line] > 1 for line in typed) + sum(names[name] > 1 for name in day.founded)
    result.twice += max(0, noted - len(day.founded))
    result.wrong = len(pressed.wrong) + len(pressed.stale)
    in_typed_order = all(entries in day.typed.values() for entries in stored)
    result.wrong += not in_typed_order
    result.unanswered = day.presses.unanswered() + day.silences()
    result.notes += [*pressed.lost, *pressed.wrong, *pressed.stale][:5]
    if refused := day.refused():
        result.notes.append(f"{refused} groups were founded, and their founder was told that the name is taken")


SCENARIOS = (Scenario("polling", run),)
