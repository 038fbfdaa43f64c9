"""Backups while the program runs, restoring them, and forms whose keys a backup never has."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import db
from bot.__main__ import cli
from bot.commands import backup, migrate
from bot.config import Settings
from bot.sandbox.people import User
from models.feedback.runs import Run
from tests.faults import backup as scenario
from tests.faults import disk
from tests.faults.backup import Operator
from tests.faults.program import until
from tests.faults.rig import rigged

POSTGRES = "postgresql+asyncpg://koolla:hunter2@db.example/koolla"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a new database, from which commands are given."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
    return tmp_path


def koolla(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.slow
async def test_a_backup_under_load_is_complete_and_a_restored_one_sends_nothing_expired() -> None:
    result = await scenario.run(1, quick=True)
    assert not result.misses, [result.misses, result.notes]


@pytest.mark.slow
async def test_a_full_disk_stops_sending_before_it_sends() -> None:
    result = await disk.run(1, quick=True)
    assert not result.misses, [result.misses, result.notes]


def test_a_backup_is_private_whole_and_never_over_another(folder: Path) -> None:
    code, output = koolla("backup", "copies/first.db")
    assert code == 0, output
    assert stat.S_IMODE((folder / "copies/first.db").stat().st_mode) == 0o600
    assert backup.check_backup(folder / "copies/first.db") == migrate.newest()
    before = (folder / "copies/first.db").read_bytes()
    code, output = koolla("backup", "copies/first.db")
    assert (code, "never overwrites" in output) == (2, True)
    assert (folder / "copies/first.db").read_bytes() == before
    assert [path.name for path in (folder / "copies").iterdir()] == ["first.db"]


def test_a_half_backup_is_never_taken_for_one(folder: Path) -> None:
    (folder / "second.db.part").write_bytes(b"of an earlier try that died")
    assert koolla("backup", "second.db")[0] == 0
    assert not (folder / "second.db.part").exists()
    with closing(sqlite3.connect("data/koolla.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    code, output = koolla("backup", "data/keys/nowhere/\0.db")
    assert code == 2, output


def test_of_an_empty_database_there_is_no_backup_and_nothing_left(folder: Path) -> None:
    (folder / "data/koolla.db").write_bytes(b"")
    code, output = koolla("backup", "copy.db")
    assert (code, "data/koolla.db is empty" in output, ".part" in output) == (2, True, False), output
    assert not list(folder.glob("copy.db*"))


def locked(*_given: object, **_named: object) -> None:
    raise PermissionError(13, "Permission denied", "locked")


def test_a_file_that_may_not_be_used_is_named_and_not_the_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").touch()
    code, output = koolla("backup", "file/copy.db")
    assert (code, "file/copy.db cannot be written" in output, "database:" in output) == (2, True, False), output
    code, output = koolla("restore", str(folder))
    assert (code, "is a folder" in output) == (2, True), output
    monkeypatch.setattr("bot.__main__._load", lambda _: Settings())
    monkeypatch.setattr(Path, "exists", locked)  # root, who may run the tests, is denied nothing
    monkeypatch.setattr("bot.commands.config_check.folder_faults", lambda _: [])
    code, output = koolla("backup", "locked/copy.db")
    assert (code, "locked/copy.db cannot be written (Permission denied)" in output) == (2, True), output
    monkeypatch.setattr(Path, "open", locked)
    code, output = koolla("restore", "locked/copy.db")
    assert (code, "locked/copy.db cannot be read (Permission denied)" in output) == (2, True), output


def test_the_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-m", "bot", "migrate"], cwd=tmp_path, env=environment, check=True)
    for path in (tmp_path / "data").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_is_no_backup_is_refused_in_words(folder: Path) -> None:
    (folder / "text.db").write_text("no database")
    sqlite3.connect(folder / "other.db").executescript("CREATE TABLE a (b); CREATE TABLE alembic_version (version_num)")
    assert koolla("backup", "newer.db")[0] == 0
    with closing(sqlite3.connect("newer.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '29990101_01'")
    whole = koolla("backup", "torn.db")[0]
    torn = (folder / "torn.db").read_bytes()
    (folder / "torn.db").write_bytes(torn[: len(torn) // 2])
    database = (folder / "data/koolla.db").read_bytes()
    for name, words in {
        "text.db": "no database of Koolla",
        "other.db": "no database of Koolla",
        "newer.db": "newer than this Koolla",
        "torn.db": "torn.db is",
        "nothing.db": "no such file",
        "data/koolla.db": "is the database itself",
    }.items():
        code, output = koolla("restore", name)
        assert (code, words in output) == (2, True), output
    assert whole == 0
    assert (folder / "data/koolla.db").read_bytes() == database
    assert not list((folder / "data").glob("*before*"))


def test_a_restore_keeps_what_was_there_and_leaves_no_log_of_it(folder: Path) -> None:
    assert koolla("backup", "copy.db")[0] == 0
    with closing(sqlite3.connect("data/koolla.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "INSERT INTO workgroup (name, created_at, approves_joiners) VALUES ('Later', '2027-01-01', 0)"
        )
        # as after a death: the log still holds the line
        log = (folder / "data/koolla.db-wal").read_bytes()
        main = (folder / "data/koolla.db").read_bytes()
    (folder / "data/koolla.db").write_bytes(main)
    (folder / "data/koolla.db-wal").write_bytes(log)
    code, output = koolla("restore", "copy.db")
    assert code == 0, output
    assert not (folder / "data/koolla.db-wal").exists()
    (copy,) = (folder / "data").glob("*.before-restore-*")
    for file, groups in ((copy, [("Later",)]), (folder / "data/koolla.db", [])):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT name FROM workgroup").fetchall() == groups, file
    assert "koolla resume" in output
    assert str(copy.name) in output
    copy = copy.rename(folder / "data/koolla.db.before-restore-20260101-000000")  # as if some time ago
    code, output = koolla("restore", str(copy))
    assert code == 0, output  # a restore is undone
    beside = {path.name for path in (folder / "data").glob("*.before-restore-*")}
    assert not {name for name in beside if name.endswith(("-wal", "-shm"))}, beside


def test_a_damaged_database_is_kept_with_its_log_and_replaced(folder: Path) -> None:
    assert koolla("backup", "copy.db")[0] == 0
    (folder / "data/koolla.db").write_bytes(b"x" * 5000)
    (folder / "data/koolla.db-wal").write_bytes(b"y" * 5000)
    code, output = koolla("restore", "copy.db")
    assert code == 0, output
    names = sorted(path.name for path in (folder / "data").glob("*.before-restore-*"))
    assert [name.endswith("-wal") for name in names] == [False, True]
    assert koolla("status")[0] == 1


def test_a_restore_beside_a_running_program_is_barred(folder: Path) -> None:
    assert koolla("backup", "copy.db")[0] == 0
    held = db.lock("sqlite:///data/koolla.db")
    assert held is not None
    with held:
        code, output = koolla("restore", "copy.db")
    assert (code, "Koolla is running" in output) == (2, True)


def test_an_older_backup_is_brought_up_to_date(folder: Path) -> None:
    from alembic import command

    async def down() -> None:
        engine = db.make_engine("sqlite+aiosqlite:///old.db")
        await migrate.upgrade(engine)
        async with db.rewriting(engine) as connection:
            await connection.run_sync(lambda c: command.downgrade(migrate.config(c), "20261122_01"))
        await engine.dispose()

    asyncio.run(down())
    code, output = koolla("restore", "old.db")
    assert (code, migrate.newest() in output) == (0, True), output


def test_of_postgresql_the_tools_are_named_and_no_password(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("KOOLLA_DATABASE__URL", POSTGRES)
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        code, output = koolla(command, "file.dump")
        assert code == 2
        assert tool in output
        assert "postgresql://koolla@db.example/koolla" in output
        assert "hunter2" not in output


def _labels(user: User) -> list[str]:
    return [button.label for row in user.messages[-1].buttons for button in row]


async def _answers(user: User, *labels: str) -> None:
    """Taps one button after the other, each when it is there."""
    for label in labels:
        await until(lambda label=label: any(text.startswith(label) for text in _labels(user)))  # type: ignore[misc]
        seen = user.messages[-1].versions
        count = len(seen)
        user.taps(label)
        await until(lambda count=count: len(user.messages[-1].versions) > count)  # type: ignore[misc]


@pytest.mark.slow
async def test_a_restored_form_without_its_key_is_said_and_its_people_are_asked_again() -> None:
    async with rigged(1, {"Lastensuojelu": 4}) as rig:
        (group_id,) = rig.office.members
        ended = datetime.now(UTC) - timedelta(hours=5)
        await rig.office.call_meeting(group_id, "Aihe", at=ended, in_days=0.05)
        program = rig.program(KOOLLA_FEEDBACK__DELAY="0m")
        operator = Operator(program)
        await program.start()
        everyone = rig.office.everyone
        await until(lambda: all(user.messages for user in everyone))
        await _answers(everyone[0], "Kyllä", "5", "4")
        await operator.asks("backup", str(rig.folder / "copy.db"))
        await program.stop()
        keys = list((rig.folder / "keys").glob("run-*.key"))
        assert len(keys) == 1
        keys[0].unlink()
        output = await operator.asks("restore", str(rig.folder / "copy.db"))
        assert "Lastensuojelu" in output
        assert "1 sealed answer(s) cannot be opened" in output
        assert "--ask-again" in output
        await program.start()
        output = await operator.asks("status", code=1)
        assert "cannot be opened for want of their keys" in output
        output = await operator.asks("resume", code=2)  # the choice is the operator's
        assert "put them into" in output
        output = await operator.asks("resume", "--ask-again")
        assert "4 people are asked again" in output
        await until(lambda: all("teknisen vian" in (user.messages[-1].text or "") for user in everyone))
        await _answers(everyone[0], "3", "2")
        await operator.asks("status")
        await program.stop()
        async with rig.office.sessions() as sessions, sessions() as session:
            run = await session.get_one(Run, 1)
            assert (rig.folder / "keys" / f"{run.key}.key").is_file()
        assert "Traceback" not in program.log
