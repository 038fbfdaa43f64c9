"""What a restore sets aside: it can be undone, and nothing of it is kept for ever."""

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete

from bot import set_aside, ticks
from bot.commands import restore, status
from bot.commands.backup import back_up
from bot.config import Settings
from models.feedback import keys_set_aside, lost_keys
from models.feedback.keys_set_aside import KEPT_FOR
from models.feedback.runs import Participation, Run
from models.forms.items import Item, QuestionKind
from tests.anonymity.room import Room
from tests.databases import KIND
from tests.talk import Actor, Talk
from tests.talks.feedback.test_feedback import held, rows

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5)
ANSWERED = 8
ON_SQLITE = pytest.mark.skipif(KIND != "sqlite", reason="`koolla restore` is of SQLite")


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str) -> AsyncIterator[Room]:
    async with Room.open(migrated_url, tmp_path) as room:
        room.now = datetime.now(UTC)  # the command's clock is the machine's
        yield room


def settings_of(tmp_path: Path) -> Settings:
    return Settings(database={"url": f"sqlite:///{tmp_path / 'koolla.db'}"}, feedback={"keys": tmp_path / "keys"})


async def restored(room: Room, tmp_path: Path) -> tuple[Run, Path, list[str]]:
    """A backup is made, a form opens and is answered, and then the backup is restored.

    Returns the form's run, the database that was set aside, and the lines for the operator.
    """
    group, people = await room.group(ANSWERED)
    version = await room.form([SCALE])
    settings = settings_of(tmp_path)
    back_up(settings.database.url, tmp_path / "backups" / "copy.db")
    run_id = await room.put(version, group, people)
    for person in people:
        await room.answer(run_id, person, {1: 1 + person % 5})
    (run,) = await room.rows(Run)
    await room.engine.dispose()
    lines = await restore.restore(settings, tmp_path / "backups" / "copy.db")
    (replaced,) = set_aside.replaced_databases(tmp_path / "koolla.db")
    return run, replaced, lines


def opened(tmp_path: Path) -> int:
    """How many sealed answers of any database in the folder any key in the key folder opens."""
    keys = [path.read_bytes()[:32] for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    count = 0
    for file in tmp_path.glob("koolla.db*"):
        with closing(sqlite3.connect(file)) as database:
            if file.suffix not in (".lock", ".backed-up"):
                count += sum(_opens(*row, keys) for row in database.execute(SEALED))
    return count


SEALED = "SELECT blob, key FROM staged JOIN run ON run.id = run_id"


def _opens(blob: bytes, name: str, keys: list[bytes]) -> bool:
    for key in keys:
        try:
            AESGCM(key).decrypt(blob[:12], blob[12:], name.encode())
        except InvalidTag:
            continue
        return True
    return False


@ON_SQLITE
async def test_a_mistaken_restore_is_undone_with_the_keys(room: Room, tmp_path: Path) -> None:
    run, replaced, lines = await restored(room, tmp_path)
    output = "\n".join(lines)
    assert "with 1 key(s) of forms that the restored one does not know" in output
    assert f"koolla restore {replaced}" in output
    assert room.keys.names() == []
    assert await room.rows(Run) == []
    await room.engine.dispose()
    earlier = replaced.rename(replaced.with_name("koolla.db.before-restore-20260101-000000"))
    lines = await restore.restore(settings_of(tmp_path), earlier)
    assert not any("cannot be opened" in line for line in lines)
    assert room.keys.names() == [run.key]
    async with room.sessions() as session:
        (form,) = await lost_keys.open_forms(session, room.keys, now=room.now)
    assert (form.sealed, form.unreadable) == (ANSWERED, 0)


@ON_SQLITE
async def test_a_key_is_destroyed_when_its_form_closes_and_the_rest_after_two_weeks(room: Room, tmp_path: Path) -> None:
    run, replaced, _ = await restored(room, tmp_path)
    target = tmp_path / "koolla.db"
    before = run.closes_at - timedelta(minutes=1)
    assert set_aside.destroy_due(target, room.keys, now=before) == []
    assert opened(tmp_path) == ANSWERED
    assert set_aside.destroy_due(target, room.keys, now=run.closes_at) == [f"form {run.id} closed in {replaced.name}"]
    assert opened(tmp_path) == 0
    with closing(sqlite3.connect(replaced)) as database:
        left = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in WHO_ANSWERED}
        people = database.execute("SELECT count(*) FROM person").fetchone()[0]
    assert (left, people) == (dict.fromkeys(WHO_ANSWERED, 0), ANSWERED)
    assert set_aside.destroy_due(target, room.keys, now=run.closes_at) == []
    assert set_aside.destroy_due(target, room.keys, now=datetime.now(UTC) + KEPT_FOR) == [f"{replaced.name} destroyed"]
    assert set_aside.is_empty(target, room.keys)
    assert sorted(path.name for path in tmp_path.glob("koolla.db*")) == ["koolla.db", "koolla.db.backed-up", LOCK]


WHO_ANSWERED = ("staged", "participation", "delivery")
LOCK = "koolla.db.lock"


@ON_SQLITE
async def test_of_a_damaged_database_all_is_destroyed_after_two_weeks(room: Room, tmp_path: Path) -> None:
    run, replaced, _ = await restored(room, tmp_path)
    replaced.write_bytes(b"x" * 5000)
    target = tmp_path / "koolla.db"
    assert set_aside.destroy_due(target, room.keys, now=run.closes_at) == []
    assert not set_aside.is_empty(target, room.keys)
    set_aside.destroy_due(target, room.keys, now=datetime.now(UTC) + KEPT_FOR)
    assert set_aside.is_empty(target, room.keys)
    assert list((tmp_path / "keys").iterdir()) == []


@ON_SQLITE
async def test_a_restore_that_was_killed_leaves_the_database_alone(room: Room, tmp_path: Path) -> None:
    """It gives the database a second name before the copy takes the first one."""
    await room.group(3)
    target = tmp_path / "koolla.db"
    second = target.with_name(f"{target.name}.before-restore-20260101-000000")
    second.hardlink_to(target)
    before = target.read_bytes()
    set_aside.destroy_due(target, room.keys, now=datetime.now(UTC))
    assert not second.exists()
    assert target.read_bytes() == before


@ON_SQLITE
async def test_the_status_names_the_day(room: Room, tmp_path: Path) -> None:
    _, replaced, _ = await restored(room, tmp_path)
    lines = (await status.read(settings_of(tmp_path))).lines
    (line,) = [line for line in lines if replaced.name in line]
    assert "which the bot destroys after" in line


async def test_a_key_of_no_form_is_set_aside_and_brought_back_for_its_form(talk: Talk, anna: Actor) -> None:
    """As when PostgreSQL is restored with its own tools, and that is undone."""
    await talk.group(members=[talk.person(f"Jäsen {number}") for number in range(5)], coordinator=anna)
    await held(talk, anna)
    (run,) = await rows(talk, Run)
    key = talk.app.keys.path(run.key).read_bytes()
    row = {name: getattr(run, name) for name in Run.__table__.columns.keys()}  # noqa: SIM118
    async with talk.app.sessions.begin() as session:
        await session.execute(delete(Participation))
        await session.execute(delete(Run))
    await ticks.destroy_set_aside(talk.app)
    assert talk.app.keys.has(run.key)  # so young that its form may be about to be stored
    an_hour_ago = time.time() - 3700
    os.utime(talk.app.keys.path(run.key), (an_hour_ago, an_hour_ago))
    await ticks.destroy_set_aside(talk.app)
    assert [key.name for key in keys_set_aside.listed(talk.app.keys.folder)] == [run.key]
    assert not talk.app.keys.has(run.key)
    async with talk.app.sessions.begin() as session:
        session.add(Run(**row))
    await ticks.destroy_set_aside(talk.app)
    assert talk.app.keys.path(run.key).read_bytes() == key


async def test_a_key_of_no_form_is_destroyed_after_two_weeks(talk: Talk) -> None:
    talk.app.keys.create("run-strange")
    os.utime(talk.app.keys.path("run-strange"), (1, 1))
    await talk.settle()
    (key,) = keys_set_aside.listed(talk.app.keys.folder)
    second_name = talk.app.keys.folder / "watched"
    second_name.hardlink_to(key.path)
    before = second_name.read_bytes()
    await talk.time_passes(days=13)
    assert second_name.read_bytes() == before
    await talk.time_passes(days=1)
    await talk.settle()
    assert keys_set_aside.listed(talk.app.keys.folder) == []
    assert second_name.read_bytes() != before
