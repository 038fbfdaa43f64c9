"""/settings: everything by buttons, on one message."""

from sqlalchemy import select

from models.people import links
from models.people.audit import Audit
from tests.talk import Actor, Talk, key


async def test_the_language_changes_words_and_menu_at_once(talk: Talk, bo: Actor) -> None:
    await bo.says("/settings")
    await bo.taps("Kieli")
    assert "✓ Suomi" in bo.labels()
    await bo.taps("Svenska")
    assert "Språk: Svenska" in bo.text
    assert bo.toast == "Sparat."
    assert [c.description for c in bo.user.commands][-1] == "Avbryt"
    assert len(bo.messages) == 1
    assert "Här är" not in await bo.says("/help")
    assert "För alla" in bo.text


async def test_background_is_chosen_changed_and_taken_back(talk: Talk, bo: Actor) -> None:
    await bo.says("/settings")
    await bo.taps("Taustaorganisaatio")
    await bo.taps("Järjestö")
    await bo.taps("Toimiala")
    await bo.taps("Vammaispalvelut")
    assert "Taustaorganisaatio: Järjestö" in bo.text
    assert "Toimiala: Vammaispalvelut" in bo.text
    await bo.taps("Taustaorganisaatio")
    assert "✓ Järjestö" in bo.labels()
    await bo.taps("En halua kertoa")
    assert "Taustaorganisaatio: –" in bo.text
    await bo.taps("Toimiala")
    await bo.taps(key("back"))
    assert "Toimiala: Vammaispalvelut" in bo.text


async def test_forged_choices_change_nothing(talk: Talk, bo: Actor) -> None:
    await bo.says("/settings")
    for data in ("s-organisation:queen", "s-field:9", "s-language:xx", "s-quiet:3:99", "s-quiet:20:abc", "leave-yes:1"):
        assert "ei löytynyt" in await bo.taps_data(data)
    await bo.says("/settings")
    assert "Taustaorganisaatio: –" in bo.text


async def test_own_quiet_hours_hold_messages_back(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/settings")
    assert "Hiljainen aika: Organisaation mukaan (klo 20.00–8.00)" in bo.text
    await bo.taps("Hiljainen aika")
    await bo.taps("Valitsen omat ajat")
    await bo.taps("klo 16.00")
    await bo.taps("klo 10.00")
    assert "Hiljainen aika: klo 16.00–10.00" in bo.text
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")  # at nine in the morning
    assert not bo.sees("Aihe")
    await talk.time_passes(hours=1, minutes=1)
    assert bo.sees("Aihe")


async def test_no_quiet_time_means_evenings_too(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/settings")
    await bo.taps("Hiljainen aika")
    assert "Viikonloppuisin" in bo.text
    await bo.taps("Ei hiljaista aikaa")
    await talk.time_passes(hours=13)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    assert bo.sees("Aihe")
    await bo.says("/settings")
    await bo.taps("Hiljainen aika")
    await bo.taps("Organisaation mukaan")
    assert "Organisaation mukaan (klo 20.00–8.00)" in bo.text


async def test_leaving_ends_what_waits_and_tells_the_coordinator(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await bo.taps("Etänä")
    await bo.says("/settings")
    await bo.taps("Lähde työryhmästä")
    await bo.taps("Lastensuojelu")
    assert "Lähdetkö" in bo.text
    await bo.taps(key("back"))
    assert "Työryhmäsi: Lastensuojelu" in bo.text
    await bo.taps("Lähde työryhmästä")
    await bo.taps("Lastensuojelu")
    await bo.taps("Kyllä, lähden")
    assert "Työryhmäsi: –" in bo.text
    assert "Lähde työryhmästä" not in bo.labels()
    assert "ei löytynyt" in await bo.taps_data("leave-yes:1")
    await talk.settle()
    assert anna.sees("Bo on lähtenyt työryhmästä Lastensuojelu")
    await talk.time_passes(days=9)
    assert not bo.sees("Muistutus")
    assert not bo.sees("Osallistuitko")


async def test_whoever_comes_back_is_invited_anew(talk: Talk, anna: Actor, bo: Actor) -> None:
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await bo.says("/settings")
    await bo.taps_data(f"leave-yes:{group.id}")
    async with talk.app.sessions.begin() as session:
        code = (await links.join_link(session, group.id, now=talk.clock.now())).code
    await bo.starts(code)
    await talk.settle()
    await bo.taps("Etänä")
    await talk.time_passes(days=8)
    assert bo.sees("Muistutus")


async def test_who_wants_no_reminders_gets_none(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/settings")
    await bo.taps("Älä muistuta")
    assert "Muistutukset: ei" in bo.text
    assert "Muistuta taas" in bo.labels()
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(minutes=1)
    await bo.taps("Etänä")
    await talk.time_passes(days=8, hours=4)
    assert not bo.sees("Muistutus:")
    assert bo.sees("Osallistuitko")
    await talk.time_passes(days=4)
    assert sum("Osallistuitko" in (message.text or "") for message in bo.messages) == 1


async def test_who_wants_no_feedback_forms_is_not_counted_as_silent(talk: Talk, anna: Actor, bo: Actor) -> None:
    five = [talk.person(f"Jäsen {number}") for number in range(1, 6)]
    await talk.group(members=[bo, *five], coordinator=anna)
    await bo.says("/settings")
    await bo.taps("Älä kysy palautetta")
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(minutes=1)
    for member in (bo, *five):
        await member.taps("Etänä")
    await talk.time_passes(days=8, hours=4)
    assert not bo.sees("Osallistuitko")
    for member in five:
        await member.taps(key("attended-remote"))
        await member.taps("4")
    await talk.time_passes(days=8)
    await anna.says("/results")
    await anna.taps("Aihe")
    assert "Vastasi 5 / 5" in anna.text


async def test_ones_own_name_is_changed_in_one_line(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await bo.says("/settings")
    await bo.taps(key("button-s-name"))
    assert key("name-needs-letter").text("fi") in await bo.says("👍")
    assert key("line-empty").text("fi") in await bo.says("\u3164")
    assert key("line-too-long", most=80).text("fi") in await bo.says("x" * 81)
    await bo.taps(key("cancel"))
    assert "Nimi: Bo\n" in bo.text
    await bo.taps(key("button-s-name"))
    await bo.says(" Bo\u200b Ek <b> ")
    assert key("name-saved", name="Bo Ek <b>").text("fi") in bo.text
    await anna.says("/members")
    assert "Bo Ek <b>" in anna.text
    bo.user.first_name = "Bosse"
    await bo.starts()
    assert "Bo Ek <b>" in bo.text
    async with talk.app.sessions() as session:
        (entry,) = (await session.execute(select(Audit).where(Audit.action == "name-changed"))).scalars()
    assert (entry.actor_id == entry.person_id, entry.detail) == (True, "")
