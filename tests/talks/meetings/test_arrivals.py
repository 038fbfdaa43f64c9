"""The coordinator sees what became of a meeting's messages, in words, and whom to phone."""

from datetime import datetime, time

import pytest
from sqlalchemy import update

from models.delivery import rate_limit
from models.delivery.outbox import Delivery, Sending
from models.operations import health
from models.people.people import Person
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key
from tests.talks.people.test_roster import adds

LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe"
NOBODY = "Kenellekään ei tarvitse nyt soittaa."


@pytest.fixture
@scene
async def group(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)


async def looks(anna: Actor) -> str:
    """Opens the coordinator's card anew, and from it who got the messages."""
    await anna.taps_data("meeting:1")
    return await anna.taps("Kuka sai viestit")


async def blocks_unheard(talk: Talk, actor: Actor) -> None:
    """Blocks the bot, of which Telegram does not tell."""
    actor.user.blocks()
    talk.sandbox.updates.pending.clear()


async def test_all_arrived(talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    assert "kertoa muuten" not in anna.text
    assert "2 kutsua: 2 perillä\n" in await looks(anna)
    assert "ke 10.3.2027 klo 9.00–12.00" in anna.text
    assert NOBODY in anna.text
    await anna.taps(key("back"))
    assert "Muuta tai siirrä" in anna.labels()


async def test_one_is_told_in_the_singular(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    assert "1 kutsu: 1 perillä" in await looks(anna)
    assert "1 muistutus vastaamattomalle: 1 odottaa lähetystä" in anna.text
    await bo.taps("Etänä")
    assert "1 muistutus tulijalle: 1 odottaa lähetystä" in await looks(anna)
    assert "vastaamattomalle" not in anna.text


async def test_who_has_blocked_the_bot_is_to_be_phoned(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await blocks_unheard(talk, bo)
    await talk.called_meeting(anna, LINE)
    assert "2 kutsua: 1 perillä, 1 on estänyt botin" in await looks(anna)
    assert "Soita tai kirjoita näille (1)" in anna.text
    assert "Kutsu puuttuu tai on epävarma:\n• Bo – yhteystieto puuttuu – on estänyt botin" in anna.text
    assert "Cilla" not in anna.text
    await anna.taps(key("back"))
    assert "1 jäsenelle pitää kertoa muuten." in anna.text


async def test_who_had_blocked_the_bot_before_is_not_counted_among_the_invitations(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, dan: Actor
) -> None:
    await talk.group(members=[bo, cilla, dan], coordinator=anna)
    await adds(anna, "Irja Ikonen; Turun kaupunki; 040 123 4567")
    bo.user.blocks()
    await talk.answered()
    await blocks_unheard(talk, cilla)
    await anna.says(f"/newmeeting {LINE}")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    assert "Kutsun saa 2 ihmistä" in anna.text
    await anna.taps(key("confirm-send"))
    await talk.settle()
    assert "2 kutsua: 1 perillä, 1 on estänyt botin" in await looks(anna)
    assert "1 jäsen ilman Telegramia" in anna.text
    assert "1 jäsen ei saanut kutsua, koska häntä ei tavoiteta Telegramissa" in anna.text
    assert "näille (3)" in anna.text
    assert all(f"• {name} –" in anna.text for name in ("Bo", "Cilla", "Irja Ikonen"))
    await anna.taps_data("m-cancel-yes:1")
    await talk.settle()
    assert "näille (3)" in await looks(anna)


async def test_who_is_back_gets_the_invitation_and_need_not_be_phoned(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await blocks_unheard(talk, bo)
    await talk.called_meeting(anna, LINE)
    bo.user.unblocks()
    await talk.settle()
    assert "2 kutsua: 2 perillä" in await looks(anna)
    assert NOBODY in anna.text
    await anna.taps(key("back"))
    assert "kertoa muuten" not in anna.text


async def test_who_has_deleted_their_account(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    bo.user.deactivates()
    await talk.called_meeting(anna, LINE)
    assert "2 kutsua: 1 perillä, 1 on poistanut Telegram-tilinsä" in await looks(anna)
    assert "• Bo – yhteystieto puuttuu – Telegram-tili poistettu" in anna.text


async def test_what_telegram_did_not_confirm_is_uncertain_until_it_is_answered(
    talk: Talk, anna: Actor, bo: Actor
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    talk.sandbox.faults.bad_gateway(after=True, method="sendDocument", times=9)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=10)
    assert "1 kutsu: 1 epävarma" in await looks(anna)
    assert "Epävarma: viesti lähti, mutta Telegram ei vahvistanut" in anna.text
    assert "• Bo – yhteystieto puuttuu – epävarma" in anna.text
    await bo.taps("Etänä")
    assert "1 kutsu: 1 perillä" in await looks(anna)
    assert NOBODY in anna.text


async def test_what_was_repeated_and_then_confirmed_has_arrived(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    talk.sandbox.faults.bad_gateway(after=True, method="sendDocument")
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=5)
    assert "1 kutsu: 1 perillä" in await looks(anna)


async def test_a_later_message_makes_up_for_an_uncertain_one(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    async with talk.app.sessions.begin() as session:
        sent = update(Delivery).where(Delivery.kind == "invitation")
        await session.execute(sent.values(state=Sending.UNKNOWN))
    assert "2 kutsua: 2 epävarmaa" in await looks(anna)
    assert "näille (2)" in anna.text
    await talk.until(datetime(2027, 3, 8, 12, tzinfo=HELSINKI))
    assert "2 muistutusta vastaamattomille: 2 perillä" in await looks(anna)
    assert NOBODY in anna.text


async def test_members_without_telegram_are_counted_and_named_with_their_contact(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await adds(anna, "Irja Ikonen; Turun kaupunki; 040 123 4567\nJussi Joki; MLL; jussi@mll.example")
    await talk.called_meeting(anna, LINE)
    assert "2 kutsua: 2 perillä" in await looks(anna)
    assert "2 jäsentä ilman Telegramia" in anna.text
    assert "• Irja Ikonen – 040 123 4567 – ei Telegramissa" in anna.text
    assert "• Jussi Joki – jussi@mll.example – ei Telegramissa" in anna.text
    await anna.taps(key("back"))
    assert "2 jäsenelle pitää kertoa muuten." in anna.text


async def test_in_quiet_time_the_invitations_wait(talk: Talk, anna: Actor, group: None) -> None:
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))
    await talk.called_meeting(anna, LINE)
    waits = "2 kutsua: 2 odottaa lähetystä (lähtevät ma 8.3.2027 klo 8.00)"
    assert waits in anna.text
    assert waits in await looks(anna)
    assert "tauolla" not in anna.text
    await talk.until(datetime(2027, 3, 8, 9, tzinfo=HELSINKI))
    assert "2 kutsua: 2 perillä" in await looks(anna)
    assert "2 muistutusta vastaamattomille: 2 perillä" not in anna.text
    await anna.taps(key("back"))
    assert "kutsua:" not in anna.text


async def test_with_quiet_hours_of_their_own_the_first_to_leave_is_told(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    async with talk.app.sessions.begin() as session:
        own = update(Person).where(Person.name == "Bo")
        await session.execute(own.values(quiet_start=time(18), quiet_end=time(10)))
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))
    await talk.called_meeting(anna, LINE)
    assert "2 odottaa lähetystä (lähtevät ma 8.3.2027 klo 8.00 alkaen)" in await looks(anna)


async def test_while_all_is_paused_the_card_says_so(talk: Talk, anna: Actor, group: None) -> None:
    await paused(talk)
    await talk.called_meeting(anna, LINE)
    waits = "2 kutsua: 2 odottaa lähetystä\n"
    says = "Lähetys on tauolla. Ylläpitäjä kertoo lisää."
    await anna.taps_data("meeting:1")
    assert waits + says in anna.text
    await looks(anna)
    assert waits in anna.text
    assert says in anna.text
    async with talk.app.sessions.begin() as session:
        await rate_limit.resume(session, now=talk.clock.now())
    await talk.settle()
    assert "tauolla" not in await looks(anna)


async def test_reminders_are_counted_by_the_answer_of_their_receivers(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, dan: Actor
) -> None:
    await talk.group(members=[bo, cilla, dan], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await cilla.taps("Etänä")
    await blocks_unheard(talk, cilla)
    assert "2 muistutusta tulijoille: 2 odottaa lähetystä" in await looks(anna)
    await talk.until(datetime(2027, 3, 9, 15, tzinfo=HELSINKI))
    assert "3 kutsua: 3 perillä" in await looks(anna)
    assert "1 muistutus vastaamattomalle: 1 perillä" in anna.text
    assert "2 muistutusta tulijoille: 1 perillä, 1 on estänyt botin" in anna.text
    assert "3 viestiä jätettiin lähettämättä, koska niitä ei enää tarvittu" in anna.text
    assert "Tietää kokouksesta, mutta muistutus ei tavoita:\n• Cilla" in anna.text
    assert "Dan" not in anna.text


async def test_whoever_has_not_answered_and_blocks_misses_the_reminder(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    bo.user.blocks()
    await talk.answered()
    assert "2 muistutusta vastaamattomille: 1 odottaa lähetystä (lähtee " in await looks(anna)
    assert "), 1 on estänyt botin" in anna.text
    assert "Ei ole vastannut kutsuun, eikä muistutus tavoita:\n• Bo" in anna.text


async def test_whoever_declined_or_wants_no_reminders_is_not_counted_among_them(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps(key("answer-no"))
    await cilla.says("/settings")
    await cilla.taps("Älä muistuta")
    assert "muistutus" not in await looks(anna)


async def test_a_cancelling_is_told_of_too(talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None) -> None:
    await adds(anna, "Irja Ikonen; Turun kaupunki; 040 123 4567")
    await talk.called_meeting(anna, LINE)
    await blocks_unheard(talk, bo)
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    await talk.settle()
    assert "2 ilmoitusta perumisesta: 1 perillä, 1 on estänyt botin" in await looks(anna)
    assert "4 viestiä jätettiin lähettämättä" in anna.text
    assert "Tieto perumisesta puuttuu tai on epävarma:\n• Bo" in anna.text
    assert "• Irja Ikonen – 040 123 4567" in anna.text  # may have heard of the meeting by telephone
    assert "Cilla" not in anna.text


async def test_who_was_out_of_reach_at_the_cancelling_and_is_back_has_not_heard_of_it(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    bo.user.blocks()
    await talk.answered()
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    bo.user.unblocks()
    await talk.settle()
    assert "1 ilmoitus perumisesta: 1 perillä" in await looks(anna)
    assert "• Bo – yhteystieto puuttuu – viesti ei mennyt perille" in anna.text


async def test_after_a_move_the_new_invitation_counts(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await cilla.taps("Etänä")
    bo.user.blocks()
    await talk.answered()
    await anna.taps("Muuta tai siirrä")
    await anna.taps("Päivä")
    await anna.says("ke 17.3.")
    await anna.taps("Tallenna muutos")
    await talk.settle()
    assert "1 kutsu: 1 perillä\n" in await looks(anna)
    assert "1 jäsen ei saanut kutsua, koska häntä ei tavoiteta Telegramissa" in anna.text
    assert "Kutsu puuttuu tai on epävarma:\n• Bo" in anna.text


async def test_what_could_not_leave_in_time(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    talk.sandbox.faults.too_many(retry_after=9 * 86400, method="sendDocument")
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(days=9)
    assert "1 kutsu: 1 ei ehtinyt lähteä ajoissa" in await looks(anna)


async def dropped(talk: Talk) -> None:
    """What is due while all is paused is dropped by the operator, who then lets the rest go on."""
    async with talk.app.sessions.begin() as session:
        await health.drop_due(session, now=talk.clock.now())
        await rate_limit.resume(session, now=talk.clock.now())
    await talk.settle()


async def paused(talk: Talk) -> None:
    async with talk.app.sessions.begin() as session:
        await rate_limit.pause(session, now=talk.clock.now())


async def test_who_was_dropped_by_the_operator_is_to_be_phoned(talk: Talk, anna: Actor, group: None) -> None:
    await paused(talk)
    await talk.called_meeting(anna, LINE)
    await dropped(talk)
    assert "2 kutsua: 2 jäi lähettämättä ylläpitäjän päätöksellä" in await looks(anna)
    assert "ei enää tarvittu" not in anna.text
    assert "näille (2)" in anna.text
    assert "Kutsu puuttuu tai on epävarma:\n• Bo" in anna.text
    assert "– jäi lähettämättä ylläpitäjän päätöksellä" in anna.text
    await anna.taps(key("back"))
    assert "2 jäsenelle pitää kertoa muuten." in anna.text
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    assert "Tieto perumisesta puuttuu tai on epävarma:\n• Bo" in await looks(anna)  # may have been phoned before


async def test_of_what_was_dropped_only_what_was_wanted_counts(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps(key("answer-no"))
    await paused(talk)
    await talk.until(datetime(2027, 3, 8, 12, tzinfo=HELSINKI))
    await dropped(talk)
    assert "1 muistutus vastaamattomalle: 1 jäi lähettämättä ylläpitäjän päätöksellä" in await looks(anna)
    assert "Ei ole vastannut kutsuun, eikä muistutus tavoita:\n• Cilla" in anna.text
    assert "• Bo" not in anna.text


async def test_once_the_meeting_has_begun_nobody_is_to_be_phoned(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await blocks_unheard(talk, bo)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(days=8)
    assert "2 kutsua: 1 perillä, 1 on estänyt botin" in await looks(anna)
    assert "Bo" not in anna.text
    assert "soittaa" not in anna.text
    await anna.taps(key("back"))
    assert "kertoa muuten" not in anna.text


async def test_a_meeting_without_anybody_says_the_next_step(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    assert "ei ole kutsuttu ketään" in await looks(anna)
    assert "/members" in anna.text


async def test_of_feedback_there_is_only_how_many_were_asked(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, dan: Actor
) -> None:
    await talk.group(members=[bo, cilla, dan], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    for member in (bo, cilla):
        await member.taps("Etänä")
    await talk.until(datetime(2027, 3, 10, 13, tzinfo=HELSINKI))
    before = await looks(anna)
    assert "Palautekysely on lähetetty 3 ihmiselle. Kukaan ei näe, kuka on vastannut." in before
    assert not any(name in before for name in ("Bo", "Cilla", "Dan"))

    await bo.taps(key("attended-remote"))
    for _ in range(4):
        await bo.taps("5")
    await bo.says("Hyvä kokous.")
    await bo.taps(key("feedback-finish"))
    assert await looks(anna) == before
    await talk.until(datetime(2027, 3, 15, 12, tzinfo=HELSINKI))  # the others have been reminded
    assert await looks(anna) == before
    await talk.until(datetime(2027, 3, 20, 12, tzinfo=HELSINKI))
    assert "Palautekysely lähetettiin 3 ihmiselle. Kukaan ei näe, kuka vastasi." in await looks(anna)


async def test_a_long_list_to_phone_is_turned_page_by_page(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await adds(anna, "\n".join(f"Jäsen {number:02}; Turku; 0401234{number:03}" for number in range(1, 24)))
    await talk.called_meeting(anna, LINE)
    assert "23 jäsentä ilman Telegramia" in await looks(anna)
    assert "näille (23)" in anna.text
    assert "Jäsen 10" in anna.text
    assert "Jäsen 11" not in anna.text
    await anna.taps("Seuraava")
    assert "• Jäsen 11 – 0401234011 – ei Telegramissa" in anna.text
    await anna.taps("Seuraava")
    assert "Jäsen 23" in anna.text
    assert "Seuraava ›" not in anna.labels()
    await anna.taps(key("previous"))
    await anna.taps_data("m-arrived:1:999999")
    assert "Jäsen 23" in anna.text


async def test_whoever_has_left_is_counted_no_more(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    bo.user.blocks()
    await talk.answered()
    await anna.says("/members")
    await anna.taps("Bo")
    await anna.taps("Poista")
    await anna.taps("Kyllä")
    assert "1 kutsu: 1 perillä" in await looks(anna)
    assert NOBODY in anna.text


SAID = {
    "sv": ("1 inbjudan: 1 har blockerat boten", "1 medlem utan Telegram", "Ring eller skriv till dessa (2)"),
    "en": ("1 invitation: 1 has blocked the bot", "1 member without Telegram", "Call or write to these people (2)"),
}


@pytest.mark.parametrize("language", SAID)
async def test_in_the_readers_language(talk: Talk, anna: Actor, bo: Actor, language: str) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await adds(anna, "Irja Ikonen; Turun kaupunki; 040 123 4567")
    await blocks_unheard(talk, bo)
    await talk.called_meeting(anna, LINE)
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Person).where(Person.name == "Anna").values(language=language))
    await anna.taps_data("m-arrived:1:0")
    for said in SAID[language]:
        assert said in anna.text
