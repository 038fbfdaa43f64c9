"""/forms: written in chat, written anew, tried out, chosen for meetings, archived."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select, update

from handlers.forms.notation import own_words, read
from handlers.texts import LANGUAGES, texts
from models.delivery.drafts import Draft
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Form, FormVersion, GroupForm, Question
from models.forms.items import Item, QuestionKind
from models.meetings.meetings import Meeting
from models.people.access import Role
from models.people.audit import Audit
from models.people.groups import Workgroup
from tests.databases import KIND
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words

TEXT = "Nimi: Oma palaute\nKahvi oli hyvää (1-4)\nTulisitko uudelleen? (kyllä/ei)\nMitä muuta haluat sanoa?"


def said(key: str, **values: Any) -> str:
    return texts("fi")(key, **values).striptags()


async def rows(talk: Talk, wanted: Any) -> list[Any]:
    async with talk.app.sessions() as session:
        return list((await session.execute(wanted)).scalars())


async def own(talk: Talk) -> list[Form]:
    """The forms that were written here."""
    return await rows(talk, select(Form).where(Form.key.startswith("own-")).order_by(Form.id))


async def versions(talk: Talk) -> list[tuple[int, bool, list[tuple[str, str | None]]]]:
    """Number, whether named, and each question's identity and words, of all versions of own forms."""
    found = []
    async with talk.app.sessions() as session:
        wanted = select(FormVersion).join(Form).where(Form.key.startswith("own-")).order_by(FormVersion.id)
        for one in (await session.execute(wanted)).scalars():
            asked = await forms.questions(session, one.id)
            found.append((one.number, one.named, [(q.identity, q.text) for q in asked]))
    return found


def button(actor: Actor, label: str) -> str:
    """The data of a button on the newest message."""
    return next(str(one.data) for row in actor.last.buttons for one in row if one.label.startswith(label))


async def writes(actor: Actor, text: str = TEXT) -> None:
    """Writes a form and saves it."""
    await actor.says("/forms")
    await actor.taps(key("forms-new"))
    await actor.says(text)
    await actor.taps("Tallenna")


@pytest.fixture
@scene
async def office(talk: Talk, anna: Actor, bo: Actor, dan: Actor) -> tuple[Actor, Actor]:
    """Anna coordinates Lastensuojelu, where Bo is; Dan coordinates Vammaispalvelu."""
    await talk.group(members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelu", members=[], coordinator=dan)
    return anna, dan


# The list and the page


async def test_the_list_has_the_built_in_forms_and_says_the_next_step(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    assert "Omia lomakkeita ei vielä ole" in await anna.says("/forms")
    assert anna.labels()[:3] == ["Lyhyt kokouspalaute", "Työpajapalaute", "Työryhmän vuosikysely"]
    await anna.taps("Työryhmän vuosikysely")
    assert "Nimetön" in anna.text
    assert "1. Minulla on ollut mahdollisuus vaikuttaa asialistaan" in anna.text
    assert "Asteikko: 1 = täysin eri mieltä, 5 = täysin samaa mieltä" in anna.text
    assert "– Tiedon jakaminen ajankohtaisista aiheista" in anna.text
    assert "– muu, mikä?" in anna.text
    assert "Muokkaa" not in anna.labels()
    assert {"Kokeile", "Lähetä ryhmälle", "Käytä kokousten jälkeen", "Tee tästä oma", "Takaisin"} <= set(anna.labels())
    await anna.taps(key("back"))
    assert "Palautelomakkeet" in anna.text


async def test_forms_are_for_coordinators_and_administrators(talk: Talk, office: Any, aino: Actor, bo: Actor) -> None:
    assert await bo.says("/forms") == said("forms-for-coordinators")
    await aino.starts()
    assert "Palautelomakkeet" in await aino.says("/forms")


async def test_each_reads_a_built_in_form_in_their_language(talk: Talk) -> None:
    eva = talk.person("Eva", language="sv")
    await talk.group("Barnskydd", members=[], coordinator=eva)
    await eva.says("/forms")
    await eva.taps("Arbetsgruppens årsenkät")
    assert "Skala: 1 = helt av annan åsikt, 5 = helt av samma åsikt" in eva.text


async def test_a_long_form_is_shown_in_several_messages(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    option = "Vaihtoehto " + "sana " * 36
    lines = [f"Kysymys {n} (yksi: {option}{n}a; {option}{n}b)" for n in range(1, 13)]
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.sends("lomake.txt", "\n".join(["Nimi: Pitkä", *lines]).encode())
    assert len(anna.messages) > 2
    await anna.taps("Tallenna")
    assert "12. Kysymys 12" in anna.text
    await anna.taps(key("forms-edit"))
    assert anna.last.document is not None
    assert "Lomake on tässä tiedostossa" in words(anna.last)
    await anna.taps("Jatka tällä tekstillä")
    assert said("forms-unchanged") in anna.text


async def test_many_forms_are_turned_page_by_page(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    async with talk.app.sessions.begin() as session:
        for number in range(10, 30):
            form = Form(key=f"own-{number}", name=f"Lomake {number}", workgroup_id=1, created_at=talk.clock.now())
            session.add(form)
            await session.flush()
            await forms.write(session, form, [Item(QuestionKind.OPEN, "Mitä kuuluu?")])
    await anna.says("/forms")
    assert "Lomake 17 (Lastensuojelu)" not in anna.labels()
    await anna.taps("Seuraava")
    assert "Lomake 17 (Lastensuojelu)" in anna.labels()
    await anna.taps("Seuraava")
    await anna.taps("Lomake 29")
    assert "Mitä kuuluu?" in anna.text


async def test_an_administrator_without_groups_is_told_what_is_missing(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    await aino.says("/forms")
    await aino.taps("Työpajapalaute")
    await aino.taps("Kokeile")
    assert aino.toast == said("preview-needs-group")
    await aino.taps("Käytä kokousten jälkeen")
    assert aino.toast == said("forms-no-groups")


# Writing


async def test_a_form_is_written_in_one_message(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, dan = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    assert "jokainen omalle rivilleen" in anna.text
    await anna.says(TEXT)
    assert "Tällainen lomakkeesta tulee" in anna.text
    assert "1. Kahvi oli hyvää\nAsteikko: 1 = täysin eri mieltä, 4 = täysin samaa mieltä" in anna.text
    assert "2. Tulisitko uudelleen?\nKyllä tai ei" in anna.text
    assert not await own(talk)
    await anna.taps("Tallenna")
    (form,) = await own(talk)
    assert (form.name, form.workgroup_id) == ("Oma palaute", 1)
    assert "Työryhmän Lastensuojelu lomake · versio 1" in anna.text
    assert not await rows(talk, select(Draft))
    ((_, named, asked),) = await versions(talk)
    assert not named
    assert asked[2] == ("open-feedback", None)  # recognised: each reads it in their own language
    await anna.says("/forms")
    assert "Oma palaute (Lastensuojelu)" in anna.labels()
    await dan.says("/forms")
    assert not any("Oma palaute" in label for label in dan.labels())
    assert await dan.taps_data(f"form:{form.id}") == said("not-found")


async def test_all_faults_come_at_once_and_the_dialogue_stays(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says("Hyvä (1-40)\nToinen\nValitse (yksi: a)\n🙂🙂")
    assert all(f"Rivi {line}" in anna.text for line in (1, 3, 4))
    assert "Rivi 2" not in anna.text
    await anna.says(TEXT)
    await anna.taps("Tallenna")
    assert len(await own(talk)) == 1


async def test_faults_leave_what_was_read_before(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says(TEXT)
    await anna.says("Hyvä (1-40)")
    assert "Rivi 1" in anna.text
    await anna.taps(key("back"))
    assert "Kahvi oli hyvää" in anna.text
    await anna.taps("Tallenna")
    assert (await own(talk))[0].name == "Oma palaute"


async def test_a_name_is_asked_for_where_the_text_has_none(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    assert "Mikä on lomakkeen nimi?" in await anna.says("Kahvi oli hyvää")
    assert "jossa on sanoja" in await anna.says("🙂")
    assert "enintään 60" in await anna.says("n" * 61)
    await anna.says("Nimi: Kahvikysely")
    assert "Kahvikysely" in anna.text
    await anna.taps("Vaihda nimi")
    await anna.says("Teekysely")
    await anna.taps("Vaihda nimelliseksi")
    assert "Nimellinen" in anna.text
    await anna.taps("Tallenna")
    assert (await own(talk))[0].name == "Teekysely"
    assert (await versions(talk))[0][1] is True


async def test_back_and_cancel_lead_out_of_every_screen(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.taps("Kirjoitusohje")
    assert "Näin kirjoitat lomakkeen" in anna.text
    await anna.taps(key("back"))
    await anna.says("Kahvi oli hyvää")
    await anna.taps(key("back"))
    assert "Kahvi oli hyvää" in anna.text  # the text, to be copied and changed
    await anna.says(TEXT)
    await anna.taps("Vaihda nimi")
    await anna.taps(key("back"))
    await anna.taps("Kirjoita uudelleen")
    await anna.taps("Jatka tällä tekstillä")
    await anna.taps(key("cancel"))
    assert anna.toast == said("toast-nothing-changed")
    assert "Palautelomakkeet" in anna.text
    assert not await rows(talk, select(Draft))
    assert not await own(talk)


async def test_the_dialogue_waits_for_a_week(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says(TEXT)
    await talk.time_passes(days=7)
    await anna.taps("Tallenna")
    assert len(await own(talk)) == 1


async def test_an_administrator_writes_for_the_whole_organisation(
    talk: Talk, office: tuple[Actor, Actor], aino: Actor
) -> None:
    anna, _ = office
    await aino.starts()
    await aino.says("/forms")
    await aino.taps(key("forms-new"))
    await aino.says(TEXT)
    assert "Kenen lomake: Koko organisaatio" in aino.text
    await aino.taps("Kenen lomake")
    await aino.taps("Vammaispalvelu")
    assert "Kenen lomake: Vammaispalvelu" in aino.text
    await aino.taps("Kenen lomake")
    await aino.taps("Koko organisaatio")
    await aino.taps("Tallenna")
    (form,) = await own(talk)
    assert form.workgroup_id is None
    await anna.says("/forms")
    await anna.taps("Oma palaute")
    assert "Koko organisaation lomake" in anna.text
    assert "Muokkaa" not in anna.labels()
    assert await anna.taps_data(f"form-edit:{form.id}") == said("form-of-administrators")
    await anna.taps("Tee tästä oma")
    await anna.taps("Jatka tällä tekstillä")
    await anna.says("Meidän palaute")
    await anna.taps("Tallenna")
    assert [(one.name, one.workgroup_id) for one in await own(talk)] == [("Oma palaute", None), ("Meidän palaute", 1)]


async def test_a_coordinator_gives_no_form_to_another_group(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says(TEXT)
    number = button(anna, "Tallenna").split(":")[1]
    for whose in (0, 2, 99):
        assert await anna.taps_data(f"form-whose:{number}:{whose}") == said("not-found")


async def test_a_built_in_form_is_not_edited_but_copied(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps("Työpajapalaute")
    form_id = button(anna, "Kokeile").split(":")[1]
    assert await anna.taps_data(f"form-edit:{form_id}") == said("form-is-built-in")
    await anna.taps("Tee tästä oma")
    assert "Sisältö vastasi odotuksiani (1-4)" in anna.text
    await anna.says("Nimi: Meidän paja\nSisältö vastasi odotuksiani (1-4)\nKahvi oli hyvää (1-4)")
    await anna.taps("Tallenna")
    ((_, _, asked),) = await versions(talk)
    assert asked[0] == ("content-met-expectations", None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_examples_of_the_guide_can_be_read(language: str) -> None:
    t = texts(language)
    for name in ("forms-how", "forms-guide"):
        examples = re.findall(r"<code>(.*?)</code>", str(t(name)), re.DOTALL)
        lines = [line for example in examples for line in example.splitlines()]
        assert len(lines) > 4
        for line in lines[1:]:
            read(line.replace("&amp;", "&"), own_words=own_words())
        if name == "forms-how":
            read("\n".join(lines), own_words=own_words())


# Writing anew


async def test_a_form_is_written_anew_as_the_next_version(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps(key("forms-edit"))
    assert "Kahvi oli hyvää (1-4)" in anna.text
    await anna.says(f"{TEXT}\nTulisin uudelleen")
    assert "Tästä tulee uusi versio" in anna.text
    await anna.taps("Tallenna")
    assert "versio 2" in anna.text
    before, after = await versions(talk)
    assert (before[0], after[0]) == (1, 2)
    assert after[2][:3] == before[2]
    assert len(after[2]) == 4


async def test_nothing_changed_makes_no_version(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps(key("forms-edit"))
    await anna.says(TEXT)
    assert said("forms-unchanged") in anna.text
    assert "Tallenna" not in anna.labels()
    await anna.taps("Vaihda nimelliseksi")
    await anna.taps("Vaihda nimettömäksi")
    assert said("forms-unchanged") in anna.text
    await anna.taps("Vaihda nimi")
    await anna.says("Toinen nimi")
    await anna.taps("Tallenna")
    assert (await own(talk))[0].name == "Toinen nimi"
    assert len(await versions(talk)) == 1


@pytest.mark.parametrize(("answer", "keeps"), [("Sama", True), ("Uusi väittämä", False)])
async def test_a_reworded_statement_is_asked_about(
    talk: Talk, office: tuple[Actor, Actor], answer: str, keeps: bool
) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps(key("forms-edit"))
    await anna.says(TEXT.replace("Kahvi oli hyvää", "Kahvi oli todella hyvää"))
    assert "Ennen: Kahvi oli hyvää\nNyt: Kahvi oli todella hyvää" in anna.text
    await anna.taps(answer)
    await anna.taps("Tallenna")
    before, after = await versions(talk)
    assert (after[2][0][0] == before[2][0][0]) is keeps
    assert after[2][0][1] == "Kahvi oli todella hyvää"
    await anna.taps(key("forms-edit"))
    await anna.taps("Jatka tällä tekstillä")
    assert said("forms-unchanged") in anna.text  # it keeps its identity when it is read again
    if keeps:
        await anna.says(TEXT.replace("Kahvi oli hyvää", "Kahvi oli todella hyvää") + "\nKahvi oli hyvää (1-4)")
        await anna.taps("Tallenna")
        assert len({identity for identity, _ in (await versions(talk))[-1][2]}) == 4


async def test_what_was_answered_can_be_answered_again(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps(key("forms-edit"))
    await anna.says(TEXT.replace("Kahvi oli hyvää", "Kahvi oli todella hyvää"))
    await anna.taps("Uusi väittämä")
    await anna.taps("Valitse uudelleen")
    await anna.taps("Sama")
    assert "Yhden väittämän sanat muuttuivat" in anna.text


async def test_of_two_who_edit_at_once_the_second_is_told_and_nothing_is_lost(
    talk: Talk, office: tuple[Actor, Actor], aino: Actor
) -> None:
    anna, _ = office
    await writes(anna)
    await aino.starts()
    await aino.says("/forms")
    await aino.taps("Oma palaute")
    await aino.taps(key("forms-edit"))
    await anna.taps(key("forms-edit"))
    await anna.says(f"{TEXT}\nAnnan kysymys")
    await aino.says(f"{TEXT}\nAinon kysymys")
    await anna.taps("Tallenna")
    await aino.taps("Tallenna")
    assert aino.toast == said("form-changed-meanwhile")
    assert len(await versions(talk)) == 2
    assert "Joku muu on tallentanut uuden version" in aino.text
    assert "Ainon kysymys" in aino.text
    card = aino.last
    await aino.taps("Näytä nykyinen")
    assert "Annan kysymys" in aino.text
    await aino.taps("Tallenna oma silti", card)
    await aino.taps("Uusi väittämä", card)
    await aino.taps("Tallenna", card)
    assert [number for number, *_ in await versions(talk)] == [1, 2, 3]
    assert (await versions(talk))[2][2][3][1] == "Ainon kysymys"


async def test_an_open_run_keeps_its_version(talk: Talk, office: tuple[Actor, Actor], bo: Actor) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await anna.taps("Käytä kokousten jälkeen")
    await anna.taps("Lastensuojelu")
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3.2027 klo 9-12 Teams: Aihe")
    await talk.time_passes(days=8, hours=4)
    assert "Oma palaute" in anna.text or bo.sees("Osallistuitko")
    await anna.says("/forms")
    await anna.taps("Oma palaute")
    await anna.taps(key("forms-edit"))
    await anna.taps("Jatka tällä tekstillä")
    await anna.taps("Vaihda nimelliseksi")
    await anna.taps("Tallenna")
    (run,) = await rows(talk, select(Run))
    (first, second) = await rows(talk, select(FormVersion).where(FormVersion.form_id == form_id))
    assert (run.form_version_id, run.named) == (first.id, False)
    assert second.named


async def test_a_double_tap_saves_once_and_an_old_card_does_not(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says(TEXT)
    old, first = button(anna, "Tallenna"), anna.last
    await anna.says(TEXT.replace("Kahvi", "Tee"))
    await anna.taps_data(old, first)
    assert anna.toast == said("forms-card-is-old")
    assert not await own(talk)
    newest = button(anna, "Tallenna")
    await anna.taps_data(newest)
    await anna.taps_data(newest)
    assert anna.toast == said("dialogue-is-over")
    assert len(await versions(talk)) == 1
    assert (await versions(talk))[0][2][0][1] == "Tee oli hyvää"


async def test_a_name_is_not_given_twice(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await writes(anna)
    assert anna.toast == said("form-name-taken", name="Oma palaute")
    await anna.taps("Vaihda nimi")
    await anna.says("Toinen")
    await anna.taps("Tallenna")
    assert len(await own(talk)) == 2


async def test_whoever_loses_the_role_is_let_out(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Role).values(revoked_at=talk.clock.now()))
    assert await anna.says(TEXT) == said("forms-for-coordinators")
    assert not await rows(talk, select(Draft))


async def test_a_group_archived_meanwhile_takes_no_form(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.says(TEXT.replace("Oma", "Toinen"))
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Workgroup).where(Workgroup.id == 1).values(archived_at=talk.clock.now()))
    await anna.taps("Tallenna")
    assert anna.toast == said("roster-archived", group="Lastensuojelu")
    assert len(await own(talk)) == 1
    assert await anna.taps_data(f"form-edit:{form_id}") == said("roster-archived", group="Lastensuojelu")
    assert await anna.taps_data(f"form-archive:{form_id}") == said("roster-archived", group="Lastensuojelu")
    assert await anna.taps_data(f"form-for:{form_id}:1") == said("roster-archived", group="Lastensuojelu")
    await anna.taps(key("cancel"))


# Bad input


BAD = {
    "no questions": ("Nimi: Tyhjä", "Lomakkeessa on 0 kysymystä"),
    "a hundred questions": ("\n".join(f"Kysymys {n}" for n in range(100)), "Lomakkeessa on 100 kysymystä"),
    "an option of 201": (f"Valitse (yksi: {'a' * 201}; toinen)", "201 merkkiä"),
    "an option of emoji": ("Valitse (yksi: 🙂; toinen)", "ei ole sanoja"),
    "the same option twice": ("Valitse (yksi: sama; Sama)", "on kahdesti"),
    "nothing but spaces": (" \u3000\u00a0 ", "ei ollut tekstiä"),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_is_told_kindly_and_can_be_sent_again(
    talk: Talk, office: tuple[Actor, Actor], case: str
) -> None:
    anna, _ = office
    typed, told = BAD[case]
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    assert told in await anna.says(typed)
    await anna.says(TEXT)
    await anna.taps("Tallenna")
    assert len(await own(talk)) == 1


async def test_an_option_of_200_is_taken(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna, f"Nimi: Pitkä\nValitse (yksi: {'a' * 200}; toinen)")
    assert "a" * 200 in anna.text


FILES = {
    "a megabyte of text": (b"Hyv\xc3\xa4 kysymys\n" * 80_000, "liian suuri"),
    "half of that": (b"Hyv\xc3\xa4 kysymys\n" * 20_000, "liian pitkä"),
    "a Word document": (b"PK\x03\x04" + b"\x00" * 100, "ei ole tekstitiedosto"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "ei ole tekstitiedosto"),
    "nothing": (b"", "tyhjä tai liian suuri"),
}


@pytest.mark.parametrize("case", FILES)
async def test_files_that_are_no_forms_are_refused_kindly(talk: Talk, office: tuple[Actor, Actor], case: str) -> None:
    anna, _ = office
    content, told = FILES[case]
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    assert told in await anna.sends("lomake.txt", content)
    await anna.says(TEXT)
    await anna.taps("Tallenna")
    assert len(await own(talk)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
async def test_a_file_is_read_as_offices_save_it(talk: Talk, office: tuple[Actor, Actor], encoding: str) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    await anna.sends("lomake.txt", TEXT.replace("\n", "\r\n").encode(encoding))
    await anna.taps("Tallenna")
    assert (await versions(talk))[0][2][0][1] == "Kahvi oli hyvää"


HOSTILE = {
    "HTML": "<b>Lomake</b> & <script>alert(1)</script> &lt;",
    "right to left": "\u202eakamoL\u202c \u200f\u200e\u2066x",
    "NUL and controls": "Lo\x00make\x07\x1b[31m",
    "zero width": "L\u200bo\u200dm\ufeffake",
    "format": "{group} %s {0} {n!r}",
    "combining": "a" + "\u0301" * 50,
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_names_and_questions_go_through_it_all(
    talk: Talk, office: tuple[Actor, Actor], bo: Actor, case: str
) -> None:
    anna, _ = office
    await anna.says("/forms")
    await anna.taps(key("forms-new"))
    hostile = HOSTILE[case]
    option = hostile.replace(";", "")
    await anna.sends("lomake.txt", f"Nimi: {hostile}\n{hostile}\nValitse (yksi: {option} a; {option} b)".encode())
    await anna.taps("Tallenna")
    (form,) = await own(talk)
    await anna.taps(key("forms-edit"))
    await anna.taps("Jatka tällä tekstillä")
    assert said("forms-unchanged") in anna.text
    await anna.taps(key("cancel"))
    await anna.taps("Kokeile")
    await anna.taps_data(f"form-for:{form.id}:1")
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3.2027 klo 9-12 Teams: Aihe")
    await anna.taps("Palautelomake")
    await anna.taps(key("back"))
    refused = [
        call
        for call in talk.sandbox.log
        if not call.ok and call.error_code == 400 and "not modified" not in call.description
    ]
    assert refused == []


# Choosing


@scene
async def called(talk: Talk, anna: Actor, day: str = "ke 10.3.2027") -> None:
    await talk.called_meeting(anna, f"Lastensuojelu {day} klo 9-12 Teams: Aihe")


async def test_a_group_chooses_what_is_asked_after_its_meetings(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps("Käytä kokousten jälkeen")
    await anna.taps("Lastensuojelu")
    assert "seuraavasta kutsuttavasta kokouksesta alkaen" in anna.text
    await called(talk, anna)
    assert "Palautelomake: Oma palaute." in anna.text
    await anna.says("/members")
    await anna.taps("Palautelomake")
    assert "✓ Oma palaute (nyt)" in anna.labels()
    await anna.taps("Työpajapalaute")
    assert "Ensimmäinen kokous, jota tämä koskee: ke 10.3.2027" in anna.text
    assert "✓ Työpajapalaute (nyt)" in anna.labels()
    assert len(await rows(talk, select(GroupForm.form_id))) == 1
    await talk.time_passes(days=8, hours=4)
    (asked,) = await rows(talk, select(Form.key).join(FormVersion).join(Run))
    assert asked == "workshop"


async def test_a_meeting_chooses_its_own_form_until_it_has_opened(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await called(talk, anna)
    card = anna.last
    assert "Palautelomake: Lyhyt kokouspalaute." in words(card)
    await anna.taps("Palautelomake")
    assert "✓ Työryhmän lomake: Lyhyt kokouspalaute (nyt)" in anna.labels()
    await anna.taps("Oma palaute")
    assert "Palautelomake: Oma palaute." in anna.text
    await anna.taps("Palautelomake")
    assert "✓ Oma palaute (nyt)" in anna.labels()
    await anna.taps("Työryhmän lomake")
    assert (await rows(talk, select(Meeting.form_id))) == [None]
    await anna.taps("Palautelomake")
    await anna.taps("Oma palaute")
    await talk.time_passes(days=8, hours=4)
    (asked,) = await rows(talk, select(FormVersion.form_id).join(Run))
    assert asked == form_id
    assert await anna.taps_data("m-form:1") == said("form-has-opened")
    assert await anna.taps_data("m-form:1:0") == said("form-has-opened")
    assert "Palautelomake: Oma palaute." in anna.text
    assert "Palautelomake" not in anna.labels()


async def test_a_cancelled_meeting_asks_nothing(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await called(talk, anna)
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    assert "Palautelomake" not in anna.text
    assert await anna.taps_data("m-form:1:0") == said("meeting-is-cancelled")


async def test_an_archived_form_is_asked_no_more_and_comes_back(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await called(talk, anna)
    await anna.taps_data(f"form-for:{form_id}:1")
    await anna.taps(key("back"))
    assert "Kysytään kokousten jälkeen: Lastensuojelu" in anna.text
    await anna.taps("Arkistoi")
    assert "Yksi työryhmä kysyi sitä" in anna.toast
    assert "Arkistoitu" in anna.text
    for data in (f"form-edit:{form_id}", f"form-try:{form_id}", f"form-for:{form_id}", f"m-form:1:{form_id}"):
        assert await anna.taps_data(data) == said("form-is-archived")
    await anna.taps_data("meeting:1")
    assert "Palautelomake: Lyhyt kokouspalaute. Valittu lomake Oma palaute on arkistoitu." in anna.text
    await anna.taps_data("group-form:1")
    assert "Valittu lomake Oma palaute on arkistoitu." in anna.text
    await anna.says("/forms")
    assert not any(label.startswith("Oma palaute") for label in anna.labels())
    await anna.taps("Arkistoidut (1)")
    await anna.taps("Oma palaute")
    await anna.taps("Palauta käyttöön")
    assert await anna.taps_data(f"form-restore:{form_id}") == said("form-is-restored")
    await anna.taps_data("meeting:1")
    assert "Palautelomake: Oma palaute." in anna.text


async def test_a_form_that_stays_archived_gives_way_to_the_short_one(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await anna.taps_data(f"form-for:{form_id}:1")
    await called(talk, anna)
    await anna.taps_data(f"form-archive:{form_id}")
    await talk.time_passes(days=8, hours=4)
    assert await rows(talk, select(Form.key).join(FormVersion).join(Run)) == ["meeting"]


async def test_a_form_asked_by_ones_group_can_be_seen_but_not_changed(talk: Talk, office: tuple[Actor, Actor]) -> None:
    """Whose form another coordinator of the group has chosen."""
    anna, dan = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    async with talk.app.sessions.begin() as session:
        session.add(GroupForm(workgroup_id=2, form_id=form_id))
    await dan.says("/forms")
    await dan.taps("Oma palaute (Lastensuojelu)")
    assert "Muokkaa" not in dan.labels()
    assert await dan.taps_data(f"form-archive:{form_id}") == said("form-of-others", group="Lastensuojelu")


# Who did what


async def test_what_is_done_with_forms_is_noted(talk: Talk, office: tuple[Actor, Actor], aino: Actor) -> None:
    anna, _ = office
    await writes(anna)
    form_id = (await own(talk))[0].id
    await anna.taps(key("forms-edit"))
    await anna.says(f"{TEXT}\nLisää")
    await anna.taps("Tallenna")
    await anna.taps_data(f"form-for:{form_id}:1")
    await called(talk, anna)
    await anna.taps_data(f"m-form:1:{form_id}")
    await anna.taps_data("m-form:1:0")
    await anna.taps_data(f"form-archive:{form_id}")
    await anna.taps_data(f"form-restore:{form_id}")
    noted = await rows(talk, select(Audit.action).where(Audit.action.startswith("form-")).order_by(Audit.id))
    assert noted == [
        "form-written",
        "form-version",
        "form-of-group",
        "form-of-meeting",
        "form-of-meeting-usual",
        "form-archived",
        "form-restored",
    ]
    await aino.starts()
    await aino.says("/audit")
    assert "Anna teki lomakkeen: Oma palaute (Lastensuojelu)" in aino.text
    assert "Anna muutti lomaketta: Oma palaute (2) (Lastensuojelu)" in aino.text


# Trying out


async def test_a_preview_is_for_one_person_and_a_day(
    talk: Talk, office: tuple[Actor, Actor], bo: Actor, dan: Actor
) -> None:
    anna, _ = office
    await writes(anna)
    page = anna.last
    await anna.taps("Kokeile")
    assert anna.last is not page
    assert "Kahvi oli hyvää" in anna.text
    (run,) = await rows(talk, select(Run))
    assert run.state is RunState.PREVIEW
    (question, *_) = await rows(talk, select(Question).where(Question.text == "Kahvi oli hyvää"))
    for other in (bo, dan):
        assert await other.taps_data(f"rate:{run.id}:{question.id}:4") in {
            said("not-found"),
            said("feedback-is-closed"),
        }
    await anna.taps("4")
    assert talk.app.keys.has(run.key)
    await talk.time_passes(days=1, hours=1)
    assert not await rows(talk, select(Run))
    assert talk.app.keys.names() == []
    assert await anna.taps_data(f"rate:{run.id}:{question.id}:4") == said("not-found")


@pytest.mark.skipif(KIND != "sqlite", reason="counts rows of the one database")
async def test_a_new_preview_takes_the_place_of_the_old(talk: Talk, office: tuple[Actor, Actor]) -> None:
    anna, _ = office
    await writes(anna)
    await anna.taps("Kokeile")
    await anna.taps("4")
    await anna.says("/forms")
    await anna.taps("Työpajapalaute")
    await anna.taps("Kokeile")
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Run)) == 1
    assert "Sisältö vastasi odotuksiani" in anna.text
