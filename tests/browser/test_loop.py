"""The whole loop, clicked through on the demo's page by a real Chromium."""

import re

import pytest
from playwright.async_api import Browser, expect

from bot.demo.server import playing
from tests.browser.chats import NEXT_EVENT, NEXT_MONTH, Chats

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWERS = {"Bo": "4554", "Chen": "3443", "Dina": "5345"}


async def test_from_a_call_to_the_digest(chats: Chats) -> None:
    await _call(chats)
    await _answer(chats)
    for _ in range(2):
        await chats.jumps(NEXT_EVENT)
    await chats.sees("Dina", "Muistutus: kokous on")
    await chats.jumps(NEXT_EVENT)
    await chats.sees("Dina", "Osallistuitko")
    await _give_feedback(chats)
    await chats.jumps("+1 pv")
    await chats.page.get_by_role("button", name="Sulje ohje").click()
    while "17.3." not in await chats.page.locator("#now").inner_text():
        await chats.jumps(NEXT_EVENT)
    await chats.sees("Anna", "Vastasi 3 / 4 pyydetystä")
    await chats.sees("Anna", "Sisältö vastasi odotuksiani.*4,0")
    await chats.picture("results")
    await chats.says("Anna", "/results")
    await chats.sees("Anna", "Palautteen tulokset.*vastasi 3 / 4")
    assert "Maija Mäki 1" in await chats.jumps(NEXT_MONTH)
    await chats.sees("Maija", "Kuukausikooste: maaliskuu 2027.*Kokouksia 1")
    await chats.picture_on_phone("digest", "Maija")
    await chats.taps("Maija", "Kuva")
    picture = chats.column("Maija").locator(".picture img").last
    await picture.scroll_into_view_if_needed()
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 100")
    await chats.picture("digest-as-a-picture", "dark")


@pytest.mark.parametrize(
    ("language", "line", "card"),
    [
        ("sv", "/newmeeting Barnskyddet ons 10.3. kl 9-12 Teams: Introduktion", "ons 10.3.2027 kl. 9.00–12.00"),
        ("en", "/newmeeting Child welfare Wed 10 Mar 9-12 Teams: Introduction", "Wed 10 Mar 2027, 9:00–12:00"),
    ],
)
async def test_the_example_is_understood(browser: Browser, language: str, line: str, card: str) -> None:
    async with playing(0, language) as (_, address):
        page = await browser.new_page(viewport={"width": 1680, "height": 900}, reduced_motion="reduce")
        await page.goto(address)
        await page.locator("#example").click()
        chats = Chats(page)
        box = chats.column("Anna").get_by_role("textbox")
        await expect(box).to_have_value(re.compile(re.escape(line)))
        await box.press("Enter")
        await chats.sees("Anna", f"Introd.*{re.escape(card)}")
        await page.close()


async def _call(chats: Chats) -> None:
    await chats.page.get_by_role("button", name="Kirjoita rivi Annan puolesta").click()
    box = chats.column("Anna").get_by_role("textbox")
    await expect(box).to_have_value("/newmeeting Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus aiheeseen")
    await box.press("Enter")
    await chats.sees("Anna", "linki")
    await chats.taps("Anna", "Linkki tulee")
    await chats.taps("Anna", "Ohita")
    await chats.sees("Anna", "4 ihmistä.*Eeva Niemi")
    await chats.taps("Anna", "Lähetä kutsu")


async def _answer(chats: Chats) -> None:
    for name in ANSWERS:
        await expect(chats.newest(name)).to_contain_text(".ics", timeout=15_000)
        await chats.taps(name, 0)
        await expect(chats.newest(name).locator(".buttons button").first).to_contain_text("✓")
    await chats.picture("invitation")


async def _give_feedback(chats: Chats) -> None:
    """One tap for having been there, four for the statements, one to send: nothing typed."""
    for name, ratings in ANSWERS.items():
        await chats.taps(name, 0)
        for number, rating in enumerate(ratings):
            await chats.sees(name, f"{number + 1}/5")
            await chats.taps(name, f"^{rating}")
            if (name, number) == ("Dina", 1):
                await chats.sees(name, "3/5")
                await chats.picture_on_phone("feedback-on-a-phone", name)
        await chats.sees(name, "Vastauksesi|Dina svar|Your answers")
        await chats.taps(name, -1)
