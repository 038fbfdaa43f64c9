"""The demo, and a real Chromium that opens its page."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.demo.server import playing
from tests.browser.chats import Chats

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"needs a Chromium: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get("TEST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def address() -> AsyncIterator[str]:
    async with playing(0, "fi") as (_, address):
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def chats(browser: Browser, address: str) -> AsyncIterator[Chats]:
    context = await browser.new_context(viewport={"width": 1680, "height": 820}, reduced_motion="reduce")
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda request: None if request.url.startswith(address) else faults.append(request.url))
    folder = os.environ.get("TEST_SCREENSHOTS")
    chats = Chats(page, Path(folder) if folder else None)
    await page.goto(address)
    await chats.column("Maija").wait_for()
    yield chats
    await context.close()
    assert faults == []
