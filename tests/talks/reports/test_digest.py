"""The digest: one picture with its words, on the first working day, once to each manager, never changed afterwards."""

from datetime import datetime

import pytest
from sqlalchemy import func, select

from bot.sandbox.messages import Message
from bot.ticks import plan_digests
from models.delivery.outbox import Delivery, Sending
from models.people import access, groups, links
from models.people.access import Role, RoleKind
from models.people.people import Person
from models.reports import digests
from models.reports.digests import Digest
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key, words

HEADING = "Kuukausikooste: "


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=HELSINKI)


def digests_of(actor: Actor) -> list[Message]:
    return [message for message in actor.messages if words(message).startswith(HEADING)]


def months_of(actor: Actor) -> list[str]:
    return [words(message).splitlines()[0].removeprefix(HEADING) for message in digests_of(actor)]


@scene
async def a_good_month(talk: Talk, anna: Actor) -> None:
    """A meeting on 10 March with six members of whom five answer; its form closes in March."""
    members = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=members, coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    for member in members[:5]:
        await member.taps(key("answer-remote"))
    await talk.until(at(2027, 3, 10, 13))
    for member in members[:5]:
        await member.taps(key("attended-remote"))
        for rating in ("4", "5", "4", "3"):
            await member.taps(rating)
        await member.taps(key("feedback-finish"))
    for label in ("Muuta vastauksia", "Muuta 1", "3"):
        await members[0].taps(label)


ANSWERED = "5 / 6 pyydetystä (83\N{NO-BREAK SPACE}%), 5 / 5 osallistuneesta (100\N{NO-BREAK SPACE}%)"


async def test_it_comes_on_the_first_working_day_its_picture_a_tap_away(talk: Talk, anna: Actor, maija: Actor) -> None:
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1, 8))
    assert not digests_of(maija)
    await talk.until(at(2027, 4, 1, 10))
    (digest,) = digests_of(maija)
    assert digest.sent_at == at(2027, 4, 1, 9)
    assert "Kokouksia 1\n" in words(digest)
    assert "Kutsuja 6, tulossa 5 (83\N{NO-BREAK SPACE}% kutsuista)" in words(digest)
    there = "Osallistumisia 5: 83\N{NO-BREAK SPACE}% kutsutuista, 5 eri ihmistä, paikan päällä 0, etänä 5"
    assert there in words(digest)
    assert f"Palautetta: {ANSWERED}" in words(digest)
    assert "Sisältö vastasi odotuksiani: 3,8, n = 5" in words(digest)  # 19/5 = 3.8
    await maija.taps("Kuva", digest)
    assert maija.last.photo is not None
    assert maija.last.photo.width == 1080
    assert maija.last.caption == words(digest)
    assert digest.photo is None


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ((2027, 4), at(2027, 5, 3)),  # 1 May is a holiday and a Saturday
        ((2027, 12), at(2028, 1, 3)),  # 1 January is a Saturday
        ((2028, 12), at(2029, 1, 2)),  # 1 January is a Monday, and a holiday
        ((2029, 3), at(2029, 4, 3)),  # Easter Sunday is 1 April
        ((2027, 5), at(2027, 6, 1)),
        ((2027, 7), at(2027, 8, 2)),  # 1 August is a Sunday
    ],
)
async def test_the_first_working_day(
    talk: Talk, anna: Actor, maija: Actor, month: tuple[int, int], day: datetime
) -> None:
    due = digests.due_at(digests.Month(*month), talk.app.policy)
    assert due == day.replace(hour=9)


async def test_whatever_happens_it_comes_once(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1))
    for _ in range(3):
        await plan_digests(talk.app)
        await talk.time_passes(hours=5)
    await talk.until(at(2027, 5, 5))
    assert months_of(maija) == ["maaliskuu 2027", "huhtikuu 2027"]


async def test_it_stays_as_it_was_sent(talk: Talk, anna: Actor, maija: Actor) -> None:
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 2))
    sent = words(digests_of(maija)[0])
    newcomer = talk.person("Uusi")
    async with talk.app.sessions.begin() as session:
        link = await links.join_link(session, 1, now=talk.clock.now())
    await newcomer.starts(link.code)
    await talk.called_meeting(anna, "Lastensuojelu ke 14.4. klo 9-12 Teams: Toinen")
    assert await maija.says("/digest 3/2027") == sent
    assert "Jäseniä 7," in await maija.says("/digest 4/2027")


async def test_nothing_happened_is_said(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1))
    (digest,) = digests_of(maija)
    assert "Ei kokouksia eikä palautetta." in words(digest)
    assert "Kuva" not in maija.labels(digest)


async def test_one_turns_from_month_to_month_in_place(talk: Talk, anna: Actor, maija: Actor) -> None:
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 5, 4))
    (_, april) = digests_of(maija)
    ways = ["12 kuukautta", "Taulukko", "Asetukset"]
    assert maija.labels(april) == ["‹ maaliskuu 2027", "toukokuu 2027 ›", *ways]
    await maija.taps("‹ maaliskuu 2027", april)
    assert len(digests_of(maija)) == 2
    assert "Sisältö vastasi odotuksiani: 3,8" in words(april)
    # Its statements are all told.
    assert maija.labels(april) == [
        "huhtikuu 2027 ›",
        "Työryhmät (1)",
        "12 kuukautta",
        "Kuva",
        *ways[1:],
    ]  # the first group was founded in March
    await maija.taps("huhtikuu 2027 ›", april)
    await maija.taps("toukokuu 2027 ›", april)
    assert "toukokuu 2027" in words(april)
    assert "Jakso on vielä kesken" in words(april)
    assert maija.labels(april) == ["‹ huhtikuu 2027", *ways]


async def test_a_manager_of_some_groups_sees_those(talk: Talk, anna: Actor, maija: Actor, dan: Actor) -> None:
    await a_good_month(talk, anna)
    other = await talk.group("Aikuissosiaalityö", members=[dan], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        link = await links.make(
            session, links.LinkKind.ROLE, now=talk.clock.now(), group_id=other.id, role=RoleKind.MANAGER
        )
    await maija.starts(link.code)
    await talk.until(at(2027, 4, 1))
    (digest,) = digests_of(maija)
    assert "Ei kokouksia eikä" in words(digest)
    assert "Johdatus" not in words(digest)
    await talk.called_meeting(anna, "Aikuissosiaalityö ke 7.4. klo 9-12 Teams: Oma")
    await talk.until(at(2027, 4, 8))
    assert "Jäseniä 1," in await maija.says("/digest 4/2027")


async def test_a_bot_that_was_down_sends_it_late_but_not_after_ten_days(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    talk.clock.moment = at(2027, 4, 9)
    await talk.settle()
    assert months_of(maija) == ["maaliskuu 2027"]
    talk.clock.moment = at(2027, 5, 14)
    await talk.settle()
    assert months_of(maija) == ["maaliskuu 2027"]
    assert "huhtikuu 2027" in await maija.says("/digest")


async def test_planned_in_time_but_delayed_beyond_ten_days_it_expires(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    talk.clock.moment = at(2027, 4, 1)
    await plan_digests(talk.app)
    talk.clock.moment = at(2027, 4, 12)
    await talk.settle()
    assert not digests_of(maija)
    async with talk.app.sessions() as session:
        states = (await session.execute(select(Delivery.state).where(Delivery.kind == "digest"))).scalars()
        assert list(states) == [Sending.EXPIRED]


async def test_a_new_manager_begins_with_the_next_month(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.until(at(2027, 4, 2))
    await talk.manager(maija)
    await talk.until(at(2027, 4, 5))
    assert not digests_of(maija)
    assert "maaliskuu 2027" in await maija.says("/digest")
    await talk.until(at(2027, 5, 4))
    assert months_of(maija) == ["maaliskuu 2027", "huhtikuu 2027"]


async def test_a_former_manager_gets_and_sees_no_digest(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 2))
    async with talk.app.sessions.begin() as session:
        person = (await session.execute(select(Person).where(Person.telegram_id == maija.user.id))).scalar_one()
        for role in await access.roles(session, person.id):
            role.revoked_at = talk.clock.now()
    await maija.taps("huhtikuu")
    assert maija.toast.startswith("Kuukausikooste on johdolle.")
    await talk.until(at(2027, 5, 4))
    assert months_of(maija) == ["maaliskuu 2027"]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/digest", "Kuukausikooste: helmikuu 2027"),
        ("/digest 3.2027", "Kuukausikooste: maaliskuu 2027"),
        ("/digest 2027-02", "Kuukausikooste: helmikuu 2027"),
        ("/digest 4/2027", "Kysymäsi aika ei ole vielä alkanut."),
        ("/digest 13/2027", "Kirjoita kuukausi"),
        ("/digest q1/2027", "Neljännesvuosikooste: tammi–maaliskuu 2027"),
        ("/digest 2027-q4", "Kysymäsi aika ei ole vielä alkanut."),
        ("/digest q5/2027", "Kirjoita kuukausi"),
        ("/digest ² / ³", "Kirjoita kuukausi"),
        ("/digest 0001-01-01", "Kirjoita kuukausi"),
    ],
)
async def test_a_month_can_be_typed(talk: Talk, anna: Actor, maija: Actor, typed: str, answer: str) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    assert (await maija.says(typed)).startswith(answer)


async def test_coordinators_and_members_are_told_that_the_digest_is_for_managers(
    talk: Talk, anna: Actor, bo: Actor
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    for actor in (anna, bo):
        assert (await actor.says("/digest")).startswith("Kuukausikooste on johdolle.")


async def test_a_reader_in_swedish_gets_it_in_swedish(talk: Talk, anna: Actor) -> None:
    maja = talk.person("Maja", language="sv")
    await a_good_month(talk, anna)
    await talk.manager(maja)
    await talk.until(at(2027, 4, 1))
    assert maja.text.startswith("Månadsöversikt: mars 2027")
    await maja.taps("Bild")
    assert maja.last.photo is not None
    assert maja.last.photo.file_name == "manadsoversikt-2027-03.png"


async def test_digests_and_roles_do_not_multiply(talk: Talk, anna: Actor, maija: Actor) -> None:
    """One manager by two roles, of the organisation and of a group, gets the organisation's digest once."""
    group = await talk.group(members=[], coordinator=anna)
    await talk.manager(maija)
    async with talk.app.sessions.begin() as session:
        person = (await session.execute(select(Person).where(Person.telegram_id == maija.user.id))).scalar_one()
        workgroup = await session.get_one(groups.Workgroup, group.id)
        await access.grant(session, person, RoleKind.MANAGER, workgroup, now=talk.clock.now())
    await talk.until(at(2027, 4, 2))
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count(Role.id)).where(Role.kind == RoleKind.MANAGER)) == 2
        assert await session.scalar(select(func.count(Digest.id))) == 1
    assert len(digests_of(maija)) == 1


async def test_results_come_with_a_picture_too(talk: Talk, anna: Actor) -> None:
    await a_good_month(talk, anna)
    await talk.until(at(2027, 3, 18, 10))
    assert anna.last.photo is not None
    assert f"Vastasi {ANSWERED}." in anna.text
    await anna.taps("Kaikki tulokset")
    assert anna.last.photo is None
    await anna.taps("Johdatus")
    shown = anna.last
    assert "n = 5" in anna.text
    await anna.taps("Kuva")
    assert anna.last.photo is not None
    assert f"Vastasi {ANSWERED}." in anna.text
    assert words(shown).startswith("Johdatus")


async def test_a_form_with_few_answers_says_that_they_wait(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await talk.until(at(2027, 3, 10, 13))
    for member in (bo, cilla):
        await member.taps(key("attended-remote"))
        await member.taps("4")
    assert "Johdatus (Lastensuojelu): auki." in await anna.says("/results")
    assert "Odottaa" not in anna.text
    await talk.until(at(2027, 3, 18))
    await anna.says("/results")
    assert "alle 5 vastausta, pyydettiin 2. Lukuja ei näytetä erikseen." in anna.text
    assert "Odottaa: Lastensuojelu" in anna.text
    assert "2" not in anna.text.partition("Odottaa")[2]  # not how many there are


async def test_a_drawing_that_fails_does_not_stop_the_words(
    talk: Talk, anna: Actor, maija: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("handlers.drawing.draw", fails)
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1))
    (digest,) = digests_of(maija)
    await maija.taps("Kuva")
    assert maija.text == words(digest)
    assert maija.last.photo is None
