"""Deliveries out: one message each, whatever the text, and what becomes of each kind of failure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import Markup
from sqlalchemy import select, text
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.commands import status
from bot.sending import outcomes
from bot.telegram import NotSentError
from handlers.routes import ROUTES, Context
from handlers.screen import File, Screen
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, DeliveryError, Sending
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words

pytestmark = pytest.mark.over_http
LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe"


async def invitations(talk: Talk) -> list[Delivery]:
    async with talk.app.sessions() as session:
        wanted = select(Delivery).where(Delivery.kind == "invitation").order_by(Delivery.id)
        return list((await session.execute(wanted)).scalars())


def sends(talk: Talk, actor: Actor) -> int:
    """Requests that brought this person a card."""
    return sum(call.ok and call.chat_id == actor.user.id and call.method == "sendDocument" for call in talk.sandbox.log)


@pytest.fixture
@scene
async def group(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)


@pytest.mark.parametrize("character", ["&", "<", '"', "x", "😀", "ä"])
async def test_the_longest_card_is_one_message(talk: Talk, anna: Actor, bo: Actor, group: None, character: str) -> None:
    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9-12 hybridi")
    await anna.says(character * 120)
    await anna.says(character * 120)
    await anna.says("https://teams.example/" + "a" * 170)
    await anna.says(character * 400)
    await anna.taps(key("confirm-send"))
    await talk.time_passes(minutes=2)
    assert sends(talk, bo) == 1
    assert [delivery.attempts for delivery in await invitations(talk)] == [1]


async def test_an_answer_lost_on_the_way_is_repeated_once_and_marked(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    talk.sandbox.faults.bad_gateway(after=True, method="sendDocument")
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=2)
    (delivery,) = await invitations(talk)
    assert (delivery.state, delivery.ambiguous, delivery.attempts) == (Sending.SENT, True, 2)
    talk.sandbox.faults.bad_gateway(after=True, method="sendDocument", times=9)
    await talk.called_meeting(anna, "Lastensuojelu ke 17.3. klo 9-12 Teams: Toinen")
    await talk.time_passes(minutes=10)
    assert (await invitations(talk))[-1].state is Sending.UNKNOWN
    assert sum("Toinen" in words(message) for message in bo.messages) == 2  # never a third


async def test_whoever_may_have_got_a_card_hears_that_the_meeting_is_off(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    talk.sandbox.faults.bad_gateway(after=True, method="sendDocument")
    talk.sandbox.faults.too_many(retry_after=60, method="sendDocument")
    await anna.says(f"/newmeeting {LINE}")
    for label in ("Linkki tulee", "Ohita", "Lähetä kutsu"):
        await anna.taps(label)
    await talk.time_passes(seconds=5)
    (delivery,) = await invitations(talk)
    assert (delivery.state, delivery.ambiguous) == (Sending.DUE, True)  # it has come, and is to be repeated
    for label in ("Peru kokous", "Kyllä"):
        await anna.taps(label)
    await talk.time_passes(minutes=2)
    assert "peru" in words(bo.messages[-1]).lower()
    assert sends(talk, bo) == 1


async def test_what_was_surely_not_sent_is_sent_when_telegram_is_back(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await anna.says(f"/newmeeting {LINE}")
    for label in ("Linkki tulee", "Ohita", "Lähetä kutsu"):
        await anna.taps(label)
    with talk.sandbox.faults.outage():
        for _ in range(3):
            await talk.app.outbox.turn()
            await talk.clock.sleep(60)
    assert sends(talk, bo) == 0
    await talk.time_passes(minutes=10)
    assert sends(talk, bo) == 1
    assert (await invitations(talk))[0].ambiguous is False


async def test_nothing_goes_out_after_its_expiry(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    talk.sandbox.faults.too_many(retry_after=9 * 86400, method="sendDocument")
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(days=12)
    assert [delivery.state for delivery in await invitations(talk)] == [Sending.EXPIRED]
    assert sends(talk, bo) == 0


async def test_a_block_that_telegram_did_not_tell_of_is_found_out_once(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.called_meeting(anna, LINE)
    card = anna.last
    bo.user.blocks()
    talk.sandbox.updates.pending.clear()
    await talk.time_passes(days=9)
    refused = [call for call in talk.sandbox.log if call.chat_id == bo.user.id and call.error_code == 403]
    assert len(refused) == 1
    await anna.taps(key("refresh"), card)
    assert "Bo (on estänyt botin)" in words(card)


@pytest.mark.parametrize("chats", [1, 2])
async def test_a_429_holds_its_chat_and_two_hold_everyone(talk: Talk, anna: Actor, chats: int) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(12)]
    await talk.group(members=members, coordinator=anna)
    talk.sandbox.faults.too_many(retry_after=60, method="sendDocument", times=chats)
    await talk.called_meeting(anna, LINE)
    came = sum(sends(talk, member) for member in members)
    assert came == 11 if chats == 1 else came < 6
    await talk.time_passes(minutes=5)
    assert [sends(talk, member) for member in members] == [1] * 12


async def test_a_message_that_cannot_be_made_fails_alone(
    talk: Talk, bo: Actor, cilla: Actor, monkeypatch: pytest.MonkeyPatch, anna: Actor
) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    render = ROUTES.renderers[DeliveryKind.INVITATION]

    async def spoilt_for_bo(context: Context, delivery: Delivery) -> Screen:
        screen = await render(context, delivery)
        no_file: Any = File("x", "these are no bytes")  # type: ignore[arg-type]
        return replace(screen, draws=None, file=no_file) if context.chat_id == bo.user.id else screen

    monkeypatch.setitem(ROUTES.renderers, DeliveryKind.INVITATION, spoilt_for_bo)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=2)
    deliveries = await invitations(talk)
    (failed,) = [delivery for delivery in deliveries if delivery.state is Sending.FAILED]
    assert (failed.error_kind, failed.error) == (DeliveryError.PROGRAM_FAULT, "TypeError")
    assert {delivery.state for delivery in deliveries if delivery is not failed} == {Sending.SENT}
    assert "kutsu" in cilla.text.lower()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), DeliveryError.BLOCKED),
        (Forbidden("Forbidden: user is deactivated"), DeliveryError.DEACTIVATED),
        (BadRequest("Message is not modified: specified new message content is the same"), DeliveryError.NOT_MODIFIED),
        (BadRequest("Chat not found"), DeliveryError.CHAT_CLOSED),
        (BadRequest("Not enough rights to send text messages to the chat"), DeliveryError.CHAT_CLOSED),
        (BadRequest("Button_data_invalid"), DeliveryError.BAD_REQUEST),
        (ChatMigrated(-100200), DeliveryError.CHAT_MIGRATED),
        (RetryAfter(3), DeliveryError.RATE_LIMITED),
        (InvalidToken("Unauthorized"), DeliveryError.INVALID_TOKEN),
        (NotSentError("ClientConnectorError"), DeliveryError.NOT_SENT),
        (TimedOut(), DeliveryError.TIMED_OUT),
        (NetworkError("Bad Gateway"), DeliveryError.NETWORK),
        (TelegramError("Invalid server response"), DeliveryError.PROGRAM_FAULT),
        (KeyError("what Anna wrote"), DeliveryError.PROGRAM_FAULT),
    ],
)
def test_each_error_has_a_kind(error: Exception, kind: DeliveryError) -> None:
    assert outcomes.classify(error) is kind


def test_status_has_words_for_each_kind_of_error() -> None:
    assert set(status.REASONS) == {*DeliveryError, None}


async def test_a_delivery_of_a_newer_version_fails_alone(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[bo, cilla], coordinator=anna)
    await called(anna)
    async with talk.app.sessions.begin() as session:
        first = (await session.execute(text("SELECT min(id) FROM delivery WHERE kind = 'invitation'"))).scalar_one()
        await session.execute(text("UPDATE delivery SET kind = 'postcard' WHERE id = :id"), {"id": first})
    await talk.time_passes(minutes=2)
    async with talk.app.sessions() as session:
        delivery = await session.get_one(Delivery, first)
    assert (delivery.kind, delivery.state) == (DeliveryKind.UNRECOGNIZED, Sending.FAILED)
    assert {delivery.state for delivery in await invitations(talk)} == {Sending.SENT}


async def called(anna: Actor) -> None:
    """A meeting called, whose invitation still waits."""
    await anna.says(f"/newmeeting {LINE}")
    for label in ("Linkki tulee", "Ohita", "Lähetä kutsu"):
        await anna.taps(label)


async def test_a_text_whose_html_telegram_will_not_have_goes_as_plain_text(
    talk: Talk, anna: Actor, bo: Actor, group: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(context: Context, delivery: Delivery) -> Screen:
        return Screen(Markup("<b>Tervetuloa <i>kokoukseen</b>"))

    monkeypatch.setitem(ROUTES.renderers, DeliveryKind.INVITATION, spoilt)
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(minutes=2)
    assert bo.text == "Tervetuloa kokoukseen"
    assert [delivery.state for delivery in await invitations(talk)] == [Sending.SENT]


async def test_a_revoked_token_loses_nothing(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await called(anna)
    token, talk.sandbox.token = talk.sandbox.token, "7:another"
    for _ in range(3):
        await talk.app.outbox.turn()
    assert sends(talk, bo) == 0
    talk.sandbox.token = token
    await talk.time_passes(minutes=5)
    assert sends(talk, bo) == 1


async def test_a_process_that_stood_still_beyond_its_lease_does_not_send(
    talk: Talk, anna: Actor, bo: Actor, group: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await called(anna)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "LEASE", timedelta(seconds=-1))
        await talk.app.outbox.turn()
        assert sends(talk, bo) == 0
    await talk.time_passes(minutes=2)
    assert sends(talk, bo) == 1
    assert (await invitations(talk))[0].ambiguous is False


async def test_nothing_leaves_for_a_chat_while_another_message_is_on_its_way(
    talk_anywhere: Talk,
) -> None:
    talk = talk_anywhere
    anna, bo = talk.person("Anna"), talk.person("Bo")
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    later = talk.clock.now() + timedelta(days=8)
    async with talk.app.sessions.begin() as session:
        (delivery, *_) = await outbox.claim(session, "me", 1, now=later)
    async with talk.app.sessions.begin() as session:
        others = await outbox.claim(session, "other", 9, now=later)
    assert delivery.address_id not in {other.address_id for other in others}
    async with talk.app.sessions.begin() as session:
        assert await outbox.recover(session) == 0  # all alive
        assert await outbox.recover(session, all_dead=True) == 1 + len(others)
