"""/members: who belongs, adding from a list, removing, renaming, archiving."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from handlers.texts import texts
from models.meetings.invitations import Invitation
from models.people import access, groups
from models.people.access import RoleKind
from models.people.audit import Audit
from models.people.groups import Membership
from models.people.people import Person
from tests.talk import Actor, Talk, key, words
from tests.talks.people.test_privacy import asked, rates

NOT_FOUND = texts("fi")("not-found")
NOT_ALLOWED = texts("fi")("not-allowed")
CODE = re.compile(r"start=([2-9A-Z]{10})")


async def on_roster(talk: Talk, name: str = "Lastensuojelu") -> list[str]:
    """The names on a group's roster, from the tables."""
    async with talk.app.sessions.begin() as session:
        admin = await access.administrators(session)
        matches = [group for group in await access.coordinated_groups(session, admin[0]) if group.name == name]
        return [person.name for person in await groups.members(session, matches[0].id)]


async def adds(anna: Actor, lines: str) -> str:
    """Anna pastes lines and confirms the preview."""
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says(lines)
    return await anna.taps("Lisää ")


async def test_who_belongs_and_who_is_reached(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await adds(anna, "Dan Dahl; Turun kaupunki; dan@turku.fi")
    bo.user.blocks()
    await talk.answered()
    assert "3 jäsentä: 1 tavoitetaan, 1 ei Telegramissa, 1 on estänyt botin" in await anna.says("/members")
    assert "• Bo – on estänyt botin" in anna.text
    assert "• Dan Dahl (Turun kaupunki) – ei Telegramissa" in anna.text

    await anna.taps("Ketä ei tavoiteta")
    assert "Dan Dahl – ei Telegramissa – dan@turku.fi" in anna.text
    assert "Käynnistä uudelleen" in anna.text
    await anna.taps("Bo")
    assert "On estänyt botin" in anna.text


async def test_an_empty_roster_says_the_next_step(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    assert "Jaa liittymislinkki tai lisää jäsenet" in await anna.says("/members")


async def test_a_member_may_not_look(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "Jäsenluettelon näkevät työryhmän koordinoijat" in await bo.says("/members")
    await cilla.starts()
    assert "Jäsenluettelon näkevät" in await cilla.says("/members")


async def test_several_groups_are_chosen_from(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group("Lastensuojelu", members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=anna)
    assert "Minkä työryhmän" in await anna.says("/members")
    assert "1 jäsen" in await anna.taps("Lastensuojelu")
    await anna.taps("Työryhmät")
    assert "ei ole vielä jäseniä" in await anna.taps("Vammaispalvelut")
    await aino.starts()
    assert "Minkä työryhmän" in await aino.says("/members")


async def test_a_long_roster_is_turned_page_by_page(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "\n".join(f"Jäsen {number:02}" for number in range(1, 21)))
    await anna.says("/members")
    assert "Jäsen 08" in anna.text
    assert "Jäsen 09" not in anna.text
    await anna.taps("Seuraava")
    await anna.taps("Seuraava")
    assert "Jäsen 20" in anna.text
    assert not any(label.startswith("Seuraava") for label in anna.labels())
    await anna.taps_data("roster:1:999999")
    assert "Jäsen 20" in anna.text


async def test_a_list_is_previewed_before_it_is_added(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await adds(anna, "Dan Dahl; Turku; dan@turku.fi")
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says(
        "Nimi; Organisaatio; Yhteystieto\nDan DAHL; Turku; Dan@Turku.fi\nEeva; Kaarina; eeva@x.fi\n"
        "Eeva; Kaarina; eeva@x.fi\nEeva; Naantali; toinen@x.fi\nBo; Pori; bo@x.fi\n; Turku; nimeton@x.fi"
    )
    assert "luin 6 riviä" in anna.text
    assert "nimi Eeva, organisaatio Kaarina, yhteystieto eeva@x.fi" in anna.text
    assert "Uusia 2: Eeva, Eeva" in anna.text
    assert "Jo luettelossa 1: Dan DAHL" in anna.text
    assert "Toistuvia rivejä 1: Eeva" in anna.text
    assert "ehkä samoja ihmisiä, jätetään pois 1: Bo" in anna.text
    assert "Lukematta jäi 1: rivi 7 (nimi puuttuu)" in anna.text
    assert await on_roster(talk) == ["Bo", "Dan Dahl"]

    await anna.taps(key("preview-add-doubtful", n=1))
    assert "lisätään eri ihmisinä 1: Bo" in anna.text
    await anna.taps("Jätä samannimiset pois")
    assert "lisättiin 2 jäsentä" in await anna.taps("Lisää 2 jäsentä")
    assert await on_roster(talk) == ["Bo", "Dan Dahl", "Eeva", "Eeva"]
    assert len(CODE.findall(anna.text)) == 2


async def test_a_namesake_is_added_when_asked(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    assert "ei ole lisättäviä" in await anna.says("Bo; Pori")
    await anna.taps(key("preview-add-doubtful", n=1))
    await anna.taps("Lisää 1 jäsen")
    assert await on_roster(talk) == ["Bo", "Bo"]


async def test_more_lines_join_the_preview_and_the_old_one_is_stale(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says("Dan; Turku")
    old = anna.last
    await anna.says("Eeva; Turku\nDan; Turku")
    assert "Uusia 2: Dan, Eeva" in anna.text
    await anna.taps("Lisää 1 jäsen", old)
    assert "Vahvista uusimmasta" in anna.toast
    assert await on_roster(talk) == []
    await anna.taps("Lisää 2 jäsentä")
    assert await on_roster(talk) == ["Dan", "Eeva"]


async def test_a_double_tap_adds_once(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says("Dan; Turku")
    message = anna.last
    anna.user.taps("Lisää 1 jäsen", message)
    anna.user.taps("Lisää 1 jäsen", message)
    await talk.answered()
    assert await on_roster(talk) == ["Dan"]
    assert "päättynyt" in anna.toast


async def test_the_dialogue_survives_a_week_and_can_be_cancelled(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says("Dan; Turku")
    await talk.time_passes(days=7)
    await anna.says("Eeva")
    assert "Uusia 2" in anna.text
    await anna.taps(key("cancel"))
    assert "Mitään ei muuttunut" in anna.toast
    assert await on_roster(talk) == []
    await anna.taps(key("roster-add"))
    await anna.says("/cancel")
    await anna.says("Dan; Turku")
    assert "Uusia" not in anna.text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
async def test_a_file_in_any_usual_encoding(talk: Talk, anna: Actor, encoding: str) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.sends("jäsenet.csv", "Nimi;Organisaatio\nÅke Öberg;Åbo\nMaija Mäki;Turku\n".encode(encoding))
    assert "Uusia 2: Åke Öberg, Maija Mäki" in anna.text


async def test_a_file_that_cannot_be_read_is_refused_kindly(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    assert "Rivin 2 merkkejä ei voi lukea" in await anna.sends("x.csv", "Åke\nÖ".encode()[:-1] + b"\xff")
    assert "CSV" in await anna.sends("x.xlsx", b"PK\x03\x04" + b"x" * 100)
    assert "liian suuri" in await anna.sends("x.csv", b"Matti;Turku\n" * 60_000)
    for claimed in (0, -1):  # Telegram may report another size, or none
        anna.user.uploads("x.csv", b"Matti;Turku\n" * 60_000, claimed_size=claimed)
        await talk.answered()
        assert "liian suuri" in anna.text
    assert "10\N{NO-BREAK SPACE}000 riviä" in await anna.sends("x.csv", b"Matti;Turku;m@x.fi\n" * 10_000)
    assert "En löytänyt tästä ihmisiä" in await anna.sends("x.csv", b"\n\n")
    assert "Uusia 1: Dan" in await anna.says("Dan")
    await anna.taps("Lisää 1 jäsen")
    assert await on_roster(talk) == ["Dan"]


async def test_two_thousand_people_get_their_links_in_a_file(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.sends("x.csv", "".join(f"Jäsen {n};=1+1;+35840{n}\n" for n in range(2_000)).encode())
    await anna.taps("Lisää 2\N{NO-BREAK SPACE}000 jäsentä")
    sheet = anna.last.document.content.decode("utf-8-sig").splitlines()
    assert len(sheet) == 2_001
    assert sheet[1].startswith("Jäsen 0;'=1+1;'+358400;https://t.me/")
    assert len(set(CODE.findall("\n".join(sheet)))) == 2_000
    await anna.says("/members")
    assert "2\N{NO-BREAK SPACE}000 jäsentä: 2\N{NO-BREAK SPACE}000 ei Telegramissa" in anna.text


async def test_hostile_names_are_shown_as_they_are(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, '<b>Ma\u202etti</b> & Co\u200b; =HYPERLINK("x"); <script>\n' + "🧑" * 1_000 + "; Turku")
    assert await on_roster(talk) == ["<b>Matti</b> & Co"]
    await anna.says("/members")
    assert '<b>Matti</b> & Co (=HYPERLINK("x"))' in anna.text
    await anna.taps("<b>Matti</b> & Co")
    assert "<script>" in anna.text


async def test_a_member_is_removed_and_hears_of_no_more_meetings(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor
) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await bo.taps("Etänä")
    card = bo.last
    await anna.says("/members")
    await anna.taps("Bo")
    assert "Poistetaanko Bo" in await anna.taps("Poista työryhmästä")
    await anna.taps("Kyllä, poista")
    assert anna.toast == "Bo on poistettu työryhmästä."
    assert await on_roster(talk) == ["Cilla"]
    heard = len(bo.messages)
    await talk.time_passes(days=9)
    assert len(bo.messages) == heard
    await bo.taps(key("answer-no"), card)
    assert NOT_FOUND in bo.toast


async def test_whoever_comes_back_is_reminded_again(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await bo.taps("Etänä")
    await removes(anna, "Bo")
    await anna.taps("Liittymislinkki")
    code = CODE.search(anna.text)
    assert code is not None
    await bo.starts(code[1])
    await talk.time_passes(days=7, hours=3)
    assert sum("Muistutus" in words(message) for message in bo.messages) == 1


async def removes(anna: Actor, name: str) -> None:
    await anna.says("/members")
    await anna.taps(name)
    await anna.taps("Poista työryhmästä")
    await anna.taps("Kyllä, poista")


async def test_of_a_removed_line_only_counts_stay(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Dan Dahl; Turku; dan@x.fi")
    old = CODE.findall(anna.text)[0]
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await anna.says("/members")
    await anna.taps("Dan Dahl")
    assert "poistuvat kokonaan" in await anna.taps("Poista työryhmästä")
    await anna.taps("Kyllä, poista")
    async with talk.app.sessions() as session:
        assert await session.scalar(select(Person.id).where(Person.name == "Dan Dahl")) is None
        for table in (Membership, Invitation):
            assert list(await session.scalars(select(table.person_id))) == [None]
    assert "ei ole enää voimassa" in await talk.person("Dan").starts(old)
    await adds(anna, "Dan Dahl; Turku; dan@x.fi")
    assert await on_roster(talk) == ["Dan Dahl"]


async def test_a_phone_number_is_noted_for_whoever_joined_by_the_link(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    assert "Yhteystieto puuttuu." in await anna.taps("Bo")
    await anna.taps("Kirjoita yhteystieto")
    assert "Bo" in anna.text
    assert "enintään 80" in await anna.says("0" * 81)
    assert "Viesti oli tyhjä" in await anna.says("\u200b")
    assert "Yhteystieto: 040 123 4567 <b>" in await anna.says(" 040\n123\u202e 4567 <b>")
    await anna.taps("Kirjoita yhteystieto")
    await anna.taps(key("cancel"))
    assert "Yhteystieto: 040 123 4567 <b>" in anna.text
    await anna.says("050 1")
    await anna.taps_data("member:1:2")
    assert "050 1" not in anna.text
    async with talk.app.sessions.begin() as session:
        (line,) = (await session.execute(select(Audit).where(Audit.action == "contact-written"))).scalars()
    assert (line.workgroup_id, line.detail) == (1, "")


async def test_the_contact_of_whoever_is_removed_meanwhile_is_not_written(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Bo")
    await anna.taps("Kirjoita yhteystieto")
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Membership).values(left_at=talk.clock.now()))
    assert texts("fi")("not-a-member") in await anna.says("040 123 4567")
    async with talk.app.sessions.begin() as session:
        assert await session.scalar(select(Person.contact).where(Person.name == "Bo")) is None


async def test_a_double_tap_removes_once(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Bo")
    await anna.taps("Poista työryhmästä")
    anna.user.taps("Kyllä, poista")
    anna.user.taps("Kyllä, poista")
    await talk.answered()
    assert "ei ole enää työryhmän jäsen" in anna.toast
    assert "ei ole vielä jäseniä" in anna.text


async def test_a_group_is_renamed_after_a_look(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group("Lastensuojelu", members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=anna)
    heard = len(bo.messages)
    await anna.says("/members")
    await anna.taps("Lastensuojelu")
    await anna.taps("Vaihda nimi")
    assert "on jo" in await anna.says("  Lastensuojelu ")
    assert "vammaispalvelut" in (await anna.says("VAMMAISPALVELUT")).casefold()
    await anna.says("\u202e <Lapset> & perheet")
    assert "Uusi nimi: <Lapset> & perheet" in anna.text
    await anna.taps("Kyllä, vaihda nimi")
    assert await on_roster(talk, "<Lapset> & perheet") == ["Bo"]
    await talk.settle()
    assert len(bo.messages) == heard


async def test_a_group_is_archived_when_nothing_is_in_the_way(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await anna.says("/members")
    await anna.taps("Liittymislinkki")
    code = CODE.search(anna.text)
    assert code is not None
    await anna.taps(key("back"))
    await anna.taps("Arkistoi")
    assert "vielä 1 kokous" in anna.text
    assert "Johdatus" in anna.text
    await anna.taps_data("group-archive-yes:1")
    assert "vielä 1 kokous" in anna.toast

    await anna.taps("ke 10.3.")
    await anna.taps("Peru")
    await anna.taps(next(label for label in anna.labels() if label.startswith("Kyllä")))
    await anna.says("/members")
    await anna.taps("Arkistoi")
    await anna.taps("Kyllä, arkistoi")
    assert "on arkistoitu" in anna.text
    assert "ei ole enää voimassa" in await talk.person("Eeva").starts(code[1])
    assert "arkistoitu" in await anna.taps_data("roster-yes:1:1") or "päättynyt" in anna.toast


async def test_results_outlive_their_group(talk: Talk, aino: Actor, anna: Actor) -> None:
    await aino.starts()
    five = [talk.person(f"Jäsen {number}") for number in range(1, 6)]
    await asked(talk, anna, five)
    for member in five:
        await rates(member)
    await anna.says("/members")
    await anna.taps("Arkistoi")
    await anna.taps("Kyllä, arkistoi")
    await talk.time_passes(days=9)
    assert "Vastasi 5 / 5" in anna.text
    for one in (anna, aino):
        await one.says("/results")
        assert "Aihe" in one.text


BUTTONS = (
    "roster:1:0",
    "roster-add:1",
    "roster-stop:1",
    "roster-yes:1:1",
    "roster-doubtful:1:1",
    "personal-links:1",
    "unreached:1:0",
    "member:1:{bo}",
    "link-renew:1:{bo}:ABCDEFGH23",
    "contact-write:1:{bo}",
    "contact-stop:1:{bo}",
    "member-remove:1:{bo}",
    "member-remove-yes:1:{bo}",
    "join-link:1",
    "join-qr:1",
    "join-ask:1:1",
    "join-rotate:1",
    "join-rotate-yes:1:ABCDEFGH23",
    "group-rename:1",
    "group-rename-no:1",
    "group-rename-yes:1",
    "group-archive:1",
    "group-archive-yes:1",
)


async def test_buttons_of_a_roster_open_to_its_coordinators_alone(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, dan: Actor
) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=dan)
    eeva = talk.person("Eeva")
    await eeva.starts()
    async with talk.app.sessions.begin() as session:
        bo_id = (await groups.members(session, 1))[0].id
    for button in BUTTONS:
        data = button.format(bo=bo_id)
        for outsider in (dan, eeva):
            before = outsider.text
            assert NOT_FOUND in await outsider.taps_data(data), data
            assert outsider.text == before
        assert NOT_ALLOWED in await cilla.taps_data(data), data
    assert await on_roster(talk) == ["Bo", "Cilla"]


@pytest.mark.parametrize("data", ["roster", "roster:x:y", "member:1", "member:1:999", "roster:999:0", "join-ask:1:x"])
async def test_garbled_buttons_change_nothing(talk: Talk, anna: Actor, bo: Actor, data: str) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    toast = await anna.taps_data(data)
    assert NOT_FOUND in toast or "ei ole enää" in toast


async def test_a_role_taken_away_ends_the_dialogue(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await anna.says("/members")
    await anna.taps(key("roster-add"))
    await anna.says("Dan")
    await revoke(talk)
    assert NOT_FOUND in await anna.says("Eeva")
    await anna.says("Eeva")
    assert NOT_FOUND not in anna.text
    assert await on_roster(talk) == ["Bo"]


async def revoke(talk: Talk) -> Any:
    async with talk.app.sessions.begin() as session:
        for person in await access.coordinators(session, 1):
            for role in await access.roles(session, person.id):
                if role.kind is RoleKind.COORDINATOR:
                    role.revoked_at = talk.clock.now()


async def test_names_stand_in_the_order_of_the_readers_alphabet(talk: Talk, anna: Actor) -> None:
    names = ["Åke", "Ärlig", "Öberg", "Zaida", "von Berg", "Aalto", "åbo"]
    await talk.group(members=[talk.person(name) for name in names], coordinator=anna)
    await anna.says("/members")
    in_order = re.findall("• ([^ ]+)", anna.text.replace("von Berg", "von-Berg"))
    assert in_order == ["Aalto", "von-Berg", "Zaida", "åbo", "Åke", "Ärlig", "Öberg"]
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await anna.says("/settings")
    await anna.taps("Kieli")
    await anna.taps("English")
    await anna.says("/members")
    assert re.findall("• ([^ ]+)", anna.text)[:3] == ["Aalto", "åbo", "Åke"]
