"""An attacker with the bot's token reads people's chats: after sending and after closing no answer stands there."""

import pytest
from sqlalchemy import select

from models.delivery.cards import Message, ReplacedMessage
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery
from tests.anonymity.chats import read_chat
from tests.talk import Actor, Talk, key
from tests.talks.feedback.test_answering import OPEN, SCALE, SEVERAL, SINGLE, put

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
