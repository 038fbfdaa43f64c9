"""Answering a form of any kind: one message edited in place, and nothing that a client sends can bend it."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from bot.app import App
from bot.sandbox.messages import Message
from handlers.layout import DATA_BYTES, TEXT_LENGTH
from models.feedback import runs
from models.feedback.answers import Ballot, ballot, from_json
from models.feedback.runs import Participation, Run, RunState, Staged
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM
from models.forms.forms import DONT_KNOW, OTHER, Form, Question
from models.forms.items import Background, Choice, Item, QuestionKind
from models.people import groups
from models.people.groups import Workgroup
from models.people.people import Person
from models.people.settings import Field, Organisation
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words

SCALE = Item(QuestionKind.SCALE, "Sisältö vastasi odotuksiani", low=1, high=5)
SINGLE = Item(QuestionKind.SINGLE, "Miten osallistut?", choices=(Choice("Etänä"), Choice("Paikalla")), other=True)
SEVERAL = Item(
    QuestionKind.SEVERAL,
    "Mikä oli parasta?",
    choices=(Choice("Tieto"), Choice("Verkostot"), Choice("Kahvi")),
    other=True,
)
YES_NO = Item(QuestionKind.YES_NO, "Jatketaanko?", choices=(Choice("Kyllä", "yes"), Choice("Ei", "no")))
OPEN = Item(QuestionKind.OPEN, "Mitä muuta?")
ALL_KINDS = (SCALE, SINGLE, SEVERAL, YES_NO, OPEN)


@scene
async def put(
    talk: Talk, items: Iterable[Item], *, named: bool = False, preview: bool = False, reminders: int = 0
) -> int:
    """Puts a form on its own to the members of the only group for two weeks; the id of the run."""
    now = talk.clock.now()
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalar_one()
        form = Form(key=secrets.token_hex(8), name="Kysely", workgroup_id=group.id, created_at=now)
        session.add(form)
        await session.flush()
        version = await forms.write(session, form, items, named=named)
        run = Run(form_version_id=version.id, workgroup_id=group.id, threshold=5, named=named, opens_at=now)
        run.closes_at, run.reminders = now + timedelta(days=14), reminders
        run.state = RunState.PREVIEW if preview else RunState.OPEN
        session.add(run)
        await session.flush()
        talk.app.keys.create(run.key)
        members = await groups.members(session, group.id)
        await runs.ask(session, run, members, policy=talk.app.policy, now=now)
        run_id = run.id
    await talk.settle()
    return run_id


async def ballots(talk: Talk) -> dict[str, Ballot]:
    """What stands of each person's answers, opened with the key, with questions by position; "other" by its minus."""
    found = {}
    async with talk.app.sessions() as session:
        rows = await session.execute(select(Staged, Run, Person).join(Run).join(Person))
        for staged, run, person in rows.all():
            asked = await forms.questions(session, run.form_version_id)
            place = {question.id: question.position for question in asked}
            given = ballot(asked, from_json(talk.app.keys.open(run.key, staged.blob)))
            found[person.name] = {place[abs(key)] * (1 if key > 0 else -1): value for key, value in given.items()}
    return found


async def questions(talk: Talk) -> list[Question]:
    async with talk.app.sessions() as session:
        run = (await session.execute(select(Run).order_by(Run.id.desc()))).scalars().first()
        assert run is not None
        return await forms.questions(session, run.form_version_id)


@scene
async def set_background(talk: Talk, name: str, organisation: Organisation | None, field: Field | None) -> None:
    async with talk.app.sessions.begin() as session:
        person = (await session.execute(select(Person).where(Person.name == name))).scalar_one()
        person.organisation, person.field = organisation, field


def rows_of(message: Message) -> list[list[str]]:
    return [[button.label for button in row] for row in message.buttons]


@pytest.fixture(autouse=True)
@scene
async def group(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)


async def test_every_kind_in_one_message(talk: Talk, bo: Actor) -> None:
    await put(talk, ALL_KINDS)
    form, before = bo.last, len(bo.messages)
    assert "Kysely" in bo.text
    assert "5 kysymystä, noin 6 napautusta, 2 min" in bo.text
    assert "1/5" in bo.text
    assert "luottamuksellisia" in bo.text
    assert "1 = täysin eri mieltä" in bo.text
    assert rows_of(form) == [["1", "2", "3", "4", "5"], ["Ohita"]]
    await bo.taps("4")
    assert "2/5" in bo.text
    assert "luottamuksellisia" not in bo.text
    assert rows_of(form) == [["Etänä", "Paikalla"], ["Muu"], ["‹ Edellinen", "Ohita"]]
    await bo.taps("Etänä")
    assert "3/5" in bo.text
    assert "Valitse yksi tai useampi" in bo.text
    await bo.taps("Tieto")
    await bo.taps("Kahvi")
    assert [label for label in bo.labels() if label.startswith("✓")] == ["✓ Tieto", "✓ Kahvi"]
    await bo.taps("Valmis")
    await bo.taps("Kyllä")
    assert words(form).startswith("Vastauksesi")
    assert (
        "1. Sisältö vastasi odotuksiani – 4\n2. Miten osallistut? – Etänä\n3. Mikä oli parasta? – Tieto, Kahvi"
        in bo.text
    )
    assert "Mitä muuta?\nKirjoita viesti" in bo.text
    assert len(bo.messages) == before
    await bo.says("Hyvä ryhmä")
    assert "Kirjoitit: Hyvä ryhmä" in bo.text
    await bo.taps(key("feedback-finish"))
    assert "Kiitos palautteesta!" in bo.text
    assert (await ballots(talk))["Bo"] == {1: 4, 2: [1], 3: [1, 3], 4: [1], 5: "Hyvä ryhmä"}


@pytest.mark.parametrize(
    ("low", "high", "rows"),
    [
        (0, 1, [2]),
        (1, 4, [4]),
        (1, 6, [6]),
        (1, 7, [4, 3]),
        (1, 8, [4, 4]),
        (0, 8, [5, 4]),
        (1, 10, [5, 5]),
    ],
)
async def test_a_scale_fits_a_phone(talk: Talk, bo: Actor, low: int, high: int, rows: list[int]) -> None:
    scale = Item(QuestionKind.SCALE, "Arvio", low=low, high=high, low_name="huono", high_name="hyvä", dont_know=True)
    await put(talk, [scale, SCALE])
    assert [len(row) for row in rows_of(bo.last)] == [*rows, 1, 1]
    assert f"{low} = huono\n{high} = hyvä" in bo.text
    await bo.taps("En osaa sanoa")
    await bo.taps(key("previous"))
    assert "✓ En osaa sanoa" in bo.labels()
    assert (await ballots(talk))["Bo"] == {1: DONT_KNOW}
    await bo.taps(str(low))
    await bo.taps(key("previous"))
    assert f"✓ {low}" in bo.labels()
    assert "✓ En osaa sanoa" not in bo.labels()
    assert (await ballots(talk))["Bo"] == {1: low}


async def test_long_options_stand_in_full_in_the_text(talk: Talk, bo: Actor) -> None:
    long = "Kollegoiden kanssa kokoontuminen ja verkostoituminen"
    await put(talk, [Item(QuestionKind.SEVERAL, "Anti?", choices=(Choice(long), Choice("Tieto")), other=True), SCALE])
    assert f"1. {long}\n2. Tieto\n3. Muu" in bo.text
    assert bo.labels() == ["1 Kollegoiden kanssa…", "2 Tieto", "3 Muu", "Valmis", "Ohita"]
    await bo.taps("1 Koll")
    assert bo.labels() == ["✓ 1 Kollegoiden kanssa…", "2 Tieto", "3 Muu", "Valmis"]
    await bo.taps("2 Tieto")
    await bo.taps("3 Muu")
    await bo.says("Kahvi")
    for label in ("Valmis", "5"):
        await bo.taps(label)
    assert f"1. Anti? – {long}, Tieto, Muu: Kahvi\n" in bo.text


async def test_a_toggle_says_what_it_turns_to(talk: Talk, bo: Actor) -> None:
    """Double taps, redelivery and a second device change nothing more."""
    run = await put(talk, [SEVERAL, SCALE])
    (several, _) = await questions(talk)
    phone = bo.last
    for _ in range(2):
        await bo.taps_data(f"tick:{run}:{several.id}:1:on", phone)
    talk.sandbox.faults.duplicate_updates(1)
    await bo.taps_data(f"tick:{run}:{several.id}:2:on", phone)
    assert (await ballots(talk))["Bo"] == {1: [1, 2]}
    bo.user.taps_data(f"tick:{run}:{several.id}:1:off", phone)
    bo.user.taps_data(f"tick:{run}:{several.id}:3:on", phone)
    await talk.answered()
    assert (await ballots(talk))["Bo"] == {1: [2, 3]}
    assert [label for label in bo.labels(phone) if label.startswith("✓")] == ["✓ Verkostot", "✓ Kahvi"]


async def test_presses_that_come_out_of_order_leave_the_newest(talk: Talk, bo: Actor) -> None:
    run = await put(talk, [SEVERAL, SCALE])
    several, scale = await questions(talk)
    for older, newer in (
        (f"tick:{run}:{several.id}:1:on", f"tick:{run}:{several.id}:1:off"),
        (f"rate:{run}:{scale.id}:2", f"rate:{run}:{scale.id}:5"),
    ):
        talk.sandbox.faults.late_updates(1)
        bo.user.taps_data(older, bo.last)
        bo.user.taps_data(newer, bo.last)
        await talk.answered()
    assert (await ballots(talk))["Bo"] == {2: 5}


async def test_other_can_be_said_or_left_out(talk: Talk, bo: Actor, cilla: Actor) -> None:
    await put(talk, [SINGLE, SEVERAL, SCALE])
    await bo.taps("Muu")
    assert "Kirjoita viestinä, mikä" in bo.text
    await bo.says("Puhelimella")
    assert bo.text.startswith("Kirjoitit: Puhelimella")
    assert "2/3" in bo.text
    await bo.taps("Muu")
    await bo.says("Ruoka")
    assert "✓ Muu" in bo.labels()
    assert "Kirjoitit: Ruoka" in bo.text
    await bo.taps("Tieto")
    await bo.says("Hyvä ruoka")
    await bo.taps("Valmis")
    assert "3/3" in bo.text
    await cilla.taps("Muu")
    await cilla.taps("Seuraava")
    await cilla.taps("Muu")
    await cilla.taps("Valmis")
    assert await ballots(talk) == {
        "Bo": {1: [OTHER], -1: "Puhelimella", 2: [1, OTHER], -2: "Hyvä ruoka"},
        "Cilla": {1: [OTHER], 2: [OTHER]},
    }
    await bo.taps(key("previous"))
    await bo.taps("✓ Muu")  # unticked, what it was is gone with it
    await bo.taps("Valmis")
    assert (await ballots(talk))["Bo"] == {1: [OTHER], -1: "Puhelimella", 2: [1]}
    await bo.says("Tämä ei ole vastaus")
    assert "ei ole vastaus" not in str(await ballots(talk))


async def test_words_under_a_choice_with_other_are_the_other(talk: Talk, bo: Actor, cilla: Actor) -> None:
    """Nobody has to tap Muu first; on the first page too, which nothing but the letter has brought."""
    await put(talk, [SINGLE, SCALE, SEVERAL, SINGLE, SCALE])
    await bo.says("Puhelimella")
    assert bo.text.startswith("Kirjoitit: Puhelimella\nUusi viesti korvaa tämän.\nMerkitsin vastaukseksesi Muu.")
    assert "2/5" in bo.text
    await bo.taps("4")
    await bo.taps("Tieto")
    await bo.says("Ruoka")
    assert "3/5" in bo.text
    assert [label for label in bo.labels() if label.startswith("✓")] == ["✓ Tieto", "✓ Muu"]
    assert "Kirjoitit: Ruoka" in bo.text
    await bo.taps("Valmis")
    await bo.taps("Etänä")
    await bo.taps(key("previous"))
    await bo.says("x" * 201)
    assert "Viesti on liian pitkä" in bo.text
    assert "✓ Etänä" in bo.labels()
    await bo.says("Sekä että")
    assert "5/5" in bo.text
    assert (await ballots(talk))["Bo"] == {
        **{1: [OTHER], -1: "Puhelimella", 2: 4},
        **{3: [1, OTHER], -3: "Ruoka", 4: [OTHER], -4: "Sekä että"},
    }
    await bo.taps("4")
    assert "1. Miten osallistut? – Muu: Puhelimella" in bo.text


NOT_SAVED = "Viestiäsi ei tallennettu, sillä tähän vastataan painikkeilla. Muissa asioissa auttaa /help."


async def test_words_that_a_question_does_not_take_are_said_not_to_be_kept(talk: Talk, bo: Actor) -> None:
    await put(talk, [SCALE, YES_NO, SINGLE])
    await bo.says("Aika hyvä oli")
    assert bo.text.startswith(NOT_SAVED)
    assert "1/3" in bo.text
    await bo.taps("4")
    await bo.says("Jatketaan vaan")
    assert bo.text.startswith(NOT_SAVED)
    assert "2/3" in bo.text
    await bo.taps("Kyllä")
    await bo.taps(key("previous"))
    await bo.says("Eikun ei")  # that the next question would take words is another matter
    assert bo.text.startswith(NOT_SAVED)
    assert (await ballots(talk))["Bo"] == {1: 4, 2: [1]}
    await bo.taps("Etänä")
    await bo.taps(key("feedback-finish"))
    assert "/privacy" in await bo.says("Mitä nyt?")  # the form waits no more: help, as ever
    assert "viestiäsi" not in bo.text.casefold()


async def test_words_are_no_answer_where_two_forms_might_be_meant(talk: Talk, bo: Actor) -> None:
    await put(talk, [SINGLE, SCALE])
    await put(talk, [SINGLE, SCALE])
    await bo.says("Puhelimella")
    assert bo.text.startswith(NOT_SAVED)
    assert not any((await ballots(talk)).values())


async def test_more_typing_replaces_what_was_typed_until_the_next_tap(talk: Talk, bo: Actor) -> None:
    await put(talk, [Item(QuestionKind.OPEN, "Miksi?"), SCALE, OPEN])
    assert "napauta ensin Kirjoita vastaus" in bo.text
    await bo.taps("Kirjoita vastaus")
    await bo.says("Ensin näin")
    assert bo.text.startswith("Kirjoitit: Ensin näin\nUusi viesti korvaa tämän.")
    assert "2/3" in bo.text
    await bo.says("Vaan näin")
    assert (await ballots(talk))["Bo"] == {1: "Vaan näin"}
    await bo.taps("3")
    await bo.says("Lopuksi")
    assert (await ballots(talk))["Bo"] == {1: "Vaan näin", 2: 3, 3: "Lopuksi"}
    await bo.taps("Poista kirjoitettu vastaus")
    assert "Kirjoita viesti, jos haluat" in bo.text
    assert (await ballots(talk))["Bo"] == {1: "Vaan näin", 2: 3}


async def test_the_summary_changes_any_answer_and_comes_back(talk: Talk, bo: Actor) -> None:
    await put(talk, [SCALE, SINGLE, SEVERAL, OPEN])
    for label in ("2", "Ohita", "Tieto", "Valmis"):
        await bo.taps(label)
    assert "1. Sisältö vastasi odotuksiani – 2\n2. Miten osallistut? – ohitit\n3. Mikä oli parasta? – Tieto" in bo.text
    assert bo.labels() == ["Muuta 1", "Muuta 2", "Muuta 3", "Lähetä palaute"]
    await bo.taps("Muuta 1")
    assert "✓ 2" in bo.labels()
    await bo.taps("5")
    assert bo.text.startswith("Vastauksesi")
    assert "odotuksiani – 5" in bo.text
    await bo.taps("Muuta 2")
    await bo.taps("Paikalla")
    await bo.taps("Muuta 3")
    await bo.taps("Kahvi")
    await bo.taps("Valmis")
    assert "2. Miten osallistut? – Paikalla\n3. Mikä oli parasta? – Tieto, Kahvi" in bo.text
    await bo.taps(key("feedback-finish"))
    await bo.taps("Muuta vastauksia")
    assert "Olet jo lähettänyt palautteen" in bo.text
    await bo.taps("Muuta 1")
    await bo.taps(key("skip"))
    assert "1. Sisältö vastasi odotuksiani – ohitit" in bo.text
    await bo.taps("Muuta 2")
    await bo.taps("Yhteenveto")
    await bo.taps("Valmis")
    assert (await ballots(talk))["Bo"] == {2: [2], 3: [1, 3]}


async def test_the_summary_says_what_counts_before_it_is_sent(talk: Talk, bo: Actor, cilla: Actor) -> None:
    """It agrees with what is said before the first question, and with what is counted at closing."""
    await put(talk, [SCALE, OPEN])
    assert "Jokainen antamasi vastaus lasketaan, vaikka lomake jäisi kesken." in bo.text
    await bo.taps("4")
    assert "Antamasi vastaukset lasketaan, kun kysely sulkeutuu. Kun lähetät palautteen, olet valmis" in bo.text
    await bo.taps(key("feedback-finish"))
    await talk.time_passes(days=15)
    await put(talk, [SCALE, OPEN], named=True)
    await cilla.taps("4")
    assert "Vastauksesi lasketaan vasta, kun olet lähettänyt ne." in cilla.text


@pytest.mark.parametrize("press", ["rate:{r}:{q}:3", "page:{r}:{q}", "summary:{r}", "done:{r}"])
async def test_a_closed_form_loses_its_buttons_at_the_next_press(talk: Talk, bo: Actor, press: str) -> None:
    run = await put(talk, [SCALE, OPEN])
    (scale, _) = await questions(talk)
    await bo.taps("4")
    form, before = bo.last, len(bo.messages)
    async with talk.app.sessions() as session:
        talk.clock.moment = (await session.get_one(Run, run)).closes_at
    assert "Lähetä palaute" in bo.labels(form)
    closed = "Tämä kysely on sulkeutunut. Kiitos kaikille vastanneille!"
    assert await bo.taps_data(press.format(r=run, q=scale.id), form) == closed
    assert (words(form), form.buttons) == (f"Kysely (Lastensuojelu)\n\n{closed}", [])
    assert len(bo.messages) == before


async def test_what_is_required_is_not_skipped(talk: Talk, bo: Actor) -> None:
    required = [Item(one.kind, one.text, low=1, high=5, choices=one.choices, required=True) for one in (SCALE, SEVERAL)]
    run = await put(talk, [*required, OPEN])
    scale, several, _ = await questions(talk)
    assert "Ohita" not in bo.labels()
    assert "Tähän kysymykseen tarvitaan vastaus" in bo.text
    await bo.taps_data(f"rate:{run}:{scale.id}:skip")
    assert "tarvitaan vastaus" in bo.toast
    await bo.taps_data(f"done:{run}")
    assert "tarvitaan vastaus" in bo.toast
    assert "1/3" in bo.text
    await bo.taps("3")
    await bo.taps("Valmis")
    assert "tarvitaan vastaus" in bo.toast
    assert "2/3" in bo.text
    await bo.taps("Kahvi")
    await bo.taps("Valmis")
    await bo.taps("Muuta 2")
    await bo.taps("✓ Kahvi")
    await bo.taps_data(f"done:{run}")
    assert "tarvitaan vastaus" in bo.toast
    assert "2/3" in bo.text
    await bo.taps("Tieto")
    await bo.taps("Valmis")
    await bo.taps(key("feedback-finish"))
    assert (await ballots(talk))["Bo"] == {1: 3, 2: [1]}
    assert several.required


def background(*kinds: Background) -> list[Item]:
    return [item for item in ANNUAL_FORM.items if item.background in kinds]


async def test_background_comes_from_the_settings_and_may_be_withheld(talk: Talk, bo: Actor, cilla: Actor) -> None:
    for name in ("Bo", "Cilla"):
        await set_background(talk, name, Organisation.NGO, Field.FAMILIES)
    await put(talk, [SCALE, *background(Background.ORGANISATION, Background.FIELD), OPEN])
    assert "2 kysymystä" in bo.text
    await bo.taps("4")
    assert "Esitäytin nämä asetuksistasi. Niitä käytetään vain tulosten ryhmittelyyn" in bo.text
    assert "2. Taustaorganisaatiosi – Järjestö\n3. Toimialasi – " in bo.text
    await bo.taps("Muuta 2")
    assert "✓ Järjestö" in bo.labels()
    assert "asetuksistasi" in bo.text
    await bo.taps("En kerro")
    assert "2. Taustaorganisaatiosi – et kerro" in bo.text
    await bo.taps("Muuta 3")
    await bo.taps("Tutkimus, opetus, kehittäminen")
    assert (await ballots(talk))["Bo"].keys() == {1, 3}
    await cilla.taps("4")
    assert (await ballots(talk))["Cilla"].keys() == {1}
    await bo.taps(key("feedback-finish"))
    await cilla.taps(key("feedback-finish"))
    ngo, families = list(Organisation).index(Organisation.NGO) + 1, list(Field).index(Field.FAMILIES) + 1
    development = list(Field).index(Field.DEVELOPMENT) + 1
    assert await ballots(talk) == {"Bo": {1: 4, 3: [development]}, "Cilla": {1: 4, 2: [ngo], 3: [families]}}


async def test_background_that_no_setting_tells_is_asked(talk: Talk, bo: Actor) -> None:
    await set_background(talk, "Bo", None, Field.FAMILIES)
    await put(talk, [SCALE, *background(Background.ORGANISATION, Background.FIELD)])
    await bo.taps("4")
    assert "2/2" in bo.text
    assert "vain tulosten ryhmittelyyn" in bo.text
    assert bo.labels()[-1] == "En kerro"
    await bo.taps("En kerro")
    assert "2. Taustaorganisaatiosi – et kerro" in bo.text
    await bo.taps(key("feedback-finish"))
    assert (await ballots(talk))["Bo"].keys() == {1, 3}


async def test_what_one_says_of_oneself_stands_though_it_comes_after_finish(talk: Talk, bo: Actor) -> None:
    await set_background(talk, "Bo", Organisation.NGO, None)
    run = await put(talk, [SCALE, *background(Background.ORGANISATION)])
    _, organisation = await questions(talk)
    await bo.taps("4")
    talk.sandbox.faults.late_updates(1)
    bo.user.taps_data(f"rate:{run}:{organisation.id}:skip", bo.last)
    bo.user.taps("Lähetä palaute")
    await talk.answered()
    assert (await ballots(talk))["Bo"] == {1: 4}


async def test_a_named_form_says_who_sees_the_answers(talk: Talk, bo: Actor) -> None:
    await set_background(talk, "Bo", Organisation.NGO, None)
    await put(talk, [SCALE, *background(Background.ORGANISATION)], named=True)
    assert "Vastaat omalla nimelläsi" in bo.text
    assert "koordinoivat ryhmää Lastensuojelu" in bo.text
    assert "luottamuksell" not in bo.text
    await bo.taps("4")
    assert "vain tulosten ryhmittelyyn" not in bo.text


async def test_a_reminder_comes_back_to_where_one_left_off(talk: Talk, bo: Actor, cilla: Actor) -> None:
    await put(talk, [SCALE, SEVERAL, OPEN], reminders=2)
    await bo.taps("4")
    await bo.taps("Tieto")
    await cilla.taps("3")
    await cilla.taps(key("skip"))
    await talk.time_passes(days=6)
    assert bo.text.startswith(
        "Muistutus: et ole vielä lähettänyt vastauksiasi. Kysely Kysely (Lastensuojelu) sulkeutuu"
    )
    assert "Tähänastiset vastauksesi ovat tallessa" in bo.text
    await bo.taps(key("feedback-go-on"))
    assert "2/3" in bo.text
    assert "✓ Tieto" in bo.labels()
    assert "Vastauksesi\n" not in cilla.text
    await cilla.taps(key("feedback-go-on"))
    assert cilla.text.startswith("Vastauksesi\n")
    await cilla.taps(key("feedback-finish"))
    count = len(cilla.messages)
    await talk.time_passes(days=5)
    assert bo.text.startswith("Muistutus")
    await bo.taps(key("feedback-go-on"))
    assert len(cilla.messages) == count
    await bo.taps("Valmis")
    await bo.taps(key("feedback-finish"))
    assert (await ballots(talk))["Bo"] == {1: 4, 2: [1]}


async def test_a_restart_and_a_week_change_nothing(talk: Talk, bo: Actor) -> None:
    """Where one is, what is ticked and what would be typed are rows, not memory."""
    await put(talk, [SEVERAL, SCALE])
    await bo.taps("Muu")
    old = talk.app
    talk.app = App(old.settings, talk.clock, transport=httpx.ASGITransport(app=talk.sandbox.app))
    await old.close()
    await talk.app.start()
    await talk.app.introduce()
    try:
        await talk.time_passes(days=7)
        await bo.says("Ruoka")
        assert "✓ Muu" in bo.labels()
        await bo.taps("Valmis")
        assert "2/2" in bo.text
        assert (await ballots(talk))["Bo"] == {1: [OTHER], -1: "Ruoka"}
    finally:
        await talk.app.close()


async def test_two_devices_answer_one_form(talk: Talk, bo: Actor) -> None:
    """A button of a page that has gone answers what it says, and leads to what is left."""
    run = await put(talk, [SCALE, SINGLE, YES_NO])
    scale, single, yes_no = await questions(talk)
    phone = bo.last
    await bo.taps_data(f"rate:{run}:{yes_no.id}:2", phone)
    assert "1/3" in words(phone)  # the last is answered, the others are not
    bo.user.taps_data(f"rate:{run}:{scale.id}:5", phone)
    bo.user.taps_data(f"rate:{run}:{scale.id}:3", phone)
    await talk.answered()
    await bo.taps_data(f"page:{run}:{scale.id}", phone)
    assert "✓ 3" in bo.labels(phone)
    await bo.taps_data(f"summary:{run}", phone)
    assert "2/3" in words(phone)  # no summary before the end
    await bo.taps_data(f"rate:{run}:{single.id}:1", phone)
    assert words(phone).startswith("Vastauksesi")
    assert (await ballots(talk))["Bo"] == {1: 3, 2: [1], 3: [2]}


async def test_a_trial_says_so_on_every_page_and_leads_back(talk: Talk, bo: Actor) -> None:
    await put(talk, [SCALE, SEVERAL, OPEN], preview=True)
    trial = "Kokeilu. Näin lomake näkyy vastaajille. Näitä vastauksia ei lasketa."
    for label in ("4", "Tieto", "Valmis"):
        assert bo.text.startswith(trial)
        await bo.taps(label)
    assert bo.text.startswith(trial)
    await bo.taps(key("feedback-finish"))
    assert bo.text.startswith(trial)
    assert rows_of(bo.last) == [["Muuta vastauksia"], ["‹ Takaisin lomakkeeseen"]]
    (button,) = bo.last.buttons[-1]
    async with talk.app.sessions() as session:
        form = await session.scalar(select(Form.id).where(Form.name == "Kysely"))
    assert button.data == f"form:{form}"


HOSTILE = tuple(Choice(f"{number:02} " + "&>v " * 49) for number in range(12))
LONGEST = (
    Item(QuestionKind.SCALE, "S" * 200, low=1, high=10, low_name="e" * 60, high_name="h" * 60, dont_know=True),
    *(
        Item(kind, f"{number} " + "&<k " * 49, choices=HOSTILE, other=True)
        for number, kind in enumerate((QuestionKind.SINGLE, QuestionKind.SEVERAL) * 14)
    ),
    Item(QuestionKind.OPEN, "😀a" * 100),
)


@pytest.mark.slow
async def test_the_longest_form_fits_every_page(talk: Talk, bo: Actor) -> None:
    """30 questions of 200 characters with 12 options of 200, answers of 200 and 1,000, in a trial with a name."""
    assert len(LONGEST) == 30
    run = await put(talk, LONGEST, preview=True, named=True)
    pages = [words(bo.last)]
    asked = await questions(talk)
    await bo.taps("10")
    for question in asked[1:-1]:
        pages.append(words(bo.last))
        if question.kind is QuestionKind.SEVERAL:
            for value in range(1, 13):
                await bo.taps_data(f"tick:{run}:{question.id}:{value}:on")
            await bo.taps("13 Muu")
        else:
            await bo.taps("13 Muu")
        await bo.says("&" * 200)
        pages.append(words(bo.last))
        if question.kind is QuestionKind.SEVERAL:
            await bo.taps("Valmis")
    await bo.says("&" * 1000)
    pages.append(words(bo.last))
    assert "Muuta 29" in bo.labels()
    assert max(map(len, pages)) <= TEXT_LENGTH
    labels = [label for message in bo.messages for label in bo.labels(message)]
    assert max(len(label) for label in labels) <= 32
    sizes = [len((b.data or "").encode()) for message in bo.messages for row in message.buttons for b in row]
    assert max(sizes) <= DATA_BYTES
    failed = [c for c in talk.sandbox.log if c.error_code == 400 and "not modified" not in c.description]
    assert failed == []
    await bo.taps(key("feedback-finish"))
    assert "Kokeilu päättyi" in bo.text
    assert len((await ballots(talk))["Bo"]) == 30 + 28


TYPED = {
    "4,096 characters": ("x" * 4096, "Viesti on liian pitkä", None),
    "1,001 characters": ("x" * 1001, "Viesti on liian pitkä", None),
    "1,000 characters": ("x" * 1000, "Kirjoitit: xxx", "x" * 1000),
    "1,000 emoji": ("😀" * 1000, "Kirjoitit: 😀", "😀" * 1000),
    "HTML": ("<b>Anna</b> & <script>", "Kirjoitit: <b>Anna</b> & <script>", "<b>Anna</b> & <script>"),
    "right to left": ("\u202eannA\u202c \u200fx", "Kirjoitit: annA x", "annA x"),
    "NUL and zero width": ("A\x00n\u200bn\u200da\x1b", "Kirjoitit: Anna", "Anna"),
    "nothing that shows": ("\u200b \u3000", "Viestissä ei ollut tekstiä", None),
    "lines": ("Eka\nToka", "Kirjoitit: Eka Toka", "Eka Toka"),
    "braces": ("{text} %s {0}", "Kirjoitit: {text} %s {0}", "{text} %s {0}"),
}


@pytest.mark.parametrize("case", TYPED)
async def test_what_people_type(talk: Talk, bo: Actor, case: str) -> None:
    typed, said, kept = TYPED[case]
    await put(talk, [SCALE, OPEN])
    await bo.taps("3")
    await bo.says(typed)
    assert bo.text.startswith(said) or f"\n{said}" in bo.text
    assert (await ballots(talk))["Bo"] == ({1: 3} if kept is None else {1: 3, 2: kept})
    if kept is None:  # asked again
        await bo.says("Lyhyt")
        assert (await ballots(talk))["Bo"] == {1: 3, 2: "Lyhyt"}


async def test_an_answer_in_the_second_of_closing(talk: Talk, bo: Actor) -> None:
    run_id = await put(talk, [SINGLE, SCALE])
    await bo.taps("Muu")
    async with talk.app.sessions() as session:
        closes = (await session.get_one(Run, run_id)).closes_at
    talk.clock.moment = closes - timedelta(seconds=1)
    await bo.says("Viime hetkellä")
    kept = await ballots(talk)
    assert kept["Bo"] == {1: [OTHER], -1: "Viime hetkellä"}
    talk.clock.moment = closes
    await bo.says("Liian myöhään")
    assert "kysely on sulkeutunut" in bo.text
    await bo.taps("5")
    assert "kysely on sulkeutunut" in bo.toast
    assert await ballots(talk) == kept


FORGED: dict[str, Sequence[str]] = {
    "scale": ("rate:{r}:{q}:6", "rate:{r}:{q}:0", "rate:{r}:{q}:-1", "rate:{r}:{q}:unsure", "rate:{r}:{q}:x"),
    "scale as other kinds": ("tick:{r}:{q}:1:on", "settle:{r}:{q}", "write:{r}:{q}"),
    "single": ("rate:{r}:{q}:3", "rate:{r}:{q}:unsure", "tick:{r}:{q}:1:on", "settle:{r}:{q}", "rate:{r}:{q}"),
    "several": ("rate:{r}:{q}:1", "tick:{r}:{q}:4:on", "tick:{r}:{q}:1", "tick:{r}:{q}:1:maybe", "tick:{r}:{q}:x:on"),
    "yes or no": ("rate:{r}:{q}:0", "rate:{r}:{q}:3", "tick:{r}:{q}:1:on", "write:{r}:{q}", "settle:{r}:{q}"),
    "open": ("rate:{r}:{q}:1", "rate:{r}:{q}:0", "tick:{r}:{q}:0:on", "settle:{r}:{q}"),
    "no question of this form": ("rate:{r}:9999:1", "tick:{r}:9999:1:on", "page:{r}:9999", "was:{r}:remote"),
}
PLACES = {"scale": 0, "scale as other kinds": 0, "single": 1, "several": 2, "yes or no": 3, "open": 4}


@pytest.mark.parametrize("kind", FORGED)
async def test_what_the_form_does_not_have_is_refused(talk: Talk, bo: Actor, kind: str) -> None:
    run = await put(talk, ALL_KINDS)
    asked = await questions(talk)
    for forged in FORGED[kind]:
        data = forged.format(r=run, q=asked[PLACES.get(kind, 0)].id)
        await bo.taps_data(data)
        assert "En löydä" in bo.toast or bo.toast.startswith("Tätä"), (data, bo.toast)
        assert await ballots(talk) == {}, data
    assert "1/5" in bo.text


async def test_a_finished_form_is_not_reminded_of_and_counts_as_finished(talk: Talk, bo: Actor) -> None:
    await put(talk, [SCALE, OPEN], reminders=1)
    await bo.taps("3")
    await bo.taps(key("feedback-finish"))
    async with talk.app.sessions() as session:
        wanted = select(Participation.finished).join(Person).where(Person.name == "Bo")
        assert await session.scalar(wanted)
    count = len(bo.messages)
    await talk.time_passes(days=10)
    assert len(bo.messages) == count
