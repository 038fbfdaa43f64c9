"""The whole loop, once around: call, answer, remind, ask, tell."""

from tests.talk import Actor, Talk


async def test_the_loop(talk: Talk, anna: Actor, bo: Actor, maija: Actor) -> None:
    five = [bo, *(talk.person(f"Jäsen {number}") for number in range(1, 5))]
    await talk.group(members=five, coordinator=anna)
    await talk.manager(maija)

    await anna.says("/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus aiheeseen")
    await anna.taps("Linkki tulee")
    await anna.taps("Ohita")
    assert "Kutsun saa 5 ihmistä" in anna.text
    await anna.taps("Lähetä kutsu")
    await talk.settle()
    assert "Johdatus aiheeseen" in bo.text
    assert "ke 10.3.2027 klo 9.00–12.00" in bo.text
    for member in five:
        await member.taps("Etänä")
    assert "osallistun etänä" in bo.text

    await talk.time_passes(days=8, hours=4)
    assert sum("Muistutus" in (m.text or m.caption or "") for m in bo.messages) == 1
    assert bo.text.startswith("Osallistuitko")
    for member in five:
        await member.taps("Kyllä, etänä")
        for rating in ("4", "5", "4", "3"):
            await member.taps(rating)
        await member.taps("Lähetä palaute")
        assert "Kiitos" in member.text

    await talk.time_passes(days=8)
    await anna.says("/results")
    await anna.taps("Johdatus")
    assert "Vastasi 5 / 5" in anna.text
    await talk.time_passes(days=20)
    assert "Kuukausikooste: maaliskuu 2027" in maija.text
    assert "kysyttiin 5, vastasi 5" in maija.text
