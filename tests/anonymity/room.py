"""Lets a group answer forms through the functions of models, without chat: fast enough for thousands of answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import db
from bot.config import Settings
from models.delivery.outbox import Delivery, Sending
from models.feedback import answers, closing, feedback, runs, submissions
from models.feedback.answers import Press, StoredEntry
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import Form, FormVersion, Question
from models.forms.items import Item
from models.people.access import Role, RoleKind
from models.people.groups import Membership, Workgroup
from models.people.people import Address, Person, Reachability
from models.policy import Policy

Profile = tuple[str | None, str | None]
"""Organisation and field."""
Answers = dict[int, Any]
"""By position of the question, from 1: a value, a list of options, a text, or (option, text) for "other"."""


@dataclass
class Room:
    """A database, its keys, and the current time, which only these methods and the test change."""

    engine: AsyncEngine
    keys: Keyring
    policy: Policy
    now: datetime = datetime(2027, 3, 2, 9, tzinfo=UTC)
    update_id: int = 1_000
    sessions: db.Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = db.make_sessions(self.engine)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, folder: Path) -> AsyncIterator[Self]:
        engine = db.make_engine(Settings(database={"url": url}).database.url)
        try:
            yield cls(engine, Keyring(folder / "keys"), Policy())
        finally:
            await engine.dispose()

    async def group(self, people: int, profiles: Sequence[Profile] = ()) -> tuple[int, list[int]]:
        """Creates a group with members; returns its id and theirs."""
        async with self.sessions.begin() as session:
            group = Workgroup(name=f"Ryhmä {self.update_id}", created_at=self.now, approves_joiners=False)
            session.add(group)
            await session.flush()
            ids = []
            for number in range(people):
                organisation, of_work = profiles[number] if profiles else (None, None)
                ids.append(await self.member(group.id, session=session, organisation=organisation, field=of_work))
            self.update_id += 1
            return group.id, ids

    async def member(self, group_id: int, *, session: Any, **profile: str | None) -> int:
        person = Person(name="Jäsen", created_at=self.now, reach=Reachability.REACHABLE, **profile)
        session.add(person)
        await session.flush()
        session.add(Address(chat_id=person.id, person_id=person.id))
        session.add(Membership(workgroup_id=group_id, person_id=person.id, joined_at=self.now))
        return person.id

    async def coordinator(self, group_id: int) -> Person:
        """Creates a coordinator of the group, who is no member."""
        async with self.sessions.begin() as session:
            person = Person(name="Koordinoija", created_at=self.now)
            session.add(person)
            await session.flush()
            session.add(
                Role(person_id=person.id, kind=RoleKind.COORDINATOR, workgroup_id=group_id, granted_at=self.now)
            )
            return person

    async def form(self, items: Sequence[Item], *, of: int | None = None, named: bool = False) -> FormVersion:
        """Creates a form, or the next version of the form ``of``."""
        async with self.sessions.begin() as session:
            if of is None:
                known = Form(key=f"form-{self.update_id}", name="Lomake", created_at=self.now)
                self.update_id += 1
                session.add(known)
                await session.flush()
            else:
                known = await session.get_one(Form, of)
            return await forms.write(session, known, items, named=named)

    async def put(self, version: FormVersion, group_id: int, people: Sequence[int], *, threshold: int = 5) -> int:
        """Asks people of a group to fill in a form, and sends it to them; returns the id of the run."""
        async with self.sessions.begin() as session:
            run = Run(
                form_version_id=version.id,
                workgroup_id=group_id,
                threshold=threshold,
                named=version.named,
                opens_at=self.now,
                closes_at=self.now + timedelta(days=7),
                state=RunState.OPEN,
            )
            session.add(run)
            await session.flush()
            self.keys.create(run.key)
            asked = (await session.execute(select(Person).where(Person.id.in_(people)))).scalars()
            await runs.ask(session, run, list(asked), policy=replace(self.policy, threshold=threshold), now=self.now)
            first = update(Delivery).where(Delivery.subject == run.id, Delivery.slot == "")
            await session.execute(first.values(state=Sending.SENT))
            return run.id

    async def press(self, run_id: int, person_id: int, position: int, value: Any) -> None:
        """Presses a button: a choice, None, ``("tick", option, on)``, ``"settle"`` or ``("write", text)``."""
        self.update_id += 1
        self.now += timedelta(seconds=3)
        press = Press(self.update_id, self.now)
        async with self.sessions.begin() as session:
            person = await session.get_one(Person, person_id)
            submission = await submissions.access_submission(session, person, run_id, self.keys, now=self.now)
            question = next(q for q in submission.questions if q.position == position)
            match value:
                case ("tick", option, on):
                    await feedback.tick(session, submission, question, (option, on), keys=self.keys, press=press)
                case ("write", text):
                    await feedback.write(session, submission, question, text, keys=self.keys, press=press)
                case "settle":
                    await feedback.settle(session, submission, question, keys=self.keys, press=press)
                case _:
                    await feedback.choose(session, submission, question, value, keys=self.keys, press=press)

    async def answer(self, run_id: int, person_id: int, given: Answers) -> None:
        """Gives all answers of one person and presses Done."""
        for position, value in given.items():
            if isinstance(value, list):
                for option in value:
                    await self.press(run_id, person_id, position, ("tick", option, True))
                await self.press(run_id, person_id, position, "settle")
            elif isinstance(value, str):
                await self.press(run_id, person_id, position, ("write", value))
            else:
                await self.press(run_id, person_id, position, value)
        await self.done(run_id, person_id)

    async def stage(self, run_id: int, said: dict[int, Answers]) -> None:
        """Stores answers, by person id, in one transaction, as if the people had given them and pressed Done."""
        async with self.sessions.begin() as session:
            run = await session.get_one(Run, run_id)
            questions = {
                question.position: question for question in await forms.questions(session, run.form_version_id)
            }
            size = forms.submission_bytes([*questions.values()])
            for person_id, given in said.items():
                stored: answers.StoredAnswers = {}
                for position, value in given.items():
                    stored |= _stored(questions[position], value)
                blob = self.keys.seal(run.key, answers.to_json(stored), size=size)
                session.add(Staged(run_id=run_id, person_id=person_id, blob=blob))
                asked = Participation.run_id == run_id, Participation.person_id == person_id
                await session.execute(update(Participation).where(*asked).values(finished=True))

    async def done(self, run_id: int, person_id: int) -> None:
        self.update_id += 1
        async with self.sessions.begin() as session:
            person = await session.get_one(Person, person_id)
            submission = await submissions.access_submission(session, person, run_id, self.keys, now=self.now)
            await feedback.finish(session, submission, keys=self.keys, press=Press(self.update_id, self.now))

    async def close(self, run_id: int) -> None:
        """Closes a run now, whatever its closing time is, in the same steps as the program's clock."""
        self.now += timedelta(hours=1)
        async with self.sessions.begin() as session:
            await session.execute(update(Run).where(Run.id == run_id).values(closes_at=self.now))
        async with self.sessions.begin() as session:
            await closing.count_and_close(session, run_id, self.keys, policy=self.policy, now=self.now)
        async with self.sessions() as session:
            await closing.destroy_keys(session, self.keys)
        self.now += timedelta(hours=1)

    async def rows(self, table: type) -> list[Any]:
        async with self.sessions() as session:
            return list((await session.execute(select(table))).scalars())


def _stored(question: Question, value: Any) -> answers.StoredAnswers:
    """What a press of this value, or the presses of these options, would store."""
    match value:
        case list():
            entries = {key: on for option in value for key, on in answers.tick_entries(question, option, True).items()}
        case (option, str(text)):
            entries = answers.choice_entries(question, option) | answers.text_entries(question, text)
        case str():
            entries = answers.text_entries(question, value)
        case _:
            entries = answers.choice_entries(question, value)
    return {key: StoredEntry(entry, 1, 1) for key, entry in entries.items()}
