"""`koolla run` as a process of its own, against the sandbox over real HTTP."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import uvicorn

from bot.sandbox import Limits, Sandbox
from tests.faults import network
from tests.faults.program import until

HEAVY = {"alembic", "typst", "playwright", "asyncpg", "segno", "icalendar", "openpyxl", "prometheus_client"}


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox on a port of its own."""
    sandbox = Sandbox(now=lambda: datetime.now(UTC), limits=Limits.off())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(sandbox.app, port=port, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn tells in no other way)
        await asyncio.sleep(0.02)
    try:
        yield sandbox, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def running(folder: Path, token: str, address: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program, with nothing set but what it must have."""
    given = {
        "PATH": os.environ["PATH"],
        "KOOLLA_TELEGRAM__TOKEN": token,
        "KOOLLA_TELEGRAM__API_URL": address,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run"),
        cwd=folder,
        env={**given, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said_until(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdout is not None
    output = ""
    while word not in output:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line, output
        output += line.decode()
    return output


async def test_the_first_start_prints_a_claim_link_and_a_stop_is_clean(tmp_path: Path) -> None:
    async with served() as (sandbox, address), running(tmp_path, sandbox.token, address) as process:
        output = await said_until(process, "writes this code")
        assert "https://t.me/koolla_bot?start=" in output
        code = output.split("?start=")[1].split()[0]
        aino = sandbox.add_user("Aino")
        aino.starts(code)
        while "ylläpitäjä" not in " ".join(message.text or "" for message in aino.messages):
            await sandbox.changed(sandbox.version, 10)
        process.send_signal(signal.SIGTERM)
        rest = (await asyncio.wait_for(process.communicate(), 20))[0].decode()
        assert process.returncode == 0
        assert not sandbox.updates.waiting()  # what was handled was confirmed before the end
        assert "Traceback" not in output + rest
        assert sandbox.token not in output + rest
        assert (tmp_path / "data" / "koolla.db").is_file()


@pytest.mark.slow
async def test_told_to_stop_while_telegram_hangs_it_stops_within_ten_seconds(tmp_path: Path) -> None:
    async with (
        network.served() as telegram,
        running(tmp_path, telegram.sandbox.token, telegram.address("koolla")) as process,
    ):
        await said_until(process, "writes this code")
        aino = telegram.sandbox.add_user("Aino")
        await until(lambda: telegram.arrived["koolla", "getUpdates"] > 0)
        await asyncio.sleep(0.5)
        telegram.sandbox.faults.hang(60, times=None)
        aino.starts()  # is heard by the request under way, and its screen hangs
        await said_until(process, "event='update'")
        began = monotonic()
        process.send_signal(signal.SIGTERM)
        rest = (await asyncio.wait_for(process.communicate(), 20))[0].decode()
        assert monotonic() - began < 10
        assert process.returncode == 0
        assert "Traceback" not in rest


async def test_a_wrong_token_exits_2_in_one_line(tmp_path: Path) -> None:
    async with served() as (_, address), running(tmp_path, "7:wrong-token-wrong", address) as process:
        output = (await asyncio.wait_for(process.communicate(), 30))[0].decode()
    assert process.returncode == 2
    assert "Telegram does not know this token" in output
    assert "wrong-token" not in output
    assert "Traceback" not in output


def test_a_start_imports_nothing_heavy() -> None:
    code = (
        "import sys, bot.commands.run, bot.__main__; from handlers import routes; routes.load(); "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


@pytest.mark.slow
async def test_a_second_program_on_the_same_file_is_barred_in_one_line(tmp_path: Path) -> None:
    async with served() as (sandbox, address), running(tmp_path, sandbox.token, address) as first:
        await said_until(first, "writes this code")
        async with running(tmp_path, sandbox.token, address) as second:
            output = (await asyncio.wait_for(second.communicate(), 30))[0].decode()
            assert second.returncode == 2
        assert "Koolla is running already" in output
        assert "Traceback" not in output
        first.send_signal(signal.SIGKILL)
        await first.wait()
        async with running(tmp_path, sandbox.token, address) as third:  # the lock died with its owner
            await said_until(third, "writes this code")
