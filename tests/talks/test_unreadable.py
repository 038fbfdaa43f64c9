"""Updates that cannot be read: each is put aside and told, its sender is answered, and nobody else notices it."""

import asyncio
import copy
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot import logs
from bot.receiving.reading import LARGEST_ID
from bot.sandbox.updates import Update
from bot.telegram import Quiet
from models.delivery import updates
from models.delivery.updates import SeenUpdate
from tests.conftest import LOG
from tests.talk import Actor, Talk, key, words

SECRET = "Salainen"
"""Stands in every part of an update that people write."""
OLD_POLL = {
    "id": "1",
    "question": SECRET,
    "options": [],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
}
"""As a Bot API server before version 9.6 sends one: the library misses a field."""
MISSING = object()


@dataclass(frozen=True)
class Raw(Update):
    """An update that Telegram sends as it is."""

    raw: Any = None

    def as_json(self) -> Any:
        return self.raw


def sends(talk: Talk, raw: Any) -> None:
    """Telegram sends this. Its place in the queue is that of an update, whatever it is."""
    given = raw.get("update_id") if isinstance(raw, dict) else None
    update_id = given if type(given) is int and given < LARGEST_ID else next_id(talk)
    talk.sandbox.updates.pending.append(Raw(update_id, "message", {}, talk.clock.now(), raw))


def next_id(talk: Talk) -> int:
    """The id of the next update, which is not given to another one."""
    queue = talk.sandbox.updates
    queue._next_id += 1
    return queue._next_id - 1


def message(talk: Talk, actor: Actor, **changes: Any) -> dict[str, Any]:
    """An update with a person's message; a change to `MISSING` leaves a field out."""
    content = {
        "message_id": 90_001,
        "date": int(talk.clock.now().timestamp()),
        "chat": {"id": actor.user.id, "type": "private", "first_name": SECRET},
        "from": {"id": actor.user.id, "is_bot": False, "first_name": SECRET, "language_code": "fi"},
        "text": SECRET,
        **changes,
    }
    return {
        "update_id": next_id(talk),
        "message": {name: value for name, value in content.items() if value is not MISSING},
    }


def tap(talk: Talk, actor: Actor, **changes: Any) -> dict[str, Any]:
    """An update with a person's tap on the newest message."""
    content = {
        "id": "77",
        "from": {"id": actor.user.id, "is_bot": False, "first_name": SECRET, "language_code": "fi"},
        "message": actor.last.as_json(),
        "chat_instance": "1",
        "data": "help",
        **changes,
    }
    return {
        "update_id": next_id(talk),
        "callback_query": {name: value for name, value in content.items() if value is not MISSING},
    }


async def parked(talk: Talk) -> list[SeenUpdate]:
    async with talk.app.sessions() as session:
        return await updates.parked(session)


Make = Callable[[Talk, Actor], Any]
UNREADABLE: dict[str, Make] = {
    "no date": lambda talk, bo: message(talk, bo, date=MISSING),
    "a date in words": lambda talk, bo: message(talk, bo, date="today"),
    "a poll of an older server": lambda talk, bo: message(talk, bo, text=MISSING, poll=OLD_POLL),
    "an entity without its type": lambda talk, bo: message(talk, bo, entities=[{"offset": 0}]),
    "a reply to something else": lambda talk, bo: message(talk, bo, reply_to_message={"text": SECRET}),
    "a text that is none": lambda talk, bo: message(talk, bo, text=[SECRET]),
}
UNANSWERABLE: dict[str, Make] = {
    "no chat": lambda talk, bo: message(talk, bo, chat=MISSING),
    "a chat with a name for its id": lambda talk, bo: message(talk, bo, chat={"id": SECRET, "type": "private"}),
    "a sender with a name for their id": lambda talk, bo: message(
        talk, bo, **{"from": {"id": SECRET, "is_bot": False, "first_name": SECRET}}
    ),
    "a sender beyond any database": lambda talk, bo: message(
        talk, bo, **{"from": {"id": 2**70, "is_bot": False, "first_name": SECRET}}
    ),
    "a message that is a list": lambda talk, _: {"update_id": next_id(talk), "message": [SECRET]},
    "a message that is a text": lambda talk, _: {"update_id": next_id(talk), "message": SECRET},
}
HARMLESS: dict[str, Make] = {
    "a tap without a sender": lambda talk, bo: tap(talk, bo, **{"from": MISSING}),
    "a member of a chat without one": lambda talk, _: {"update_id": next_id(talk), "my_chat_member": {"date": 1}},
    "a kind of later versions": lambda talk, _: {"update_id": next_id(talk), "hologram": {"text": SECRET}},
    "no content": lambda talk, _: {"update_id": next_id(talk)},
}
"""The library reads them, with nobody in them."""
WITHOUT_ID: dict[str, Make] = {
    "nothing": lambda talk, bo: None,
    "a text": lambda talk, bo: SECRET,
    "a number": lambda talk, bo: 5,
    "a list": lambda talk, bo: [message(talk, bo)],
    "no id": lambda talk, bo: {"message": message(talk, bo)["message"]},
    "an id in words": lambda talk, bo: message(talk, bo) | {"update_id": SECRET},
    "an id of true": lambda talk, bo: message(talk, bo) | {"update_id": True},
    "an id beyond any database": lambda talk, bo: message(talk, bo) | {"update_id": 2**70},
    "an empty object": lambda talk, bo: {},
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_the_sender_of_what_cannot_be_read_is_told(talk: Talk, aino: Actor, bo: Actor, case: str) -> None:
    await bo.starts()
    sends(talk, UNREADABLE[case](talk, bo))
    aino.user.starts()
    await talk.answered()
    assert aino.messages
    (put_aside,) = await parked(talk)
    assert put_aside.about == "unreadable message"
    assert put_aside.parked is not None
    assert put_aside.seen_at.hour == 0  # of what may be an answer to a form the time is not stored
    assert key("failed", reference=put_aside.parked).text("fi") in bo.text
    lines = LOG.getvalue()
    assert f"reference='{put_aside.parked}'" in lines
    assert SECRET not in lines
    assert not talk.sandbox.updates.waiting()


@pytest.mark.parametrize("case", [*UNANSWERABLE, *WITHOUT_ID, *HARMLESS])
async def test_whatever_telegram_sends_the_others_are_served(talk: Talk, aino: Actor, bo: Actor, case: str) -> None:
    await bo.starts()
    raw = (UNANSWERABLE | WITHOUT_ID | HARMLESS)[case](talk, bo)
    sends(talk, raw)
    before = len(bo.messages)
    aino.user.starts()
    await talk.answered()
    assert aino.messages
    assert len(bo.messages) == before
    assert len(await parked(talk)) == (case not in HARMLESS)
    assert SECRET not in LOG.getvalue()
    assert not talk.sandbox.updates.waiting()


async def test_a_tap_that_cannot_be_read_is_answered(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    await bo.taps_data("help")
    (known,) = talk.sandbox.world.taps.values()
    known.answered = False
    sends(talk, tap(talk, bo, id=known.tap_id, data={"a": SECRET}))
    await talk.answered()
    (put_aside,) = await parked(talk)
    assert str(put_aside.parked) in bo.toast


async def test_what_comes_again_unread_is_put_aside_once(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    raw = message(talk, bo, date=MISSING)
    for _ in range(2):  # as if the program had died before it was confirmed
        talk.app.inbox.window.offset = 0
        sends(talk, raw)
        await talk.answered()
    (put_aside,) = await parked(talk)
    told = [words(sent) for sent in bo.messages if str(put_aside.parked) in words(sent)]
    assert len(told) == 2
    assert LOG.getvalue().count("update cannot be read") == 1


async def test_it_is_forgotten_after_a_week(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    sends(talk, message(talk, bo, date=MISSING))
    await talk.answered()
    await talk.time_passes(days=8)
    assert not await parked(talk)


async def test_updates_without_ids_are_not_asked_for_without_a_pause(talk: Talk) -> None:
    sends(talk, SECRET)
    inbox = talk.app.inbox
    polling = asyncio.create_task(inbox.poll())
    await asyncio.sleep(0.2)
    assert not polling.done()
    inbox.stop()
    await polling


def mutated(rng: random.Random, value: Any) -> Any:
    """A copy of a JSON value with one part left out, or of another type."""
    value = copy.deepcopy(value)
    parts = [(value, name) for name in value]
    for container, name in parts:
        inner = container[name]
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        parts += [(inner, key) for key in keys]
    container, name = rng.choice(parts)
    if rng.random() < 0.4 and isinstance(container, dict):
        del container[name]
    else:
        container[name] = rng.choice([None, 0, -1, 2**70, 1.5, True, "", SECRET, [], [SECRET], {}, {"id": SECRET}])
    return value


@pytest.mark.parametrize("seed", range(3))
async def test_one_changed_part_anywhere_stops_nobody(talk: Talk, aino: Actor, bo: Actor, seed: int) -> None:
    rng = random.Random(seed)
    await bo.starts()
    for _ in range(60):
        whole = rng.choice([message, tap])(talk, bo)
        sends(talk, mutated(rng, whole))
        talk.clock.moment += timedelta(seconds=30)
    before = len(aino.messages)
    aino.user.starts()
    await talk.answered()
    assert len(aino.messages) == before + 1
    assert SECRET not in LOG.getvalue()


@pytest.mark.parametrize(
    "payload", [b"<html>Salainen</html>", b"", b"[]", b'"Salainen"', b'{"ok":true}', b'{"ok":true,"result":{"a":1}}']
)
async def test_an_answer_that_is_none_is_asked_for_again(
    talk: Talk, aino: Actor, payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    polling = talk.app.polling
    request, answers = polling.do_request, [(502, payload), (200, payload)]

    async def do_request(*args: Any, **options: Any) -> tuple[int, bytes]:
        return answers.pop() if answers else await request(*args, **options)

    monkeypatch.setattr(polling, "do_request", do_request)
    aino.user.starts()
    running = asyncio.create_task(talk.app.inbox.run())
    async with asyncio.timeout(10):
        while not aino.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    talk.app.inbox.stop()
    await running
    lines = LOG.getvalue().splitlines()
    assert SECRET not in LOG.getvalue()
    assert len([line for line in lines if "polling failed" in line]) == 2
    assert len([line for line in lines if "Traceback" in line or "File " in line]) == 0


async def test_no_library_logs_what_it_received(talk: Talk, bo: Actor) -> None:
    logs.set_up(logging.DEBUG, LOG)
    bo.user.says(SECRET)
    await talk.answered()
    logging.getLogger("telegram.Bot").critical("Error while parsing updates! Received data was %r", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("apscheduler").exception("a job failed")
    running = asyncio.get_running_loop()
    running.set_exception_handler(logs.log_loop_error)
    running.call_exception_handler({"message": SECRET, "exception": ValueError(SECRET)})
    assert SECRET not in LOG.getvalue()
    assert "a job failed" in LOG.getvalue()
    assert "error in the background" in LOG.getvalue()


def test_the_librarys_own_reading_of_answers_is_not_used() -> None:
    with pytest.raises(Exception, match="no JSON"):
        Quiet.parse_json_payload(b"<html>Bad Gateway</html>")
    assert "Bad Gateway" not in LOG.getvalue()
