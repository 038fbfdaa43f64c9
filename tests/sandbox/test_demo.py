"""The demo without a browser: its people, its clock, its port, and what it leaves behind."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.demo.server import ZONE, Demo, playing
from bot.sandbox.page.controls import MOVED
from bot.sandbox.people import User


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def running(language: str = "fi") -> AsyncIterator[Demo]:
    async with playing(0, language) as (demo, _):
        yield demo


def person(demo: Demo, first_name: str) -> User:
    return next(user for user in demo.sandbox.users.values() if user.first_name == first_name)


@pytest.mark.parametrize(
    ("language", "group"), [("fi", "Lastensuojelu"), ("sv", "Barnskyddet"), ("en", "Child welfare")]
)
async def test_everybody_has_arrived_by_a_link(language: str, group: str) -> None:
    async with running(language) as demo:
        assert all(user.started for user in demo.sandbox.users.values())
        for name in ("Anna", "Bo", "Chen", "Dina"):
            assert group in person(demo, name).messages[-1].text
        assert [call.description for call in demo.sandbox.log if not call.ok] == []


async def test_time_passes_from_event_to_event_to_the_next_month() -> None:
    async with running() as demo:
        assert demo.now().astimezone(ZONE).date().isoformat() == "2027-03-02"
        assert await demo.advance(timedelta(hours=1)) == MOVED
        assert await demo.next_month() == MOVED
        assert abs(demo.now() - datetime(2027, 4, 1, 12, tzinfo=ZONE)) < timedelta(seconds=30)
        digest = person(demo, "Maija").messages[-1]
        assert abs(digest.sent_at - datetime(2027, 4, 1, 9, tzinfo=ZONE)) < timedelta(seconds=30)


async def test_the_next_free_port_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with playing(port, "fi") as (_, address):
            assert address.startswith("http://127.0.0.1:")
            assert not address.endswith(f":{port}")


async def test_other_host_names_reach_neither_the_page_nor_the_bot_api() -> None:
    async with playing(0, "fi") as (demo, address), httpx.AsyncClient(base_url=address) as client:
        for path in ("/", "/sandbox/state", f"/bot{demo.sandbox.token}/getMe"):
            assert (await client.get(path)).status_code == 200
            assert (await client.get(path, headers={"Host": "rebound.example"})).status_code in (400, 403)


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_reset_and_the_end_leave_nothing_behind(folders: Path) -> None:
    async with running() as demo:
        old = demo.sandbox
        await demo.reset()
        assert demo.sandbox is not old
        assert len(inside(folders)) == 1
    assert inside(folders) == []
