"""Plays a world: a group whose members answer a form, and the data that an attacker gets from it."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.commands.backup import back_up
from bot.demo.stage import Actor, Stage
from bot.prometheus import Gauges, render
from models.feedback.feedback import set_attendance
from models.feedback.releases import Figure, OptionCount
from models.feedback.runs import Run
from models.feedback.sealing import KEY_BYTES
from models.feedback.submissions import access_submission
from models.forms.forms import GroupForm
from models.forms.items import Background, Choice, Item, QuestionKind
from models.meetings import invitations
from models.meetings.attendance import Attended
from models.meetings.invitations import Answer, Invitation
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people import people
from models.people.groups import Membership, Workgroup
from models.people.people import Person
from models.people.settings import Field, Organisation
from tests.anonymity import attacker_data
from tests.anonymity.attacker_data import LeakedData, Row, Truth
from tests.anonymity.chats import read_chat
from tests.anonymity.room import Room

STATEMENTS = tuple(Item(QuestionKind.SCALE, text=f"Väite {number}", low=1, high=5) for number in (1, 2))
WAYS = tuple(Choice(f"Tapa {number}") for number in (1, 2, 3))
HOUSES = tuple(Choice(identity=f"organisation-{organisation}") for organisation in Organisation)
FIELDS = tuple(Choice(identity=f"field-{field}") for field in Field)
FORM = (
    *STATEMENTS,
    Item(QuestionKind.SINGLE, text="Tapa", choices=WAYS),
    Item(QuestionKind.SEVERAL, text="Hyöty", choices=WAYS, other=True),
    Item(QuestionKind.SINGLE, identity="organisation", choices=HOUSES, background=Background.ORGANISATION),
    Item(QuestionKind.SINGLE, identity="field", choices=FIELDS, background=Background.FIELD),
    Item(QuestionKind.OPEN, text="Muuta"),
)
SENDS = 0.75
"""The share of those who answer through the inbox that send their answers; the others stop at the summary."""
SILENT = 5
"""For each 5 people who answer, one more person is asked and does not answer."""


class World:
    """One group, one meeting, one form: built, answered and closed by the program's own clock."""

    def __init__(self, stage: Stage, folder: Path, respondents: int, seed: int, *, inbox: bool) -> None:
        self.stage, self.folder, self.inbox = stage, folder, inbox
        self.chance = random.Random(seed)
        self.room = Room(stage.app.engine, stage.app.keys, stage.app.policy, now=stage.clock.moment)
        self.asked = respondents + respondents // SILENT
        self.respondents = respondents
        self.actors: dict[int, Actor] = {}
        self.truth = Truth({}, {}, set())
        self.profiles: dict[int, tuple[str, str]] = {}

    async def play(self, log: Any) -> tuple[LeakedData, Truth]:
        """Returns the leaked data and the true answers. ``log()`` returns what the program has logged so far."""
        mark = len(log())
        meeting_id = await self._gather()
        await self.stage.time_passes(hours=5)
        order = self.chance.sample(list(self.actors), self.respondents)
        self.truth.silent = set(self.actors) - set(order)
        leaked = LeakedData(self.room.engine.dialect.name, order, self.profiles, (), list(self.actors))
        self.room.now = self.stage.clock.moment
        for number, person in enumerate(order):
            await self._fill(leaked, person, meeting_id)
            if number == len(order) * 4 // 5:
                leaked.backup = await self._backed_up()
        self.stage.clock.moment = self.room.now
        await self.stage.time_passes(days=9)
        leaked.public = self.truth.mode
        leaked.closed = await attacker_data.tables(self.room.engine)
        leaked.files = await attacker_data.files(self.room.engine)
        leaked.keys = [(path.stem, path.read_bytes()[:KEY_BYTES]) for path in sorted(self.room.keys.folder.iterdir())]
        leaked.chats = {person: await read_chat(self.stage, actor) for person, actor in self.actors.items()}
        leaked.log = log()[mark:] + render(self.stage.app.metrics, Gauges(0, False)).decode()
        return leaked, self.truth

    async def _gather(self) -> int:
        """Creates the group with profiles and a meeting with replies in random order; returns the meeting's id."""
        now = self.stage.clock.moment
        version = await self.room.form(FORM) if not self.inbox else None
        actors = [self.stage.person(f"Jäsen {number}") for number in range(self.asked)]
        for actor in actors:
            await actor.starts()
        async with self.room.sessions.begin() as session:
            group = Workgroup(name="Ryhmä", created_at=now, approves_joiners=False)
            session.add(group)
            await session.flush()
            if version is not None:
                session.add(GroupForm(workgroup_id=group.id, form_id=version.form_id))
            begins = now + timedelta(hours=1)
            wall = begins.replace(tzinfo=None)
            meeting = Meeting(
                workgroup_id=group.id,
                title="Aihe",
                starts_at=begins,
                ends_at=begins + timedelta(hours=2),
                starts_wall=wall,
                ends_wall=wall + timedelta(hours=2),
                zone="UTC",
                mode=Mode.HYBRID,
                state=MeetingState.ANNOUNCED,
                created_at=now,
            )
            session.add(meeting)
            await session.flush()
            for actor in actors:
                person = await people.known(session, actor.user.id)
                assert person is not None
                profile = self.chance.choice(list(Organisation)), self.chance.choice(list(Field))
                person.organisation, person.field = profile
                self.profiles[person.id], self.actors[person.id] = (str(profile[0]), str(profile[1])), actor
                session.add(Membership(workgroup_id=group.id, person_id=person.id, joined_at=now))
                session.add(Invitation(meeting_id=meeting.id, person_id=person.id, invited_at=now))
        for person_id in self.chance.sample(list(self.actors), self.asked * 2 // 3):
            await self._comes(person_id, meeting.id)
        return meeting.id

    async def _comes(self, person_id: int, meeting_id: int) -> None:
        self.room.update_id += 1
        async with self.room.sessions.begin() as session:
            person = await session.get_one(Person, person_id)
            wanted = select(Invitation.id).where(Invitation.meeting_id == meeting_id, Invitation.person_id == person_id)
            own = await invitations.access_invitation(session, person, (await session.execute(wanted)).scalar_one())
            way = self.chance.choice([Answer.ON_SITE, Answer.REMOTE])
            now, update_id = self.stage.clock.moment, self.room.update_id
            await invitations.reply(session, own, way, revision=1, update_id=update_id, now=now)

    async def _fill(self, leaked: LeakedData, person_id: int, meeting_id: int) -> None:
        """Waits 20 to 90 seconds, then one person answers. Records their times and the visible figures."""
        self.room.now += timedelta(seconds=self.chance.randint(20, 90))
        begun, wall = self.room.now, datetime.now(UTC)
        text = f"Ajatus {self.chance.getrandbits(60):x} {'sana ' * self.chance.randint(1, 60)}".strip()
        wrote = self.chance.random() < 0.5
        async with self.room.sessions() as session:
            run_id = (await session.execute(select(Run.id).where(Run.meeting_id == meeting_id))).scalar_one()
        if self.inbox:
            await self._tap(run_id, person_id, text if wrote else "")
        else:
            await self._press(run_id, person_id, text if wrote else "")
        if wrote:
            self.truth.texts[person_id] = text
        leaked.spans[person_id], leaked.walls[person_id] = (begun, self.room.now), (wall, datetime.now(UTC))
        leaked.watched.append((person_id, await self._seen()))

    async def _press(self, run_id: int, person_id: int, text: str) -> None:
        """Answers through the functions of models, in random order, some answers changed; one transaction per press."""
        chance, room = self.chance, self.room
        async with room.sessions.begin() as session:
            person = await session.get_one(Person, person_id)
            page = await access_submission(session, person, run_id, room.keys, now=room.now)
            await set_attendance(session, page, chance.choice([Attended.ON_SITE, Attended.REMOTE]), now=room.now)
        several = list(chance.choice([(1, 2), (1, 2), (2,), (1, 2, 3)]))
        answers: dict[int, Any] = {1: chance.choice([2, 3, 4, 4, 4, 5]), 2: chance.choice([3, 4, 4, 5]), 4: several}
        answers[3] = chance.choice([1, 1, 2, 3])
        self.truth.vectors[person_id] = (answers[1], answers[2], answers[3], tuple(several))
        if text:
            answers[7] = text
        if chance.random() < 0.3:
            await room.press(run_id, person_id, 1, 6 - answers[1])
        if chance.random() < 0.2:
            await room.press(run_id, person_id, 2, None)
        await room.answer(run_id, person_id, {key: answers[key] for key in chance.sample(list(answers), len(answers))})

    async def _tap(self, run_id: int, person_id: int, text: str) -> None:
        """Answers through the inbox, one Telegram update per tap."""
        actor, values = self.actors[person_id], [self.chance.randint(1, 5) for _ in range(4)]
        self.stage.clock.moment = self.room.now
        taps = [f"was:{run_id}:remote", *(f"rate:{run_id}:{number}:{value}" for number, value in enumerate(values, 1))]
        for data in [*taps, *([f"write:{run_id}:5"] if text else [])]:
            await actor.taps_data(data)
            self.stage.clock.moment += timedelta(seconds=3)
        if text:
            await actor.says(text)
        if self.chance.random() < SENDS:
            await actor.taps_data(f"done:{run_id}")
        self.room.now = self.stage.clock.moment
        self.truth.vectors[person_id] = (values[0], values[1], values[2], (values[3],))

    async def _seen(self) -> Row:
        """Returns the figures that are visible now: sums and counts of options by question."""
        async with self.room.sessions() as session:
            figures = await session.execute(
                select(Figure.question_id, func.sum(Figure.total)).group_by(Figure.question_id)
            )
            shown: Row = {f"q{question}": total or 0 for question, total in figures}
            for count in (await session.execute(select(OptionCount))).scalars():
                shown[f"q{count.question_id}"] = {**shown.get(f"q{count.question_id}", {}), count.value: count.chosen}
        return shown

    async def _backed_up(self) -> attacker_data.Tables:
        """Returns the tables now: on SQLite through `koolla backup`, on PostgreSQL directly. Keys are not included."""
        if self.room.engine.dialect.name != "sqlite":
            return await attacker_data.tables(self.room.engine)
        from bot import db

        file = self.folder / f"backup-{self.chance.getrandbits(40):x}.db"
        back_up(self.stage.app.settings.database.url, file)
        engine = db.make_engine(f"sqlite+aiosqlite:///{file}")
        try:
            return await attacker_data.tables(engine)
        finally:
            await engine.dispose()
