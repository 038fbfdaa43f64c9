"""Roles given and taken away, groups founded, and the log of it all."""

import re
from pathlib import Path

from handlers.texts import texts
from tests.talk import Actor, Talk, key


def commands(actor: Actor) -> list[str]:
    return [command.command for command in actor.user.commands]


async def offered(actor: Actor, *path: str) -> str:
    """The code of a role link, made by tapping along."""
    await actor.says("/roles")
    for label in ("Anna rooli", *path, "Tee linkki"):
        await actor.taps(label)
    found = re.search(r"start=(\w+)", actor.text)
    assert found is not None
    return found[1]


async def test_a_group_is_founded_in_one_line(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.says("/newgroup   Aikuis­sosiaalityö ")
    assert "Työryhmä Aikuissosiaalityö on luotu" in aino.text
    link = re.search(r"start=(\w+)", aino.text)
    assert link is not None
    assert "Tervetuloa työryhmään Aikuissosiaalityö" in await bo.starts(link[1])
    await aino.taps("Nimeä koordinoija")
    assert "koordinoija, Aikuissosiaalityö" in aino.text


async def test_a_group_is_founded_by_answering(talk: Talk, aino: Actor) -> None:
    await aino.says("/newgroup")
    assert "Peruuta" in aino.labels()
    assert "liian pitkä" in await aino.says("x" * 61)
    assert "on luotu" in await aino.says("Perhekeskus")
    await aino.taps("Jäsenet ja QR-koodi")
    await aino.taps("Vaihda nimi")
    assert "enintään 60" in await aino.says("x" * 61)
    await aino.taps(key("cancel"))
    assert "on jo olemassa" in await aino.says("/newgroup PERHEKESKUS")
    await aino.says("/newgroup")
    assert "Keskeytetty" in await aino.taps(key("cancel"))


async def test_only_administrators_found_groups_and_read_the_log(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.time_passes(minutes=1)
    for one in (anna, bo):
        for line in ("/newgroup Oma", "/audit"):
            assert "Tämä on ylläpitäjille" in await one.says(line)
            assert one.labels() == ["Tulevat kokoukset", "Ohje"]
    assert "ei ole oikeutta" in await bo.says("/roles")


async def test_a_refusal_shows_a_way_on(talk: Talk, bo: Actor, cilla: Actor) -> None:
    await bo.starts()
    await talk.time_passes(minutes=1)
    assert "En tunne tätä komentoa" in await bo.says("/kokous")
    assert "Ohje" in bo.labels()
    await bo.taps("Tulevat kokoukset")
    assert not bo.user.toasts[-1].text
    await cilla.starts("ABCDEFGH23")
    assert cilla.labels() == []  # she is not known yet: no button would know her


async def test_a_role_link_serves_one_person_once(talk: Talk, aino: Actor, maija: Actor, bo: Actor) -> None:
    await aino.starts()
    code = await offered(aino, "Johto", "Koko organisaatio")
    assert "Linkki toimii kerran" in aino.text
    assert "Kopioi linkki" in aino.labels()
    await maija.starts(code)
    assert "johto" in maija.text
    assert "digest" in commands(maija)
    assert "ei ole enää voimassa" in await bo.starts(code)
    await aino.says("/roles")
    assert "johto, koko organisaatio: Maija" in aino.text


async def test_a_role_link_is_not_spent_on_whoever_has_the_role(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.starts()
    code = await offered(aino, "Ylläpitäjä")
    assert "jo tämä rooli" in await aino.starts(code)
    assert "ylläpitäjä" in await bo.starts(code)


async def test_a_role_link_expires(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.starts()
    code = await offered(aino, "Ylläpitäjä")
    await talk.time_passes(days=14, hours=1)
    assert "ei ole enää voimassa" in await bo.starts(code)


async def test_a_chosen_person_is_told_and_gets_the_menu(talk: Talk, aino: Actor, bo: Actor) -> None:
    await bo.starts()
    await choose(aino, bo, "Ylläpitäjä")
    assert "Bo sai roolin ylläpitäjä" in aino.text
    assert "audit" not in commands(bo)
    await talk.settle()
    assert "Sait roolin ylläpitäjä" in bo.text
    assert "audit" in commands(bo)
    await choose(aino, bo, "Ylläpitäjä")
    assert "oli jo" in aino.text


async def choose(actor: Actor, other: Actor, *path: str) -> None:
    await actor.says("/roles")
    for label in ("Anna rooli", *path, "Valitse henkilö"):
        await actor.taps(label)
    await actor.chooses(other)


async def test_a_chosen_stranger_has_the_role_when_they_start(talk: Talk, aino: Actor, bo: Actor) -> None:
    await choose(aino, bo, "Johto", "Koko organisaatio")
    assert "ei ole vielä aloittanut" in aino.text
    await talk.settle()
    assert not bo.messages
    await bo.starts()
    assert "kuukausikoosteen" in bo.text
    assert "digest" in commands(bo)


async def test_typing_instead_of_choosing_asks_again(talk: Talk, aino: Actor) -> None:
    await aino.says("/roles")
    for label in ("Anna rooli", "Ylläpitäjä", "Valitse henkilö"):
        await aino.taps(label)
    assert "Kuka saa roolin" in await aino.says("Bo")
    assert "Keskeytetty" in await aino.says("/cancel")


async def test_a_role_taken_away_takes_the_menu_with_it(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await aino.says("/roles")
    await aino.taps("Poista rooli")
    await aino.taps("Anna: koordinoija, Lastensuojelu")
    assert "ei jää muita koordinoijia" in aino.text
    await aino.taps("Kyllä, poista rooli")
    assert "Anna" not in aino.text
    assert "newmeeting" in commands(anna)
    await talk.time_passes(minutes=1)
    assert "ei ole enää roolia koordinoija, Lastensuojelu" in anna.text
    assert "newmeeting" not in commands(anna)
    assert "ei ole oikeutta" in await anna.says("/roles")


async def test_the_last_administrator_stays(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.says("/roles")
    await aino.taps("Poista rooli")
    await aino.taps("Aino: ylläpitäjä")
    await aino.taps("Kyllä, poista rooli")
    assert "Viimeistä ylläpitäjää" in aino.toast
    await bo.starts(await offered(aino, "Ylläpitäjä"))
    await aino.says("/roles")
    await aino.taps("Poista rooli")
    await aino.taps("Aino: ylläpitäjä")
    await aino.taps("Kyllä, poista rooli")
    assert "audit" not in commands(aino)
    assert "Tämä on ylläpitäjille" in await aino.says("/audit")


async def test_coordinators_share_only_their_own_groups(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    group = await talk.group(members=[bo], coordinator=anna)
    other = await talk.group("Vammaispalvelu", members=[bo], coordinator=cilla)
    await anna.says("/roles")
    assert "Cilla" not in anna.text
    assert "Ylläpitäjä" not in anna.labels()
    await anna.taps("Anna rooli")
    assert anna.labels() == ["Lastensuojelu", "Takaisin"]
    for forged in (
        f"role-link:coordinator:{other.id}",
        f"role-link:manager:{group.id}",
        "role-link:manager:0",
        "role-link:administrator:0",
        f"role-link:administrator:{group.id}",
        "role-link:coordinator:0",
        "role-choose:administrator:0",
        "role-drop-yes:1",
    ):
        toast = await anna.taps_data(forged)
        assert "ei löytynyt" in toast or "Tämä on ylläpitäjille" in toast, forged
    code = await offered(anna, "Lastensuojelu")
    await bo.starts(code)
    await anna.says("/roles")
    assert "koordinoija, Lastensuojelu: Anna, Bo" in anna.text


async def test_the_log_says_who_did_what(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await aino.says("/newgroup Perhekeskus")
    await choose(aino, bo, "Johto", "Perhekeskus")
    await aino.says("/audit")
    assert "ti 2.3.2027 klo 9.00\nAino antoi roolin: Bo, johto (Perhekeskus)" in aino.text
    assert "Bo liittyi (Lastensuojelu)" in aino.text
    assert "Anna otti linkillä roolin: koordinoija (Lastensuojelu)" in aino.text
    assert aino.text.index("antoi roolin") < aino.text.index("liittyi")


async def test_the_log_turns_its_pages(talk: Talk, aino: Actor) -> None:
    for number in range(12):
        await aino.says(f"/newgroup Ryhmä {number}")
    await aino.says("/audit")
    assert "Ryhmä 11" in aino.text
    assert "Ryhmä 1\n" not in aino.text
    await aino.taps("Vanhemmat")
    assert aino.text.rstrip().endswith("Aino, ylläpitäjä")
    await aino.taps("‹ Uudemmat")
    assert "Ryhmä 11" in aino.text


def test_every_deed_has_its_words() -> None:
    """Deeds are named where they are noted: every such name is a text."""
    noted = re.compile(r"audit\.note\(\s*\w+,\s*\w+,\s*(.+?)\snow=", re.DOTALL)
    found = {
        name
        for path in Path("models").rglob("*.py")
        for call in noted.findall(path.read_text())
        for name in re.findall(r'"([a-z-]+)"', call)
    }
    assert len(found) > 10
    assert {name for name in found if f"audit-{name}" not in texts("fi")} == set()


async def test_who_has_blocked_the_bot_is_marked(talk: Talk, aino: Actor, maija: Actor) -> None:
    await aino.starts()
    await talk.manager(maija)
    maija.user.blocks()
    await talk.answered()
    assert "Maija (estänyt botin)" in await aino.says("/roles")
