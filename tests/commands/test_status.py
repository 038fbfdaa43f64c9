"""`koolla status`, `pause` and `resume`: in words and an exit code, while the bot runs or not."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from bot import db
from bot.__main__ import cli
from bot.commands import admin, config_check, status
from bot.config import Settings
from models import leases
from models.delivery import rate_limit, updates
from models.delivery.outbox import Delivery, DeliveryError, Sending
from models.operations import recent
from models.operations.recent import UpdateOutcome
from tests.databases import migrated
from tests.faults.backup import Operator
from tests.faults.program import until
from tests.faults.rig import Rig, rigged

Doing = Callable[[db.Sessions], Awaitable[None]]


def koolla(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def in_database(doing: Doing) -> None:
    """Does something in the database of the folder that one is in."""

    async def go() -> None:
        engine = db.make_engine(Settings().database.url)
        await doing(db.make_sessions(engine))
        await engine.dispose()

    asyncio.run(go())


async def polls(sessions: db.Sessions) -> None:
    async with sessions.begin() as session:
        await leases.take(session, leases.POLLER, "somebody", span=timedelta(seconds=60))


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template_file: str) -> Path:
    """A folder with a new database whose bot has just asked for updates, and was killed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(template_file, "data/koolla.db")
    in_database(polls)
    return tmp_path


@pytest.fixture
def folder(dead: Path) -> Iterator[Path]:
    """A folder with a new database whose bot, as it seems, runs."""
    lock = db.lock(Settings().database.url)
    assert lock is not None
    with lock:
        yield dead


def test_all_is_well_with_a_bot_that_polls(folder: Path) -> None:
    code, output = koolla("status")
    assert (code, output.splitlines()[0]) == (0, "All is well.")
    assert "running: yes" in output
    assert "none is known" in output  # no backup yet


def test_without_a_database_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("status", "pause", "resume"):
        code, output = koolla(command)
        assert (code, "There is no database at data/koolla.db" in output) == (2, True), output
    assert not (tmp_path / "data/koolla.db").exists()


def test_a_bot_that_stands_still_or_begins_is_said(folder: Path) -> None:
    async def dies(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            gone = datetime.now(UTC) - timedelta(minutes=7)
            await session.execute(update(leases.Lease).values(renewed_at=gone, until=gone))

    async def stops(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            await leases.end_all(session)

    in_database(dies)
    code, output = koolla("status")
    assert (code, "no sign of life for 7 min" in output) == (1, True), output
    in_database(stops)
    code, output = koolla("status")
    assert (code, "running: yes, it is about to begin" in output) == (0, True), output


def test_a_killed_bot_is_missed_at_once_and_may_start_again(dead: Path) -> None:
    for _ in range(2):
        code, output = koolla("status")
        assert (code, "It does not run, and was not stopped in good order" in output) == (1, True), output
    lock = db.lock(Settings().database.url)
    assert lock is not None  # to look did not keep it
    lock.close()


def test_a_bot_that_was_stopped_is_said(dead: Path) -> None:
    async def stops(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            await leases.end_all(session)

    in_database(stops)
    code, output = koolla("status")
    assert (code, "It does not run: start it" in output) == (1, True), output


def test_what_restores_have_kept_is_counted_without_its_logs(folder: Path) -> None:
    for name in ("20260101-000000", "20260102-000000", "20260102-000000-wal", "20260102-000000-shm"):
        (folder / f"data/koolla.db.before-restore-{name}").touch()
    code, output = koolla("status")
    assert (code, "  2 kept when a backup was restored" in output) == (0, True), output
    assert "newest: koolla.db.before-restore-20260102-000000, which the bot destroys after 2026-01-16" in output


def test_pause_and_resume_say_what_they_did(folder: Path) -> None:
    assert koolla("resume") == (0, "It was not paused: messages go out\n")
    assert koolla("pause")[1].startswith("Paused: no message goes out")
    assert koolla("pause")[1].startswith("It was paused already")
    code, output = koolla("status")
    assert (code, "Sending is paused" in output, "sending: paused since" in output) == (1, True, True)
    assert koolla("resume") == (0, "Messages go out again\n")
    assert koolla("status")[0] == 0


def test_what_could_not_be_handled_is_shown_by_its_reference(folder: Path) -> None:
    async def parks(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            await updates.park(session, 5, "AB12CD34", "tap rsvp", now=datetime.now(UTC))

    in_database(parks)
    code, output = koolla("status")
    assert code == 1
    assert "could not be handled" in output
    assert "reference AB12CD34, tap rsvp" in output


def test_of_many_that_could_not_be_handled_the_newest_are_shown(folder: Path) -> None:
    async def parks(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            for number in range(25):
                await updates.park(session, number + 1, f"{number:08}", "unreadable message", now=datetime.now(UTC))

    in_database(parks)
    code, output = koolla("status")
    assert code == 1
    assert "25 tap(s) or message(s) could not be handled" in output
    assert output.count("unreadable message") == 20
    assert "  and 5 earlier ones" in output


def test_the_last_refusals_and_failures_are_explained(folder: Path) -> None:
    async def happens(sessions: db.Sessions) -> None:
        now = datetime(2027, 3, 2, 7, 5, 59, tzinfo=UTC)
        async with sessions.begin() as session:
            gate = "models.meetings.invitations.access_invitation"
            await recent.record(session, UpdateOutcome.REFUSED, "tap rsvp", refusal="not-found", gate=gate, now=now)
            key = "group-name-taken"
            await recent.record(session, UpdateOutcome.REFUSED, "/newgroup", refusal=key, gate="x.y", now=now)
            await recent.record(session, UpdateOutcome.REFUSED, "/old", refusal="gone-text", gate="x.y", now=now)
            await recent.record(session, UpdateOutcome.FAILED, "/report", reference="AB12CD34", now=now)

    assert koolla("status", "--recent") == (0, "Nothing was refused and nothing failed.\n")
    in_database(happens)
    code, output = koolla("status", "--recent")
    assert code == 0
    heading, *lines = output.splitlines()
    assert heading.startswith("The last 4 refusals and failures, newest first.")
    assert lines[0] == "2027-03-02 09:05  failed  /report"
    assert "reference AB12CD34" in lines[1]
    assert lines[3] == "    gone-text: no such text (x.y)"
    assert lines[5].startswith('    group-name-taken: "')
    assert "…" in lines[5]
    assert "{" not in output
    assert lines[6] == "2027-03-02 09:05  refused  tap rsvp"
    assert lines[7].endswith("(models.meetings.invitations.access_invitation)")


def test_a_rest_that_telegram_wants_is_no_alarm(folder: Path) -> None:
    async def held(sessions: db.Sessions) -> None:
        async with sessions.begin() as session:
            await rate_limit.hold(session, datetime.now(UTC) + timedelta(hours=1))

    in_database(held)
    code, output = koolla("status")
    assert (code, "Telegram wants a rest until" in output) == (0, True), output


def test_an_old_backup_and_a_filling_disk_are_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert koolla("backup", "copy.db")[0] == 0
    code, output = koolla("status")
    assert (code, str(folder / "copy.db") in output) == (0, True), output
    long_ago = time.time() - timedelta(days=9).total_seconds()
    os.utime(folder / "data/koolla.db.backed-up", (long_ago, long_ago))
    code, output = koolla("status")
    assert (code, "The last backup is 9 d old" in output) == (1, True), output
    monkeypatch.setattr(status, "MIN_FREE_BYTES", 10**18)
    assert "The disk is filling up" in koolla("status")[1]
    monkeypatch.setattr(config_check, "MIN_FREE_BYTES", 10**18)
    assert "The disk is full: nothing goes out" in koolla("status")[1]


@pytest.mark.slow
async def test_beside_a_running_bot_it_tells_what_waits_and_what_failed() -> None:
    async with rigged(1, {"Lastensuojelu": 6}) as rig:
        (group_id,) = rig.office.members
        program = rig.program()
        operator = Operator(program)
        await program.start()
        await operator.asks("status")
        await operator.asks("pause")
        await rig.office.call_meeting(group_id, "Aihe")
        output = await operator.asks("status", code=1)
        assert "on resume these would go out: 6 invitation" in output
        assert "people: 8 with Telegram" in output
        output = await operator.asks("resume", "--drop-due")
        assert "6 due message(s) dropped" in output
        assert "0 due," in await operator.asks("status")
        rig.office.everyone[0].blocks()
        await rig.all_confirmed()
        await _mark(rig, Sending.FAILED, DeliveryError.BLOCKED)
        assert "in the last day 1 failed: the person has blocked the bot" in await operator.asks("status")
        await _mark(rig, Sending.UNKNOWN, None)
        output = await operator.asks("status")
        assert "in the last day 1 may have arrived or not: the program died while sending" in output
        await _mark(rig, Sending.DUE, None)
        await until(lambda: any("Aihe" in (m.caption or "") for u in rig.office.everyone for m in u.messages))
        await program.stop()
        assert "It does not run" in await operator.asks("status", code=1)


async def _mark(rig: Rig, state: Sending, error: DeliveryError | None) -> None:
    """Makes one delivery end in a way that takes long to bring about."""
    async with rig.office.sessions() as sessions, sessions.begin() as session:
        row = await session.get_one(Delivery, 6)
        row.state, row.error_kind, row.leased_until = state, error, datetime.now(UTC)


async def test_status_is_the_same_on_sqlite_and_postgresql(tmp_path: Path, database_url: str) -> None:
    await migrated(database_url)
    settings = Settings(database={"url": database_url}, feedback={"keys": tmp_path / "keys"})
    assert [line.partition(" until")[0] for line in await admin.pause(settings)] == ["Paused: no message goes out"]
    report = await status.read(settings)
    assert [need.partition(":")[0] for need in report.needs] == ["It does not run", "Sending is paused"]
    assert "messages: 0 due, 0 wait for their time, 0 expired and stay unsent" in report.lines
    lines = await admin.resume(settings, drop_due=True, ask_again=False)
    assert lines == ["0 due message(s) dropped: they stay unsent", "Messages go out again"]
    assert len((await status.read(settings)).needs) == 1
