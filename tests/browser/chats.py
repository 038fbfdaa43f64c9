"""The chat page for tests: columns by person, buttons and messages in them."""

import re
from pathlib import Path
from typing import Literal

from playwright.async_api import Locator, Page, expect

NEXT_EVENT, NEXT_MONTH = "Seuraava tapahtuma", "Kuun 1. päivä"


class Chats:
    """The page. ``pictures`` is the folder for screenshots, if they are wanted."""

    def __init__(self, page: Page, pictures: Path | None = None) -> None:
        self.page = page
        self.pictures = pictures

    def column(self, name: str) -> Locator:
        return self.page.locator(".column").filter(has=self.page.get_by_role("heading", name=name))

    def newest(self, name: str) -> Locator:
        """The newest message that has buttons."""
        return self.column(name).locator(".message", has=self.page.locator(".buttons")).last

    async def says(self, name: str, text: str) -> None:
        box = self.column(name).get_by_role("textbox")
        await box.fill(text)
        await box.press("Enter")
        await expect(box).to_have_value("")

    async def sees(self, name: str, pattern: str) -> None:
        """Wait until the newest message contains the text."""
        newest = self.column(name).locator(".message:not(.mine)").last
        await expect(newest).to_contain_text(re.compile(pattern, re.DOTALL), timeout=15_000)

    async def taps(self, name: str, which: str | int) -> None:
        """Tap a button of the newest message that has any, by its label or position. Waits until it has had effect."""
        buttons = self.newest(name).locator(".buttons button")
        button = buttons.nth(which) if isinstance(which, int) else buttons.filter(has_text=re.compile(which)).first
        before = await self.column(name).locator(".lane").inner_html()
        await button.click()
        await self.page.wait_for_timeout(50)
        lane = self.column(name).locator(".lane")
        for _ in range(100):
            busy = await lane.locator('[aria-busy="true"]').count()
            if not busy and await lane.inner_html() != before:
                return
            await self.page.wait_for_timeout(50)
        raise AssertionError(f"{name} tapped {which!r}, and nothing changed")

    async def jumps(self, button: str) -> str:
        """Move the clock. Returns the page's message about it."""
        outcome = self.page.locator("#jumped")
        before = await outcome.inner_text()
        await self.page.get_by_role("button", name=button, exact=True).click()
        await expect(outcome).not_to_have_text(before)
        await expect(outcome).to_contain_text("→", timeout=20_000)
        return await outcome.inner_text()

    async def picture(self, name: str, scheme: Literal["light", "dark"] = "light") -> None:
        if self.pictures:
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")
            await self.page.emulate_media(color_scheme="light")

    async def picture_on_phone(self, name: str, person: str) -> None:
        if self.pictures:
            page = await self.page.context.new_page()
            await page.set_viewport_size({"width": 390, "height": 800})
            await page.goto(self.page.url)
            phone = Chats(page, self.pictures)
            await page.locator(".chip", has_text=person).click()
            await expect(phone.newest(person)).to_be_visible()
            await phone.picture(name)
            await page.close()
