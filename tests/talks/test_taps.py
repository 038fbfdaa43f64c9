"""What answering costs: the taps and typed characters of each built-in form, counted at the real chat."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.feedback import runs
from models.feedback.runs import Run
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM, BUILT_IN, MEETING_FORM, WORKSHOP_FORM
from models.people import groups
from models.people.groups import Workgroup
from models.people.settings import Field, Organisation
from tests.scenes import scene
from tests.talk import Actor, Talk
from tests.talks.feedback.test_answering import set_background
from tests.talks.feedback.test_feedback import held

TEXT = "Hyvä ryhmä, kiitos!"

COSTS = {
    # form, background told by the settings, writes: (taps, typed characters)
    ("meeting", True, False): (6, 0),
    ("meeting", True, True): (6, len(TEXT)),
    ("workshop", True, False): (6, 0),
    ("workshop", True, True): (6, 0),
    ("annual", True, False): (13, 0),
    ("annual", True, True): (13, len(TEXT)),
    ("annual", False, False): (15, 0),
    ("annual", False, True): (15, len(TEXT)),
}


@dataclass
class Counting:
    """A person who answers everything with the fewest taps; of open questions only if they ``write``."""

    actor: Actor
    taps: int = 0
    typed: int = 0

    async def tap(self, label: str) -> None:
        self.taps += 1
        await self.actor.taps(label, self.actor.last)

    async def answer(self, *, writes: bool) -> None:
        """Page after page, as they come, to the thanks."""
        while "Muuta vastauksia" not in (labels := self.actor.labels()):
            if "Lähetä palaute" in labels:
                if writes and "Kirjoita viesti" in self.actor.text:
                    self.typed += len(TEXT)
                    await self.actor.says(TEXT)
                await self.tap("Lähetä palaute")
            elif "Valmis" in labels:
                await self.tap(labels[0])
                await self.tap("Valmis")
            else:
                await self.tap("Kyllä, etänä" if "Kyllä, etänä" in labels else labels[0])


@scene
async def asked(talk: Talk, key: str, anna: Actor) -> None:
    """The short form and the workshop's are asked after a meeting, the annual one by itself."""
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalar_one()
        version = await forms.built_in(session, BUILT_IN[key])
        if key != ANNUAL_FORM.key:
            session.add(forms.GroupForm(workgroup_id=group.id, form_id=version.form_id))
        else:
            run = Run(form_version_id=version.id, workgroup_id=group.id, threshold=5, opens_at=talk.clock.now())
            run.closes_at = run.opens_at + timedelta(days=14)
            session.add(run)
            await session.flush()
            talk.app.keys.create(run.key)
            members = await groups.members(session, group.id)
            await runs.ask(session, run, members, policy=talk.app.policy, now=talk.clock.now())
    await talk.settle()
    if key != ANNUAL_FORM.key:
        await held(talk, anna)


@pytest.mark.parametrize("case", COSTS, ids=str)
async def test_the_taps_of_an_answer(talk: Talk, anna: Actor, bo: Actor, case: tuple[str, bool, bool]) -> None:
    key, told, writes = case
    await talk.group(members=[bo], coordinator=anna)
    if told:
        await set_background(talk, "Bo", Organisation.COUNTY, Field.CHILD_WELFARE)
    await asked(talk, key, anna)
    person, before = Counting(bo), len(bo.messages)
    await person.answer(writes=writes)
    assert (person.taps, person.typed) == COSTS[case]
    assert len(bo.messages) == before  # also a typed line is answered by an edit
    assert "Kiitos palautteesta!" in bo.text


def test_all_forms_are_counted() -> None:
    assert {key for key, _, _ in COSTS} == set(BUILT_IN) == {MEETING_FORM.key, WORKSHOP_FORM.key, ANNUAL_FORM.key}
