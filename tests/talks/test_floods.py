"""One person's flood is theirs alone: of many messages one reply tells what was done, and nobody else waits for it."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.receiving import lanes
from handlers.many_messages import MOST_HANDLED, MOST_RANGES, MOST_REASONS, Fate, Tally
from handlers.texts import LANGUAGES, texts
from models.delivery.updates import SeenUpdate
from models.errors import Refused
from models.people.groups import Workgroup
from tests.talk import Actor, Talk, key, words

Flood = Callable[[Actor, int], Any]
FLOODS: dict[str, Flood] = {
    "texts": lambda bo, number: bo.user.says(f"Viesti {number}"),
    "files": lambda bo, number: bo.user.uploads(f"{number}.csv", b"Nimi\nBo"),
    "commands": lambda bo, number: bo.user.says("/meetings"),
    "unknown commands": lambda bo, number: bo.user.says("/nosuchcommand"),
    "codes": lambda bo, number: bo.user.says("ABCD-EFGH-JKLM"),
    "taps": lambda bo, number: bo.user.taps_data("go:help", bo.last),
    "taps on nothing": lambda bo, number: bo.user.taps_data(f"nonsense:{number}", bo.last),
}


def answers(actor: Actor, since: int) -> list[str]:
    return [words(message) for message in actor.messages[since:]]


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("count", [150, 350])
async def test_a_flood_is_answered_once_and_whoever_comes_after_it_is_answered(
    talk: Talk, aino: Actor, bo: Actor, kind: str, count: int
) -> None:
    await bo.starts()
    await aino.starts()
    await talk.time_passes(minutes=1)
    since, before = len(bo.messages), len(aino.messages)
    toasts = len(bo.user.toasts)
    for number in range(count):
        FLOODS[kind](bo, number)
    aino.user.says("/help")
    await talk.answered()
    assert len(aino.messages) == before + 1
    assert not talk.sandbox.updates.waiting()
    assert not [call for call in talk.sandbox.log if call.error_code == 429]
    if "taps" in kind:
        assert len(bo.user.toasts) == toasts + count
        unread = [toast for toast in bo.user.toasts if toast.text == key("many-taps").text("fi")]
        assert len(unread) == count - MOST_HANDLED
    else:
        (answer,) = answers(bo, since)
        assert key("many-heading", n=count).text("fi") in answer


async def test_a_stranger_forwards_150_messages(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.starts()
    for number in range(150):
        bo.user.says(f"Edelleen lähetetty {number}")
    aino.user.says("/help")
    before = len(aino.messages)
    await talk.answered()
    assert len(aino.messages) == before + 1
    (answer,) = answers(bo, 0)
    assert answer.startswith(
        "Sain 150 viestiä kerralla, joten vastaan niihin yhdessä. Vastauksista näytän vain viimeisen.\n"
        "• Viestit 1–150: ei kirjattu, koska mikään ei odottanut viestiä.\n\n"
    )
    assert bo.last.buttons  # the help, as for a single message


async def test_each_of_many_lines_is_stored_and_told(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Lisää jäseniä")
    since = len(anna.messages)
    for number in range(20):
        anna.user.says(f"Jäsen {'abcdefghijklmnopqrst'[number]}" if number not in (4, 5, 9) else "\u00a0")
    await talk.answered()
    (answer,) = answers(anna, since)
    assert "• Viestit 1–4, 7–9, 11–20: käsitelty.\n" in answer
    assert f"• Viestit 5–6, 10: ei hyväksytty. {key('roster-nothing').text('fi')}\n" in answer
    assert anna.has_button("Lisää 17")


async def test_commands_among_many_messages_are_done(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    since = len(aino.messages)
    for number in range(130):
        aino.user.says("Hei" if number % 10 else f"/newgroup Ryhmä {number}")
    await talk.answered()
    (answer,) = answers(aino, since)
    async with talk.app.sessions() as session:
        groups = await session.scalar(select(func.count()).select_from(Workgroup))
    assert groups == 5  # what comes after the first fifty is not handled, and told
    assert "• Viestit 1, 11, 21, 31, 41: käsitelty." in answer
    assert "• Viestit 51–130: jäi lukematta. Luen kerralla enintään 50 viestiä: lähetä loput uudelleen." in answer


async def test_up_to_five_messages_are_answered_one_by_one(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    since = len(bo.messages)
    for _ in range(lanes.MANY):
        bo.user.says("/nosuchcommand")
    await talk.answered()
    assert len(bo.messages) == since + lanes.MANY
    assert not bo.sees(key("many-heading"))


async def test_after_a_flood_one_is_heard_as_before(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    for _ in range(250):
        bo.user.says("/meetings")
    await talk.answered()
    assert not (await bo.says("/help")).startswith("Sain")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_told_in_the_language_of_the_person(talk: Talk, language: str) -> None:
    bo = talk.person("Bo", language=language)
    for _ in range(6):
        bo.user.says("?")
    await talk.answered()
    assert str(texts(language)("many-heading", n=6)) in bo.text


async def test_of_many_files_the_first_are_read_and_the_others_told(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await bo.starts()
    await anna.says("/members")
    await anna.taps("Lisää jäseniä")
    since = len(talk.sandbox.log)
    for number in range(120):
        anna.user.uploads("jäsenet.csv", f"Nimi\nJäsen {'abcde'[number % 5]}\n".encode())
    bo.user.says("/help")
    before = len(bo.messages)
    await talk.answered()
    assert len(bo.messages) == before + 1
    fetched = [call for call in talk.sandbox.log[since:] if call.method == "getFile"]
    assert 5 <= len(fetched) < 20
    assert "lukematta" in "".join(answers(anna, 0))
    assert not talk.sandbox.updates.waiting()


async def test_a_file_that_does_not_come_keeps_nobody_waiting(
    talk: Talk, anna: Actor, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.receiving.fetching.MAX_FETCH_S", 0.5)
    await talk.group(members=[], coordinator=anna)
    await bo.starts()
    await anna.says("/members")
    await anna.taps("Lisää jäseniä")
    real_sleep = asyncio.sleep
    monkeypatch.setattr(talk.sandbox.faults, "_sleep", real_sleep)
    talk.sandbox.faults.hang(60, method="getFile")
    anna.user.uploads("jäsenet.csv", b"Nimi\nBo")
    bo.user.says("/help")
    before = len(bo.messages)
    await talk.app.inbox.poll(max_screen_wait_s=0.05)
    assert len(bo.messages) == before + 1
    assert talk.sandbox.updates.waiting()  # the file's update comes again if the program dies now
    await talk.answered()
    assert key("file-not-fetched").text("fi") in anna.text
    await talk.answered()
    assert not talk.sandbox.updates.waiting()


async def test_whoever_waits_for_their_chat_keeps_nobody_waiting(
    talk: Talk, bo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty people, whose replies Telegram does not take, leave room for the next hundred updates."""
    monkeypatch.setattr(talk.sandbox.faults, "_sleep", asyncio.sleep)
    monkeypatch.setattr("bot.receiving.window.MAX_HOLD_S", 0.3)
    people = [talk.person(f"Jäsen {number}") for number in range(25)]
    await bo.starts()
    talk.sandbox.faults.hang(20, method="sendMessage", times=len(people))
    for _ in range(4):
        for person in people:
            person.user.says("Hei")
    before = len(bo.messages)
    bo.user.says("/help")
    polling = talk.app.inbox
    async with asyncio.timeout(5):
        while len(bo.messages) == before:
            await polling.poll(max_screen_wait_s=0.05)
    polling.stop()


async def test_a_group_in_which_the_bot_is_administrator_may_talk(talk: Talk, aino: Actor, bo: Actor) -> None:
    await aino.starts()
    group = talk.sandbox.add_group("Tiimi", [bo.user])
    group.sets_bot_status("administrator")
    await talk.time_passes(minutes=1)
    for number in range(300):
        bo.user.says(f"Viesti {number}", chat=group)
    since = len(talk.sandbox.log)
    assert "/meetings" in await aino.says("/help")
    methods = [call.method for call in talk.sandbox.log[since:] if call.method != "getUpdates"]
    assert methods == ["sendMessage"]
    async with talk.app.sessions() as session:
        seen = await session.scalar(select(func.count()).select_from(SeenUpdate))
    assert seen is not None
    assert seen < 10


def test_a_tally_is_bounded() -> None:
    tally, t = Tally(), texts("fi")
    for number in range(10_000):
        tally.add(Fate.REFUSED, Refused("group-name-taken", group=f"Ryhmä {number}"))
        tally.add(Fate.DONE)
    text = str(tally.text(t))
    assert len(text) < 1500
    assert text.count("•") == MOST_REASONS + 2
    assert f"ja {10_000 - MOST_RANGES} muuta" in re.sub(r"[\u00a0\u202f]", "", text)


def test_a_tally_tells_what_was_done_with_each() -> None:
    tally = Tally()
    for fate in (Fate.DONE, Fate.DONE, Fate.UNASKED, Fate.DONE, Fate.UNREAD):
        tally.add(fate)
    tally.add(Fate.FAILED, Refused("failed", reference="AB12CD34"))
    lines = tally.text(texts("en")).splitlines()
    assert lines[1:] == [
        "• Messages 1–2, 4: done.",
        "• Message 3: not stored, because nothing was waiting for a message.",
        "• Message 5: not read. I read at most 50 messages at once: please send the rest again.",
        f"• Message 6: failed. {texts('en')('failed', reference='AB12CD34')}",
    ]
