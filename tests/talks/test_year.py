"""A year of thirty meetings and five hundred attendances, through the chat, in simulated time."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from models.feedback.response import Response, together
from models.months import Month
from models.reports.digests import Digest
from tests.talk import HELSINKI, Actor, Talk, words

MEETINGS = 30
ATTENDANCES = 500
GROUPS = ("Aikuissosiaalityö", "Lastensuojelu", "Vammaispalvelu")
SIZE = 25
THRESHOLD = 5
STATEMENTS = ("Sisältö vastasi", "Voin hyödyntää", "Aikaa keskustelulle", "Olen tyytyväinen")


@dataclass
class Tapped:
    """What people did, kept apart from the program: what its figures must equal. By month, "2027-03"."""

    meetings: Counter[str] = field(default_factory=Counter)
    invited: Counter[str] = field(default_factory=Counter)
    yes: Counter[str] = field(default_factory=Counter)
    attended: Counter[str] = field(default_factory=Counter)
    responses: dict[str, list[Response]] = field(default_factory=lambda: defaultdict(list))
    """By the month of closing: those asked, those present and the answers of each form."""
    released: dict[tuple[str, int], list[list[int]]] = field(default_factory=lambda: defaultdict(list))
    """By the month of closing and the statement: the values in each release."""
    pools: dict[tuple[str, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """By the group and the statement: pairs of a person and a value."""
    reminders: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Reminders that each person must get, by Telegram id and title."""

    def close(self, group: str, month: str, ballots: dict[int, list[int | None]]) -> None:
        """What a closing form must release: itself from five answers on, else those statements of its group's pool that
        five people have rated, none of them more than half the times."""
        for statement in range(len(STATEMENTS)):
            values = [(person, value) for person, ballot in ballots.items() if (value := ballot[statement])]
            if len(ballots) >= THRESHOLD:
                self.released[month, statement].append([value for _, value in values])
                continue
            pool = self.pools[group, statement]
            pool += values
            people = Counter(person for person, _ in pool)
            if len(people) >= THRESHOLD and 2 * max(people.values()) <= len(pool):
                self.released[month, statement].append([value for _, value in self.pools.pop((group, statement))])

    def mean(self, month: str, statement: int) -> tuple[int, int] | None:
        """Total and n of a statement over a month's releases."""
        total = n = 0
        for given in self.released[month, statement]:
            if len(given) >= THRESHOLD and set(given) not in ({1}, {5}):
                total, n = total + sum(given), n + len(given)
        return (total, n) if n else None


def meeting_days() -> list[date]:
    """Thirty Wednesdays of a year from March on."""
    return [date(2027, 3, 17) + timedelta(weeks=round(index * 47 / (MEETINGS - 1))) for index in range(MEETINGS)]


@pytest.mark.slow
async def test_a_year(talk: Talk, anna: Actor, maija: Actor) -> None:
    chance, tapped = random.Random(2027), Tapped()
    members = {name: [talk.person(f"{name[:3]} {i}") for i in range(SIZE)] for name in GROUPS}
    for name in GROUPS:
        await talk.group(name, members=members[name], coordinator=anna)
    await talk.manager(maija)

    for index, day in enumerate(meeting_days()):
        name = GROUPS[index % len(GROUPS)]
        attending = 17 if index % 3 else 16  # 20 x 17 + 10 x 16 = 500
        await one_meeting(
            talk, anna, members[name], chance, tapped, name=name, title=f"Aihe {index}", day=day, attending=attending
        )
    await talk.until(datetime(2028, 3, 3, 12, tzinfo=HELSINKI))

    assert sum(tapped.attended.values()) == ATTENDANCES
    assert sum(tapped.meetings.values()) == MEETINGS
    await digests_equal_the_taps(talk, maija, tapped)
    reminders_came_once(talk, tapped)


async def one_meeting(
    talk: Talk,
    anna: Actor,
    members: list[Actor],
    chance: random.Random,
    tapped: Tapped,
    *,
    name: str,
    title: str,
    day: date,
    attending: int,
) -> None:
    await talk.until(datetime(day.year, day.month, day.day, 10, tzinfo=HELSINKI) - timedelta(days=7))
    await talk.called_meeting(anna, f"{name} {day.day}.{day.month}.{day.year} klo 9-12 Teams: {title}")
    month, closing = f"{day:%Y-%m}", f"{day + timedelta(days=7):%Y-%m}"
    people = chance.sample(members, len(members))
    yes, no, silent = people[:18], people[18:21], people[21:]
    for person in yes:
        person.user.taps("Etänä")
    for person in no:
        person.user.taps("En pääse")
    await talk.answered()
    tapped.meetings[month] += 1
    tapped.invited[month] += len(members)
    tapped.yes[month] += len(yes)
    tapped.reminders.update((person.user.id, title) for person in [*yes, *silent])

    await talk.until(datetime(day.year, day.month, day.day, 12, 30, tzinfo=HELSINKI))
    there = chance.sample([*yes, *silent], attending)
    for person in there:
        person.user.taps("Kyllä, etänä")
    await talk.answered()
    tapped.attended[month] += len(there)

    are_few = chance.random() < 0.2
    answering = there[: chance.randint(2, 4) if are_few else chance.randint(7, 14)]
    ballots = [[chance.choice([None, 1, 2, 3, 4, 4, 5, 5]) for _ in STATEMENTS] for _ in answering]
    for statement in range(len(STATEMENTS)):
        for person, ballot in zip(answering, ballots, strict=True):
            person.user.taps(str(ballot[statement] or "Ohita"))
        await talk.answered()
    for person in answering:
        person.user.taps("Lähetä palaute")
    await talk.answered()
    answered = zip((person.user.id for person in answering), ballots, strict=True)
    counted = {person: ballot for person, ballot in answered if any(ballot)}
    response = Response(len(counted), *(len([*yes, *silent]), len(counted)), *(len(there), len(counted)))
    few = Response(few=1, few_asked=len([*yes, *silent]), below=THRESHOLD)
    tapped.responses[closing].append(response if len(counted) >= THRESHOLD else few)
    tapped.close(name, closing, counted)
    await talk.time_passes(hours=1)


async def digests_equal_the_taps(talk: Talk, maija: Actor, tapped: Tapped) -> None:
    async with talk.app.sessions() as session:
        digests = {d.period: d.figures for d in (await session.execute(select(Digest))).scalars()}
    months = [str(Month(2027, 3).shifted(offset)) for offset in range(12)]
    assert sorted(set(digests) & set(months)) == months
    for month in months:
        funnel = digests[month].funnel
        shown = (funnel.meetings, funnel.invited, funnel.yes, funnel.attended)
        done = (tapped.meetings, tapped.invited, tapped.yes, tapped.attended)
        assert shown == tuple(counter[month] for counter in done), month
        assert funnel.response == together(tapped.responses[month]), month
        means = {s.identity: (s.mean.total, s.mean.n) for s in digests[month].statements if s.mean}
        wanted = [tapped.mean(month, statement) for statement in range(len(STATEMENTS))]
        assert sorted(means.values()) == sorted(mean for mean in wanted if mean), month
    sent = [words(message) for message in maija.messages if "Kuukausikooste" in words(message)]
    headings = [text.splitlines()[0] for text in sent]
    assert len(headings) == len(set(headings)) == len(digests)


def reminders_came_once(talk: Talk, tapped: Tapped) -> None:
    came: Counter[tuple[int, str]] = Counter()
    for call in talk.sandbox.log:
        text = str(call.parameters.get("caption") or call.parameters.get("text") or "")
        if call.ok and call.method.startswith("send") and text.startswith(("Muistutus: kokous", "Et ole vielä")):
            title = next(line for line in text.splitlines() if "Aihe " in line)
            came[call.chat_id or 0, title.replace("<b>", "").replace("</b>", "")] += 1
    assert came == tapped.reminders


def test_the_plan_of_the_year() -> None:
    assert len(meeting_days()) == len(set(meeting_days())) == MEETINGS
    assert Fraction(20 * 17 + 10 * 16) == ATTENDANCES
