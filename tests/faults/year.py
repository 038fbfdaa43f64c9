"""A Helsinki year in simulated time, both summer-time nights in it, with the program away at random times."""

import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import httpx

from bot.app import App
from bot.demo.stage import START, Stage
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from models.calendar import to_utc
from models.meetings import announcing, meetings
from models.meetings.invitations import Answer
from models.meetings.meetings import MeetingPlan, Mode
from models.people import access, groups, people
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person
from tests.faults.office import HELSINKI
from tests.faults.presses import buttons, cards
from tests.faults.report import Result, Scenario
from tests.faults.year_checking import OWLS, Away, Called, Lived, check

BAR = "each reminder, request and digest once, or expired while the program was away"
QUIET = {"weekends": False}
"""Weekends are awake here: both summer-time nights are a Sunday's."""
NIGHTS = (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC))
"""When Helsinki's clocks are changed."""
HOURS = (3, 9, 13, 17)


@dataclass(frozen=True)
class Size:
    days: int
    people: int
    """In each of two groups."""
    every: int
    """Days between two meetings."""
    away: int
    """How often the program is away, besides around the summer-time nights and for a holiday."""


FULL = Size(days=366, people=6, every=7, away=60)
QUICK = Size(days=40, people=3, every=6, away=8)


@dataclass
class Year:
    """The stage, and what was lived on it."""

    stage: Stage
    chance: random.Random
    lived: Lived
    users: dict[int, list[User]] = field(default_factory=dict)
    """Members by group."""
    leads: dict[int, int] = field(default_factory=dict)
    """Coordinators' person ids by group."""
    ahead: list[tuple[datetime, timedelta]] = field(default_factory=list)
    """When the program will be away, and for how long."""

    @property
    def now(self) -> datetime:
        return self.stage.clock.now()

    async def reach(self, moment: datetime) -> None:
        """Lives until a moment, or if the program is away then, until it is back."""
        while self.ahead and self.ahead[0][0] <= moment:
            start, span = self.ahead.pop(0)
            if start >= self.now:
                await self.stage.until(start)
                await self.be_away(span)
        if moment > self.now:
            await self.stage.until(moment)

    async def be_away(self, span: timedelta) -> None:
        """The program ends, time passes, another one starts on the same database."""
        stage, settings, since = self.stage, self.stage.app.settings, self.now
        await stage.app.close()
        stage.clock.moment += span
        self.lived.away.append(Away(since, self.now))
        stage.app = App(settings, stage.clock, transport=httpx.ASGITransport(app=stage.sandbox.app))
        await stage.app.start()
        await stage.settle()

    async def call(self, group_id: int, title: str, starts_at: datetime) -> None:
        plan = MeetingPlan(title, starts_at, starts_at + timedelta(hours=2), HELSINKI, Mode.REMOTE)
        async with self.stage.app.sessions.begin() as session:
            group = await session.get_one(Workgroup, group_id)
            by = await session.get_one(Person, self.leads[group_id])
            meeting = await meetings.create(session, group, by, plan, now=self.now)
            await announcing.announce(session, meeting, policy=self.stage.app.policy, now=self.now)
        members = [user.id for user in self.users[group_id]]
        self.lived.called[title] = Called(self.now, starts_at, plan.ends_at, members)
        await self.stage.settle()

    async def answer(self, title: str, user: User, answer: Answer) -> None:
        """Taps the newest card of a meeting; whoever has none yet cannot."""
        mine = [card for card in cards(user) if title in (card.caption or "").splitlines()]
        if mine and self.lived.called[title].starts_at > self.now:
            user.taps_data(buttons(mine[-1])[answer].data or "", mine[-1])
            await self.stage.answered()
            self.lived.answers[title, user.id].append((self.now, answer))

    async def tell(self, title: str, user: User, *, was_there: bool) -> None:
        """Answers the feedback to the end, or says that one was not there."""
        asked = [message for message in user.messages if message.from_bot and is_asking(message, title)]
        if not asked:
            return
        steps = ["Kyllä, etänä", "4", "4", "4", "4", "Lähetä palaute"] if was_there else ["En osallistunut"]
        for step in steps:
            user.taps(step, asked[-1])
            await self.stage.answered()
        self.lived.finished[title, user.id] = self.now


def is_asking(message: Message, title: str) -> bool:
    first_button = message.buttons[0][0].data if message.buttons else ""
    return (first_button or "").startswith("was:") and f"{title} (" in (message.text or "")


async def settle_in(year: Year, size: Size) -> None:
    """Two groups, their coordinators, one manager. Every third person is awake only at night."""
    stage, now = year.stage, year.now
    async with stage.app.sessions.begin() as session:
        for name in ("Lastensuojelu", "Vammaispalvelu"):
            group = await groups.create(session, name, now=now)
            lead, _ = await people.met(session, arrives(stage, f"Vetäjä {name}").id, f"Vetäjä {name}", "fi", now=now)
            await access.grant(session, lead, RoleKind.COORDINATOR, group, now=now)
            year.leads[group.id], year.users[group.id] = lead.id, []
            for number in range(size.people):
                user = arrives(stage, f"Jäsen {number}")
                person, _ = await people.met(session, user.id, user.first_name, "fi", now=now)
                if number % 3 == 2:
                    person.quiet_start, person.quiet_end = OWLS.start, OWLS.end
                    year.lived.owls.add(user.id)
                await groups.join(session, group, person, now=now)
                year.users[group.id].append(user)
        manager = arrives(stage, "Maija")
        person, _ = await people.met(session, manager.id, "Maija", "fi", now=now)
        await access.grant(session, person, RoleKind.MANAGER, now=now)
        year.lived.manager, year.lived.began = manager, now


def arrives(stage: Stage, name: str) -> User:
    user = stage.sandbox.add_user(name)
    user.started = True
    return user


def absences(chance: random.Random, size: Size) -> list[tuple[datetime, timedelta]]:
    """When the program is away: minutes, hours or days; on a summer-time night perhaps; once for a holiday."""
    found = []
    for _ in range(size.away):
        start = START + timedelta(days=chance.uniform(1, size.days - 15))
        most = chance.choice([timedelta(hours=1), timedelta(hours=12), timedelta(days=4)])
        found.append((start, most * chance.random()))
    for night in NIGHTS:
        if chance.random() < 0.7:
            start = night - timedelta(minutes=chance.randint(10, 150))
            found.append((start, timedelta(minutes=chance.randint(20, 300))))
    found.append((START + timedelta(days=chance.uniform(0.3, 0.6) * size.days), timedelta(days=chance.uniform(8, 11))))
    return sorted(found)


def starts(chance: random.Random, size: Size) -> list[datetime]:
    """When meetings begin: every few days at any hour, and right after the summer-time nights."""
    first = START.date() + timedelta(days=10)
    days = [first + timedelta(days=number) for number in range(0, size.days - 24, size.every)]
    days += [night.date() + timedelta(days=1) for night in NIGHTS if night < START + timedelta(days=size.days - 14)]
    return sorted(wall(day, time(chance.choice(HOURS), chance.choice((0, 30)))) for day in days)


def wall(day: date, at: time) -> datetime:
    return to_utc(day, at, HELSINKI).moments[0]


Deed = Callable[[], Awaitable[None]]


def deeds(year: Year, size: Size) -> Iterator[tuple[datetime, Deed]]:
    """What everyone does, and when; later if the program is away then."""
    chance, group_ids = year.chance, sorted(year.users)
    for number, starts_at in enumerate(starts(chance, size)):
        title, group_id = f"Kokous {number}", group_ids[number % len(group_ids)]
        called = max(START + timedelta(hours=1), starts_at - timedelta(days=chance.uniform(4, 12)))
        yield called, partial(call, year, group_id, title, starts_at)
        yield called + timedelta(hours=chance.uniform(10, 40)), partial(answer, year, group_id, title, 0.6)
        yield starts_at - timedelta(hours=chance.uniform(5, 60)), partial(answer, year, group_id, title, 0.3)
        yield starts_at + timedelta(hours=chance.uniform(3, 60)), partial(tell, year, group_id, title)


async def call(year: Year, group_id: int, title: str, starts_at: datetime) -> None:
    if starts_at - timedelta(hours=1) > year.now:
        await year.call(group_id, title, starts_at)


async def answer(year: Year, group_id: int, title: str, share: float) -> None:
    for user in year.users[group_id]:
        if title in year.lived.called and year.chance.random() < share:
            await year.answer(title, user, year.chance.choice([Answer.REMOTE, Answer.REMOTE, Answer.NO]))


async def tell(year: Year, group_id: int, title: str) -> None:
    for user, was_there in zip(year.chance.sample(year.users[group_id], 3), (True, True, False), strict=True):
        await year.tell(title, user, was_there=was_there)


@asynccontextmanager
async def staged(seed: int) -> AsyncIterator[Year]:
    with tempfile.TemporaryDirectory(prefix="koolla-year-") as folder:
        async with Stage.open(Path(folder), quiet=QUIET, admins=[]) as stage:
            year = Year(stage, random.Random(seed), Lived())
            try:
                yield year
            finally:
                await year.stage.app.close()  # not the one that the stage began with


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("year", seed, BAR)
    async with staged(seed) as year:
        year.ahead = absences(year.chance, size)
        await settle_in(year, size)
        for moment, deed in sorted(deeds(year, size), key=lambda one: one[0]):
            await year.reach(moment)
            await deed()
        await year.reach(START + timedelta(days=size.days))
        await check(result, year.lived, year.stage)
    away = sum((one.until - one.since for one in year.lived.away), timedelta())
    result.done = (
        f"{size.days} days, {len(year.lived.called)} meetings, away {len(year.lived.away)} times, {away.days} days"
    )
    result.wants_none("lost", "twice", "ambiguous", "absent", "wrong")
    return result


SCENARIOS = (Scenario("year", run),)
