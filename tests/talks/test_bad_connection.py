"""Replies while Telegram fails: what can be repeated without harm is repeated, a message comes twice at most."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import Markup

from bot.receiving import requests
from bot.sandbox import Faults
from bot.telegram import NotSentError
from handlers.routes import ROUTES, Context
from handlers.screen import Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from tests.conftest import LOG
from tests.talk import Actor, Talk, words

LINE = "Lastensuojelu ke 10.3. klo 9-12 hybridi: Aihe"
TROUBLES: dict[str, Callable[..., None]] = {
    "502": lambda faults, **how: faults.bad_gateway(**how),
    "502 after it was done": lambda faults, **how: faults.bad_gateway(after=True, **how),
    "connection closed": lambda faults, **how: faults.drop(**how),
    "closed after it was done": lambda faults, **how: faults.drop(after=True, **how),
    "429": lambda faults, **how: faults.too_many(3, **how),
}
SHOWS = ("answerCallbackQuery", "editMessageCaption")


@pytest.fixture
async def card(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=1)


def calls(talk: Talk, actor: Actor, method: str) -> list[Any]:
    """The requests of a method to a person's chat."""
    of_taps = {id_ for id_, tap in talk.sandbox.world.taps.items() if tap.user is actor.user}
    return [
        call
        for call in talk.sandbox.log
        if call.method == method
        and (call.chat_id == actor.user.id or call.parameters.get("callback_query_id") in of_taps)
    ]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("times", [1, 3, 7])
async def test_a_tap_is_answered_and_shown_whatever_happens(
    talk: Talk, bo: Actor, card: None, trouble: str, times: int
) -> None:
    for method in SHOWS:
        TROUBLES[trouble](talk.sandbox.faults, method=method, times=times)
    await bo.taps("Etänä")
    assert bo_tap(talk, bo).answered
    assert "osallistun etänä" in bo.text
    assert talk.app.metrics.replies_failed == 0


def bo_tap(talk: Talk, actor: Actor) -> Any:
    return [tap for tap in talk.sandbox.world.taps.values() if tap.user is actor.user][-1]


async def test_what_fails_for_ever_does_not_hold_its_person_for_ever(talk: Talk, bo: Actor, card: None) -> None:
    talk.sandbox.faults.bad_gateway(method="editMessageCaption", times=None)
    began = talk.clock.now()
    await bo.taps("Etänä")
    assert len(calls(talk, bo, "editMessageCaption")) == requests.TRIES
    assert talk.clock.now() - began < timedelta(minutes=1)
    assert talk.app.metrics.replies_failed == 1
    talk.sandbox.faults.clear()
    assert "osallistun etänä" in await bo.taps("Etänä")


@pytest.mark.parametrize(
    ("trouble", "times", "copies"),
    [
        ("502", 1, 1),
        ("502", 9, 0),  # twice in doubt: it is not sent a third time
        ("502 after it was done", 1, 2),
        ("502 after it was done", 9, 2),
        ("connection closed", 1, 1),
        ("closed after it was done", 9, 2),
        ("429", 9, 1),
    ],
)
async def test_a_new_message_comes_twice_at_most(
    talk: Talk, aino: Actor, trouble: str, times: int, copies: int
) -> None:
    await aino.starts()
    await talk.time_passes(minutes=1)
    before = len(aino.messages)
    TROUBLES[trouble](talk.sandbox.faults, method="sendMessage", times=times)
    aino.user.says("/help")
    await talk.answered()
    assert len(aino.messages) - before == copies


async def test_of_a_reply_of_several_messages_none_comes_a_third_time(
    talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def long(context: Context, line: str) -> Screen:
        return Screen(Markup("\n").join(f"{number} " + 3000 * "a" for number in range(4)))

    monkeypatch.setitem(ROUTES.commands, "long", long)
    await aino.starts()
    before = len(aino.messages)
    bot, sent = talk.app.bot, 0
    send_message = bot.send_message

    async def flaky(*args: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent % 2 == 0:
            raise NotSentError("refused")
        return await send_message(*args, **options)

    bot._unfreeze()
    monkeypatch.setattr(type(bot), "send_message", lambda _, *args, **options: flaky(*args, **options))
    aino.user.says("/long")
    await talk.answered()
    heads = [words(message).split()[0] for message in aino.messages[before:]]
    assert heads == ["0", "1", "2", "3"]


@pytest.mark.parametrize("kind", ["refused", "502"])
async def test_a_refused_connection_and_a_502_are_one_outage(
    talk: Talk, bo: Actor, card: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """While Telegram is away only getMe is asked; once it is back the reply comes."""
    faults: Faults = talk.sandbox.faults
    bo.user.taps("Etänä")
    get_updates, ends = talk.app.inbox._get_updates, talk.clock.now() + timedelta(seconds=10)

    async def then_away(*args: Any) -> Any:
        batch = await get_updates(*args)
        if batch:
            faults.down = kind == "refused"
            if kind == "502":
                faults.bad_gateway(times=None)
        return batch

    sleep = talk.clock.sleep

    async def until_back(seconds: float) -> None:
        await sleep(seconds)
        if talk.clock.now() >= ends:
            faults.clear()

    monkeypatch.setattr(talk.app.inbox, "_get_updates", then_away)
    monkeypatch.setattr(talk.clock, "sleep", until_back)
    since = len(talk.sandbox.log)
    await talk.app.inbox.poll()
    assert bo_tap(talk, bo).answered
    assert "osallistun etänä" in bo.text
    assert talk.clock.now() - ends < timedelta(seconds=2)
    tried = [call.method for call in talk.sandbox.log[since:] if call.method != "getUpdates"]
    assert tried.count("answerCallbackQuery") <= 3
    assert tried.count("getMe") > 5


async def test_one_chats_429_holds_no_other_reply(
    talk: Talk, aino: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aino.starts()
    await bo.starts()
    await talk.time_passes(minutes=1)
    monkeypatch.setattr(talk.clock, "sleep", asyncio.sleep)
    talk.sandbox.faults.too_many(60, method="sendMessage")
    before = len(bo.messages)
    aino.user.says("/help")
    bo.user.says("/help")
    await talk.app.inbox.poll(max_screen_wait_s=0.3)
    assert len(bo.messages) == before + 1
    talk.app.inbox.stop()


async def test_an_edit_that_is_in_doubt_is_repeated_until_it_is_there(
    talk: Talk, anna: Actor, bo: Actor, card: None
) -> None:
    """The coordinator's card, which a member's answer changes."""
    talk.sandbox.faults.bad_gateway(method="editMessageText", times=4)
    await bo.taps("Etänä")
    for _ in range(6):
        await talk.time_passes(minutes=1)
    edits = calls(talk, anna, "editMessageText")[-5:]
    assert [call.error_code for call in edits] == [502] * 4 + [None]


@pytest.mark.parametrize("error", [NotSentError("refused")])
async def test_a_delivery_of_several_messages_does_not_begin_anew_for_ever(
    talk: Talk, anna: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def long(context: Context, delivery: Delivery) -> Screen:
        return Screen(Markup("\n").join(f"{number} " + 3000 * "a" for number in range(3)))

    await talk.group(members=[bo], coordinator=anna)
    monkeypatch.setitem(ROUTES.renderers, DeliveryKind.INVITATION, long)
    bot = talk.app.bot
    send_message = type(bot).send_message

    async def fails_in_the_middle(self: Any, *args: Any, **options: Any) -> Any:
        if str(options["text"]).startswith("1 "):
            raise error
        return await send_message(self, *args, **options)

    monkeypatch.setattr(type(bot), "send_message", fails_in_the_middle)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(hours=1)
    firsts = [message for message in bo.messages if words(message).startswith("0 ")]
    assert len(firsts) == 2


async def test_a_502_is_one_line_in_the_log(talk: Talk, bo: Actor, card: None) -> None:
    mark = LOG.tell()
    talk.sandbox.faults.bad_gateway(method="editMessageCaption", times=None)
    await bo.taps("Etänä")
    lines = LOG.getvalue()[mark:].splitlines()
    assert "Traceback" not in "".join(lines)
    assert len([line for line in lines if "reply failed" in line]) == 1
