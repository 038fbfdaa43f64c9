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
from tests.faults.year_checking import OWLS, Away, Called, History, check

BAR = "each reminder, request and digest once, or expired while the program was away"
QUIET = {"weekends": False}
"""Without quiet weekends: both nights when the clocks change are before a Sunday."""
NIGHTS = (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC))
"""When Helsinki's clocks are changed."""
HOURS = (3, 9, 13, 17)


@dataclass(frozen=True)
class Size:
    days: int
    people: int
    """Members of each of the two groups."""
    every: int
    """Days between two meetings."""
    away: int
    """How often the program is away, besides around the summer-time nights and for a holiday."""


FULL = Size(days=366, people=6, every=7, away=60)
QUICK = Size(days=40, people=3, every=6, away=8)


@dataclass
class Year:
    """The stage, and the history of what happened on it."""

    stage: Stage
    rng: random.Random
    history: History
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
        """Lets time pass until a moment, or, if the program is away then, until it is back."""
        while self.ahead and self.ahead[0][0] <= moment:
            start, span = self.ahead.pop(0)
            if start >= self.now:
                await self.stage.until(start)
                await self.be_away(span)
        if moment > self.now:
            await self.stage.until(moment)

    async def be_away(self, span: timedelta) -> None:
        """Ends the program, lets time pass, and starts another one on the same database."""
        stage, settings, since = self.stage, self.stage.app.settings, self.now
        await stage.app.close()
        stage.clock.moment += span
        self.history.away.append(Away(since, self.now))
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
        self.history.called[title] = Called(self.now, starts_at, plan.ends_at, members)
        await self.stage.settle()

    async def answer(self, title: str, user: User, answer: Answer) -> None:
        """Taps an answer on the newest card of the meeting, if the person has one."""
        matching = [card for card in cards(user) if title in (card.caption or "").splitlines()]
        if matching and self.history.called[title].starts_at > self.now:
            user.taps_data(buttons(matching[-1])[answer].data or "", matching[-1])
            await self.stage.answered()
            self.history.answers[title, user.id].append((self.now, answer))

    async def tell(self, title: str, user: User, *, was_there: bool) -> None:
        """Answers the whole form, or that they were not there."""
        asked = [message for message in user.messages if message.from_bot and is_asking(message, title)]
        if not asked:
            return
        steps = ["Kyllä, etänä", "4", "4", "4", "4", "Lähetä palaute"] if was_there else ["En osallistunut"]
        for step in steps:
            user.taps(step, asked[-1])
            await self.stage.answered()
        self.history.finished[title, user.id] = self.now


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
                    year.history.owls.add(user.id)
                await groups.join(session, group, person, now=now)
                year.users[group.id].append(user)
        manager = arrives(stage, "Maija")
        person, _ = await people.met(session, manager.id, "Maija", "fi", now=now)
        await access.grant(session, person, RoleKind.MANAGER, now=now)
        year.history.manager, year.history.began = manager, now


def arrives(stage: Stage, name: str) -> User:
    user = stage.sandbox.add_user(name)
    user.started = True
    return user


def absences(rng: random.Random, size: Size) -> list[tuple[datetime, timedelta]]:
    """When the program is away: minutes, hours or days; on a summer-time night perhaps; once for a holiday."""
    times = []
    for _ in range(size.away):
        start = START + timedelta(days=rng.uniform(1, size.days - 15))
        most = rng.choice([timedelta(hours=1), timedelta(hours=12), timedelta(days=4)])
        times.append((start, most * rng.random()))
    for night in NIGHTS:
        if rng.random() < 0.7:
            start = night - timedelta(minutes=rng.randint(10, 150))
            times.append((start, timedelta(minutes=rng.randint(20, 300))))
    times.append((START + timedelta(days=rng.uniform(0.3, 0.6) * size.days), timedelta(days=rng.uniform(8, 11))))
    return sorted(times)


def starts(rng: random.Random, size: Size) -> list[datetime]:
    """When meetings begin: every few days at any hour, and right after the summer-time nights."""
    first = START.date() + timedelta(days=10)
    days = [first + timedelta(days=number) for number in range(0, size.days - 24, size.every)]
    days += [night.date() + timedelta(days=1) for night in NIGHTS if night < START + timedelta(days=size.days - 14)]
    return sorted(wall(day, time(rng.choice(HOURS), rng.choice((0, 30)))) for day in days)


def wall(day: date, at: time) -> datetime:
    return to_utc(day, at, HELSINKI).moments[0]


Act = Callable[[], Awaitable[None]]


def acts(year: Year, size: Size) -> Iterator[tuple[datetime, Act]]:
    """What everyone does, and when; it happens later if the program is away then."""
    rng, group_ids = year.rng, sorted(year.users)
    for number, starts_at in enumerate(starts(rng, size)):
        title, group_id = f"Kokous {number}", group_ids[number % len(group_ids)]
        called = max(START + timedelta(hours=1), starts_at - timedelta(days=rng.uniform(4, 12)))
        yield called, partial(call, year, group_id, title, starts_at)
        yield called + timedelta(hours=rng.uniform(10, 40)), partial(answer, year, group_id, title, 0.6)
        yield starts_at - timedelta(hours=rng.uniform(5, 60)), partial(answer, year, group_id, title, 0.3)
        yield starts_at + timedelta(hours=rng.uniform(3, 60)), partial(tell, year, group_id, title)


async def call(year: Year, group_id: int, title: str, starts_at: datetime) -> None:
    if starts_at - timedelta(hours=1) > year.now:
        await year.call(group_id, title, starts_at)


async def answer(year: Year, group_id: int, title: str, share: float) -> None:
    for user in year.users[group_id]:
        if title in year.history.called and year.rng.random() < share:
            await year.answer(title, user, year.rng.choice([Answer.REMOTE, Answer.REMOTE, Answer.NO]))


async def tell(year: Year, group_id: int, title: str) -> None:
    for user, was_there in zip(year.rng.sample(year.users[group_id], 3), (True, True, False), strict=True):
        await year.tell(title, user, was_there=was_there)


@asynccontextmanager
async def staged(seed: int) -> AsyncIterator[Year]:
    with tempfile.TemporaryDirectory(prefix="koolla-year-") as folder:
        async with Stage.open(Path(folder), quiet=QUIET, admins=[]) as stage:
            year = Year(stage, random.Random(seed), History())
            try:
                yield year
            finally:
                await year.stage.app.close()  # a restart replaced the first one


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("year", seed, BAR)
    async with staged(seed) as year:
        year.ahead = absences(year.rng, size)
        await settle_in(year, size)
        for moment, act in sorted(acts(year, size), key=lambda entry: entry[0]):
            await year.reach(moment)
            await act()
        await year.reach(START + timedelta(days=size.days))
        await check(result, year.history, year.stage)
    away = sum((period.until - period.since for period in year.history.away), timedelta())
    result.done = (
        f"{size.days} days, {len(year.history.called)} meetings, away {len(year.history.away)} times, {away.days} days"
    )
    result.require_none("lost", "twice", "ambiguous", "absent", "wrong")
    return result


SCENARIOS = (Scenario("year", run),)
