"""The sandbox and a real python-telegram-bot Bot that talks to it in process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.sandbox import Limits, Sandbox


@dataclass
class Clock:
    time: datetime = datetime(2027, 4, 7, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def passes(self, **units: float) -> None:
        self.time += timedelta(**units)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(now=clock.now, limits=Limits.off())


def request(sandbox: Sandbox) -> HTTPXRequest:
    return HTTPXRequest(httpx_kwargs={"transport": httpx.ASGITransport(app=sandbox.app)})


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    bot = Bot(
        sandbox.token,
        base_url="http://sandbox/bot",
        base_file_url="http://sandbox/file/bot",
        request=request(sandbox),
        get_updates_request=request(sandbox),
    )
    async with bot:
        yield bot
