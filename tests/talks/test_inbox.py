"""Updates in: each takes effect once, is answered though it comes again, and never stops the others."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.receiving import inbox
from handlers.routes import ROUTES, Context, Tap, TapRoute
from handlers.screen import Screen
from models import leases
from models.delivery import updates
from models.delivery.updates import SeenUpdate
from models.errors import Refused
from models.people.groups import Workgroup
from tests.talk import Actor, Talk, words


async def groups(talk: Talk) -> int | None:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Workgroup))


async def test_what_comes_again_is_shown_again_and_done_once(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    talk.sandbox.faults.duplicate_updates(1)
    before = len(talk.sandbox.log)
    await bo.taps("Etänä")
    said = [call.method for call in talk.sandbox.log[before:]]
    assert said.count("answerCallbackQuery") == said.count("editMessageCaption") == 2
    assert "osallistun etänä" in bo.text


async def test_what_was_done_at_its_first_coming_is_not_refused_at_its_second(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    talk.sandbox.faults.duplicate_updates(1)
    await aino.says("/newgroup Lastensuojelu")
    assert await groups(talk) == 1
    assert words(aino.messages[-1]) == "Tämä on jo tehty."
    assert "Lastensuojelu" in words(aino.messages[-2])
    assert "jo" in await aino.says("/newgroup Lastensuojelu")  # a new one is refused with its reason
    assert "Tämä on jo tehty" not in aino.text


async def test_a_refusal_that_comes_again_is_the_same_refusal(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    talk.sandbox.faults.duplicate_updates(1)
    await aino.says("/nosuchcommand")
    assert words(aino.messages[-1]) == words(aino.messages[-2])


async def test_one_that_fails_is_undone_alone_and_parked(
    talk: Talk, aino: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def founds_and_falls(context: Context, line: str) -> Screen:
        tries.append(line)
        await ROUTES.commands["newgroup"](context, "Puolivalmis")
        raise RuntimeError("the ceiling came down")

    monkeypatch.setitem(ROUTES.commands, "fall", founds_and_falls)
    await aino.starts()
    bo.user.starts()
    aino.user.says("/fall")
    aino.user.says("/newgroup Lastensuojelu")
    bo.user.says("/help")
    await talk.answered()
    assert len(tries) == 5
    assert await groups(talk) == 1
    assert any("numero" in words(message) for message in aino.messages)
    assert "/meetings" in bo.text
    async with talk.app.sessions() as session:
        (parked,) = await updates.parked(session)
    assert parked.about == "/fall"
    assert any(str(parked.parked) in words(message) for message in aino.messages)


async def test_one_that_fails_beside_others_and_then_works_is_done_once(
    talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def founds_at_the_second_try(context: Context, line: str) -> Screen:
        tries.append(line)
        screen = await ROUTES.commands["newgroup"](context, line)
        if len(tries) == 1:
            raise RuntimeError("not yet")
        return screen

    monkeypatch.setitem(ROUTES.commands, "stumble", founds_at_the_second_try)
    await aino.starts()
    await aino.says("/stumble Lastensuojelu")
    assert (len(tries), await groups(talk)) == (2, 1)
    assert "Lastensuojelu" in aino.text


async def test_many_at_once_are_each_applied(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    for number in range(50):
        aino.user.says(f"/newgroup Ryhmä {number}")
    await talk.answered()
    assert await groups(talk) == 50
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(SeenUpdate)) == 51


async def test_of_several_taps_on_one_card_the_last_stands_and_each_is_answered(
    talk: Talk, anna: Actor, bo: Actor
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 hybridi: Aihe")
    toasts, edits = len(bo.user.toasts), len(talk.sandbox.log)
    for label in ("Paikan", "Etänä", "En pääse", "Etänä"):
        bo.user.taps(label)
    await talk.answered()
    assert len(bo.user.toasts) == toasts + 4
    puts = [call for call in talk.sandbox.log[edits:] if call.method.startswith("editMessage")]
    assert [call.chat_id for call in puts].count(bo.user.id) == 1
    assert "osallistun etänä" in bo.text


async def test_one_process_polls_at_a_time(talk_anywhere: Talk) -> None:
    sessions = talk_anywhere.app.sessions
    span = timedelta(seconds=30)

    async def takes(owner: str, span: timedelta = span) -> bool:
        async with sessions.begin() as session:
            return await leases.take(session, leases.POLLER, owner, span=span)

    assert await takes("one")
    assert not await takes("other")
    assert await takes("one")  # renewed
    async with sessions.begin() as session:
        await leases.give_back(session, leases.POLLER, "other")  # not theirs to give
    assert not await takes("other")
    assert await takes("one", span=timedelta(seconds=-1))  # it has run out
    assert await takes("other")
    assert not await takes("one")


async def test_a_refusal_undoes_what_came_before_it(talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def founds_and_refuses(context: Context, line: str) -> Screen:
        await ROUTES.commands["newgroup"](context, "Puolivalmis")
        raise Refused("stale")

    monkeypatch.setitem(ROUTES.commands, "waver", founds_and_refuses)
    await aino.starts()
    await aino.says("/waver")
    assert await groups(talk) == 0


@pytest.mark.parametrize("what_fails", ["getFile", None])
async def test_a_file_that_cannot_be_fetched_stops_nobody(
    talk: Talk, anna: Actor, bo: Actor, what_fails: str | None
) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Lisää jäseniä")
    anna.user.uploads("jäsenet.csv", b"Nimi\nBo")
    if what_fails:
        talk.sandbox.faults.bad_gateway(method=what_fails, times=9)
    else:
        talk.sandbox.world.files = type(talk.sandbox.world.files)()  # Telegram has forgotten it
    bo.user.starts()
    await talk.answered()
    assert "ei saatu haettua" in anna.text
    assert bo.messages


async def test_one_done_before_is_not_done_again_though_showing_it_fails(
    talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def founds_and_falls_the_second_time(context: Context, line: str) -> Screen:
        tries.append(line)
        screen = await ROUTES.commands["newgroup"](context, f"Ryhmä {len(tries)}")
        if len(tries) > 1:
            raise RuntimeError("the world has moved on")
        return screen

    monkeypatch.setitem(ROUTES.commands, "once", founds_and_falls_the_second_time)
    await aino.starts()
    talk.sandbox.faults.duplicate_updates(1)
    await aino.says("/once")
    assert (len(tries), await groups(talk)) == (2, 1)


@pytest.mark.parametrize("error", [RuntimeError("no words"), PermissionError("no key"), Refused("stale")])
async def test_whatever_falls_in_one_stops_nobody_else(
    talk: Talk, anna: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def falls(context: Context, tap: Tap) -> Screen:
        raise error

    async def refuses(context: Context, tap: Tap) -> Screen:
        raise Refused("stale")

    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    monkeypatch.setitem(ROUTES.taps, "rsvp", TapRoute(refuses, falls))
    bo.user.taps("Etänä")
    anna.user.says("/help")
    await talk.answered()
    assert "/meetings" in anna.text
    assert bo.user.toasts


async def test_a_slow_screen_keeps_nobody_elses_updates_waiting(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.starts()
    await bo.starts()
    talk.sandbox.faults.hang(30, method="sendMessage")
    aino.user.says("/help")
    assert await talk.app.inbox.poll(max_screen_wait_s=0.05) == 1
    before = len(bo.messages)
    bo.user.says("/help")
    assert await talk.app.inbox.poll(max_screen_wait_s=0.3) == 1
    assert len(bo.messages) == before + 1
    assert talk.sandbox.updates.waiting()  # the slow one's is kept by Telegram until its screen stands
    talk.app.inbox.stop()


async def test_time_goes_on_while_telegram_is_away(talk: Talk, anna: Actor) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(8)]
    await talk.group(members=members, coordinator=anna)
    talk.sandbox.faults.bad_gateway(method="sendDocument")
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(minutes=1)
    assert all(any("Aihe" in words(message) for message in member.messages) for member in members)


async def test_after_days_of_silence_it_asks_from_the_beginning(
    talk: Talk, aino: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram's ids start anywhere then: lower than those that we have confirmed."""
    await aino.starts()
    assert talk.app.inbox.window.offset > 0
    monkeypatch.setattr(inbox, "UPDATE_ID_RESET_S", -1)
    await talk.answered()
    assert talk.app.inbox.window.offset == 0
    assert "/meetings" in await aino.says("/help")
