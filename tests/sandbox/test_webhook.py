"""Updates pushed to the bot's own server."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import Conflict

from bot.sandbox import SECRET_HEADER, Sandbox, User


class Hook:
    """A bot's server that answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str | None, str]] = []
        self.news = asyncio.Event()
        self.app = Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        update = await request.json()
        self.got.append((request.headers.get(SECRET_HEADER), update["message"]["text"]))
        self.news.set()
        return Response(status_code=self.status)

    async def heard(self, times: int) -> None:
        while len(self.got) < times:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)


@pytest.fixture
async def hook(sandbox: Sandbox, bot: Bot) -> Hook:
    hook = Hook()
    sandbox.webhook.transport = httpx.ASGITransport(app=hook.app)
    await bot.set_webhook("https://koolla.example/hook", secret_token="salaisuus")
    return hook


async def test_updates_are_pushed_in_order_with_the_secret(sandbox: Sandbox, hook: Hook, anna: User) -> None:
    anna.says("yksi")
    anna.says("kaksi")
    assert await sandbox.webhook.deliver() == 2
    assert hook.got == [("salaisuus", "yksi"), ("salaisuus", "kaksi")]
    assert sandbox.updates.pending == []


async def test_an_update_that_is_not_accepted_is_pushed_again(
    sandbox: Sandbox, bot: Bot, hook: Hook, anna: User
) -> None:
    hook.status = 503
    anna.says("yksi")
    anna.says("kaksi")
    assert await sandbox.webhook.deliver() == 0
    info = await bot.get_webhook_info()
    assert info.pending_update_count == 2
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"
    hook.status = 200
    assert await sandbox.webhook.deliver() == 2
    assert [text for _, text in hook.got] == ["yksi", "yksi", "kaksi"]


async def test_a_running_webhook_pushes_and_waits_longer_after_each_failure(
    sandbox: Sandbox, hook: Hook, anna: User
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        hook.status = 503 if len(pauses) < 3 else 200

    sandbox.webhook.sleep = sleep
    hook.status = 503
    anna.says("yksi")
    running = asyncio.create_task(sandbox.webhook.run())
    await hook.heard(4)
    anna.says("kaksi")
    await hook.heard(5)
    running.cancel()
    assert pauses == [1, 2, 4]
    assert [text for _, text in hook.got] == ["yksi"] * 4 + ["kaksi"]


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, hook: Hook, anna: User) -> None:
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    anna.says("yksi")
    await bot.delete_webhook()
    assert len(await bot.get_updates()) == 1
    await bot.set_webhook("https://koolla.example/hook")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()
    assert hook.got == []


async def test_an_update_may_be_pushed_twice_and_late(sandbox: Sandbox, hook: Hook, anna: User) -> None:
    sandbox.faults.late_updates()
    sandbox.faults.duplicate_updates()
    anna.says("yksi")
    anna.says("kaksi")
    await sandbox.webhook.deliver()
    assert [text for _, text in hook.got] == ["kaksi", "yksi", "kaksi"]
