"""/privacy: what is kept, a copy of it, and being forgotten."""

import json
from typing import Any

from models.people import people
from tests.scenes import scene
from tests.talk import Actor, Talk, key


async def erases(actor: Actor) -> None:
    await actor.says("/privacy")
    for label in ("Poista tietoni", "Jatka poistamiseen", "Kyllä, poista heti"):
        await actor.taps(label)


async def export(actor: Actor) -> Any:
    await actor.says("/privacy")
    await actor.taps("Lataa omat tiedot")
    if actor.has_button(key("export-without-open")):
        await actor.taps(key("export-all"))
    file = actor.last.content.file
    assert file is not None
    assert file.file_name == "koolla-data.json"
    return json.loads(file.content)


@scene
async def asked(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    """A meeting is over and its members are asked."""
    await talk.group(members=members, coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    for member in members:
        await member.taps("Etänä")
    await talk.time_passes(days=8, hours=4)


async def rates(member: Actor, *, finishes: bool = True) -> None:
    await member.taps(key("attended-remote"))
    for rating in ("4", "5", "4", "3"):
        await member.taps(rating)
    if finishes:
        await member.taps(key("feedback-finish"))


async def test_privacy_says_it_in_plain_words(talk: Talk, bo: Actor) -> None:
    await bo.says("/privacy")
    assert "luottamuksellinen, kunnes kysely on sulkeutunut ja vastauksia on tarpeeksi; sen jälkeen nimetön" in bo.text
    for said in (
        "Telegram välittää viestit ja näkee itse",
        "ei voi enää löytää",
        "Alle 5 ihmisen vastauksista",
        "24 kuukauden kuluessa",
    ):
        assert said in bo.text
    assert bo.labels()[:2] == ["Lataa omat tiedot", "Poista tietoni"]


async def test_the_export_holds_ones_own_and_nobody_elses(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await asked(talk, anna, [bo, cilla])
    await rates(bo, finishes=False)
    await rates(cilla)
    kept = await export(bo)
    assert kept["person"]["name"] == "Bo"
    assert kept["memberships"] == [
        {"group": "Lastensuojelu", "from": kept["memberships"][0]["from"], "to": None},
    ]
    assert kept["invitations"][0]["answer"] == "remote"
    assert kept["attendances"][0]["attended"] == "remote"
    answers = kept["feedback_still_open"][0]["answers"]
    assert sorted(answers.values()) == [3, 4, 4, 5]
    assert all(not key.isdigit() for key in answers)
    assert [line["action"] for line in kept["log"]] == ["joined"]
    assert "Cilla" not in json.dumps(kept)
    assert "Anna" not in json.dumps(kept)


async def test_after_closing_no_answer_is_in_the_export(talk: Talk, anna: Actor, bo: Actor) -> None:
    five = [bo, *(talk.person(f"Jäsen {number}") for number in range(1, 5))]
    await asked(talk, anna, five)
    for member in five:
        await rates(member)
    await talk.time_passes(days=8)
    assert (await export(bo))["feedback_still_open"] == []


async def test_erasing_asks_twice_and_can_be_turned_back(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/privacy")
    await bo.taps("Poista tietoni")
    assert "Mitä poistuu" in bo.text
    assert "Mitä jää" in bo.text
    await bo.taps(key("back"))
    await bo.taps("Poista tietoni")
    await bo.taps("Jatka poistamiseen")
    await bo.taps("Ei, palaa takaisin")
    await bo.starts()
    assert "Työryhmäsi: Lastensuojelu" in bo.text


async def test_the_erased_are_strangers_and_hear_nothing_more(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await bo.taps("Etänä")
    invitation = bo.last
    await bo.says("/settings")
    await bo.taps("Kieli")
    await bo.taps("English")
    await bo.taps("Language")
    await bo.taps("Suomi")
    await erases(bo)
    assert "Tietosi on poistettu" in bo.text
    assert len(bo.messages) == 4  # joined, invitation, settings, privacy: all in place
    heard = len(bo.messages)
    assert "/start" in await bo.taps_data(invitation.buttons[0][0].data, invitation)
    await talk.time_passes(days=9)
    assert len(bo.messages) == heard
    await anna.says("/meetings")
    assert "Bo" not in anna.text
    await bo.starts()
    assert "Olen Koolla" in bo.text
    assert "Et ole vielä" in bo.text


async def test_blocking_after_erasure_brings_nobody_back(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    await erases(bo)
    bo.user.blocks()
    await talk.answered()
    async with talk.app.sessions() as session:
        assert await people.known(session, bo.user.id) is None


async def test_whoever_leaves_a_gap_is_warned(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await aino.says("/privacy")
    await aino.taps("Poista tietoni")
    assert "olet ainoa ylläpitäjä" in aino.text
    await anna.says("/privacy")
    await anna.taps("Poista tietoni")
    assert "ainoa koordinoija: Lastensuojelu" in anna.text
    await bo.says("/privacy")
    await bo.taps("Poista tietoni")
    assert "Huomaa" not in bo.text
    await anna.taps("Jatka poistamiseen")
    assert "ainoa koordinoija" in anna.text


async def test_an_erased_role_takes_its_menu_along(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "newmeeting" in [c.command for c in anna.user.commands]
    await erases(anna)
    assert "newmeeting" not in [c.command for c in anna.user.commands]


async def test_a_dialogue_left_for_a_month_is_dropped(talk: Talk, anna: Actor) -> None:
    """It may hold the names of a list that was pasted and never added."""
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says("Dan Dahl; Turku; dan@x.fi")
    await talk.time_passes(days=29)
    assert len((await export(anna))["unfinished_dialogues"]) == 1
    await talk.time_passes(days=2)
    assert (await export(anna))["unfinished_dialogues"] == []


async def test_a_forged_or_old_button_erases_nobody(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/privacy")
    await bo.taps_data("erase-yes", bo.last)
    assert not bo.sees(key("erase-done"))
    await bo.says("/privacy")
    await bo.taps("Poista tietoni")
    number = bo.last.buttons[0][0].data.partition(":")[2]
    await bo.taps_data(f"erase-yes:{number}", bo.last)  # the second question was not asked
    assert (await export(bo))["person"]["name"] == "Bo"


async def test_a_line_typed_between_the_two_questions_erases_nobody(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/privacy")
    await bo.taps("Poista tietoni")
    await bo.taps("Jatka poistamiseen")
    question = bo.last.text
    await bo.says("kyllä")
    assert bo.last.text == question
    await bo.taps("Kyllä, poista heti")
    assert bo.sees(key("erase-done"))
