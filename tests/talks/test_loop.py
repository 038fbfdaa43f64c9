"""The whole loop, once around: call, answer, remind, ask, tell. On both databases."""

from collections import Counter

import pytest

from tests.talk import Talk, key, words

pytestmark = pytest.mark.over_http


async def test_the_loop(talk_anywhere: Talk) -> None:
    talk = talk_anywhere
    anna, maija = talk.person("Anna"), talk.person("Maija")
    five = [talk.person(f"Jäsen {number}") for number in range(1, 6)]
    bo = five[0]
    await talk.group(members=five, coordinator=anna)
    await talk.manager(maija)

    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus aiheeseen")
    await anna.taps(key("skip-link"))
    await anna.taps(key("skip"))
    assert "Kutsun saa 5" in anna.text
    await anna.taps(key("confirm-send"))
    await talk.settle()
    assert "Johdatus aiheeseen" in bo.text
    assert "ke 10.3.2027 klo 9.00–12.00" in bo.text
    for member in five:
        await member.taps("Etänä")
    assert "osallistun etänä" in bo.text

    await talk.time_passes(days=8, hours=4)
    assert sum("Muistutus" in words(message) for message in bo.messages) == 1
    assert bo.text.startswith("Osallistuitko")
    for member in five:
        await member.taps(key("attended-remote"))
        for rating in ("4", "5", "4", "3"):
            await member.taps(rating)
        await member.taps(key("feedback-finish"))
        assert "Kiitos" in member.text

    await talk.time_passes(days=8)
    await anna.says("/results")
    await anna.taps("Johdatus")
    assert "5" in anna.text
    await talk.time_passes(days=20)
    assert "Kuukausikooste: maaliskuu 2027" in maija.text


async def test_what_a_participant_does_and_gets(talk: Talk) -> None:
    """Seven taps from invitation to finished feedback, nothing typed, and at most four messages a meeting."""
    anna, bo = talk.person("Anna"), talk.person("Bo")
    await talk.group(members=[bo], coordinator=anna)
    before = len(bo.messages)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    taps = Counter[str]()

    async def tap(kind: str, label: str) -> None:
        taps[kind] += 1
        await bo.taps(label)

    await tap("rsvp", "Etänä")
    await talk.time_passes(days=8, hours=4)
    await tap("attendance", "Kyllä, etänä")
    for _ in range(4):
        await tap("statements", "4")
    await tap("finish", "Lähetä palaute")
    await talk.time_passes(days=10)
    assert taps == {"rsvp": 1, "attendance": 1, "statements": 4, "finish": 1}
    assert not [message for message in bo.user.messages if not message.from_bot and message.text[0] != "/"]
    assert len(bo.messages) - before == 3  # invitation, reminder, feedback


async def test_a_second_tap_changes_the_answer(talk: Talk) -> None:
    anna, bo = talk.person("Anna"), talk.person("Bo")
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=8, hours=4)
    await bo.taps(key("attended-remote"))
    await bo.taps("4")
    await bo.taps(key("previous"))
    assert "✓ 4" in bo.labels()
    await bo.taps("5")
    assert bo.text.startswith("2/5")
    await bo.taps(key("previous"))
    assert "✓ 5" in bo.labels()
