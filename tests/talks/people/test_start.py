"""Arriving: what /start, /help, codes and the command menu are to whom."""

from pathlib import Path

from handlers import menus
from handlers.routes import ROUTES
from models.membership import joining
from models.people import links, people
from tests.talk import Actor, Talk, key


def commands(actor: Actor) -> list[str]:
    return [command.command for command in actor.user.commands]


async def test_a_stranger_hears_what_this_is_in_three_lines(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    assert "Olen Koolla" in bo.text
    assert len([line for line in bo.text.splitlines() if line]) == 3
    assert bo.labels() == ["Suomi", "Svenska", "English", "Tietosuoja ja omat tiedot", "Ohje"]
    assert commands(bo) == ["meetings", "settings", "privacy", "help", "cancel"]


async def test_the_first_screen_speaks_the_language_tapped(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    await bo.taps("Svenska")
    assert "Jag är Koolla" in bo.text
    assert len(bo.messages) == 1
    assert bo.user.commands[0].description == "Kommande möten"


async def test_telegrams_language_is_only_the_first_guess(talk: Talk) -> None:
    carl = talk.person("Carl", language="sv")
    await carl.starts()
    assert "Jag är Koolla" in carl.text
    await carl.taps("Suomi")
    await carl.starts()
    assert "Olen Koolla" in carl.text


async def test_a_language_we_do_not_speak_reads_finnish(talk: Talk) -> None:
    jean = talk.person("Jean", language="fr")
    assert "Olen Koolla" in await jean.starts()


async def test_members_are_greeted_with_their_groups(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "Tervetuloa työryhmään Lastensuojelu" in bo.text
    await bo.starts()
    assert bo.text == "Hei, Bo!\nTyöryhmäsi: Lastensuojelu."
    assert bo.labels() == ["Tulevat kokoukset", "Asetukset", "Ohje"]
    await bo.taps("Tulevat kokoukset")
    assert len(bo.messages) == 2  # in place


async def test_coordinators_are_led_to_their_meetings(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "koordinoija" in anna.text
    assert "roles" in commands(anna)
    await anna.starts()
    assert "Koordinoit: Lastensuojelu." in anna.text
    await anna.taps("Kutsu kokous koolle")
    assert "Peruuta" in anna.labels()


async def test_the_administrator_named_in_the_settings_begins_with_a_group(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    assert aino.text.startswith("Hei, Aino!")
    assert aino.labels()[:2] == ["Luo työryhmä", "Roolit"]
    assert commands(aino)[-3:] == ["privacy", "help", "cancel"]
    assert {"newgroup", "roles", "audit", "newmeeting", "digest"} <= set(commands(aino))


async def test_help_lists_what_each_role_can_do(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    assert "/newmeeting" not in await bo.says("/help")
    assert "/newmeeting" in await anna.says("/help")
    assert "/audit" not in anna.text
    assert "/audit" in await aino.says("/help")


async def test_a_code_may_be_typed_in_any_way(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    code = await joining_code(talk)
    await cilla.says(f"{code[:5].lower()}-{code[5:].lower()}")
    assert "Tervetuloa työryhmään Lastensuojelu" in cilla.text


async def joining_code(talk: Talk) -> str:
    async with talk.app.sessions.begin() as session:
        return (await links.join_link(session, 1, now=talk.clock.now())).code


async def test_cancel_ends_whatever_is_going_on(talk: Talk, aino: Actor) -> None:
    await aino.says("/newgroup")
    assert "Keskeytetty" in await aino.says("/cancel")
    assert "Mitään ei ole kesken" in await aino.says("/cancel")


async def test_a_tap_alone_makes_nobody_known(talk: Talk, bo: Actor, cilla: Actor) -> None:
    await bo.starts()
    assert "/start" in await cilla.taps_data("settings", bo.last)
    async with talk.app.sessions() as session:
        assert await people.known(session, cilla.user.id) is None


async def test_no_claim_link_where_somebody_is_in_charge(talk: Talk) -> None:
    async with talk.app.sessions.begin() as session:
        assert await joining.claim_link(session, now=talk.clock.now()) is None


async def test_the_claim_link_makes_one_administrator(tmp_path: Path, migrated_url: str) -> None:
    async with Talk.open(tmp_path, admins=[], database={"url": migrated_url}) as talk:
        code = await claim_code(talk)
        assert code is not None
        assert await claim_code(talk) == code  # a restart does not spoil it
        bo, cilla = talk.person("Bo"), talk.person("Cilla")
        await bo.starts(code)
        assert "ylläpitäjä" in bo.text
        assert bo.labels()[0] == "Luo työryhmä"
        assert "audit" in commands(bo)
        assert "ei ole enää voimassa" in await cilla.starts(code)
        assert await claim_code(talk) is None


async def claim_code(talk: Talk) -> str | None:
    async with talk.app.sessions.begin() as session:
        link = await joining.claim_link(session, now=talk.clock.now())
        return link.code if link else None


def test_every_command_has_its_place_in_the_menu() -> None:
    assert set(ROUTES.menu) == set(menus.ORDER)


async def test_managers_hear_how_their_digest_comes(talk: Talk, maija: Actor) -> None:
    await talk.manager(maija)
    assert "Saat kuukausikoosteen" in await maija.starts()
    for rhythm, told in {"quarterly": "neljännesvuoden jälkeen", "never": "ei tule sinulle itsestään"}.items():
        await maija.taps_data(f"digest-rhythm:0:{rhythm}")
        assert told in await maija.starts()


async def test_whoever_has_no_name_to_be_seen_gets_one(talk: Talk) -> None:
    for invisible in ("\u3164", "\u200b\u0301", "."):
        nameless = talk.person(invisible, language="sv")
        await nameless.starts()
        assert key("nameless").text("sv") in nameless.text


async def test_a_change_of_name_in_telegram_is_followed_until_it_is_chosen_here(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    bo.user.first_name = "Bo-Erik"
    assert "Bo-Erik" in await bo.starts()
    bo.user.first_name = "\u3164"
    assert "Bo-Erik" in await bo.starts()
