"""The annual form sent to 367 people, of whom 93 answer, with two reminders over simulated time.

What each got is read from their chats, and compared with what they did. `pytest -s` shows the table of the run.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

import pytest
from sqlalchemy import insert, select, update

from bot.sandbox.messages import Message
from models.calendar import Quiet, is_quiet
from models.feedback.releases import Release
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM
from models.people import groups
from models.people.access import RoleKind, grant
from models.people.groups import Membership
from models.people.people import Address, Person, Reachability
from tests.talk import HELSINKI, Actor, Talk, key

SIZE = 367
QUIET = Quiet()
FORM_NAME = "Työryhmän vuosikysely"
PERIODS = ("before the first reminder", "between the reminders", "after the second reminder")
PLAN = {
    "send": (48, 28, 12),
    "answer and never send": (3, 2, 0),
    "skip all and send": (2, 1, 1),
    "skip some and never send": (2, 2, 0),
    "block the bot": (3, 3, 0),
    "turn forms off": (4, 3, 0),
    "turn reminders off": (3, 2, 0),
    "leave the group": (1, 1, 0),
}
"""What people do, and how many of them in each period; the others do nothing."""
FINISH = {"send", "skip all and send"}
SILENCED = {"block the bot", "turn forms off", "turn reminders off", "leave the group"}
ANSWERS = {"send", "answer and never send"}


@dataclass
class One:
    """A person with what they do, in which period, and when they have finished with the form."""

    actor: Actor
    does: str = "nothing"
    period: int = len(PERIODS)
    finished_at: datetime | None = None
    quiet: Quiet = field(default_factory=Quiet)

    @property
    def reminders(self) -> list[int]:
        """Which reminders must come: those before they had finished, or could or would get no more."""
        still = self.period if self.does in FINISH | SILENCED else 2
        return list(range(min(2, still)))


def first_words(message: Message) -> str:
    """What a message said when it came, whatever it was edited to since."""
    return (message.versions[0] if message.versions else message.content).text


def asked_in(actor: Actor) -> list[Message]:
    """The messages about the form that came, oldest first."""
    return [message for message in actor.messages if FORM_NAME in first_words(message)]


async def people(talk: Talk) -> tuple[Actor, list[One]]:
    """A group of so many members who have all begun with the bot, and its coordinator."""
    now, coordinator = talk.clock.now(), talk.person("Koordinoija")
    await coordinator.starts()
    everyone = [One(talk.person(f"Jäsen {number}")) for number in range(SIZE)]
    ids = {one.actor.user.id: one for one in everyone}
    for one in everyone:
        one.actor.user.started = True
    async with talk.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=now)
        lead = (await session.execute(select(Person).where(Person.name == coordinator.name))).scalar_one()
        await grant(session, lead, RoleKind.COORDINATOR, group, now=now)
        await session.execute(
            insert(Person),
            [
                {
                    "telegram_id": id_,
                    "name": one.actor.name,
                    "language": "fi",
                    "reach": Reachability.REACHABLE,
                    "created_at": now,
                }
                for id_, one in ids.items()
            ],
        )
        rows = (await session.execute(select(Person.id, Person.telegram_id).where(Person.telegram_id.in_(ids)))).all()
        await session.execute(
            insert(Address), [{"person_id": one, "chat_id": chat, "thread_id": 0} for one, chat in rows]
        )
        await session.execute(
            insert(Membership), [{"person_id": one, "workgroup_id": group.id, "joined_at": now} for one, _ in rows]
        )
    return coordinator, everyone


def cast(everyone: Sequence[One], chance: random.Random) -> None:
    """Gives each their part; three of those who do nothing have quiet mornings of their own."""
    parts = [(does, period) for does, counts in PLAN.items() for period, n in enumerate(counts) for _ in range(n)]
    shuffled = chance.sample(list(everyone), len(everyone))
    for one, (does, period) in zip(shuffled, parts, strict=False):
        one.does, one.period = does, period
    for one in shuffled[-3:]:
        one.quiet = Quiet(start=time(20), end=time(12))


def choices(actor: Actor, *prefixes: str) -> list[str]:
    return [
        button.data
        for row in actor.last.buttons
        for button in row
        if button.data and button.data.startswith(prefixes) and not button.data.endswith(":skip")
    ]


async def answers(actor: Actor, chance: random.Random, questions: int) -> None:
    """Answers so many questions, each with a tap or two."""
    for _ in range(questions):
        if rating := choices(actor, "rate:"):
            await actor.taps(chance.choice(rating))
        elif ticks := choices(actor, "tick:"):
            await actor.taps(chance.choice(ticks[:3]))
            await actor.taps(choices(actor, "settle:")[0])
        else:
            return


async def skips(actor: Actor, questions: int) -> None:
    for _ in range(questions):
        skip = next((b.data for row in actor.last.buttons for b in row if b.data and b.data.endswith(":skip")), None)
        if skip is None:
            return
        await actor.taps(skip)


async def acts(one: One, talk: Talk, chance: random.Random) -> None:
    """Does their part, through the chat alone."""
    actor = one.actor
    if one.does == "send":
        await answers(actor, chance, 20)
        await actor.taps(choices(actor, "done:")[0])
    elif one.does == "answer and never send":
        await answers(actor, chance, 5)
    elif one.does == "skip all and send":
        await skips(actor, 20)
        await actor.taps(choices(actor, "done:")[0])
    elif one.does == "skip some and never send":
        await skips(actor, 2)
    elif one.does == "block the bot":
        actor.user.blocks()
        await talk.answered()
    else:
        await actor.says("/settings")
        if one.does == "leave the group":
            await actor.taps("leave")
            await actor.taps(choices(actor, "leave:")[0])
            await actor.taps(choices(actor, "leave-yes:")[0])
        else:
            await actor.taps("s-feedback:off" if one.does == "turn forms off" else "s-reminders:off")
    if one.does in FINISH:
        assert "Kiitos" in actor.text
        one.finished_at = talk.clock.now()


async def period(talk: Talk, everyone: Sequence[One], number: int, chance: random.Random) -> None:
    """Everyone who acts in a period does so, in chance's order, a few at a time."""
    acting = [one for one in everyone if one.period == number]
    for turn, one in enumerate(chance.sample(acting, len(acting)), 1):
        await acts(one, talk, chance)
        if turn % 6 == 0:
            await talk.time_passes(minutes=20)


async def sends(talk: Talk, coordinator: Actor) -> None:
    async with talk.app.sessions.begin() as session:
        form = (await forms.built_in(session, ANNUAL_FORM)).form.id
    await coordinator.taps_data(f"survey-new:{form}")
    await coordinator.taps(key("survey-now"))
    await coordinator.taps("Kaksi viikkoa")
    await coordinator.taps("Muuta muistutuksia")
    await coordinator.taps("2 muistutusta")
    assert f"Kyselyn saa {SIZE} ihmistä." in coordinator.text
    await coordinator.taps(f"Lähetä {SIZE} ihmiselle")
    await talk.settle()


REMINDERS = (datetime(2027, 3, 8, 8, tzinfo=HELSINKI), datetime(2027, 3, 12, 8, tzinfo=HELSINKI))
ENDS = datetime(2027, 3, 16, 16, tzinfo=HELSINKI)


@pytest.mark.slow
async def test_367_people_are_asked_and_only_the_unfinished_reminded(talk: Talk) -> None:
    chance = random.Random(367)
    coordinator, everyone = await people(talk)
    cast(everyone, chance)
    async with talk.app.sessions.begin() as session:
        for one in everyone:
            if one.quiet != QUIET:
                theirs = update(Person).where(Person.telegram_id == one.actor.user.id)
                await session.execute(theirs.values(quiet_start=one.quiet.start, quiet_end=one.quiet.end))
    await sends(talk, coordinator)
    for number, until in enumerate((*REMINDERS, ENDS)):
        await talk.time_passes(hours=4)  # those with a quiet morning have it by then
        await period(talk, everyone, number, chance)
        await talk.until(until)
    await talk.until(datetime(2027, 3, 17, 9, tzinfo=HELSINKI))

    for one in everyone:
        first, *again = asked_in(one.actor)
        assert not first_words(first).startswith("Muistutus")
        assert all(first_words(message).startswith("Muistutus") for message in again)
        due = [REMINDERS[number] for number in one.reminders]
        assert [message.sent_at.date() for message in again] == [at.date() for at in due], (one.does, one.period)
        for message in one.actor.messages:
            assert not is_quiet(message.sent_at, one.quiet)
            assert one.finished_at is None or message.sent_at <= one.finished_at
    async with talk.app.sessions() as session:
        run = (await session.execute(select(Run))).scalar_one()
        release = (await session.execute(select(Release))).scalar_one()
    assert (run.state, run.asked, run.answered) == (RunState.CLOSED, SIZE, 93)
    assert (release.asked, release.answered) == (SIZE, 93)
    assert coordinator.sees("Vastasi 93 / 367 pyydetystä (25\N{NO-BREAK SPACE}%).")
    assert coordinator.sees(f"{FORM_NAME} (Lastensuojelu)")
    print(table(everyone))


def table(everyone: Sequence[One]) -> str:
    """Who got what: counted from the chats."""
    lines = [
        "| did | when | people | asked | reminded on 8.3. | reminded on 12.3. |",
        "|---|---|---:|---:|---:|---:|",
    ]
    got: dict[tuple[str, int], Counter[str]] = {}
    for one in everyone:
        count = got.setdefault((one.does, one.period), Counter())
        count["people"] += 1
        count.update(str(message.sent_at.astimezone(HELSINKI).day) for message in asked_in(one.actor))
    order = [*PLAN, "nothing"]
    for (does, when), count in sorted(got.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        said = PERIODS[when] if when < len(PERIODS) else ""
        lines.append(f"| {does} | {said} | {count['people']} | {count['2']} | {count['8']} | {count['12']} |")
    total: Counter[str] = sum(got.values(), Counter())
    lines.append(f"| **all** | | {total['people']} | {total['2']} | {total['8']} | {total['12']} |")
    return "\n".join(lines)
