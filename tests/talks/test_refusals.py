"""Refusals: every route against everyone who may not, every button that is old, forged or garbled.

Each gets a kind message in the reader's language, and nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from handlers import routes
from handlers.texts import texts
from migrations.tables import metadata
from models.delivery.drafts import Draft
from models.feedback.releases import Release
from models.feedback.runs import Run, Staged
from models.forms import forms
from models.forms.forms import Form, Question
from models.meetings.attendance import Attendance
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people.access import Role
from models.people.groups import Membership
from models.people.people import Address, Person
from tests import scenes
from tests.talk import Actor, Talk, key

BOOKKEEPING = {"seen_update", "recent_update", "pace", "alembic_version"}
FORGED = (
    "",
    "0",
    "1",
    "1:1",
    "1:1:1",
    "1:2:3:4",
    "-1",
    "x",
    "1:x",
    "1:no",
    "1:remote",
    "2:remote:1",
    "99999999",
    "9" * 19,
    "١",
    "1:1:99",
    "2027-13-45",
)
OWN = {"leave-yes"}
"""Routes that change what is one's own and nothing else, and so change more than nothing."""


async def world(talk: Talk, but: Actor | None = None) -> dict[str, list[Any]]:
    """All rows of all tables, save bookkeeping and what is the acting person's own. Values are as the driver gives
    them."""
    found: dict[str, list[Any]] = {}
    async with talk.app.sessions() as session:
        own = await session.scalar(select(Person.id).where(Person.telegram_id == but.user.id)) if but else None
        chat = await session.scalar(select(Address.id).where(Address.chat_id == but.user.id)) if but else None
        connection = await session.connection()
        for table in metadata.sorted_tables:
            if table.name in BOOKKEEPING:
                continue
            rows = [dict(row._mapping) for row in await connection.exec_driver_sql(f'SELECT * FROM "{table.name}"')]
            column = "id" if table.name == "person" else "person_id"
            found[table.name] = [
                {name: value for name, value in row.items() if name != "free_at"}
                for row in rows
                if own is None or (row.get(column) != own and row.get("address_id") != chat)
            ]
    return found


@dataclass
class Scene:
    """A group with a coming meeting, another with a coordinator of its own, and everybody who may not."""

    talk: Talk
    anna: Actor  # coordinates Lastensuojelu
    bo: Actor  # a member of it
    cilla: Actor  # another member
    dan: Actor  # a member of Vammaispalvelu
    eeva: Actor  # coordinates Vammaispalvelu
    stranger: Actor
    meeting: int = 0
    invitation: int = 0

    async def first(self, wanted: Any) -> Any:
        async with self.talk.app.sessions() as session:
            return (await session.execute(wanted)).scalars().first()

    async def write(self, statement: Any) -> None:
        async with self.talk.app.sessions.begin() as session:
            await session.execute(statement)

    async def held(self) -> int:
        """Lets the meeting pass; returns the id of its form."""
        return await meeting_passes(self.talk)


@scenes.scene
async def meeting_passes(talk: Talk) -> int:
    await talk.time_passes(days=8, hours=4)
    async with talk.app.sessions() as session:
        run = await session.scalar(select(Run.id))
    assert run is not None
    return int(run)


@pytest.fixture
@scenes.scene
async def scene(talk: Talk) -> Scene:
    names = ("Anna", "Bo", "Cilla", "Dan", "Eeva", "Muukalainen")
    anna, bo, cilla, dan, eeva, stranger = (talk.person(name) for name in names)
    await talk.group("Lastensuojelu", members=[bo, cilla], coordinator=anna)
    await talk.group("Vammaispalvelu", members=[dan], coordinator=eeva)
    await stranger.starts()
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    one = Scene(talk, anna, bo, cilla, dan, eeva, stranger)
    one.meeting = await one.first(select(Meeting.id))
    chosen = select(Invitation.id).join(Person, Person.id == Invitation.person_id).where(Person.name == "Bo")
    one.invitation = await one.first(chosen)
    return one


def said(key: str, language: str = "fi", **values: Any) -> str:
    return texts(language)(key, **values).striptags()[:200]


EVERYBODY = [pytest.param(who, FORGED, marks=pytest.mark.slow) for who in ("bo", "stranger", "dan", "ex-member")]


@pytest.mark.parametrize(("who", "forged"), [("bo", FORGED[2::4]), *EVERYBODY])
async def test_forged_buttons_of_every_route_change_nothing(scene: Scene, who: str, forged: Sequence[str]) -> None:
    """Every route, pressed with every forged argument (quickly: some) by people who run nothing."""
    actor = scene.bo if who == "ex-member" else getattr(scene, who)
    if who == "ex-member":
        await scene.write(update(Membership).values(left_at=scene.talk.clock.now()))
    before = await world(scene.talk, but=actor)
    for name in sorted(set(routes.load().taps) - OWN):
        for arguments in forged:
            data = f"{name}:{arguments}" if arguments else name
            toasts = len(actor.user.toasts)
            await actor.taps_data(data[:64], actor.messages[0])
            assert len(actor.user.toasts) == toasts + 1, data
            assert "Jokin meni vikaan" not in actor.toast, data
        assert await world(scene.talk, but=actor) == before, name


async def assert_refused(scene: Scene, who: str, *buttons: str, key: str = "not-found") -> None:
    """Each button gets the same kind words, and changes nothing."""
    before = await world(scene.talk)
    for data in buttons:
        assert await getattr(scene, who).taps_data(data) == said(key), data
        assert await world(scene.talk) == before, data


async def test_what_is_no_button_of_ours_is_said_to_be_stale(scene: Scene) -> None:
    await assert_refused(
        scene, "stranger", "-", ":", "::::", "nobody:1", "🙂", "RSVP:1:no", "\x00", "a" * 64, key="stale"
    )
    await assert_refused(scene, "stranger", "rsvp", "rsvp:1:on_site:1")


RSVP = {
    "a stranger": "stranger",
    "a member of another group": "dan",
    "another coordinator": "eeva",
    "the coordinator, not invited": "anna",
    "another member, with someone else's invitation": "cilla",
}


async def test_an_invitation_is_answered_by_nobody_else(scene: Scene) -> None:
    for who in RSVP.values():
        await assert_refused(scene, who, f"rsvp:{scene.invitation}:remote:1")


async def test_an_ex_member_answers_no_more(scene: Scene) -> None:
    card = scene.bo.last
    await scene.write(update(Membership).values(left_at=scene.talk.clock.now()))
    before = await world(scene.talk)
    await scene.bo.taps("Etänä", card)
    assert scene.bo.toast == said("not-found")
    assert await world(scene.talk) == before


async def test_an_answer_after_the_start_is_refused_and_the_fresh_card_shown(scene: Scene) -> None:
    card = scene.bo.last
    scene.talk.clock.moment += timedelta(days=8, hours=1)
    before = await world(scene.talk)
    await scene.bo.taps("Etänä", card)
    assert scene.bo.toast == said("meeting-has-begun")
    assert said("card-begun") in scene.bo.text
    assert await world(scene.talk) == before


async def test_an_answer_to_a_cancelled_meeting_is_refused_and_the_fresh_card_shown(scene: Scene) -> None:
    card = scene.bo.last
    await scene.anna.taps(key("meeting-cancel"))
    await scene.anna.taps("Kyllä, peru")
    before = await world(scene.talk)
    await scene.bo.taps("Etänä", card)
    assert scene.bo.toast == said("meeting-is-cancelled")
    assert "Kokous on peruttu" in scene.bo.text
    assert await world(scene.talk) == before


async def test_an_answer_that_the_mode_does_not_offer_is_refused(scene: Scene) -> None:
    before = await world(scene.talk)
    assert await scene.bo.taps_data(f"rsvp:{scene.invitation}:on_site:1") == said("answer-not-offered")
    assert await world(scene.talk) == before


async def test_a_double_tap_changes_nothing(scene: Scene) -> None:
    card = scene.bo.last
    await scene.bo.taps("Etänä", card)
    once = await world(scene.talk)
    await scene.bo.taps_data(f"rsvp:{scene.invitation}:remote:1", card)
    twice = await world(scene.talk)
    for rows in (*once["invitation"], *twice["invitation"]):
        rows.pop("update_id"), rows.pop("answered_at")
    assert twice == once


MANAGE = (
    "meeting",
    "m-change",
    "m-cancel",
    "m-cancel-yes",
    "m-arrived:0",
    "m-who:0",
    "m-mark:2:remote:0",
    "m-heads",
    "m-heads:3:3",
    "m-form",
    "m-form:0",
    "m-form:1",
)


def managing(scene: Scene) -> list[str]:
    """Every button of a meeting's card, of the scene's meeting."""
    parts = (route.partition(":") for route in MANAGE)
    return [f"{name}:{scene.meeting}" + (f":{rest}" if rest else "") for name, _, rest in parts]


@pytest.mark.parametrize("who", ["stranger", "bo", "dan", "eeva"])
async def test_a_meeting_is_run_by_its_coordinators_alone(scene: Scene, who: str) -> None:
    await assert_refused(scene, who, *managing(scene))


async def test_a_role_taken_away_since_the_button_was_drawn_is_gone(scene: Scene) -> None:
    await scene.write(update(Role).values(revoked_at=scene.talk.clock.now()))
    await assert_refused(scene, "anna", *managing(scene))


PAST = {
    "m-change": "meeting-has-begun",
    "m-cancel": "meeting-has-begun",
    "m-cancel-yes": "meeting-has-begun",
}


@pytest.mark.parametrize("route", PAST)
async def test_what_is_over_is_not_changed(scene: Scene, route: str) -> None:
    scene.talk.clock.moment += timedelta(days=8, hours=1)
    before = await world(scene.talk)
    assert await scene.anna.taps_data(f"{route}:{scene.meeting}") == said(PAST[route])
    assert await world(scene.talk) == before


@pytest.mark.parametrize("route", ["m-who", "m-mark", "m-heads"])
async def test_attendance_waits_for_the_start(scene: Scene, route: str) -> None:
    rest = {"m-who": ":0", "m-mark": ":3:remote:0", "m-heads": ":1:1"}[route]
    before = await world(scene.talk)
    toast = await scene.anna.taps_data(f"{route}:{scene.meeting}{rest}")
    assert toast in {said("meeting-not-begun"), said("not-found")}
    assert await world(scene.talk) == before


async def test_attendance_marks_only_the_invited(scene: Scene) -> None:
    scene.talk.clock.moment += timedelta(days=8, hours=1)
    outsider = await scene.first(select(Person.id).where(Person.name == "Dan"))
    before = await world(scene.talk)
    assert await scene.anna.taps_data(f"m-mark:{scene.meeting}:{outsider}:remote:0") == said("not-found")
    assert await scene.anna.taps_data(f"m-heads:{scene.meeting}:99999:0") == said("head-count-impossible", most=10000)
    assert await world(scene.talk) == before


ANSWERING = (
    "was:{run}:remote",
    "rate:{run}:{q}:4",
    "rate:{run}:{q}:skip",
    "tick:{run}:{q}:1:on",
    "settle:{run}:{q}",
    "page:{run}:{q}",
    "summary:{run}",
    "write:{run}:{open}",
    "done:{run}",
)
"""Every button of a form."""


@pytest.mark.parametrize("who", ["stranger", "dan", "eeva", "anna"])
async def test_a_form_is_answered_by_those_asked_alone(scene: Scene, who: str) -> None:
    run, first, last = await _form(scene)
    await assert_refused(scene, who, *(route.format(run=run, q=first, open=last) for route in ANSWERING))


async def test_an_answer_that_the_form_does_not_have_is_refused(scene: Scene) -> None:
    run, first, last = await _form(scene)
    await scene.bo.taps(key("attended-remote"))
    for route in (
        "rate:{run}:{q}:6",
        "rate:{run}:{q}:0",
        "rate:{run}:{q}:x",
        "rate:{run}:{q}:-1",
        "rate:{run}:{q}:unsure",
        "rate:{run}:9999:4",
        "rate:{run}:{open}:4",
        "tick:{run}:{q}:4:on",
        "tick:{run}:{q}:4:perhaps",
        "tick:{run}:{open}:0:on",
        "settle:{run}:{q}",
        "settle:{run}:{open}",
        "write:{run}:{q}",
        "page:{run}:9999",
        "was:{run}:perhaps",
    ):
        await assert_refused(scene, "bo", route.format(run=run, q=first, open=last))


async def _form(scene: Scene) -> tuple[int, int, int]:
    """The form after the meeting, with its first and its last question."""
    run = await scene.held()
    asked = select(Question.id).order_by(Question.position)
    return run, await scene.first(asked), await scene.first(asked.order_by(None).order_by(Question.position.desc()))


@pytest.mark.parametrize("absent", [False, True], ids=["not said", "absent"])
async def test_questions_are_for_those_who_say_they_were_there(scene: Scene, absent: bool) -> None:
    run, first, last = await _form(scene)
    if absent:
        await scene.bo.taps("En osallistunut")
    shown = scene.bo.text
    for route in sorted(set(ANSWERING) - {"was:{run}:remote"}):
        await assert_refused(scene, "bo", route.format(run=run, q=first, open=last))
        assert scene.bo.text == shown


async def test_what_is_typed_after_saying_that_one_was_absent_is_no_answer(scene: Scene) -> None:
    run, _, last = await _form(scene)
    await scene.bo.taps(key("attended-remote"))
    await scene.bo.taps_data(f"write:{run}:{last}")
    await scene.write(update(Attendance).values(attended="no"))  # the coordinator's word, meanwhile
    before = await world(scene.talk, but=scene.bo)
    await scene.bo.says("Hyvä kokous")
    assert await world(scene.talk, but=scene.bo) == before
    assert not await scene.first(select(Staged.person_id))
    assert not await scene.first(select(Draft.person_id))


async def test_a_closed_form_takes_no_answers(scene: Scene) -> None:
    run, first, last = await _form(scene)
    await scene.bo.taps(key("attended-remote"))
    await scene.talk.time_passes(days=8)
    before = await world(scene.talk)
    for route in ANSWERING:
        data = route.format(run=run, q=first, open=last)
        assert await scene.bo.taps_data(data) == said("feedback-is-closed")
        assert await scene.dan.taps_data(data) == said("not-found")
    assert await world(scene.talk) == before


async def test_the_second_of_closing_is_too_late(scene: Scene) -> None:
    run_id = await scene.held()
    await scene.bo.taps(key("attended-remote"))
    run = await scene.first(select(Run).where(Run.id == run_id))
    scene.talk.clock.moment = run.closes_at
    await scene.bo.taps("4")
    assert scene.bo.toast == said("feedback-is-closed")


FORM = (
    "form:{form}",
    "form-try:{form}",
    "form-for:{form}",
    "form-for:{form}:2",
    "form-edit:{form}",
    "form-copy:{form}",
    "form-archive:{form}",
    "form-restore:{form}",
)


async def _own_form(scene: Scene) -> int:
    """A form that Anna has written for her group."""
    await scene.anna.says("/forms")
    await scene.anna.taps(key("forms-new"))
    await scene.anna.says("Nimi: Oma palaute\nKahvi oli hyvää (1-4)")
    await scene.anna.taps("Tallenna")
    return int(await scene.first(select(Form.id).where(Form.name == "Oma palaute")))


@pytest.mark.parametrize("who", ["stranger", "bo", "dan", "eeva"])
async def test_a_form_of_a_group_is_its_coordinators_alone(scene: Scene, who: str) -> None:
    form = await _own_form(scene)
    await assert_refused(scene, who, *(route.format(form=form) for route in FORM))


async def test_a_groups_form_is_chosen_by_its_coordinators_alone(scene: Scene) -> None:
    await scene.eeva.says("/forms")
    await assert_refused(scene, "eeva", "group-form:1", "group-form:1:1", "form-for:1:1")


@pytest.mark.parametrize(
    "route",
    ["draft", "guide", "card", "rewrite", "name", "named", "whose", "same", "same-again", "over", "save", "stop"],
)
async def test_the_writing_of_a_form_is_nobody_elses_and_ends(scene: Scene, route: str) -> None:
    """The buttons of a dialogue, pressed by somebody else, and by their writer when it is over."""
    await scene.anna.says("/forms")
    await scene.anna.taps(key("forms-new"))
    await scene.anna.says("Nimi: Oma palaute\nKahvi oli hyvää (1-4)")
    save = next(str(one.data) for row in scene.anna.last.buttons for one in row if one.label == "Tallenna")
    data = f"form-{route}:{save.partition(':')[2]}:0:1"
    before = await world(scene.talk)
    for who in (scene.eeva, scene.bo, scene.stranger):
        assert await who.taps_data(data) == said("dialogue-is-over")
    await scene.anna.says("/cancel")
    assert await scene.anna.taps_data(data) == said("dialogue-is-over")
    after = await world(scene.talk)
    assert {**after, "draft": []} == {**before, "draft": []}


async def test_a_role_taken_away_in_mid_dialogue_ends_it(scene: Scene) -> None:
    await scene.anna.says("/newmeeting Lastensuojelu ke 17.3. klo 9-12 Teams: Toinen")
    await scene.write(update(Role).values(revoked_at=scene.talk.clock.now()))
    await scene.anna.taps(key("skip-link"))
    assert scene.anna.toast == said("not-found")
    await scene.anna.says("https://teams.example/abc")
    assert scene.anna.text == said("not-found")
    await scene.anna.says("Terve")
    assert "Lastensuojelu" not in scene.anna.text
    assert not await scene.first(select(Draft.person_id))


@pytest.mark.parametrize("who", ["stranger", "bo", "dan", "eeva"])
async def test_results_are_for_the_coordinators_of_the_group(scene: Scene, who: str) -> None:
    release = await scene.first(select(Release.id)) or 1
    before = await world(scene.talk)
    assert await getattr(scene, who).taps_data(f"result:{release}") == said("not-found")
    assert await world(scene.talk) == before


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_refusals_speak_the_readers_language(scene: Scene, language: str) -> None:
    reader = scene.talk.person("Kim", language=language)
    await reader.starts()
    assert await reader.taps_data(f"rsvp:{scene.invitation}:no:1") == said("not-found", language)
    assert await reader.says("/newmeeting") == said("newmeeting-no-groups", language)
    assert await reader.says("/nonsense") == said("unknown-command", language)


SURVEYS = (
    "survey:{run}",
    "survey-withdraw:{run}",
    "survey-withdraw-yes:{run}:{stamp}",
    "survey-end:{run}",
    "survey-end-yes:{run}:{stamp}",
    "survey-new:{form}",
)


async def a_survey(scene: Scene) -> dict[str, int]:
    """A form that Anna has planned to send to her group tomorrow, and the numbers that its buttons carry."""
    async with scene.talk.app.sessions.begin() as session:
        form = (await forms.built_in(session, forms.MEETING_FORM)).form.id
    await scene.anna.taps_data(f"survey-new:{form}")
    for label in ("Huomenna", "Viikko", "Ajasta"):
        await scene.anna.taps(label)
    run = await scene.first(select(Run))
    return {"run": run.id, "stamp": int(run.opens_at.timestamp() + run.closes_at.timestamp()), "form": form}


@pytest.mark.parametrize("who", ["stranger", "bo", "dan", "eeva"])
async def test_a_survey_is_run_by_the_coordinators_of_its_group_alone(scene: Scene, who: str) -> None:
    survey = await a_survey(scene)
    may = {"survey-new:{form}"} if who == "eeva" else set()  # she may send the form to a group of her own
    await assert_refused(scene, who, *(route.format(**survey) for route in SURVEYS if route not in may))


async def test_a_coordinator_no_more_runs_no_survey(scene: Scene) -> None:
    survey = await a_survey(scene)
    await scene.write(update(Role).values(revoked_at=scene.talk.clock.now()))
    await assert_refused(scene, "anna", *(route.format(**survey) for route in SURVEYS))


STEPS = (
    "group:{n}:2",
    "group:{n}:99",
    "open:{n}:never",
    "close:{n}:year",
    "remind:{n}:3",
    "doubt:{n}:0",
    "edit:{n}:form",
)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_was_not_offered_changes_nothing(scene: Scene, step: str) -> None:
    survey = await a_survey(scene)
    await scene.anna.taps_data(f"survey-new:{survey['form']}")
    draft = await scene.first(select(Draft))
    before = await world(scene.talk)
    assert await scene.anna.taps_data("survey-" + step.format(n=draft.number)) == said("not-found")
    assert await scene.anna.taps_data("survey-" + step.format(n=draft.number + 1)) == said("dialogue-is-over")
    assert await world(scene.talk) == before


HOSTILE = {
    "HTML": "<b>Anna</b> & <script>alert(1)</script> &lt;",
    "right to left": "\u202eannA\u202c \u200f\u200e\u2066x",
    "NUL and controls": "An\x00na\x07\x1b[31m",
    "only spaces": " \u3000\u00a0\t ",
    "zero width": "A\u200bn\u200dn\ufeffa",
    "emoji": "😀" * 4096,
    "combining": "a" + "\u0301" * 500,
    "long word": "x" * 4000,
    "format": "{group} %s {0} {n!r}",
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_names_and_titles_go_through_the_whole_loop(talk: Talk, case: str) -> None:
    hostile = HOSTILE[case]
    name = (hostile if hostile.strip() else ".")[:64]  # as long as Telegram allows
    anna, bo = talk.person("Anna"), talk.person(name)
    await talk.group(f"Ryhmä {hostile}"[:60].replace("\x00", ""), members=[bo], coordinator=anna)
    await anna.says("/newmeeting")
    await anna.says(hostile[:4000])
    if "Aihe tarkentuu" in anna.labels():  # refused: too long, or nothing left of it
        await anna.taps("Aihe tarkentuu")
    await anna.says("ke 10.3. klo 9-12")
    await anna.taps("Hybridi")
    await anna.says(hostile[:100])
    if "Paikka tarkentuu" in anna.labels():
        await anna.taps("Paikka tarkentuu")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    await anna.taps(key("confirm-send"))
    await talk.settle()
    await bo.taps("Etänä")
    await anna.taps(key("refresh"))
    await talk.time_passes(days=8, hours=4)
    await bo.taps(key("attended-remote"))
    for _ in range(4):
        await bo.taps("5")
    await bo.says(hostile[:4000])
    await bo.taps(key("feedback-finish"))
    assert "Kiitos" in bo.text
    await talk.time_passes(days=9)
    refused = [
        call
        for call in talk.sandbox.log
        if not call.ok and call.error_code == 400 and "not modified" not in call.description
    ]
    assert refused == []


@pytest.mark.parametrize("what", ["invitation", "form"])
async def test_a_button_older_than_what_it_is_about_is_refused(scene: Scene, what: str) -> None:
    """After a restore, the ids of what was lost are given to something new."""
    later = scene.talk.clock.now() + timedelta(days=9)
    if what == "form":
        await scene.held()
        await scene.write(update(Meeting).values(ends_at=later))
    else:
        await scene.write(update(Invitation).values(invited_at=later))
    before = await world(scene.talk)
    data = next(button.data for row in scene.bo.last.buttons for button in row)
    assert await scene.bo.taps_data(str(data)) == said("stale")
    assert await world(scene.talk) == before
