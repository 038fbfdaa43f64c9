"""Everything that goes wrong between the bot and Telegram, when it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
import uvicorn
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from bot.sandbox import Sandbox, User


def texts(user: User) -> list[str]:
    return [message.text for message in user.messages if message.from_bot]


def cause(error: BaseException) -> type[BaseException]:
    assert error.__cause__
    return type(error.__cause__)


async def test_429_can_be_ordered_by_method(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    sandbox.faults.too_many(7, method="sendMessage")
    await bot.get_me()
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(anna.id, "Hei")
    assert refused.value.retry_after == timedelta(seconds=7)
    await bot.send_message(anna.id, "Hei")
    assert [(call.method, call.error_code) for call in sandbox.log[-3:]] == [
        ("getMe", None),
        ("sendMessage", 429),
        ("sendMessage", None),
    ]
    assert sandbox.log[-1].parameters == {"chat_id": anna.id, "text": "Hei"}


@pytest.mark.parametrize(("after", "arrived"), [(False, []), (True, ["Hei"])])
async def test_502_before_and_after(sandbox: Sandbox, bot: Bot, anna: User, after: bool, arrived: list[str]) -> None:
    sandbox.faults.bad_gateway(after=after)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(anna.id, "Hei")
    assert texts(anna) == arrived


@pytest.mark.parametrize(("after", "arrived"), [(False, []), (True, ["Hei"])])
async def test_a_drop_before_and_after(sandbox: Sandbox, bot: Bot, anna: User, after: bool, arrived: list[str]) -> None:
    sandbox.faults.drop(after=after)
    with pytest.raises(NetworkError) as dropped:
        await bot.send_message(anna.id, "Hei")
    assert cause(dropped.value) is httpx.ReadError
    assert texts(anna) == arrived


@pytest.mark.parametrize(("after", "arrived"), [(False, []), (True, ["Hei"])])
async def test_a_hanging_call_times_out(
    sandbox: Sandbox, bot: Bot, anna: User, after: bool, arrived: list[str]
) -> None:
    sandbox.faults.hang(60, after=after, method="sendMessage")
    with pytest.raises(TimedOut):
        await bot.send_message(anna.id, "Hei", read_timeout=0.01)
    assert texts(anna) == arrived


async def test_during_an_outage_every_connection_is_refused(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    with sandbox.faults.outage():
        for _ in range(3):
            with pytest.raises(NetworkError) as refused:
                await bot.send_message(anna.id, "Hei")
            assert cause(refused.value) is httpx.ConnectError
    await bot.send_message(anna.id, "Hei")
    assert texts(anna) == ["Hei"]


async def test_random_faults_can_be_repeated(sandbox: Sandbox, bot: Bot) -> None:
    async def run() -> list[bool]:
        sandbox.faults.seed(7)
        sandbox.faults.bad_gateway(times=None, probability=0.5)
        came = []
        for _ in range(20):
            try:
                came.append(bool(await bot.get_me()))
            except NetworkError:
                came.append(False)
        sandbox.faults.clear()
        return came

    first = await run()
    assert await run() == first
    assert 0 < sum(first) < 20


async def test_late_updates_come_when_faults_are_cleared(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    sandbox.faults.late_updates()
    anna.says("Hei")
    assert await bot.get_updates() == ()
    sandbox.faults.clear()
    assert len(await bot.get_updates()) == 1


@asynccontextmanager
async def served(sandbox: Sandbox) -> AsyncIterator[str]:
    config = uvicorn.Config(sandbox.app, log_level="critical", ws="none")
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        running = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await running


async def test_over_http_a_drop_closes_the_connection(sandbox: Sandbox, anna: User) -> None:
    async with served(sandbox) as address:
        request, polling = HTTPXRequest(), HTTPXRequest()
        async with Bot(sandbox.token, f"{address}/bot", request=request, get_updates_request=polling) as bot:
            sandbox.faults.drop(after=True)
            with pytest.raises(NetworkError) as dropped:
                await bot.send_message(anna.id, "Hei")
            assert cause(dropped.value) is httpx.RemoteProtocolError
            await bot.send_message(anna.id, "Taas")
    assert texts(anna) == ["Hei", "Taas"]
