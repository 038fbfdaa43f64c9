"""Why a tap ended as it did: one line in the log for each update, and the record of the last refusals and failures."""

import re

import pytest
from sqlalchemy import text

from handlers.routes import ROUTES, Context, Tap, TapRoute
from handlers.screen import Screen
from models.delivery import updates
from models.operations import recent
from models.operations.recent import MAX_ROWS, TRIM_EVERY, RecentUpdate, UpdateOutcome
from tests.conftest import LOG
from tests.talk import Actor, Talk, words

LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe"


class Lines:
    """The lines about updates since this was made."""

    def __init__(self) -> None:
        self._mark = LOG.tell()

    def read(self) -> list[str]:
        """What each line says after its time and level."""
        lines = LOG.getvalue()[self._mark :].splitlines()
        return [line.partition("event='update' ")[2] for line in lines if "event='update' " in line]


async def recorded(talk: Talk) -> list[RecentUpdate]:
    async with talk.app.sessions() as session:
        return await recent.newest_first(session)


async def test_a_tap_that_is_done_says_its_route(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    lines = Lines()
    await bo.taps("Etänä")
    assert lines.read() == ["route='tap rsvp' outcome='done'"]
    assert await recorded(talk) == []


async def test_a_refused_tap_says_the_refusal_and_the_gate(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await cilla.starts()
    lines = Lines()
    await cilla.taps_data("rsvp:1:remote", bo.last)
    (line,) = lines.read()
    assert line.startswith("route='tap rsvp' outcome='refused' refusal='not-found' gate='models.meetings.invitations.")
    (row,) = await recorded(talk)
    assert (row.outcome, row.route, row.refusal) == (UpdateOutcome.REFUSED, "tap rsvp", "not-found")
    assert row.gate.startswith("models.meetings.invitations.")
    assert row.at.second == row.at.microsecond == 0


async def test_a_redelivered_tap_is_no_refusal(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    lines = Lines()
    talk.sandbox.faults.duplicate_updates(1)
    await aino.says("/newgroup Lastensuojelu")
    done, again = lines.read()
    assert done == "route='/newgroup' outcome='done'"
    refusal = "refusal='group-name-taken' gate='models.people.groups.ensure_name_free'"
    assert again == f"route='/newgroup' outcome='redelivered' {refusal}"
    assert await recorded(talk) == []


async def test_a_failed_update_says_the_reference_that_the_person_has(
    talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(context: Context, line: str) -> Screen:
        raise RuntimeError("what Aino wrote")

    monkeypatch.setitem(ROUTES.commands, "fall", fails)
    await aino.starts()
    lines = Lines()
    await aino.says("/fall down")
    (line,) = lines.read()
    match = re.fullmatch(r"route='/fall' outcome='failed' reference='([0-9A-F]{8})'", line)
    assert match is not None, line
    assert match[1] in aino.text
    assert LOG.getvalue().count(f"event='update failed' reference='{match[1]}' route='/fall'") == 5
    (row,) = await recorded(talk)
    assert (row.outcome, row.route, row.reference) == (UpdateOutcome.FAILED, "/fall", match[1])


async def test_a_refusal_that_ends_a_dialogue_is_told(talk: Talk, anna: Actor, bo: Actor) -> None:
    """The refusal is not raised, so that the dialogue stays ended."""
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Lisää")
    async with talk.app.sessions.begin() as session:
        await session.execute(text("UPDATE role SET revoked_at = granted_at WHERE kind = 'coordinator'"))
    lines = Lines()
    await anna.says("Eeva Niemi")
    (line,) = lines.read()
    assert line.startswith("route='text roster' outcome='refused' refusal='not-")
    assert "gate='models." in line
    assert [row.route for row in await recorded(talk)] == ["text roster"]


async def test_answering_a_form_leaves_no_line_whether_done_refused_or_redelivered(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await talk.time_passes(days=9)
    await cilla.starts()
    form = next(message for message in reversed(bo.messages) if message.buttons)
    lines, log_mark = Lines(), LOG.tell()
    await bo.taps_data("was:1:remote", form)
    talk.sandbox.faults.duplicate_updates(1)
    await bo.taps_data("rate:1:1:4", form)
    await bo.taps_data("rate:1:77:4", form)  # no such question
    await cilla.taps_data("rate:1:1:4", form)  # not asked
    await cilla.taps_data("done:99", form)
    await bo.taps_data("write:1:5", form)
    await bo.says("Kirjoitin jotakin")
    assert "Kirjoitin" in bo.text
    assert lines.read() == []
    assert await recorded(talk) == []
    assert "rate" not in LOG.getvalue()[log_mark:]


async def test_a_form_that_fails_says_so_without_the_time_of_day(
    talk: Talk, anna: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(context: Context, tap: Tap) -> Screen:
        raise RuntimeError("no page")

    monkeypatch.setitem(ROUTES.taps, "rate", TapRoute(fails, None, answers_form=True))
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await talk.time_passes(days=9)
    lines = Lines()
    await bo.taps_data("rate:1:1:4", bo.last)
    (line,) = lines.read()
    assert line.startswith("route='tap rate' outcome='failed' reference=")
    assert await recorded(talk) == []
    async with talk.app.sessions() as session:
        (parked,) = await updates.parked(session)
    assert parked.seen_at.time().isoformat() == "00:00:00"
    assert str(parked.parked) in words(bo.last) + bo.toast


async def test_the_record_is_bounded(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    for number in range(2 * MAX_ROWS):
        aino.user.says(f"/nosuchcommand {number}")
    await talk.answered()
    rows = await recorded(talk)
    async with talk.app.sessions() as session:
        kept = (await session.execute(text("SELECT count(*) FROM recent_update"))).scalar_one()
    assert len(rows) == MAX_ROWS
    assert kept < MAX_ROWS + TRIM_EVERY
    assert {row.refusal for row in rows} == {"unknown-command"}
