"""Calling, moving, correcting and cancelling meetings, and what everyone hears of it."""

from datetime import datetime, timedelta

import pytest
from icalendar import Calendar, Event
from sqlalchemy import select, update

from models.delivery.outbox import Delivery
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people import links
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key, words

LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus aiheeseen"


def event(actor: Actor) -> Event:
    """The one event of the newest calendar file in a chat."""
    file = next(message.document for message in reversed(actor.messages) if message.document)
    assert file is not None
    calendar = Calendar.from_ical(file.content)
    (found,) = calendar.walk("VEVENT")
    found["METHOD"] = calendar["METHOD"]
    return found


def count(actor: Actor, said: str) -> int:
    """How many messages that say something were sent to a person, whatever has become of them since."""
    sent = [call for call in actor.stage.sandbox.log if call.ok and call.method.startswith("send")]
    texts = [str(c.parameters.get("caption") or c.parameters.get("text")) for c in sent if c.chat_id == actor.user.id]
    return sum(said in text for text in texts)


async def moved(anna: Actor, day: str) -> None:
    """The newest meeting put off to another day."""
    await anna.taps("Muuta tai siirrä")
    await anna.taps("Päivä")
    await anna.says(day)
    await anna.taps("Tallenna muutos")


@pytest.fixture
@scene
async def group(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)


async def test_one_line_then_two_skips(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await anna.says(f"/newmeeting {LINE}")
    assert anna.labels() == ["Linkki tulee myöhemmin", "Peruuta"]
    await anna.says("https://teams.example/abc")
    await anna.says("Tervetuloa kaikki!")
    for said in ("Johdatus aiheeseen", "ke 10.3.2027 klo 9.00–12.00", "liity etänä tästä", "Kutsun saa 2"):
        assert said in anna.text
    assert count(bo, "Johdatus") == 0
    await anna.taps(key("confirm-send"))
    await talk.settle()
    assert count(bo, "Tervetuloa kaikki!") == 1
    assert bo.labels() == ["Etänä", "En pääse"]


async def test_guided_by_taps_alone(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await anna.says("/newmeeting")
    for label in ("Aihe tarkentuu", "10", "9.00–12.00", "Hybridi", "Paikka tarkentuu", "Linkki tulee", "Ohita"):
        await anna.taps(label)
    assert "ke 10.3.2027 klo 9.00–12.00" in anna.text
    await anna.taps(key("confirm-send"))
    await talk.settle()
    assert bo.labels() == ["Paikan päällä", "Etänä", "En pääse"]


async def test_the_calendar_turns_months_and_offers_no_past_days(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting")
    await anna.taps("Aihe tarkentuu")
    assert "1" not in anna.labels()
    assert "2" in anna.labels()
    await anna.taps("huhtikuu ›")
    assert "huhtikuu 2027" in anna.labels()
    assert "1" in anna.labels()
    await anna.taps("‹ maaliskuu")
    assert "maaliskuu 2027" in anna.labels()


async def test_every_field_can_be_changed_before_sending(anna: Actor, group: None) -> None:
    await anna.says(f"/newmeeting {LINE}")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    await anna.taps("Muuta")
    await anna.taps("Aihe")
    await anna.says("Uusi aihe")
    await anna.taps("Muuta")
    await anna.taps("Päivä")
    await anna.says("to 11.3.")
    assert "to 11.3.2027 klo 9.00–12.00" in anna.text
    await anna.taps("Muuta")
    await anna.taps("Kellonaika")
    await anna.says("13-15.30")
    await anna.taps("Muuta")
    await anna.taps("Osallistumistapa")
    await anna.taps("Paikan päällä")
    await anna.says("Kirjasto, 2. krs")
    for said in ("Uusi aihe", "to 11.3.2027 klo 13.00–15.30", "Kirjasto, 2. krs"):
        assert said in anna.text


async def test_a_weekday_that_contradicts_its_date_is_asked_about(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting Lastensuojelu to 10.3.2027 klo 9-12 Teams: Aihe")
    assert "keskiviikko" in anna.text
    assert any(label.startswith("ke 10.3.2027") for label in anna.labels())
    assert any(label.startswith("to 11.3.2027") for label in anna.labels())
    await anna.taps("to 11.3.2027")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    assert "to 11.3.2027 klo 9.00–12.00" in anna.text
    assert "Aihe" in anna.text


WRONG_TIMES = {
    "the past": "ma 1.3.2027 klo 9-12",
    "zero length": "ke 10.3. klo 9-9",
    "negative length": "ke 10.3. klo 12-9",
    "in a hundred years": "1.3.2127 klo 9-12",
    "no such day": "31.2.2027 klo 9-12",
    "no such hour": "ke 10.3. klo 25-26",
    "the hour that summer time skips": "su 28.3.2027 klo 3.30-5",
    "the hour that comes twice": "su 31.10.2027 klo 3.30-5",
}


@pytest.mark.parametrize("case", WRONG_TIMES)
async def test_a_time_that_cannot_be_is_said_and_nothing_is_called(
    talk: Talk, anna: Actor, group: None, case: str
) -> None:
    await anna.says(f"/newmeeting Lastensuojelu {WRONG_TIMES[case]} Teams: Aihe")
    assert "Lähetä kutsu" not in anna.labels()
    assert "Peruuta" in anna.labels()
    async with talk.app.sessions() as session:
        assert await session.scalar(select(Meeting.id)) is None


async def test_a_group_that_nobody_knows_is_asked_about(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting Vammaispalvelu ke 10.3. klo 9-12 Teams: Aihe")
    assert "En löytänyt" in anna.text
    assert anna.labels() == ["Lastensuojelu", "Peruuta"]
    await anna.taps("Lastensuojelu")
    assert "Linkki tulee myöhemmin" in anna.labels()


async def test_a_new_day_keeps_the_hours_even_into_the_night_that_skips_them(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting ke 10.3. klo 3.30-5 Teams: Aihe")
    for label in ("Linkki tulee", "Ohita", "Muuta", "Päivä"):
        await anna.taps(label)
    await anna.says("su 28.3.2027")
    assert "Lähetä kutsu" not in anna.labels()
    assert any("28.3.2027" in label for label in anna.labels())


async def test_only_a_start_asks_for_the_length(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9 Teams: Aihe")
    await anna.taps("1 t 30 min")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    assert "klo 9.00–10.30" in anna.text


async def test_a_dialogue_survives_a_week_and_can_be_cancelled(talk: Talk, anna: Actor, group: None) -> None:
    await anna.says("/newmeeting Lastensuojelu ke 17.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=7)
    await anna.taps(key("skip-link"))
    await anna.says("/cancel")
    assert "Keskeytetty" in anna.text
    await anna.taps(key("skip"))
    assert "päättynyt" in anna.toast


async def test_a_group_without_members_is_told_to_the_coordinator(talk: Talk, anna: Actor) -> None:
    await talk.group("Tyhjä", members=[], coordinator=anna)
    await talk.called_meeting(anna, "Tyhjä ke 10.3. klo 9-12 Teams: Aihe")
    assert "Kutsua ei vielä lähde kenellekään" in anna.toast


async def test_confirming_twice_calls_once(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await anna.says(f"/newmeeting {LINE}")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    card = anna.last
    anna.user.taps("Lähetä kutsu", card)
    anna.user.taps("Lähetä kutsu", card)
    await talk.answered()
    await talk.settle()
    assert count(bo, "Johdatus") == 1


async def test_an_old_card_touches_no_newer_dialogue(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    async def written(title: str) -> None:
        await anna.says(f"/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: {title}")
        await anna.taps(key("skip-link"))
        await anna.taps(key("skip"))

    for label in ("Lähetä kutsu", "Hylkää"):
        await written("Ensimmäinen")
        old = anna.last
        await written("Toinen")
        await anna.taps(label, old)
        assert "päättynyt" in anna.toast
        assert "Toinen" in words(old)
    await talk.settle()
    assert count(bo, "Kutsu kokoukseen") == 0
    await anna.taps(key("confirm-send"))
    await talk.settle()
    assert "Toinen" in bo.text


async def test_a_move_asks_everyone_again_and_rearms_reminders(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await cilla.taps(key("answer-no"))
    await talk.until(datetime(2027, 3, 9, 12, tzinfo=HELSINKI))
    assert count(bo, "Muistutus") == 1
    assert event(bo)["SEQUENCE"] == 0
    await moved(anna, "ke 17.3.")
    await talk.settle()
    for member in (bo, cilla):
        assert "Kokous on muuttunut" in member.text
        assert "ke 17.3.2027 klo 9.00–12.00" in member.text
    assert (event(bo)["SEQUENCE"], event(bo)["UID"]) == (1, "meeting-1@koolla")
    await bo.taps("Etänä")
    await talk.until(datetime(2027, 3, 17, 8, tzinfo=HELSINKI))
    assert count(bo, "Muistutus: kokous on huomenna klo 9.00") == 2
    assert count(cilla, "Et ole vielä vastannut") == 1


async def test_an_answer_to_the_old_time_is_none_to_the_new(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    old, answer = bo.last, next(b.data for row in bo.last.buttons for b in row if "Etänä" in b.label)
    await moved(anna, "ke 17.3.")
    await bo.taps_data(answer or "", old)  # before the new card has come
    assert "Kokous on muuttunut" in bo.toast
    assert "Kokous on muuttunut" in words(old)
    assert "ke 17.3.2027" in words(old)
    assert (event(bo)["SEQUENCE"], count(bo, "osallistun etänä")) == (1, 0)
    await bo.taps("Etänä", old)
    assert "osallistun etänä" in words(old)


async def test_a_move_takes_any_answer_whatever_its_number(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    """After a silent week Telegram's update ids may begin lower than that of the forgotten answer."""
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Invitation).values(update_id=2_000_000_000))
    await moved(anna, "ke 17.3.")
    await talk.settle()
    await bo.taps("Etänä")
    assert "osallistun etänä" in bo.text


async def test_a_field_can_be_left_as_it_was(talk: Talk, anna: Actor, group: None) -> None:
    await anna.says(f"/newmeeting {LINE}")
    for label in ("Linkki tulee", "Ohita", "Muuta", "Päivä", "Takaisin"):
        await anna.taps(label)
    assert "ke 10.3.2027 klo 9.00–12.00" in anna.text
    await anna.taps(key("confirm-send"))
    await anna.taps("Muuta tai siirrä")
    assert "Tallenna muutos" not in anna.labels()  # nothing has changed yet
    await anna.taps("Kellonaika")
    await anna.taps(key("back"))
    await anna.taps(key("back"))
    assert "Vastaukset nyt" in anna.text


async def test_a_small_correction_edits_the_cards_without_a_message(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    sent = len(bo.messages)
    await anna.taps("Muuta tai siirrä")
    await anna.taps("Aihe")
    await anna.says("Johdatus, osa 2")
    await anna.taps("Tallenna muutos")
    await talk.settle()
    assert len(bo.messages) == sent
    assert "Johdatus, osa 2" in bo.text
    assert "osallistun etänä" in bo.text
    assert event(bo)["SEQUENCE"] == 1


async def test_cancelling_tells_everyone_once_and_stops_the_reminders(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await anna.taps(key("meeting-cancel"))
    assert "2" in anna.text.splitlines()[0]
    await anna.taps("Kyllä, peru")
    await talk.time_passes(days=10)
    for member in (bo, cilla):
        assert count(member, "peruttu") == 1
        assert count(member, "Muistutus") == count(member, "Osallistuitko") == 0
        assert (event(member)["METHOD"], event(member)["STATUS"]) == ("CANCEL", "CANCELLED")


async def test_the_card_of_a_cancelled_meeting_says_so_first_and_awaits_nothing(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await anna.taps_data("meeting:1")
    assert "Ei vielä vastannut 1: Cilla" in anna.text
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    assert anna.text.splitlines()[0] == "Kokous on peruttu."
    assert "Vastaukset ennen perumista\n" in anna.text
    assert "Ei vastannut 1: Cilla" in anna.text
    assert "Ei vielä" not in anna.text
    assert anna.text.count("peruttu") == 1


async def test_once_the_meeting_has_begun_no_answer_is_awaited(talk: Talk, anna: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    await talk.until(datetime(2027, 3, 10, 9, 1, tzinfo=HELSINKI))
    await anna.taps_data("meeting:1")
    assert "Ei vastannut 2: Bo, Cilla" in anna.text


async def test_an_invitation_called_at_night_waits_for_the_morning(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))  # a Friday night
    await anna.says(f"/newmeeting {LINE}")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    assert "Kutsut lähtevät ma 8.3.2027 klo 8.00" in anna.text
    await anna.taps(key("confirm-send"))
    await talk.until(datetime(2027, 3, 8, 7, 59, tzinfo=HELSINKI))
    assert count(bo, "Johdatus") == 0
    await talk.until(datetime(2027, 3, 8, 8, 1, tzinfo=HELSINKI))
    assert count(bo, "Johdatus") == 1


async def test_a_cancelling_within_two_days_is_told_at_night_too(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await talk.until(datetime(2027, 3, 9, 22, tzinfo=HELSINKI))
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    await talk.settle()
    assert "peruttu" in bo.text
    assert not bo.last.silent


async def test_a_reminder_that_falls_into_the_quiet_comes_earlier(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, "Lastensuojelu ma 15.3. klo 9-12 Teams: Aihe")
    await bo.taps("Etänä")
    await talk.until(datetime(2027, 3, 12, 18, 59, tzinfo=HELSINKI))
    assert count(bo, "Muistutus") == 0
    await talk.until(datetime(2027, 3, 12, 19, 1, tzinfo=HELSINKI))  # Friday, before the weekend
    assert count(bo, "Muistutus") == 1


async def test_who_joins_later_is_invited_and_gets_only_the_reminders_ahead(
    talk: Talk, anna: Actor, bo: Actor, dan: Actor
) -> None:
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await talk.until(datetime(2027, 3, 9, 15, tzinfo=HELSINKI))
    async with talk.app.sessions.begin() as session:
        code = (await links.join_link(session, group.id, now=talk.clock.now())).code
    await dan.starts(code)
    await talk.settle()
    assert "Johdatus" in dan.text
    await dan.taps("Etänä")
    await talk.until(datetime(2027, 3, 10, 8, 30, tzinfo=HELSINKI))
    assert count(dan, "Muistutus") == count(dan, "Et ole vielä") == 0


async def test_the_coordinator_sees_who_comes_by_name(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 hybridi, Kirjasto: Aihe")
    await bo.taps("Paikan päällä")
    cilla.user.blocks()
    await talk.answered()
    await anna.taps(key("refresh"))
    assert "Paikan päällä 1: Bo" in anna.text
    assert "Cilla (on estänyt botin)" in anna.text


async def test_the_list_is_live_without_a_tap_and_with_few_edits(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await cilla.taps(key("answer-no"))
    await bo.taps(key("answer-no"))
    await talk.time_passes(seconds=20)
    assert "Ei pääse 2: Bo, Cilla" in anna.text
    assert sum(call.chat_id == anna.user.id for call in talk.sandbox.log if call.method == "editMessageText") <= 6


async def test_a_message_that_is_no_longer_the_card_is_left_alone(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await anna.taps(key("meeting-cancel"))
    await bo.taps("Etänä")
    await talk.time_passes(seconds=20)
    assert "Kyllä, peru" in " ".join(anna.labels())
    await anna.taps("Ei, ")
    assert "Etänä 1: Bo" in anna.text


async def test_attendance_by_name_and_by_heads(talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None) -> None:
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 hybridi, Kirjasto: Aihe")
    await talk.time_passes(days=8, hours=1)
    await anna.taps(key("refresh"))
    await anna.taps("Merkitse läsnäolo")
    await anna.taps("Bo")
    assert "Bo: ✓ paikan päällä" in anna.labels()
    await anna.taps("Bo")
    assert "Bo: ✓ etänä" in anna.labels()
    cilla_there = next(b.data for row in anna.last.buttons for b in row if b.label.startswith("Cilla"))
    for _ in range(2):  # a double tap is one
        await anna.taps_data(cilla_there or "")
        assert "Cilla: ✓ paikan päällä" in anna.labels()
    for state in ("✓ etänä", "ei mukana", "ei tietoa"):
        await anna.taps("Cilla")
        assert f"Cilla: {state}" in anna.labels()
    await anna.taps(key("back"))
    await anna.taps("Laske muut")
    await anna.taps("Paikan päällä +5")
    await anna.taps("Paikan päällä −1")
    assert "Paikan päällä 4" in anna.text
    for typed, shown in (("7 80", "Paikan päällä 7, etänä 80"), ("etänä 12, paikan päällä 4", "päällä 4, etänä 12")):
        await anna.says(typed)
        assert shown in anna.text
    await anna.says("monta")
    assert "En ymmärtänyt" in anna.text
    await anna.says("4 0")
    await anna.taps(key("back"))
    assert "Läsnä: paikan päällä 4, etänä 1" in anna.text
    card = anna.last
    await anna.says("1 1")
    await anna.taps(key("refresh"), card)
    assert "Läsnä: paikan päällä 4, etänä 1" in words(card)


async def test_whoever_declined_is_not_asked_how_it_was(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps(key("answer-no"))
    await talk.time_passes(days=15)
    assert count(bo, "Osallistuitko") == count(bo, "Muistutus") == 0
    assert count(cilla, "Osallistuitko") == 2  # asked, and reminded once


async def test_a_late_press_does_not_overturn_a_newer_one(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Invitation).values(update_id=2_000_000_000))
    await bo.taps(key("answer-no"))
    assert "osallistun etänä" in bo.text
    talk.clock.moment += timedelta(hours=25)  # by then Telegram has dropped whatever was older
    await bo.taps(key("answer-no"))
    assert "en pääse" in bo.text


async def test_a_repeated_update_shows_its_screen_again_and_does_nothing(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    talk.sandbox.faults.duplicate_updates(1)
    await bo.taps("Etänä")
    assert [toast.text for toast in bo.user.toasts] == ["Kiitos! Merkitsin: etänä."]  # a query is answered once
    assert "osallistun etänä" in bo.text


async def test_a_blocked_person_gets_no_more(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    bo.user.blocks()
    await talk.called_meeting(anna, LINE)
    async with talk.app.sessions() as session:
        assert await session.scalar(select(Person.reach).where(Person.name == "Bo")) == "blocked"
        to_bo = select(Delivery.state).join(Delivery.address).join(Person).where(Person.name == "Bo")
        assert await session.scalar(to_bo.where(Delivery.kind == "invitation")) is None
    bo.user.unblocks()
    await talk.answered()
    await talk.called_meeting(anna, "Lastensuojelu ke 17.3. klo 9-12 Teams: Toinen")
    assert "Toinen" in bo.text


async def test_an_invitation_that_the_morning_would_be_too_late_for_goes_at_once(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))
    await talk.called_meeting(anna, "Lastensuojelu su 7.3. klo 9-12 Teams: Aihe")
    assert count(bo, "Kutsu kokoukseen") == 1


async def test_a_meeting_put_off_at_the_last_hour_is_told_at_night_too(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    await talk.until(datetime(2027, 3, 9, 22, tzinfo=HELSINKI))
    await moved(anna, "ke 31.3.")
    await talk.settle()
    assert "Kokous on muuttunut" in bo.text


async def test_who_joins_a_moved_meeting_gets_a_plain_invitation(
    talk: Talk, anna: Actor, bo: Actor, dan: Actor
) -> None:
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await moved(anna, "ke 17.3.")
    await talk.settle()
    async with talk.app.sessions.begin() as session:
        code = (await links.join_link(session, group.id, now=talk.clock.now())).code
    await dan.starts(code)
    await talk.settle()
    assert count(bo, "Kokous on muuttunut") == count(dan, "Kutsu kokoukseen") == 1
    assert count(dan, "Kokous on muuttunut") == 0


async def test_a_cancelling_is_told_only_to_those_who_had_heard(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))
    await talk.called_meeting(anna, LINE)
    await anna.taps(key("meeting-cancel"))
    assert "ei ole vielä lähetetty" in anna.text
    await anna.taps("Kyllä, peru")
    await talk.time_passes(days=6)
    assert count(bo, "peruttu") == count(bo, "Johdatus") == 0


async def test_of_two_coordinators_the_later_does_not_undo_the_earlier(talk: Talk, anna: Actor, group: None) -> None:
    async with talk.app.sessions.begin() as session:
        chosen = (await session.execute(select(Workgroup))).scalars().one()
        now = talk.clock.now()
        lead = await links.make(session, links.LinkKind.ROLE, now=now, group_id=chosen.id, role=RoleKind.COORDINATOR)
    eeva = talk.person("Eeva")
    await eeva.starts(lead.code)
    await talk.called_meeting(anna, LINE)
    await eeva.taps_data("m-change:1")
    await moved(anna, "ke 17.3.")
    await eeva.taps("Aihe")
    await eeva.says("Eevan aihe")
    await eeva.taps("Tallenna muutos")
    assert "Toinen koordinoija" in eeva.toast
    assert "ke 17.3.2027" in eeva.text
    assert "Eevan aihe" not in eeva.text
    await eeva.says("Hei")
    assert "Muuta tai siirrä" not in eeva.labels()  # the dialogue is over


async def test_a_change_that_comes_too_late_ends_its_dialogue(talk: Talk, anna: Actor, group: None) -> None:
    await talk.called_meeting(anna, LINE)
    await anna.taps("Muuta tai siirrä")
    await anna.taps("Päivä")
    await anna.says("ke 17.3.")
    assert "Kokous on muuttunut" in anna.text  # as members will see it
    talk.clock.moment += timedelta(days=8, hours=1)
    await anna.taps("Tallenna muutos")
    assert "on jo alkanut" in anna.toast
    assert "ke 10.3.2027" in anna.text
    assert "Merkitse läsnäolo" in anna.labels()


async def test_sending_delivered_again_shows_the_meeting_that_it_called(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await anna.says(f"/newmeeting {LINE}")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    card = anna.last
    data = next(b.data for row in card.buttons for b in row if b.label == "Lähetä kutsu")
    for _ in range(2):
        await anna.taps_data(data or "", card)
        assert "päättynyt" not in anna.toast
        assert "Muuta tai siirrä" in anna.labels(card)
    await talk.settle()
    assert count(bo, "Johdatus") == 1


async def test_the_longest_invitation_is_one_message(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group("R" * 80, members=[bo], coordinator=anna)
    link = "https://teams.example/" + "a" * 478
    await anna.says(f"/newmeeting ke 10.3. klo 9-12 hybridi {'p' * 121} {link}x: {'t' * 121}")
    assert "Aihe on liian pitkä" in anna.text
    for typed in ("t" * 120, "p" * 120, link, "d" * 400):
        await anna.says(typed)
    await anna.taps(key("confirm-send"))
    await talk.settle()
    await moved(anna, "ke 17.3.")
    await talk.settle()
    await bo.taps("Paikan päällä")
    assert bo.last.document is not None
    assert "tulen paikan päälle" in bo.text
    assert "d" * 400 in bo.text
    assert any(entity.url == link for entity in bo.last.entities)


async def test_a_link_means_remote_and_the_title_follows_it(anna: Actor, group: None) -> None:
    await anna.says("/newmeeting ke 10.3. klo 9-12 https://meet.example.org/x: Tiimipalaveri")
    assert anna.labels() == ["Ohita", "Peruuta"]  # only the description is still asked for
    await anna.taps(key("skip"))
    assert "Tiimipalaveri" in anna.text
    assert "Etänä" in anna.text
