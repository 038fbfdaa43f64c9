"""Removing from the disk what was deleted from the database: who answered a form must not be read from its remains.

SQLite overwrites deleted rows itself (`secure_delete`). What remains is the order in which rows of a table were added
and deleted, in pages that other rows keep in use, and the history of all changes in the WAL.

PostgreSQL keeps deleted rows and the old versions of changed ones until a table is rewritten.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot import db
from models.base import Base
from models.delivery.cards import Message, ReplacedMessage
from models.delivery.drafts import Draft
from models.delivery.outbox import Delivery
from models.feedback.pools import Pooled
from models.feedback.runs import Participation, Staged
from models.meetings.attendance import Attendance
from models.people.people import Address

OPEN_FORMS: tuple[type[Base], ...] = (Staged, Participation, Draft, ReplacedMessage)
"""Tables with rows for open forms and dialogues only, and so always small."""
WITH_TRACES: tuple[type[Base], ...] = (*OPEN_FORMS, Pooled, Attendance, Address, Message, Delivery)
"""Tables in which a deleted row, or an old version of one, can show who has answered a form."""
REWRITTEN_AT_ONCE_BYTES = 16 * 1024 * 1024
"""Size up to which PostgreSQL rewrites a table while others wait for it: half a second at most. Larger ones are
rewritten at night."""
LOCK_WAIT = "2s"
"""How long PostgreSQL waits for a lock on a table before it leaves the table for the next time."""
WAL_OVERWRITTEN_BYTES = 64 * 1024 * 1024
"""The most of SQLite's WAL that is overwritten before it is truncated. It is rarely larger than 4 MB."""
IN_MEMORY_BYTES = 64 * 1024 * 1024
"""Size up to which a SQLite database is rewritten in memory."""


async def scrub(engine: AsyncEngine) -> bool:
    """Removes remains of deleted rows. Call it after the commit of a closing. Returns False if it must be repeated,
    because another process is using what is to be rewritten."""
    if engine.dialect.name == "sqlite":
        await _rewrite_open_forms(engine)
        return await empty_wal(engine)
    tables = [Base.metadata.tables[table.__tablename__] for table in WITH_TRACES]
    return await _rewrite_tables(engine, tables, up_to=REWRITTEN_AT_ONCE_BYTES)


async def _rewrite_open_forms(engine: AsyncEngine) -> None:
    """Writes the rows of each table anew, in random order, into emptied pages.

    Without foreign keys SQLite clears the pages of a table at once, instead of deleting row by row.
    """
    async with db.rewriting(engine) as connection:
        for table in OPEN_FORMS:
            await _rewrite(connection, table.__tablename__)


async def _rewrite(connection: AsyncConnection, name: str) -> None:
    rows = [tuple(row) for row in await connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
    secrets.SystemRandom().shuffle(rows)
    await connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608
    if rows:
        values = ", ".join("?" * len(rows[0]))
        await connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({values})", rows)  # noqa: S608


async def empty_wal(engine: AsyncEngine) -> bool:
    """Overwrites and truncates SQLite's WAL; returns False if a reader or writer in another process prevents that.

    A WAL that is only truncated stays in free blocks of the disk.
    """
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("PRAGMA busy_timeout=0")  # whoever is in the way is not waited for: all others would wait
        try:
            if not await _checkpoint(driver, "RESTART"):
                return False
            await _overwrite_wal(driver)
            return await _checkpoint(driver, "TRUNCATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        finally:
            await driver.execute(f"PRAGMA {db.BUSY_TIMEOUT}")


async def rewrite(engine: AsyncEngine, interrupted: asyncio.Event) -> bool:
    """Rewrites the whole database. Call it when few people wait: they do so for seconds if it is large.

    Returns False if it must be repeated: on SQLite because ``interrupted`` was set meanwhile, on PostgreSQL because
    another process was using a table.
    """
    if engine.dialect.name != "sqlite":
        return await _rewrite_tables(engine, list(Base.metadata.sorted_tables))
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if await _size(driver) <= IN_MEMORY_BYTES:
            await driver.execute("PRAGMA temp_store=MEMORY")  # a temporary file stays in free blocks of the disk
        try:
            is_done = await _vacuum_unless(driver, interrupted)
        finally:
            await driver.execute("PRAGMA temp_store=DEFAULT")
    return is_done and await empty_wal(engine)


async def _size(driver: Any) -> int:
    """The size of SQLite's database in bytes."""
    async with driver.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") as cursor:
        size: int = (await cursor.fetchone())[0]
    return size


async def _vacuum_unless(driver: Any, interrupted: asyncio.Event) -> bool:
    """Runs VACUUM on SQLite; ends it and returns False when ``interrupted`` is set. The database is as before then."""
    vacuum = asyncio.ensure_future(driver.execute("VACUUM"))
    waiting = asyncio.ensure_future(interrupted.wait())
    await asyncio.wait((vacuum, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not vacuum.done():
        await driver.interrupt()
    try:
        await vacuum
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_INTERRUPT:
            raise
        return False
    return True


async def _checkpoint(driver: Any, mode: str) -> bool:
    async with driver.execute(f"PRAGMA wal_checkpoint({mode})") as cursor:
        (is_busy, _, _) = await cursor.fetchone()
    return not is_busy


async def _overwrite_wal(driver: Any) -> None:
    """Writes as many empty pages as the WAL has; after a checkpoint with RESTART they take the place of the old ones.

    They are pages of a table that is dropped in the same transaction, and stay as free pages in the database.
    """
    async with driver.execute("PRAGMA database_list") as cursor:
        size = _wal_bytes((await cursor.fetchone())[2])
    if not size:
        return
    await driver.execute("BEGIN IMMEDIATE")
    try:
        await driver.execute("CREATE TABLE filler (content BLOB)")
        await driver.execute("INSERT INTO filler VALUES (zeroblob(?))", (size,))
        await driver.execute("DROP TABLE filler")
        await driver.execute("COMMIT")
    except BaseException:
        await driver.execute("ROLLBACK")
        raise


def _wal_bytes(database: str) -> int:
    """The number of bytes of the WAL to overwrite."""
    try:
        return min(Path(f"{database}-wal").stat().st_size, WAL_OVERWRITTEN_BYTES)
    except FileNotFoundError:
        return 0


async def _rewrite_tables(engine: AsyncEngine, tables: Iterable[Table], *, up_to: int | None = None) -> bool:
    """Rewrites tables of PostgreSQL; those larger than ``up_to`` bytes only lose their deleted rows.

    Then removes the old files, if the database's user may. Returns False if a table was locked.
    """
    async with engine.connect() as raw:
        connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT}'"))
        try:
            done = [await _vacuum(connection, table, up_to) for table in tables]
            if await connection.scalar(MAY_CHECKPOINT):
                await connection.execute(text("CHECKPOINT"))
        finally:
            await connection.execute(text("RESET lock_timeout"))
    return all(done)


MAY_CHECKPOINT = text(
    "SELECT rolsuper OR pg_has_role('pg_checkpoint', 'USAGE') FROM pg_roles WHERE rolname = current_user"
)


async def _vacuum(connection: AsyncConnection, table: Table, up_to: int | None) -> bool:
    """Rewrites a table, or vacuums it if it is larger than ``up_to`` bytes. Returns False if it was locked."""
    size = await connection.scalar(text("SELECT pg_total_relation_size(to_regclass(:name))"), {"name": table.name})
    full = "" if up_to is not None and size > up_to else "FULL "
    try:
        await connection.execute(text(f"VACUUM {full}{table.name}"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's SQLSTATE for a lock that was not got in time."""
