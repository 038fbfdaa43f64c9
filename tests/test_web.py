"""The pages for watchers: what they say while all is well, and the reasons in words when it is not."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from telegram.error import TimedOut
from typer.testing import CliRunner

from bot import db, web
from bot.__main__ import cli
from bot.metrics import OUTBOX, POLLER
from models.delivery import rate_limit
from tests.talk import Actor, Talk, key

LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Salainen aihe"


@pytest.fixture
async def pages(talk: Talk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=web.make_app(talk.app, talk.app.outbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://koolla.test") as client:
        talk.app.metrics.works(POLLER)
        talk.app.metrics.works(OUTBOX)
        yield client


def figures(page: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", page, re.MULTILINE)}


async def test_it_is_alive_and_ready(pages: httpx.AsyncClient) -> None:
    assert (await pages.get("/healthz")).text == "alive\n"
    ready = await pages.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert (await pages.get("/")).status_code == 404


async def test_silence_makes_it_unready_in_words(talk: Talk, pages: httpx.AsyncClient) -> None:
    talk.app.metrics.signs = {POLLER: monotonic() - 121, OUTBOX: monotonic() - 61}
    ready = await pages.get("/readyz")
    assert ready.status_code == 503
    assert "Telegram has not been heard of for 121 s" in ready.text
    assert "the outbox has not worked for 61 s" in ready.text
    talk.app.metrics.arrived()
    assert "Telegram" not in (await pages.get("/readyz")).text


async def test_a_full_disk_is_said_until_there_is_room_again(
    talk: Talk, pages: httpx.AsyncClient, tmp_path: Path
) -> None:
    engine = db.make_engine(f"sqlite+aiosqlite:///{tmp_path / 'small.db'}")
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TABLE a (b)"))
        await connection.execute(text("PRAGMA max_page_count = 3"))
        with pytest.raises(OperationalError) as full:
            await connection.execute(text("INSERT INTO a VALUES (zeroblob(100000))"))
    await engine.dispose()
    talk.app.metrics.fails(OUTBOX, full.value)
    ready = await pages.get("/readyz")
    assert (ready.status_code, "disk is full" in ready.text, "INSERT" in ready.text) == (503, True, False)
    assert figures((await pages.get("/metrics")).text)["koolla_database_up"] == 0
    talk.app.metrics.fails(POLLER, TimedOut())  # Telegram's troubles are told by its silence
    talk.app.metrics.works(OUTBOX)
    assert (await pages.get("/readyz")).status_code == 200


async def test_the_figures_count_and_name_nobody(talk: Talk, pages: httpx.AsyncClient, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    page = (await pages.get("/metrics")).text
    found = figures(page)
    assert found['koolla_updates_total{kind="tap"}'] >= 2
    assert found['koolla_updates_total{kind="message"}'] >= 3
    assert found['koolla_deliveries_total{state="sent"}'] >= 1
    assert found["koolla_database_up"] == 1
    assert found["koolla_breaker_open"] == found["koolla_paused"] == found["koolla_replies_failed_total"] == 0
    assert found["koolla_tap_seconds_count"] == found['koolla_tap_seconds_bucket{le="+Inf"}'] >= 2
    for word in ("Anna", "Bo", "Salainen", "Lastensuojelu", "rsvp", "feedback", "invitation", str(bo.user.id)):
        assert word not in page, word
    assert set(re.findall(r"\{(\w+)=", page)) == {"kind", "state", "le"}


async def test_answers_to_a_form_are_counted_by_the_day_alone(
    talk: Talk, pages: httpx.AsyncClient, anna: Actor, bo: Actor
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await talk.time_passes(days=8, hours=4)

    async def counters() -> dict[str, float]:
        names = ("koolla_updates", "koolla_tap_seconds_count", "koolla_form_updates")
        return {
            name: count for name, count in figures((await pages.get("/metrics")).text).items() if name.startswith(names)
        }

    before = await counters()
    await bo.taps(key("attended-remote"))
    await bo.taps("4")
    await bo.says("avoin vastaus")
    assert await counters() == before
    await talk.time_passes(days=1)
    await bo.says("/help")
    assert (await counters())["koolla_form_updates_total"] == before["koolla_form_updates_total"] + 3


async def test_what_waits_is_counted_with_its_age(talk: Talk, pages: httpx.AsyncClient, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        await rate_limit.pause(session, now=talk.app.now)
    await talk.called_meeting(anna, LINE)
    talk.clock.moment += timedelta(minutes=10)
    found = figures((await pages.get("/metrics")).text)
    assert (found["koolla_paused"], found["koolla_deliveries_due"]) == (1, 1)
    assert found["koolla_oldest_due_age_seconds"] >= 600


async def test_a_reply_that_telegram_refuses_is_counted(talk: Talk, pages: httpx.AsyncClient, bo: Actor) -> None:
    talk.sandbox.faults.bad_gateway(method="sendMessage", times=2)  # it is tried once more
    await bo.starts()
    assert figures((await pages.get("/metrics")).text)["koolla_replies_failed_total"] == 1


def test_a_taken_port_is_said_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOOLLA_TELEGRAM__TOKEN", "1:abcdefgh")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("KOOLLA_WEB__PORT", str(taken.getsockname()[1]))
        done = CliRunner().invoke(cli, ["run"])
    assert done.exit_code == 2
    assert "cannot be had" in done.output


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of settings whose port somebody has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOOLLA_TELEGRAM__TOKEN", "1:abcdefgh")
    monkeypatch.setenv("KOOLLA_TELEGRAM__API_URL", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("KOOLLA_WEB__PORT", str(listener.getsockname()[1]))
        yield


def test_the_port_of_the_bot_that_runs_is_no_fault(taken: None) -> None:
    lock = db.lock("sqlite:///data/koolla.db")
    assert lock is not None
    with lock:
        check, run = CliRunner().invoke(cli, ["check"]), CliRunner().invoke(cli, ["run"])
    assert "is in use, by the bot that runs" in check.output
    assert "FAULT web" not in check.output
    assert (run.exit_code, "Koolla is running already" in run.output) == (2, True), run.output


def test_a_taken_port_hides_neither_database_nor_telegram(taken: None) -> None:
    said = CliRunner().invoke(cli, ["check"]).output
    for line in ("FAULT web.port", "ok    settings: ", "ok    database: data/koolla.db", "FAULT telegram: "):
        assert line in said, said
    assert "(Connection refused)" in said


@pytest.mark.parametrize("host", ["", "nohost.invalid", "192.0.2.1"])
def test_a_host_that_is_not_here_is_said_as_such(taken: None, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOOLLA_WEB__HOST", host)
    said = CliRunner().invoke(cli, ["check"]).output
    assert "FAULT web.host: " in said
    assert "FAULT web.port" not in said
