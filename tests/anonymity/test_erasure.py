"""Erasure removes a person from all tables and from the database file, and changes no released figure."""

from bot import scrubbing
from models.feedback import previews
from models.feedback.answers import Press
from models.feedback.feedback import choose
from models.feedback.named_answers import NamedAnswer
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.submissions import access_submission
from models.forms.forms import Form
from models.people.people import Person
from models.privacy import erasure
from tests.anonymity.attacker_data import files
from tests.anonymity.room import Room
from tests.anonymity.test_holes import HOUSE, OPEN, SCALE, room
from tests.databases import KIND
from tests.models.privacy.test_erasure import released, traces

__all__ = ["room"]

SECRET = "Salaisuus-xyzzy"


async def test_surveys_named_answers_and_trials_forget_too(room: Room) -> None:
    """The person has answered a closed form, a named form and an open form, and has a preview of a form."""
    group, people = await room.group(12)
    kyllikki = people[0]
    version = await room.form([SCALE, HOUSE, OPEN])
    run = await room.put(version, group, people)
    for number, person in enumerate(people):
        await room.answer(run, person, {1: 1 + number % 5, 2: 1 + number % 2, 3: f"Teksti {number}"})
    await room.close(run)
    under_names = await room.put(await room.form([SCALE, OPEN], named=True), group, people)
    for person in people[:6]:
        await room.answer(under_names, person, {1: 2, 2: SECRET if person == kyllikki else "Muuta"})
    await room.close(under_names)
    still_open = await room.put(version, group, people)
    await room.answer(still_open, kyllikki, {1: 5, 3: SECRET})
    trial = await _tries(room, kyllikki, version.form_id, group)
    async with room.sessions() as session:
        figures = await released(session)
        known = {trace.partition(".")[0] for trace in await traces(session, kyllikki, [SECRET])}
    assert {"membership", "participation", "staged", "named_answer", "person"} <= known
    async with room.sessions.begin() as session:
        await erasure.erase(session, await session.get_one(Person, kyllikki), now=room.now)
    async with room.sessions() as session:
        assert await traces(session, kyllikki, [SECRET]) == []
        assert await released(session) == figures
    assert kyllikki not in {
        row.person_id for table in (Participation, Staged, NamedAnswer) for row in await room.rows(table)
    }
    (preview,) = [run for run in await room.rows(Run) if run.state is RunState.PREVIEW]
    assert preview.id == trial  # for the next tick
    async with room.sessions.begin() as session:
        assert await previews.over(session, now=room.now) == [trial]
        await previews.end(session, trial, room.keys, now=room.now)
    assert preview.key not in room.keys.names()
    if KIND == "sqlite":
        assert await scrubbing.scrub(room.engine)
        assert not [content for content in await files(room.engine) if SECRET.encode() in content]


async def _tries(room: Room, person_id: int, form_id: int, group_id: int) -> int:
    """Begins a preview of a form and answers its first question; returns the id of the run."""
    async with room.sessions.begin() as session:
        person, form = await session.get_one(Person, person_id), await session.get_one(Form, form_id)
        from models.forms.form_book import OwnedForm
        from models.people.groups import Workgroup

        owned = OwnedForm(form, await session.get_one(Workgroup, group_id))
        run = await previews.begin(session, person, owned, room.keys, policy=room.policy, now=room.now)
        page = await access_submission(session, person, run.id, room.keys, now=room.now)
        await choose(session, page, page.questions[0], 3, keys=room.keys, press=Press(1, room.now))
        return run.id
