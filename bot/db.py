"""The database: engines for SQLite and PostgreSQL, the session maker, and the lock that bars a second program.

SQLite: explicit BEGIN IMMEDIATE, because a deferred one loses concurrent writes or ends in "database is locked";
one connection, so that waiting for a turn is a queue and not a race of retries.
"""

import asyncio
import fcntl
import re
import sqlite3
from pathlib import Path
from typing import Any, TextIO

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

Sessions = async_sessionmaker[AsyncSession]

AWAY = (SQLAlchemyError, OSError)
"""What is raised at the edges when the database cannot be reached or written. In the midst of work, see `is_away`."""

PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "busy_timeout=10000",
)


SHORT = ("SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK TO", "WITH")
"""How statements begin that wait for nothing; BEGIN may wait for another process, VACUUM for the disk."""

AWAY_ON_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}
AWAY_ON_POSTGRESQL = ("08", "53", "57", "25006")
"""How its codes begin: no connection, no room, shut down, read-only."""
CONNECTION_WAIT = 600
"""Seconds for which work waits for the one connection to SQLite: a file may just be rewritten."""

LONGEST_IDLE = 15
"""Seconds for which PostgreSQL waits for the next statement of a transaction; ours take far less than one."""


class ShortStatements(aiosqlite.Connection):
    """Runs what takes microseconds where it is asked, and what waits for the disk or a lock in the driver's thread.

    The way to the thread and back cost six times as much as such a statement.
    """

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        of_cursor = fn.__self__ is not self._connection
        is_short = of_cursor or fn.__name__ in ("cursor", "rollback")
        if args and isinstance(args[0], str):
            is_short = is_short and args[0].startswith(SHORT)
        if not is_short:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def make_engine(url: str) -> AsyncEngine:
    """An engine; the folder of a SQLite file is made."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_async_engine(parsed, pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _limit)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)

    def connect(*_args: Any, **_options: Any) -> aiosqlite.Connection:
        file = parsed.database or ":memory:"
        return ShortStatements(lambda: sqlite3.connect(file, check_same_thread=False), iter_chunk_size=64)

    engine = create_async_engine(
        parsed,
        pool_size=1,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT,
        hide_parameters=True,  # an error may be logged, and what people wrote may not
        connect_args={"async_creator_fn": connect},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own
    cursor = connection.cursor()
    _begin_journal(cursor)
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_journal(cursor: Any) -> None:
    """Of programs that make a file at once one begins its journal; SQLite's own timeout does not cover the others."""
    for pause in (0.02, 0.1, 0.5, 2.0):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            await_only(asyncio.sleep(pause))
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _limit(connection: Any, _record: object) -> None:
    """What each connection of ours asks for. A process that stands still in the middle of a transaction must not keep
    its rows from the others."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{LONGEST_IDLE}s'")
    cursor.execute("SET random_page_cost = 1.1")  # rows are looked up, not scanned: no disk turns any more
    cursor.close()
    connection.commit()


def make_sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


async def scrub(engine: AsyncEngine) -> None:
    """Rewrites a SQLite file without what was deleted from it, and empties its log. PostgreSQL vacuums by itself."""
    if engine.dialect.name != "sqlite":
        return
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute("VACUUM")
        await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_away(error: BaseException) -> bool:
    """Whether the database is to blame for an error, and not what was asked of it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnectionError)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in AWAY_ON_SQLITE
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", "")).startswith(AWAY_ON_POSTGRESQL)


def reason(error: BaseException) -> str:
    """Why the database could not be used, in its own words: without the statement, and what was to be written."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    cause = getattr(error, "orig", None)
    text = str(cause) if isinstance(cause, sqlite3.Error) else type(cause or error).__name__
    return FULL if "full" in text or "disk I/O" in text else text


FULL = "database or disk is full, or the disk fails"


def without_password(url: str) -> str:
    """A database address that may be shown."""
    return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", url)


class LockedError(Exception):
    """Another program is running on the database."""


def lock(url: str) -> TextIO | None:
    """Bars a second program from a SQLite file for as long as what is returned stays open; `LockedError` if one runs.

    The system takes the lock from a process that dies. PostgreSQL serves many processes, and has none.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    file = Path(f"{parsed.database}.lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise LockedError from None
    return handle
