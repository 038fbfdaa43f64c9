"""A form sent on its own to a workgroup: from the dialogue to the letter with its results."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from handlers.texts import texts
from models.delivery.drafts import Draft
from models.delivery.outbox import Delivery
from models.feedback.runs import Participation, Run, RunState
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM, WORKSHOP_FORM, BuiltIn
from models.forms.forms import Form
from models.forms.items import Item, QuestionKind
from models.people import groups
from models.people.access import Role
from models.people.groups import Membership, Workgroup
from models.people.people import Person
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key, words

NAME = "Työpajapalaute (Lastensuojelu)"
REMINDER = "Muistutus"


def said(key: str, **values: object) -> str:
    return texts("fi")(key, **values).striptags()[:200]


async def form(talk: Talk, built_in: BuiltIn = WORKSHOP_FORM) -> int:
    async with talk.app.sessions.begin() as session:
        return (await forms.built_in(session, built_in)).form.id


async def rows(talk: Talk, table: type) -> list:
    async with talk.app.sessions() as session:
        return list((await session.execute(select(table))).scalars())


async def write(talk: Talk, statement: object) -> None:
    async with talk.app.sessions.begin() as session:
        await session.execute(statement)


@scene
async def begins(talk: Talk, anna: Actor, built_in: BuiltIn = WORKSHOP_FORM) -> None:
    await anna.taps_data(f"survey-new:{await form(talk, built_in)}")


@scene
async def sends(talk: Talk, anna: Actor, opens: str = "Heti", closes: str = "Viikko") -> None:
    """The short way: one tap for each question and one to send."""
    await begins(talk, anna)
    await anna.taps(opens)
    await anna.taps(closes)
    await anna.taps("Lähetä" if opens == "Heti" else "Ajasta")
    await talk.settle()


async def answers(member: Actor) -> None:
    for rating in "4333":
        await member.taps(rating)
    await member.taps("Lähetä")


def letters(member: Actor) -> int:
    """How many messages about the form have come, those since replaced included."""
    return sum(
        bool(re.search("Työpajapalaute|uudempi viesti|Tämä kysely on sulkeutunut", words(message)))
        for message in member.messages
    )


@pytest.fixture
@scene
async def members(talk: Talk, anna: Actor) -> list[Actor]:
    people = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=people, coordinator=anna)
    return people


async def test_three_taps_bring_the_card_and_one_sends_it(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await begins(talk, anna)
    assert anna.labels() == ["Heti", "Huomenna klo 9", "Peruuta"]
    await anna.taps(key("survey-now"))
    assert anna.labels()[0] == "Viikko: ti 9.3.2027"
    await anna.taps(key("survey-lasts-week"))
    assert "1 muistutus: ma 8.3.2027 klo 8.00" in anna.text  # half of the time is over on a Saturday night
    assert "Nimetön" in anna.text
    assert "vähintään 5" in anna.text
    assert "Kyselyn saa 6 ihmistä." in anna.text
    card = anna.text
    await anna.taps("Lähetä 6 ihmiselle")
    await talk.settle()
    assert anna.toast == said("toast-survey-sent", n=6)
    for member in members:
        assert member.text in card  # they get what the coordinator saw
    (run,) = await rows(talk, Run)
    assert (run.state, run.reminders, run.named, run.threshold) == (RunState.OPEN, 1, False, 5)
    assert run.closes_at.astimezone(HELSINKI) == datetime(2027, 3, 9, 16, tzinfo=HELSINKI)


async def test_a_second_tap_sends_nothing_more(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    go = next(button.data for row in anna.last.buttons for button in row if button.label.startswith("Lähetä"))
    await anna.taps_data(str(go))
    await anna.taps_data(str(go))
    await talk.settle()
    assert len(await rows(talk, Run)) == 1
    assert [letters(member) for member in members] == [1] * 6
    assert NAME in anna.text


async def test_an_older_card_sends_nothing_but_what_it_shows(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    old = anna.last
    await anna.says("Hei")  # the card comes again below
    await anna.taps("Muuta sulkeutumista", anna.last)
    await anna.taps("Kuukausi", anna.last)
    assert "Sulkeutuu ti 9.3.2027" in words(old)
    await anna.taps("Lähetä 6", old)
    assert anna.toast == said("survey-card-is-old")
    assert "Sulkeutuu pe 2.4.2027" in words(old)  # the fresh card
    assert await rows(talk, Run) == []
    await anna.taps("Lähetä 6", anna.last)
    await anna.taps("Lähetä 6", old)
    await talk.settle()
    assert anna.toast == said("dialogue-is-over")
    assert f"{NAME}\nAvoinna, sulkeutuu pe 2.4.2027" in words(old)
    assert len(await rows(talk, Run)) == 1
    assert [letters(member) for member in members] == [1] * 6


async def test_a_form_that_changed_meanwhile_is_sent_once_it_was_seen(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    async with talk.app.sessions.begin() as session:
        own = Form(key="own", name="Oma", workgroup_id=1, created_at=talk.clock.now())
        session.add(own)
        await session.flush()
        await forms.write(session, own, [Item(QuestionKind.SCALE, text="Hyvä?", low=1, high=5)])
    await anna.taps_data(f"survey-new:{own.id}")
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    async with talk.app.sessions.begin() as session:
        await forms.write(
            session, await session.get_one(Form, own.id), [Item(QuestionKind.SCALE, text="Uusi?", low=1, high=5)]
        )
    await anna.taps("Lähetä 6")
    assert anna.toast == said("survey-form-changed")
    assert "Uusi?" in anna.text
    await anna.taps("Lähetä 6")
    assert anna.toast == said("toast-survey-sent", n=6)


async def test_a_second_coordinator_finds_the_first_ones_survey(
    talk: Talk, anna: Actor, aino: Actor, members: list[Actor]
) -> None:
    await aino.starts()
    for actor in (anna, aino):
        await begins(talk, actor)
        await actor.taps(key("survey-now"))
        await actor.taps(key("survey-lasts-week"))
    await anna.taps("Lähetä 6")
    await aino.taps("Lähetä 6")
    assert aino.toast == said("survey-already")
    assert "Katso sitä kyselyä" in aino.labels()
    await aino.taps("Katso sitä kyselyä")
    assert "Kysely on lähetetty 0 ihmiselle. 6 odottaa vielä lähettämistä." in aino.text
    assert len(await rows(talk, Run)) == 1


async def test_a_planned_survey_asks_the_members_of_its_opening(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    assert anna.toast == said("toast-survey-planned")
    assert await rows(talk, Participation) == await rows(talk, Delivery) == talk.app.keys.names() == []
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalar_one()
        gone = (await session.execute(select(Person.id).where(Person.name == "Jäsen 0"))).scalar_one()
        await groups.leave(session, group.id, gone, now=talk.clock.now())
    await talk.time_passes(hours=23)
    assert [letters(member) for member in members] == [0] * 6
    await talk.time_passes(hours=2)
    assert [letters(member) for member in members] == [0, 1, 1, 1, 1, 1]
    (run,) = await rows(talk, Run)
    assert talk.app.keys.names() == [run.key]


async def test_at_once_in_the_evening_is_the_next_working_morning(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await talk.until(datetime(2027, 3, 5, 21, tzinfo=HELSINKI))  # a Friday
    await begins(talk, anna)
    assert anna.labels()[0] == "Heti kun voi: ma 8.3.2027 klo 8.00"
    await anna.says("heti")
    assert "hiljainen aika" in anna.text
    await anna.taps("Viikko: ma 15.3.2027")
    await anna.taps("Ajasta 6")
    await talk.until(datetime(2027, 3, 8, 7, 59, tzinfo=HELSINKI))
    assert sum(map(letters, members)) == 0
    await talk.until(datetime(2027, 3, 8, 8, 5, tzinfo=HELSINKI))
    assert [letters(member) for member in members] == [1] * 6


TYPED = {
    "a day": ("ke 10.3.2027", "Avautuu ke 10.3.2027 klo 9.00."),
    "a day and an hour": ("to 11.3. klo 13.15", "Avautuu to 11.3.2027 klo 13.15."),
    "today": ("tänään", "Avautuu heti"),
    "quiet time": ("la 13.3.2027", "hiljaista aikaa, joten kysely avautuu ma 15.3.2027 klo 8.00"),
    "the past": ("1.3.2027", "on jo mennyt"),
    "far": ("1.9.2028", "enintään vuoden päähän"),
    "garbage": ("🙂 sitten joskus", "En löytänyt tästä päivää"),
    "two days": ("10.3.–11.3.2027", "yksi päivä"),
    "a span": ("ke 10.3.2027 klo 9-12", "yksi päivä"),
}


@pytest.mark.parametrize("case", TYPED)
async def test_a_typed_opening(talk: Talk, anna: Actor, members: list[Actor], case: str) -> None:
    typed, expected = TYPED[case]
    await begins(talk, anna)
    await anna.says(typed)
    assert expected in anna.text


CLOSINGS = {
    "before it opens": ("pe 5.3.2027", "ainakin vuorokausi"),
    "in less than a day": ("to 11.3.2027 klo 8.59", "ainakin vuorokausi"),
    "after a day": ("to 11.3.2027 klo 9", "Sulkeutuu to 11.3.2027 klo 9.00."),
    "after sixty days": ("9.5.2027", "Sulkeutuu su 9.5.2027 klo 16.00."),
    "after sixty-one": ("10.5.2027", "enintään 60 päivää"),
    "in two years": ("10.2.2029", "enintään 60 päivää"),
    "in ten": ("10.3.2037", "yli kahden vuoden päässä"),
}


@pytest.mark.parametrize("case", CLOSINGS)
async def test_a_typed_closing(talk: Talk, anna: Actor, members: list[Actor], case: str) -> None:
    typed, expected = CLOSINGS[case]
    await begins(talk, anna)
    await anna.says("ke 10.3.2027")
    await anna.says(typed)
    assert expected in anna.text
    if not expected.startswith("Sulkeutuu"):
        assert anna.labels()[-1] == "Peruuta"
        await anna.says("ke 17.3.2027")
        assert "Sulkeutuu ke 17.3.2027 klo 16.00." in anna.text


async def test_a_weekday_that_contradicts_its_date_is_asked_about(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await begins(talk, anna)
    await anna.says("to 10.3.2027")
    assert "keskiviikko" in anna.text
    await anna.taps("ke 10.3.2027")
    assert "Avautuu ke 10.3.2027 klo 9.00." in anna.text


async def test_everything_can_be_changed_left_as_it_was_and_dropped(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("back"))
    assert "Milloin kysely avautuu?" in anna.text
    await anna.taps("Huomenna")
    await anna.taps("Kuukausi")
    await anna.taps("Muuta muistutuksia")
    await anna.taps("2 muistutusta")
    assert "2 muistutusta: ma 15.3.2027 klo 8.00, to 25.3.2027 klo 13.00" in anna.text
    await anna.taps("Muuta avautumista")
    await anna.taps(key("back"))
    assert "Avautuu ke 3.3.2027 klo 9.00." in anna.text
    await anna.taps("Muuta sulkeutumista")
    await anna.taps(key("survey-lasts-week"))
    assert "Sulkeutuu ke 10.3.2027" in anna.text
    await anna.taps("Muuta avautumista")
    await anna.says("ti 9.3.2027 klo 18")  # too near the closing: that is asked anew
    assert "ainakin vuorokausi" in anna.text
    await anna.taps(key("cancel"))
    assert anna.text == said("survey-dropped")
    assert await rows(talk, Draft) == await rows(talk, Run) == []


async def test_the_group_is_asked_where_there_are_several(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group("Lastensuojelu", members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelu", members=[bo], coordinator=anna)
    await talk.group("Vanha", members=[bo], coordinator=anna)
    await write(talk, update(Workgroup).where(Workgroup.name == "Vanha").values(archived_at=talk.clock.now()))
    await begins(talk, anna)
    assert anna.labels() == ["Lastensuojelu", "Vammaispalvelu", "Peruuta"]
    await anna.says("vamm")
    assert "Työryhmä: Vammaispalvelu" in anna.text
    await anna.taps(key("back"))
    await anna.taps("Lastensuojelu")
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    await anna.taps("Vaihda työryhmä")
    await anna.taps("Vammaispalvelu")
    await anna.taps("Lähetä 1")
    assert "(Vammaispalvelu)" in anna.text


async def test_the_card_says_who_does_not_get_it_and_why(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalar_one()
        line = Person(name="Paperilla", created_at=talk.clock.now())
        session.add(line)
        await session.flush()
        await groups.join(session, group, line, now=talk.clock.now())
    members[0].user.blocks()
    await talk.answered()
    await write(talk, update(Person).where(Person.name == "Jäsen 1").values(wants_feedback=False))
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    for line in ("Kyselyn saa 4 ihmistä", "1 ei ole vielä Telegramissa", "1 on estänyt", "1 ei halua kyselyjä"):
        assert line in anna.text
    await anna.taps("Lähetä 4")
    await talk.settle()
    assert [letters(member) for member in members] == [0, 0, 1, 1, 1, 1]
    await anna.taps(key("refresh"))
    assert anna.sees("Kysely on lähetetty 4 ihmiselle.")


async def test_nothing_is_sent_to_nobody(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    go = next(button.data for row in anna.last.buttons for button in row if button.label.startswith("Lähetä"))
    bo.user.blocks()
    await talk.answered()
    await anna.taps_data(str(go))
    assert anna.toast == said("survey-nobody")
    assert "Lähetä" not in "".join(anna.labels())
    assert "Työryhmän jäsenet" in anna.labels()
    assert await rows(talk, Run) == []


async def test_a_named_form_says_so(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    async with talk.app.sessions.begin() as session:
        own = Form(key="own", name="Nimellinen", workgroup_id=1, created_at=talk.clock.now())
        session.add(own)
        await session.flush()
        await forms.write(session, own, [Item(QuestionKind.SCALE, text="Hyvä?", low=1, high=5)], named=True)
    await anna.taps_data(f"survey-new:{own.id}")
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    assert "Nimellä: työryhmän koordinoijat näkevät" in anna.text
    async with talk.app.sessions.begin() as session:
        await forms.write(
            session, await session.get_one(Form, own.id), [Item(QuestionKind.SCALE, text="Uusi?", low=1, high=5)]
        )
    await anna.taps("Lähetä 6")
    assert anna.toast == said("survey-form-changed")
    assert "Uusi?" in anna.text
    assert "Nimetön" in anna.text
    await write(talk, update(Form).where(Form.id == own.id).values(archived_at=talk.clock.now()))
    await anna.taps("Lähetä 6")
    assert anna.toast == said("survey-form-is-archived")
    assert await rows(talk, Run) == []


async def test_a_named_form_with_few_answers_is_read_behind_its_button(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    async with talk.app.sessions.begin() as session:
        own = Form(key="own", name="Nimellinen", workgroup_id=1, created_at=talk.clock.now())
        session.add(own)
        await session.flush()
        await forms.write(session, own, [Item(QuestionKind.SCALE, text="Hyvä?", low=1, high=5)], named=True)
    await anna.taps_data(f"survey-new:{own.id}")
    for label in ("Heti", "Viikko", "Lähetä 6"):
        await anna.taps(label)
    await talk.settle()
    await members[0].taps("4")
    await members[0].taps("Lähetä")
    await talk.time_passes(days=8)
    assert anna.sees("Kysely on sulkeutunut. 1 vastasi, pyydettiin 6 ihmiseltä.")  # it came by itself
    assert anna.labels() == [members[0].name, "Takaisin"]
    await anna.taps(members[0].name)
    assert "Hyvä?\n4" in anna.text
    assert "Kuka vastasi mitäkin, näet painikkeesta." in await anna.says("/results")
    await anna.taps("Nimellinen (Lastensuojelu)")
    assert members[0].name in anna.labels()


async def test_a_role_taken_away_in_mid_dialogue_ends_it(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await write(talk, update(Role).values(revoked_at=talk.clock.now()))
    await anna.taps(key("survey-lasts-week"))
    assert anna.toast == said("not-found")
    await anna.says("ke 17.3.2027")
    assert anna.text == said("not-found")
    assert await rows(talk, Draft) == []


async def test_a_draft_that_was_left_for_days_asks_anew_what_has_passed(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await begins(talk, anna)
    await anna.taps("Huomenna")
    await anna.taps(key("survey-lasts-week"))
    await talk.time_passes(days=9)
    await anna.taps("Ajasta 6")
    assert said("survey-opens-in-the-past") in anna.text
    await anna.taps(key("survey-now"))
    assert "ainakin vuorokausi" in anna.text
    await anna.taps(key("survey-lasts-week"))
    await anna.taps("Lähetä 6")
    assert len(await rows(talk, Run)) == 1


async def test_reminders_pass_by_those_who_have_finished(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await sends(talk, anna)
    done, begun, quiet, left, blocked, silent = members
    await answers(done)
    await begun.taps("3")
    await write(talk, update(Person).where(Person.name == quiet.name).values(wants_reminders=False))
    ended = update(Membership).where(Membership.person_id.in_(select(Person.id).where(Person.name == left.name)))
    await write(talk, ended.values(left_at=talk.clock.now()))
    blocked.user.blocks()
    await talk.time_passes(days=6)
    assert [letters(member) for member in members] == [1, 2, 1, 1, 1, 2]
    assert begun.text.startswith(REMINDER)
    assert silent.text.startswith(REMINDER)
    await answers(left)  # who was asked may answer until it closes
    assert "Kiitos" in left.text
    await anna.taps(key("refresh"))
    assert anna.sees("Kysely on lähetetty 6 ihmiselle. Viime yönä vastauksia oli alle 5.")
    assert anna.sees("Muistutus lähti ma 8.3.2027 klo 8.00.")


async def test_after_an_outage_one_message_comes_and_not_two(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await begins(talk, anna)
    await anna.taps(key("survey-now"))
    await anna.taps(key("survey-lasts-week"))
    await anna.taps("Lähetä 6")
    talk.clock.moment += timedelta(days=6)  # nothing ran: the asking and the reminder wait together
    await talk.settle()
    await talk.time_passes(hours=20)
    assert [letters(member) for member in members] == [1] * 6
    await talk.time_passes(days=9)
    assert [letters(member) for member in members] == [1] * 6


async def test_a_survey_that_was_overslept_opens_late_and_for_a_day_at_least(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    at = talk.clock.moment = talk.clock.moment + timedelta(days=10)
    await talk.settle()
    (run,) = await rows(talk, Run)
    assert (run.opens_at, run.closes_at) == (at, at + timedelta(days=1))
    assert [letters(member) for member in members] == [1] * 6


async def test_a_survey_that_was_overslept_for_a_month_is_dropped(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    talk.clock.moment += timedelta(days=40)
    await talk.settle()
    assert await rows(talk, Run) == []
    assert sum(map(letters, members)) == 0


async def test_a_survey_that_cannot_open_holds_up_no_other(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    """It is tried again: once what was wrong with it is mended, it opens."""
    await talk.group("Vammaispalvelu", members=members[:2], coordinator=anna)
    for group in ("Lastensuojelu", "Vammaispalvelu"):
        await begins(talk, anna)
        for label in (group, "Huomenna klo 9", "Viikko", "Ajasta"):
            await anna.taps(label)
    broken, other = await rows(talk, Run)
    await write(talk, update(Run).where(Run.id == broken.id).values(reminders=-1))  # a division by zero
    await talk.time_passes(days=2)
    assert {run.id: run.state for run in await rows(talk, Run)} == {
        broken.id: RunState.PLANNED,
        other.id: RunState.OPEN,
    }
    assert [letters(member) for member in members] == [1, 1, 0, 0, 0, 0]
    await write(talk, update(Run).where(Run.id == broken.id).values(reminders=1))
    await talk.time_passes(minutes=1)
    assert {run.state for run in await rows(talk, Run)} == {RunState.OPEN}
    assert [letters(member) for member in members] == [2, 2, 1, 1, 1, 1]


async def test_a_planned_survey_can_be_taken_back(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    await anna.taps("Peru kysely")
    await anna.taps(key("back"))
    await anna.taps("Peru kysely")
    yes = next(button.data for row in anna.last.buttons for button in row if button.label == "Kyllä, peru")
    await anna.taps("Kyllä, peru")
    assert anna.toast == said("toast-survey-withdrawn")
    assert await rows(talk, Run) == []
    await sends(talk, anna, "Huomenna klo 9", "Kuukausi")
    await anna.taps("Peru kysely")
    await talk.time_passes(days=1)
    await anna.taps("Kyllä, peru")  # it has opened while she thought about it
    assert anna.toast == said("survey-has-opened")
    assert await anna.taps_data(str(yes)) in {said("stale"), said("not-found")}  # SQLite gives a number anew
    assert len(await rows(talk, Run)) == 1


async def test_the_number_of_a_survey_taken_back_touches_no_newer_one(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    await anna.taps("Peru kysely")
    old = next(button.data for row in anna.last.buttons for button in row if button.label == "Kyllä, peru")
    await anna.taps("Kyllä, peru")
    await begins(talk, anna)
    await anna.says("pe 5.3.2027")
    await anna.taps(key("survey-lasts-week"))
    await anna.taps("Ajasta")
    (run,) = await rows(talk, Run)
    assert await anna.taps_data(str(old).replace(":1:", f":{run.id}:")) == said("stale")
    assert len(await rows(talk, Run)) == 1


async def test_an_open_survey_can_be_ended_and_is_counted(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await sends(talk, anna)
    for member in members[:5]:
        await answers(member)
    await anna.taps(key("refresh"))
    assert "Vastausten määrä päivittyy öisin, ensimmäisen kerran ensi yönä." in anna.text
    await talk.time_passes(days=1)
    await anna.taps(key("refresh"))
    assert "Viime yönä vastauksia oli vähintään 5." in anna.text
    page = anna.last
    await anna.taps("Lopeta nyt")
    await anna.taps("Kyllä, lopeta")
    assert "vastauksia lasketaan" in anna.text
    await members[5].taps("4")
    assert members[5].toast == said("feedback-is-closed")
    await talk.time_passes(days=8)
    assert letters(members[5]) == 1
    (run,) = await rows(talk, Run)
    assert (run.state, run.asked, run.answered) == (RunState.CLOSED, 6, 5)
    assert NAME in anna.text  # the letter with the results names the form and the group
    await anna.taps_data("survey:1", page)
    assert anna.labels(page)[0] == "Tulokset"
    await anna.taps("Tulokset", page)
    assert "3,0" in words(page)
    assert await anna.taps_data("survey-end:1", page) == said("survey-is-closed")


async def test_a_group_that_ends_takes_its_planned_surveys_along(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await sends(talk, anna, "Huomenna klo 9")
    await anna.says("/members")
    await anna.taps("Arkistoi")
    assert "Samalla perutaan 1 ajastettu kysely." in anna.text
    await anna.taps("Kyllä, arkistoi")
    assert await rows(talk, Run) == []
    await talk.time_passes(days=3)
    assert sum(map(letters, members)) == 0


async def test_the_list(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await anna.taps_data("surveys")
    assert "ei ole vielä lähetetty kyselyjä" in anna.text
    await sends(talk, anna)
    await begins(talk, anna, ANNUAL_FORM)
    await anna.taps("Huomenna")
    await anna.taps(key("survey-lasts-week"))
    await anna.taps("Ajasta")
    await anna.taps(key("back"))
    assert f"{NAME}\nAvoinna, sulkeutuu ti 9.3.2027 klo 16.00." in anna.text
    assert "Työryhmän vuosikysely (Lastensuojelu)\nAvautuu ke 3.3.2027 klo 9.00." in anna.text
    await talk.time_passes(days=8)
    await anna.taps_data("surveys")
    assert f"{NAME}\nSulkeutui" in anna.text
