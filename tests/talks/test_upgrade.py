"""People who are in the middle of a dialogue while the program is upgraded."""

from typing import Any

import pytest
from sqlalchemy import select, text

from handlers.texts import texts
from models.delivery.drafts import Draft
from models.feedback.runs import Run
from models.forms import forms
from models.forms.builtin_forms import WORKSHOP_FORM
from models.meetings.meetings import Meeting
from tests.talk import Actor, Talk


async def as_before(talk: Talk, awaits: str, data: dict[str, Any]) -> None:
    """Puts what an earlier version wrote in the row of the only dialogue."""
    async with talk.app.sessions.begin() as session:
        draft = (await session.execute(select(Draft))).scalar_one()
        draft.data, draft.awaits = {**data, "number": draft.number}, awaits


async def rows(talk: Talk, table: Any) -> list[Any]:
    async with talk.app.sessions() as session:
        return list((await session.execute(select(table))).scalars())


async def test_a_meeting_half_written_is_called(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    when = {"day": "2027-03-10", "end_day": None, "fold": 0, "end_fold": 0, "start": "09:00:00", "end": "12:00:00"}
    known = {"group": 1, "mode": "remote", "title": "Johdatus", "link": None, "offers": [], **when}
    await as_before(talk, "description", known)
    await anna.says("Tervetuloa!")
    await anna.taps("Lähetä kutsu")
    (meeting,) = await rows(talk, Meeting)
    assert (meeting.title, meeting.link, meeting.description) == ("Johdatus", None, "Tervetuloa!")


async def test_a_field_that_was_being_changed_can_be_left_as_it_was(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await anna.taps("Linkki tulee")
    await anna.taps("Ohita")
    await anna.taps("Muuta")
    await anna.taps("Aihe")
    when = {"day": "2027-03-10", "end_day": None, "fold": 0, "end_fold": 0, "start": "09:00:00", "end": "12:00:00"}
    known = {"group": 1, "mode": "remote", "link": None, "description": None, "offers": [], **when}
    await as_before(talk, "title", {**known, "undo": {"title": "Vanha aihe"}})
    await anna.taps("Takaisin")
    assert anna.sees("Vanha aihe")
    await anna.taps("Lähetä kutsu")
    assert [meeting.title for meeting in await rows(talk, Meeting)] == ["Vanha aihe"]


async def test_people_read_before_are_added_with_those_read_after(talk: Talk, anna: Actor, bo: Actor) -> None:
    group = await talk.group(members=[bo], coordinator=anna)
    await anna.taps_data(f"roster-add:{group.id}")
    entries = [[1, "Dan Dahl", "Turku", "dan@turku.fi"]]
    known = {"group": group.id, "entries": entries, "unread": [[2, "no-name"]], "lines": 2, "doubtful": False}
    await as_before(talk, "people", known)
    await anna.says("Eeva Ek")
    await anna.taps("Lisää 2")
    assert anna.sees("Dan Dahl")
    assert anna.sees("Eeva Ek")


async def test_a_card_of_a_survey_drawn_before_sends_it(talk: Talk, anna: Actor, bo: Actor) -> None:
    """The card's stamp is made of the same words as before."""
    await talk.group(members=[bo], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        form_id = (await forms.built_in(session, WORKSHOP_FORM)).form.id
    await anna.taps_data(f"survey-new:{form_id}")
    await anna.taps("Heti")
    await anna.taps("Viikko")
    (draft,) = await rows(talk, Draft)
    closes = draft.data["closes"]
    known = {"form": form_id, "reminders": 1, "group": 1, "offers": [], "opens": "now", "closes": closes}
    await as_before(talk, "confirm", known)
    await anna.taps("Lähetä")
    assert len(await rows(talk, Run)) == 1


@pytest.mark.parametrize(("subject", "data"), [("roster", {"group": "?"}), ("poll", {"question": 1})])
async def test_what_does_not_fit_ends_with_a_word(
    talk: Talk, anna: Actor, bo: Actor, subject: str, data: dict[str, Any]
) -> None:
    """Of another version: with other fields, or about something that this one does not know."""
    group = await talk.group(members=[bo], coordinator=anna)
    await anna.taps_data(f"roster-add:{group.id}")
    await as_before(talk, "people", data)
    async with talk.app.sessions.begin() as session:
        await session.execute(text("UPDATE draft SET subject = :subject"), {"subject": subject})
    over = texts("fi")("dialogue-is-over").striptags()
    assert await anna.taps_data(f"roster-yes:{group.id}:1") == over
    await anna.says("Eeva Ek")
    assert anna.text == over
    assert await rows(talk, Draft) == []
    await anna.says("Eeva Ek")
    assert anna.text != over
