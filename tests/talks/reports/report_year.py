"""A year that was once published: 30 meetings, 500 attendances, eight groups, 33 respondents; by taps, or put in rows.

What is done is counted apart from the program.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback import pooling, response
from models.feedback.answers import Ballot
from models.feedback.releases import OpenAnswer
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM, MEETING_FORM
from models.forms.forms import Question
from models.forms.items import QuestionKind
from models.meetings.attendance import Attendance, Attended, HeadCount
from models.meetings.changes_told import ChangeTold
from models.meetings.invitations import Answer, Invitation
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people import groups
from models.people.groups import Workgroup
from models.people.people import Person
from tests.answering import Said, Sitting, sent
from tests.talk import HELSINKI, Actor, Talk, key
from tests.talks.reports.test_workgroups_2022 import ASKED, PEOPLE, what_they_say

GROUPS = (
    "Kuntakokous",
    "Aikuissosiaalityö ja sosiaaliohjaus",
    "Lastensuojelu",
    "Lastensuojelun johtavat sosiaalityöntekijät",
    "Vammaispalvelu",
    "Sosiaalihuollon kirjaamisklubi",
    "Rakenteellinen sosiaalityö",
    "Kohtaamispaikat",
)
OWN, *OTHERS = GROUPS
"""The group of all forty, who are asked how the year was; those of the others are some of them."""
MEETINGS, ATTENDANCES = 30, 500
SAID, DONE = "Vertaistuki on ollut parasta.", "Asialista lähetetään nyt viikkoa ennen."
WEAKEST = "Olen tyytyväinen antamaani panokseen"
AFTER = datetime(2028, 1, 10, 10, tzinfo=HELSINKI)


@dataclass
class Done:
    """What was done; by group."""

    meetings: Counter[str] = field(default_factory=Counter)
    on_site: Counter[str] = field(default_factory=Counter)
    remote: Counter[str] = field(default_factory=Counter)
    people: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in GROUPS})
    heads: int = 0
    invited: int = 0
    yes: int = 0
    asked: int = 0
    """Those who got the form: all who had not said that they would not come."""


@dataclass(frozen=True)
class Plan:
    """A meeting, and what each member of its group is going to do about it."""

    number: int
    group: str
    day: date
    came: int
    invited: tuple[str, ...]
    here: tuple[str, ...]
    away: tuple[str, ...]
    ill: tuple[str, ...]
    """They said that they would come, and did not."""
    silent: tuple[str, ...]
    """They said nothing, and came."""
    no: tuple[str, ...]

    @property
    def heads(self) -> tuple[int, int]:
        """How many of whom no row has a name, on site and remotely."""
        left = self.came - len(self.here + self.away + self.silent)
        return (left - 5, 5) if self.here else (0, left)

    @property
    def asked(self) -> int:
        return len(self.invited) - len(self.no)

    @property
    def starts(self) -> datetime:
        return datetime.combine(self.day, time(9), HELSINKI)

    def count(self, done: Done) -> None:
        named = self.here + self.away + self.silent
        done.meetings[self.group] += 1
        done.on_site[self.group] += len(self.here) + self.heads[0]
        done.remote[self.group] += len(self.away + self.silent) + self.heads[1]
        done.people[self.group] |= set(named)
        done.heads += sum(self.heads)
        done.invited += len(self.invited)
        done.yes += len(self.here + self.away + self.ill)
        done.asked += self.asked


def plans() -> list[Plan]:
    """On Wednesdays from March to December; all forty meet first and last."""
    names = [f"Jäsen {number}" for number in range(ASKED)]
    rosters = {name: names[place * 4 : place * 4 + 6] for place, name in enumerate(OTHERS)} | {OWN: names}
    plans_made = []
    for number in range(MEETINGS):
        group = OWN if number in (0, MEETINGS - 1) else OTHERS[number % len(OTHERS)]
        people = iter(rosters[group])
        on_site, remote = (0, 8) if group == OWN else (1 + number % 2, 1)
        parts = [tuple(islice(people, size)) for size in (on_site, remote, 1, 1, 1)]
        day = date(2027, 3, 10) + timedelta(weeks=round(number * 40 / (MEETINGS - 1)))
        came = ATTENDANCES // MEETINGS + (number < ATTENDANCES % MEETINGS)
        plans_made.append(Plan(number, group, day, came, tuple(rosters[group]), *parts))
    return plans_made


# By taps


async def by_taps(talk: Talk, anna: Actor, done: Done, threshold: int) -> None:
    """All of it in the chat, in its order; ends on a morning of January, when all is known."""
    talk.app.policy = replace(talk.app.policy, threshold=threshold)
    elli, plan = talk.person("Elli"), plans()
    rosters = {planned.group: planned.invited for planned in plan}
    for name in GROUPS:
        members = [talk.people.get(who) or talk.person(who) for who in rosters[name]]
        await talk.group(name, members=members, coordinator=anna if name == OWN else elli)
    for planned in plan:
        coordinator = anna if planned.group == OWN else elli
        if planned.number == MEETINGS - 4:
            await they_answer(talk, anna)
        if planned.number == MEETINGS - 1:
            await she_replies(anna)
        await they_meet(talk, coordinator, planned)
        planned.count(done)
    await talk.until(AFTER)


async def they_meet(talk: Talk, coordinator: Actor, plan: Plan) -> None:
    """Called a week before; at its end they say who were there, and the coordinator counts the others."""
    await talk.until(plan.starts + timedelta(days=-7, hours=4))
    how = "hybridi, Kirjasto" if plan.here else "Teams"
    await talk.called_meeting(coordinator, f"{plan.group} {plan.day:%d.%m.%Y} klo 9-12 {how}: Aihe {plan.number}")
    await all_tap(talk, {plan.here: "Paikan päällä", plan.away + plan.ill: "Etänä", plan.no: "En pääse"})
    await talk.until(plan.starts + timedelta(hours=3, minutes=30))
    there = {plan.here: "Kyllä, paikan päällä", plan.away + plan.silent: "Kyllä, etänä", plan.ill: "En osallistunut"}
    await all_tap(talk, there)
    await coordinator.taps(key("refresh"))
    await coordinator.taps("Laske muut")
    for way, heads in zip(("Paikan päällä", "Etänä"), plan.heads, strict=True):
        for step in ["+5"] * (heads // 5) + ["+1"] * (heads % 5):
            await coordinator.taps(f"{way} {step}")


async def all_tap(talk: Talk, labels: dict[tuple[str, ...], str]) -> None:
    for names, label in labels.items():
        for name in names:
            talk.people[name].user.taps(label)
    await talk.answered()


async def they_answer(talk: Talk, anna: Actor) -> None:
    """The annual form to all forty."""
    async with talk.app.sessions.begin() as session:
        form = (await forms.built_in(session, ANNUAL_FORM)).form
    sitting = await sent(talk, anna, form)
    for number, answers in enumerate(all_said(sitting)):
        await sitting.answer(talk.people[f"Jäsen {number}"], answers)


async def she_replies(anna: Actor) -> None:
    """The coordinator marks what was written, and replies to the weakest statement."""
    await anna.says("/results")
    await anna.taps("Työryhmän vuosikysely")
    await anna.taps("Avovastaus")
    await anna.taps("Nosta esiin 1")
    await anna.taps(key("back"))
    await anna.taps("Vastaa palautteeseen")
    await anna.taps(f"1. {WEAKEST}")
    await anna.says(DONE)
    await anna.taps("Tallenna")


# In rows


async def in_rows(talk: Talk, anna: Actor, done: Done, threshold: int) -> None:
    """The same year without its days: what the chat leaves behind of it, where only the report matters."""
    await talk.group(OWN, members=[talk.person(f"Jäsen {number}") for number in range(ASKED)], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        for name in OTHERS:
            await groups.create(session, name, now=talk.clock.now())
        people = {person.name: person.id for person in (await session.execute(select(Person))).scalars()}
        for planned in plans():
            await met(session, planned, people, threshold)
            planned.count(done)
        await told(session, talk, threshold)
    talk.clock.moment = AFTER


async def met(session: AsyncSession, plan: Plan, people: dict[str, int], threshold: int) -> None:
    group = await session.scalar(select(Workgroup.id).where(Workgroup.name == plan.group))
    wall, ends = plan.starts.replace(tzinfo=None), plan.starts + timedelta(hours=3)
    row = Meeting(workgroup_id=group, starts_at=plan.starts, ends_at=ends, starts_wall=wall, created_at=plan.starts)
    row.ends_wall, row.zone, row.mode, row.state = wall, HELSINKI.key, Mode.HYBRID, MeetingState.HELD
    session.add(row)
    await session.flush()
    answers = {**dict.fromkeys(plan.here, Answer.ON_SITE), **dict.fromkeys(plan.away + plan.ill, Answer.REMOTE)}
    for name in plan.invited:
        answer = answers.get(name, Answer.NO if name in plan.no else None)
        invitation = Invitation(meeting_id=row.id, person_id=people[name], invited_at=plan.starts, answer=answer)
        invitation.sent = True
        session.add(invitation)
    present = {**dict.fromkeys(plan.here, Attended.ON_SITE), **dict.fromkeys(plan.away + plan.silent, Attended.REMOTE)}
    for name, how in {**present, **dict.fromkeys(plan.ill, Attended.NO)}.items():
        known = Attendance(meeting_id=row.id, person_id=people[name], attended=how, own_word=True, marked_at=ends)
        session.add(known)
    session.add(HeadCount(meeting_id=row.id, on_site=plan.heads[0], remote=plan.heads[1]))
    version = await forms.built_in(session, MEETING_FORM)
    asked = Run(form_version_id=version.id, workgroup_id=group, meeting_id=row.id, threshold=threshold)
    asked.opens_at, asked.closes_at, asked.state = ends, ends + timedelta(days=7), RunState.CLOSED
    asked.asked, asked.present, asked.answered = plan.asked, plan.came, response.told(0, threshold)
    session.add(asked)


async def told(session: AsyncSession, talk: Talk, threshold: int) -> None:
    """The annual form, closed with its answers; one is marked, and one statement replied to."""
    now = datetime(2027, 11, 10, 14, tzinfo=HELSINKI)
    version = await forms.version(session, (await forms.built_in(session, ANNUAL_FORM)).id)
    questions = version.questions
    group = await session.scalar(select(Workgroup.id).where(Workgroup.name == OWN))
    run = Run(form_version_id=version.id, workgroup_id=group, threshold=threshold, state=RunState.CLOSED)
    run.opens_at, run.closes_at, run.asked, run.answered = now - timedelta(days=7), now, ASKED, PEOPLE
    session.add(run)
    await session.flush()
    ballots = [ballot(questions, said) for said in all_said(Sitting(run.id, version))]
    (made,) = await pooling.release_or_wait(session, run, dict(enumerate(ballots)), talk.app.keys, now=now)
    await session.flush()
    text = (await session.execute(select(OpenAnswer))).scalars().one()
    text.highlighted = True
    weak = next(one for one in questions if one.identity == "own-contribution")
    session.add(ChangeTold(workgroup_id=group, release_id=made.id, question_id=weak.id, text=DONE, created_at=now))


def all_said(sitting: Sitting) -> list[Said]:
    """What the 33 say; one of them in words, too."""
    answers = what_they_say(sitting)
    answers[3] = {**answers[3], sitting.questions[-1].id: SAID}
    return answers


def ballot(questions: Sequence[Question], said: Said) -> Ballot:
    """As answers are kept: options in a list, even one alone."""
    alone = {one.id for one in questions if one.has_options and one.kind is not QuestionKind.SEVERAL}
    return {key: [value] if key in alone else value for key, value in said.items()}
