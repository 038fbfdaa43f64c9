"""The page itself: by keyboard, on a phone, in dark mode, with malicious names, and after a reset."""

import re
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chats import Chats

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The contrast of every visible text against the colour behind it, by WCAG 2's formula.
CONTRASTS = """() => {
  const rgba = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (value) => (value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * (top[3] ?? 1) + below[i] * (1 - (top[3] ?? 1)));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const colour = rgba(getComputedStyle(element).backgroundColor);
    return (colour[3] ?? 1) === 1 ? colour : over(colour, behind(element.parentElement));
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("template, select")) continue;
    const ground = behind(element), ink = over(rgba(getComputedStyle(element).color), ground);
    const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
    const ratio = (bright + .05) / (dark + .05);
    if (ratio < 4.5) faults.push(`${element.outerHTML.slice(0, 90)}: ${ratio.toFixed(2)}`);
  }
  return faults;
}"""


async def test_every_text_has_enough_contrast(chats: Chats) -> None:
    await chats.says("Anna", "/help")
    await chats.sees("Anna", "/newmeeting")
    await chats.column("Bo").get_by_role("button", name="Komennot").click()
    await chats.column("Dina").get_by_role("button", name="Estä botti").click()
    await expect(chats.column("Dina")).to_contain_text("botti estetty")
    for scheme in SCHEMES:
        await chats.page.emulate_media(color_scheme=scheme)
        assert await chats.page.evaluate(CONTRASTS) == []


async def test_the_page_can_be_used_by_keyboard(chats: Chats) -> None:
    page, anna = chats.page, chats.column("Anna")
    await anna.get_by_role("textbox").focus()
    await page.keyboard.type("/newmeeting")
    await page.keyboard.press("Enter")
    newest = chats.newest("Anna").locator(".buttons button")
    await expect(newest.first).to_be_visible()
    await newest.last.focus()
    await page.keyboard.press("Enter")
    await expect(anna.locator(".buttons [aria-busy=true]")).to_have_count(0)
    assert await anna.evaluate("column => column.contains(document.activeElement)")
    await page.keyboard.press("Tab")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await anna.get_by_role("button", name="Komennot").focus()
    await page.keyboard.press("Enter")
    assert (await page.evaluate("document.activeElement.textContent")).startswith("/")
    await page.keyboard.press("Escape")
    await expect(anna.locator(".menu")).to_be_hidden()


async def test_every_control_has_an_accessible_name(chats: Chats) -> None:
    for role in ("button", "textbox", "combobox", "region", "log"):
        for each in await chats.page.get_by_role(role).all():
            assert re.match(r"- '?\w+ [\"/]", await each.aria_snapshot()), await each.evaluate("e => e.outerHTML")


async def test_a_phone_shows_one_chat_at_a_time(browser: Browser, address: str, chats: Chats) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    phone = Chats(page, chats.pictures)
    await page.goto(address)
    await page.locator(".chip", has_text="Dina").click()
    await expect(phone.column("Dina")).to_be_visible()
    await expect(phone.column("Anna")).to_be_hidden()
    await chats.says("Dina", "/help")
    await phone.sees("Dina", "/help")
    await chats.says("Anna", "/help")
    await expect(page.locator(".chip", has_text="Anna").locator(".count")).to_contain_text("1")
    await expect(page.locator(".chip", has_text="Dina").locator(".count")).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    small = await page.evaluate(
        "[...document.querySelectorAll('.buttons button, .write button, .jumps button, .chip')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 38).map(e => e.textContent)"
    )
    assert small == []
    await page.close()


async def test_nothing_that_people_write_becomes_part_of_the_page(chats: Chats) -> None:
    hostile = '<img src=x onerror="document.title=1"><b>&amp;'
    await chats.page.get_by_role("button", name="+ Henkilö").click()
    await chats.page.get_by_label("Nimi").fill(hostile)
    await chats.page.locator("#dialog-ok").click()
    column = chats.page.locator(".column").last
    await expect(column.locator("h2")).to_have_text(hostile)
    await column.get_by_role("button", name="Aloita").click()
    await expect(column.locator(".message:not(.mine)")).to_contain_text(hostile)
    assert await column.locator("img").count() == 0
    assert await chats.page.title() == "Koolla"


async def test_somebody_new_starts_with_a_link(chats: Chats) -> None:
    link = await chats.column("Bo").locator(".message.mine").first.inner_text()
    code = link.split()[1]
    await chats.page.get_by_role("button", name="+ Henkilö").click()
    await chats.page.get_by_label("Nimi").fill("Ella Vuori")
    await chats.page.locator("#dialog-ok").click()
    start = chats.column("Ella").locator(".start")
    await start.get_by_role("textbox").fill(f"https://t.me/koolla_bot?start={code}")
    await start.get_by_role("button").click()
    await chats.sees("Ella", "Lastensuojelu")


async def test_a_role_is_given_by_choosing_a_person(chats: Chats) -> None:
    await chats.says("Aino", "/roles")
    await chats.sees("Aino", "Anna Koski")
    for label in ("Anna rooli", "Koordinoija", "Lastensuojelu", "Valitse"):
        await chats.taps("Aino", label)
    await chats.column("Aino").locator(".keyboard button").click()
    await chats.page.get_by_role("radio", name="Dina Salo").check()
    await chats.page.locator("#dialog-ok").click()
    await chats.sees("Aino", "Dina Salo")
    await expect(chats.column("Aino").locator(".keyboard")).to_be_hidden()
    await chats.sees("Dina", "koordinoija")


async def test_who_blocks_the_bot_can_take_it_back(chats: Chats) -> None:
    dina = chats.column("Dina")
    await dina.get_by_role("button", name="Estä botti").click()
    await expect(dina.get_by_role("textbox")).to_be_hidden()
    await dina.locator("footer").get_by_role("button", name="Poista esto").click()
    await chats.says("Dina", "/help")


async def test_the_page_speaks_three_languages(chats: Chats) -> None:
    for language, heading in (("sv", "Nästa händelse"), ("en", "Next event"), ("fi", "Seuraava tapahtuma")):
        await chats.page.locator("#language").select_option(language)
        await expect(chats.page.get_by_role("button", name=heading)).to_be_visible()
        assert await chats.page.locator("html").get_attribute("lang") == language


async def test_reset_begins_anew(chats: Chats) -> None:
    await chats.says("Anna", "/help")
    await chats.jumps("+1 pv")
    await chats.page.get_by_role("button", name="Alusta").click()
    await chats.page.get_by_role("button", name="Aloita alusta").click()
    await expect(chats.page.locator("#now")).to_have_text("ti 2.3.2027 klo 9.00", timeout=15_000)
    await expect(chats.column("Anna").locator(".lane").get_by_text("/newmeeting")).to_have_count(0)
    await expect(chats.column("Bo").locator(".message")).to_have_count(2)
