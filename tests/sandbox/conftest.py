"""The sandbox, a clock that stands still, and a real python-telegram-bot Bot that talks to both in process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.sandbox import Limits, Sandbox, User

Api = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class Clock:
    time: datetime = datetime(2027, 4, 7, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def passes(self, **units: float) -> None:
        self.time += timedelta(**units)


@pytest.fixture(autouse=True)
def timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this python-telegram-bot warns of its own RetryAfter whenever it raises one."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(now=clock.now, limits=Limits.off())


@pytest.fixture
def anna(sandbox: Sandbox) -> User:
    """Somebody who has pressed Start, which the bot has seen and confirmed."""
    anna = sandbox.add_user("Anna")
    anna.starts()
    sandbox.updates.drop()
    return anna


def bot_for(sandbox: Sandbox) -> Bot:
    def request() -> HTTPXRequest:
        return HTTPXRequest(httpx_kwargs={"transport": sandbox.transport})

    return Bot(
        sandbox.token,
        base_url="http://sandbox/bot",
        base_file_url="http://sandbox/file/bot",
        request=request(),
        get_updates_request=request(),
    )


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with bot_for(sandbox) as bot:
        yield bot


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    """Calls as no well-behaved library would make them: ``await api("sendMessage", chat_id="x")``."""
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://sandbox/bot{sandbox.token}/") as client:

        async def call(method: str, /, **parameters: Any) -> dict[str, Any]:
            response = await client.post(method, json=parameters)
            body: dict[str, Any] = response.json()
            assert response.status_code == body.get("error_code", 200)
            return body

        yield call
