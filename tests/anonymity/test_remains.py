"""What a closing leaves on the disk: nothing tells who answered, in free space, logs, dead rows or raw blocks."""

import asyncio
import sqlite3
import struct
from collections.abc import AsyncIterator
from contextlib import closing as closed_at_end
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import scrubbing, ticks
from models.feedback.runs import Run
from models.forms.items import Item, QuestionKind
from tests import raw_disk
from tests.anonymity import attacker_data, sqlite_pages
from tests.anonymity.room import Room
from tests.databases import KIND
from tests.statements import recorded
from tests.talk import Actor, Talk
from tests.talks.feedback.test_feedback import answers, held

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5)
ON_SQLITE = pytest.mark.skipif(KIND != "sqlite", reason="of SQLite")
ON_POSTGRESQL = pytest.mark.skipif(KIND != "postgresql", reason="of PostgreSQL")
ASKED, ANSWERED = 60, 44


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str) -> AsyncIterator[Room]:
    async with Room.open(migrated_url, tmp_path) as room:
        yield room


async def answered(room: Room, *, again: int = 0) -> tuple[int, list[int], list[int]]:
    """A run to which some of those asked have answered. Returns its id, who has answered and who has not.

    ``again`` more answer a second form, which stays open.
    """
    group, people = await room.group(ASKED)
    version = await room.form([SCALE, SCALE])
    run = await room.put(version, group, people)
    for person in people[:ANSWERED]:
        await room.answer(run, person, {1: 1 + person % 5, 2: 3})
    if again:
        second = await room.put(await room.form([SCALE]), group, people)
        for person in people[:again]:
            await room.answer(second, person, {1: 1 + person % 5})
    return run, people[:ANSWERED], people[ANSWERED:]


@ON_SQLITE
async def test_free_space_of_sqlite_tells_nothing_of_those_who_answered(room: Room, tmp_path: Path) -> None:
    """Not even the order in which rows were added, which the offsets of deleted cells show."""
    run, *_ = await answered(room, again=7)
    await room.close(run)
    before = {row.person_id: row.blob for row in await room.rows(scrubbing.Staged)}
    assert await scrubbing.scrub(room.engine)
    assert {row.person_id: row.blob for row in await room.rows(scrubbing.Staged)} == before
    unused = sqlite_pages.unused(tmp_path / "koolla.db")
    for table in ("staged", "participation", "draft"):
        for name in (table, f"sqlite_autoindex_{table}_1"):
            assert not unused[name].strip(b"\0"), name
    assert not [name for name, content in unused.items() if b"feedback" in content]
    assert (tmp_path / "koolla.db-wal").stat().st_size == 0


@ON_SQLITE
async def test_a_reader_delays_the_scrub_and_nobody_waits_for_it(room: Room, tmp_path: Path) -> None:
    run, *_ = await answered(room)
    file = tmp_path / "koolla.db"
    with closed_at_end(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM run").fetchone()
        await room.close(run)
        async with asyncio.timeout(1):
            assert not await scrubbing.scrub(room.engine)
        assert (tmp_path / "koolla.db-wal").stat().st_size > 0
    assert await scrubbing.scrub(room.engine)
    assert (tmp_path / "koolla.db-wal").stat().st_size == 0


@ON_SQLITE
async def test_the_tick_scrubs_until_no_reader_is_left(talk: Talk, anna: Actor, tmp_path: Path) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=members, coordinator=anna)
    await held(talk, anna)
    for member in members:
        await answers(member, "4435")
    wal = tmp_path / "koolla.db-wal"
    with closed_at_end(sqlite3.connect(tmp_path / "koolla.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM run").fetchone()
        await talk.time_passes(days=8)
        assert talk.app.scrub_needed
    await ticks.scrub(talk.app)
    assert not talk.app.scrub_needed
    assert wal.stat().st_size == 0


@ON_SQLITE
async def test_the_night_after_a_closing_the_database_is_rewritten(talk: Talk) -> None:
    talk.app.rewrite_needed = True
    await talk.time_passes(hours=1)
    await ticks.rewrite_at_night(talk.app)
    assert talk.app.rewrite_needed  # at ten in the morning
    talk.clock.moment = talk.clock.moment.replace(hour=1)  # three in Helsinki
    await ticks.rewrite_at_night(talk.app)
    assert not talk.app.rewrite_needed


@ON_SQLITE
async def test_a_rewriting_ends_when_updates_arrive(room: Room) -> None:
    async with room.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE large AS SELECT randomblob(60000000) AS content"))
    interrupted = asyncio.Event()
    rewriting = asyncio.create_task(scrubbing.rewrite(room.engine, interrupted))
    await asyncio.sleep(0.005)
    interrupted.set()
    assert not await rewriting
    interrupted.clear()
    assert await scrubbing.rewrite(room.engine, interrupted)


@ON_POSTGRESQL
async def test_dead_rows_of_postgresql_do_not_tell_who_pressed_send(room: Room) -> None:
    run, sent, silent = await answered(room)
    by_chance = len(await _finished(room, run, silent))
    assert await _finished(room, run, sent) == set(sent)
    await room.close(run)
    assert await scrubbing.scrub(room.engine)
    assert len(await _finished(room, run, sent)) <= by_chance + 1


async def _finished(room: Room, run: int, people: list[int]) -> set[int]:
    """Of whom a row of `Participation` that says that they have sent their answers is in the files of tables, dead or
    alive, or bytes of other rows that look like one."""
    files = await attacker_data.files(room.engine)
    patterns = {person: struct.pack("<iiB", run, person, 1) for person in people}
    return {person for person, pattern in patterns.items() if any(pattern in content for content in files)}


@ON_POSTGRESQL
async def test_statistics_of_postgresql_do_not_list_who_answered(room: Room) -> None:
    """It keeps up to a hundred values of each column for its planner, also after the rows are gone."""
    run, *_ = await answered(room)
    async with room.engine.connect() as raw:
        connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
        await room.close(run)
        assert await scrubbing.scrub(room.engine)
        wanted = "SELECT tablename FROM pg_stats WHERE tablename IN ('staged', 'participation', 'draft')"
        listed = (await connection.execute(text(f"{wanted} AND attname = 'person_id'"))).scalars().all()
    assert listed == []


@ON_POSTGRESQL
async def test_a_locked_table_is_left_for_the_next_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "LOCK_WAIT", "100ms")
    async with room.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE staged IN ACCESS SHARE MODE"))
        assert not await scrubbing.scrub(room.engine)
    assert await scrubbing.scrub(room.engine)


DISK = """
import asyncio, pathlib, shutil
from tests.anonymity.test_remains import closed_on_disk
shutil.copy(TEMPLATE, "koolla.db")
asyncio.run(closed_on_disk(pathlib.Path.cwd(), pathlib.Path(OUTSIDE), SCRUB))
"""


@ON_SQLITE
@pytest.mark.skipif(bool(raw_disk.why_not()), reason=raw_disk.why_not())
@pytest.mark.parametrize(("scrub", "is_left"), [("scrub", False), ("truncate", True)])
def test_no_sealed_answer_is_left_on_the_raw_disk(
    tmp_path: Path, template_file: str, scrub: str, is_left: bool
) -> None:
    """A sealed answer cannot be opened, but its row tells who has answered. A log that is only truncated keeps it."""
    outside = tmp_path / "blobs"
    names = {"TEMPLATE": template_file, "OUTSIDE": str(outside), "SCRUB": scrub}
    code = DISK
    for name, value in names.items():
        code = code.replace(name, repr(value))
    disk = raw_disk.ext4_after(tmp_path, code)
    content = outside.read_bytes()
    blobs = [content[start : start + BLOB_BYTES] for start in range(0, len(content), BLOB_BYTES)]
    assert len(blobs) >= ANSWERED
    assert any(blob in disk for blob in blobs) == is_left


BLOB_BYTES = 64
"""So many first bytes of each sealed answer are looked for."""


async def closed_on_disk(folder: Path, outside: Path, scrub: str) -> None:
    """Answers and closes a form in a database in this folder; writes the beginnings of all sealed answers outside."""
    async with Room.open(f"sqlite:///{folder / 'koolla.db'}", folder) as room:
        with recorded(room.engine) as statements:
            run, *_ = await answered(room)
        await room.close(run)
        if scrub == "scrub":
            assert await scrubbing.scrub(room.engine)
        else:
            async with room.engine.connect() as connection:
                await connection.exec_driver_sql("ROLLBACK")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (await room.rows(Run))[0].answered == ANSWERED
    blobs = [value for statement, values in statements if "staged" in statement for value in values]
    outside.write_bytes(b"".join(bytes(blob)[:BLOB_BYTES] for blob in blobs if isinstance(blob, memoryview)))
