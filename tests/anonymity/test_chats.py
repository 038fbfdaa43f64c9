"""An attacker with the bot's token reads people's chats: after sending and after closing no answer stands there."""

from datetime import datetime

import pytest
from sqlalchemy import select

from models.delivery import outbox
from models.delivery.cards import Message, ReplacedMessage
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Sending
from models.feedback import answers
from models.feedback.runs import Run, Staged
from models.forms.forms import Form
from models.people.people import Person
from tests.anonymity.chats import read_chat
from tests.talk import HELSINKI, Actor, Talk, key, words
from tests.talks.feedback.test_answering import OPEN, SCALE, SEVERAL, SINGLE, put, questions

FORM = (SCALE, SINGLE, SEVERAL, OPEN)
"""Statement, single choice with "other", several choices with "other", open question."""


@pytest.fixture(autouse=True)
async def group(talk: Talk, anna: Actor) -> None:
    names = ("Bo", "Cilla", "Dan", "Eva", "Fia", "Gun", "Han")
    await talk.group(members=[talk.person(name) for name in names], coordinator=anna)


async def recovered(talk: Talk) -> set[str]:
    """The names of the people of whom an answer can be read, or words that they typed as an answer."""
    await talk.settle()
    names = set()
    for name, actor in talk.people.items():
        texts = [f"{name} {number}" for number in range(9)]
        if any(words.shows(texts) for words in await read_chat(talk, actor)):
            names.add(name)
    return names


async def fills(actor: Actor) -> None:
    """Answers everything, with words under "other" and as an open answer, and does not send."""
    await actor.taps("4")
    await actor.taps("Muu")
    await actor.says(f"{actor.name} 1")
    await actor.taps("Kahvi")
    await actor.taps(key("feedback-done"))
    await actor.says(f"{actor.name} 2")


async def everyone_answers(talk: Talk) -> None:
    """Each in another way; Han does nothing."""
    bo, cilla, dan, eva, fia, gun = (talk.people[name] for name in ("Bo", "Cilla", "Dan", "Eva", "Fia", "Gun"))
    await fills(bo)
    await bo.taps(key("feedback-finish"))
    await fills(cilla)  # stops at the summary
    await dan.taps("2")
    await dan.taps("Paikalla")
    await dan.taps("Verkostot")  # stops in the middle
    await fills(eva)
    await eva.taps(key("feedback-finish"))
    await eva.taps(key("feedback-change"))  # and leaves it open
    await fia.says("Fia 1")  # at a question that takes no words
    await fia.taps("3")
    await fia.taps("Muu")
    await fia.says("Fia 2 " + "x" * 300)  # too long
    await fia.says("Fia 3")
    await fia.taps(key("skip"))
    await fia.says("Fia 4")
    await fia.says("Fia 5")  # instead of the line before
    await fia.taps(key("feedback-finish"))
    await gun.taps("5")
    await gun.taps(key("previous"))  # a tick


@pytest.mark.parametrize("named", [False, True])
async def test_no_answer_stands_in_a_chat_after_it_was_sent_or_the_form_has_closed(talk: Talk, named: bool) -> None:
    await put(talk, FORM, reminders=1, named=named)
    await everyone_answers(talk)
    assert await recovered(talk) == {"Cilla", "Dan", "Eva", "Gun"}  # the attack works, while they are answering
    await talk.time_passes(days=8)
    assert await recovered(talk) == {"Eva"}  # the reminder repeats nothing, and took the place of the older message
    await talk.time_passes(days=7)
    assert await recovered(talk) == set()
    for name in ("Bo", "Cilla", "Dan", "Eva", "Fia", "Gun", "Han"):
        last = talk.people[name].last
        assert (last.text, last.buttons) == (
            "Kysely (Lastensuojelu)\n\nTämä kysely on sulkeutunut. Kiitos kaikille vastanneille!",
            [],
        )


async def test_nothing_tells_who_had_which_message(talk: Talk) -> None:
    run = await put(talk, FORM, reminders=1)
    await everyone_answers(talk)
    await talk.time_passes(days=15)
    async with talk.app.sessions() as session:
        assert (await session.scalars(select(Message).where(Message.kind == CardKind.FEEDBACK))).all() == []
        assert (await session.scalars(select(ReplacedMessage))).all() == []
        about = Delivery.kind.in_((DeliveryKind.FEEDBACK, DeliveryKind.FEEDBACK_CLEARED)), Delivery.subject == run
        assert (await session.scalars(select(Delivery).where(*about))).all() == []


async def lines_left(talk: Talk, name: str) -> list[int]:
    """The ids of typed messages in a person's sealed answers."""
    async with talk.app.sessions() as session:
        rows = await session.execute(select(Staged, Run).join(Run).join(Person).where(Person.name == name))
        staged, run = rows.one()
        return list(answers.typed_lines(answers.from_json(talk.app.keys.open(run.key, staged.blob))))


async def test_a_typed_line_is_gone_once_it_is_sealed(talk: Talk) -> None:
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    await bo.taps("4")
    await bo.says("Bo 1")
    assert [message.text for message in bo.user.messages if not message.from_bot] == ["/start " + _code(bo)]
    assert "Kirjoitit: Bo 1" in bo.text
    assert await lines_left(talk, "Bo") == []


def _code(actor: Actor) -> str:
    return next(message.text for message in actor.user.messages if not message.from_bot).split()[1]


async def test_a_line_that_cannot_be_deleted_at_first_is_deleted_at_sending(talk: Talk) -> None:
    """Until then its id is in the sealed answers alone."""
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    await bo.taps("4")
    talk.sandbox.faults.too_many(retry_after=3600, method="deleteMessage")
    await bo.says("Bo 1")
    typed = bo.user.messages[-1]
    assert typed.text == "Bo 1"
    assert await lines_left(talk, "Bo") == [typed.message_id]
    await bo.taps(key("feedback-finish"))
    assert typed.deleted
    assert await lines_left(talk, "Bo") == []
    assert await recovered(talk) == set()


async def test_a_line_that_cannot_be_deleted_at_first_is_deleted_at_closing(talk: Talk) -> None:
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    await talk.time_passes(days=13)
    await bo.taps("4")
    talk.sandbox.faults.too_many(retry_after=3600, method="deleteMessage")
    await bo.says("Bo 1")
    await talk.time_passes(days=2)
    assert await recovered(talk) == set()


async def test_a_line_older_than_48_hours_stays(talk: Talk) -> None:
    """Telegram lets no bot delete it. The guide and /privacy say so."""
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    await bo.taps("4")
    talk.sandbox.faults.too_many(retry_after=3600, method="deleteMessage")
    await bo.says("Bo 1")
    await talk.time_passes(days=3)
    await bo.taps(key("feedback-finish"))
    assert await recovered(talk) == {"Bo"}
    assert await lines_left(talk, "Bo") == []  # and it is not tried for ever


async def test_a_line_that_was_edited_is_deleted_too(talk: Talk) -> None:
    """The bot does not hear of edits: the text is what was stored."""
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    await bo.taps("4")
    talk.sandbox.faults.too_many(retry_after=3600, method="deleteMessage")
    await bo.says("Bo 1")
    bo.user.edits(bo.user.messages[-1], "Bo 2")
    await bo.says("Bo 3 " + "x" * 1_000)
    bo.user.edits(next(message for message in bo.user.messages if message.text.startswith("Bo 3")), "Bo 4")
    await bo.taps(key("feedback-finish"))
    assert await recovered(talk) == set()


async def test_what_is_sent_with_a_picture_or_without_words_is_deleted_too(talk: Talk) -> None:
    bo = talk.people["Bo"]
    await put(talk, [SCALE, OPEN])
    bo.user.uploads("Bo 1.txt", b"Bo 2")  # at a question that takes no words
    await talk.answered()
    await bo.taps("4")
    bo.user.uploads("kuva.jpg", b"picture", caption="Bo 3")
    await talk.answered()
    assert "Kirjoitit: Bo 3" in bo.text
    bo.user.uploads("Bo 4.ogg", b"Bo 5")
    await talk.answered()
    assert "Viestissä ei ollut tekstiä" in bo.text
    await bo.taps(key("feedback-finish"))
    assert [message for message in bo.user.messages if message.document is not None] == []
    assert await recovered(talk) == set()


async def test_what_stands_in_a_chat_that_is_closed_to_the_bot_stays(talk: Talk) -> None:
    """The guide says so. The row of the edit goes all the same, and nobody is told."""
    cilla = talk.people["Cilla"]
    await put(talk, FORM)
    await fills(cilla)
    cilla.user.blocks()
    await talk.time_passes(days=15)
    assert await recovered(talk) == {"Cilla"}
    async with talk.app.sessions() as session:
        assert (await session.scalars(select(Delivery).where(_CLEARED))).all() == []


@pytest.mark.parametrize("press", ["summary:{run}", "page:{run}:{first}", "rate:{run}:{first}:2", "write:{run}:{last}"])
async def test_a_press_that_arrives_after_sending_does_not_show_the_answers_again(talk: Talk, press: str) -> None:
    bo = talk.people["Bo"]
    run = await put(talk, FORM)
    first, *_, last = await questions(talk)
    await fills(bo)
    talk.sandbox.faults.late_updates(1)
    bo.user.taps_data(press.format(run=run, first=first.id, last=last.id))
    bo.user.taps_data(f"done:{run}")
    await talk.answered()
    assert "Kiitos palautteesta!" in bo.text
    assert await recovered(talk) == set()
    await bo.taps(key("feedback-change"))
    assert "Vastauksesi\n" in bo.text


@pytest.mark.parametrize("copies", [1, 3])
async def test_what_is_delivered_again_does_not_show_the_answers_again(talk: Talk, copies: int) -> None:
    bo = talk.people["Bo"]
    await put(talk, FORM)
    talk.sandbox.faults.duplicate_updates(copies)
    await fills(bo)
    bo.user.taps(bo.in_their_language(key("feedback-finish")))
    talk.sandbox.faults.duplicate_updates(copies)
    await talk.answered()
    assert await recovered(talk) == set()


async def test_thanks_that_cannot_be_shown_are_shown_later(talk: Talk) -> None:
    bo = talk.people["Bo"]
    await put(talk, FORM)
    await fills(bo)
    talk.sandbox.faults.too_many(retry_after=3600, method="editMessageText")
    await bo.taps(key("feedback-finish"))
    assert "Vastauksesi\n" in bo.text
    await talk.settle()
    assert "Kiitos palautteesta!" in bo.text
    assert await recovered(talk) == set()


async def test_a_new_message_holds_no_answer_before_its_id_is_recorded(talk: Talk) -> None:
    """A process that dies after sending it leaves a message that nobody knows of."""
    bo = talk.people["Bo"]
    await put(talk, FORM)
    await bo.taps("4")
    await talk.time_passes(minutes=1)
    await bo.says("/help")  # now the answer to a typed line is a new message, below this one
    await bo.taps("Muu", next(message for message in bo.messages if message.buttons and "2/4" in message.text))
    talk.sandbox.faults.drop(method="editMessageText", times=None)
    await bo.says("Bo 1")
    talk.sandbox.faults.clear()
    assert "Tähänastiset vastauksesi ovat tallessa" in bo.text
    assert not any(word.shows(["Bo 1"]) for word in (await read_chat(talk, bo))[-1:])
    await bo.taps(key("feedback-go-on"))
    assert "3/4" in bo.text


async def test_a_form_answered_in_an_older_message_stands_in_no_other(talk: Talk) -> None:
    """The person taps on a copy whose id was never recorded, as after a crash."""
    bo = talk.people["Bo"]
    await put(talk, FORM)
    first = bo.last
    async with talk.app.sessions.begin() as session:
        card = await session.scalar(select(Message).where(Message.message_id == first.message_id))
        assert card is not None
        card.message_id += 1_000  # another message, which is gone
    await bo.taps("4", first)
    await bo.taps("Etänä", first)
    await talk.time_passes(days=15)
    assert await recovered(talk) == set()
    assert "sulkeutunut" in words(first)


async def test_a_message_replaced_before_this_was_recorded_is_cleared_at_closing(talk: Talk) -> None:
    """Of messages of older versions of the program nothing is known but their deliveries."""
    bo = talk.people["Bo"]
    await put(talk, FORM, reminders=1)
    first = bo.last
    await talk.time_passes(days=8)
    async with talk.app.sessions.begin() as session:
        for row in await session.scalars(select(ReplacedMessage)):
            await session.delete(row)
    first.change(first.versions[0], talk.clock.now())  # as if it had kept its text
    await talk.time_passes(days=7)
    assert "sulkeutunut" in words(first)
    assert "sulkeutunut" in bo.text


async def test_messages_are_cleared_after_an_outage_and_a_crash(talk: Talk) -> None:
    await put(talk, FORM)
    await everyone_answers(talk)
    await talk.time_passes(days=13)
    talk.sandbox.faults.drop(method="editMessageText", times=5)
    talk.sandbox.faults.bad_gateway(after=True, method="editMessageText", times=3)
    talk.sandbox.faults.too_many(retry_after=30, method="editMessageText", times=2)
    await talk.time_passes(days=1, hours=1)
    async with talk.app.sessions.begin() as session:
        for delivery in await session.scalars(select(Delivery).where(_CLEARED)):
            delivery.state, delivery.ambiguous = Sending.SENDING, True  # a process died while it sent them
        await outbox.recover(session, all_dead=True)
    await talk.time_passes(hours=1)
    assert await recovered(talk) == set()
    async with talk.app.sessions() as session:
        assert (await session.scalars(select(Delivery).where(_CLEARED))).all() == []


async def test_messages_are_cleared_in_quiet_time_too(talk: Talk) -> None:
    run = await put(talk, FORM)
    await everyone_answers(talk)
    async with talk.app.sessions.begin() as session:
        row = await session.get_one(Run, run)
        row.closes_at = datetime(2027, 3, 7, 3, tzinfo=HELSINKI)  # in the night of a Sunday
    await talk.until(datetime(2027, 3, 7, 4, tzinfo=HELSINKI))
    assert await recovered(talk) == set()


_CLEARED = Delivery.kind == DeliveryKind.FEEDBACK_CLEARED


async def test_a_trial_leaves_nothing_in_the_chat(talk: Talk, anna: Actor) -> None:
    run = await put(talk, FORM, preview=True)
    bo = talk.people["Bo"]
    await fills(bo)
    await talk.time_passes(days=15)
    assert run
    assert await recovered(talk) == set()
    assert bo.text == "Lomakkeen kokeilu on päättynyt."


async def test_a_second_trial_clears_the_first(talk: Talk, anna: Actor) -> None:
    await put(talk, FORM)
    async with talk.app.sessions() as session:
        form_id = await session.scalar(select(Form.id).where(Form.name == "Kysely"))
    await anna.taps_data(f"form-try:{form_id}")
    await fills(anna)
    first = anna.last
    assert "Vastauksesi\n" in words(first)
    await anna.taps_data(f"form-try:{form_id}")
    await talk.settle()
    assert words(first) == "Lomakkeen kokeilu on päättynyt."
    assert "1/4" in anna.text
    assert await recovered(talk) == set()


async def test_whoever_is_erased_leaves_no_answer_in_the_chat(talk: Talk) -> None:
    cilla = talk.people["Cilla"]
    await put(talk, FORM, reminders=1)
    await fills(cilla)
    talk.sandbox.faults.too_many(retry_after=3600, method="deleteMessage")
    await cilla.taps("Muuta 2")
    await cilla.says("Cilla 3")
    await cilla.says("/privacy")
    for label in ("Poista tietoni", "Jatka poistamiseen", "Kyllä, poista heti"):
        await cilla.taps(label)
    assert await recovered(talk) == set()
    assert cilla.sees("Tietosi on poistettu, myös vastauksesi tähän kyselyyn.")


async def test_an_export_with_open_answers_is_asked_about(talk: Talk) -> None:
    """It stays in the chat."""
    bo = talk.people["Bo"]
    await put(talk, FORM)
    await bo.says("/privacy")
    await bo.taps("Lataa omat tiedot")
    assert "sulkeutunut" not in bo.text
    assert bo.last.document is not None  # nothing is answered yet
    await fills(bo)
    await bo.taps(key("feedback-finish"))
    await bo.says("/privacy")
    await bo.taps("Lataa omat tiedot")
    assert "vielä auki" in bo.text
    await bo.taps("Lataa ilman niitä")
    assert "jätin pois" in bo.text
    assert await recovered(talk) == set()
    await bo.says("/privacy")
    await bo.taps("Lataa omat tiedot")
    await bo.taps("Lataa kaikki")
    assert "Tiedosto jää tähän keskusteluun" in bo.text
    assert await recovered(talk) == {"Bo"}
