"""The database: engines for SQLite and PostgreSQL, the session maker, and the lock that keeps a second process out.

SQLite: explicit BEGIN IMMEDIATE, because a deferred one loses concurrent writes or ends in "database is locked";
one connection, so that transactions wait in a fair queue instead of retrying on a locked file.
"""

import asyncio
import fcntl
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

Sessions = async_sessionmaker[AsyncSession]

AWAY = (SQLAlchemyError, OSError)
"""Exceptions that the polling and sending loops take to mean: the database cannot be used now, try again. `is_away`
tells that from a wrong statement."""

BUSY_TIMEOUT = "busy_timeout=10000"
"""In milliseconds."""
PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", BUSY_TIMEOUT)
"""Set on each SQLite connection."""

SHORT = ("SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK TO", "WITH")
"""First words of statements that never block. BEGIN may wait for another process, COMMIT and VACUUM for the disk."""

SQLITE_AWAY_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}
"""SQLite's primary result codes that mean: the file is locked, full, read-only or unreadable."""
POSTGRESQL_AWAY_CODES = ("08", "53", "57", "25006")
"""Beginnings of SQLSTATE codes that mean: no connection, out of resources, shut down, read-only."""
CONNECTION_WAIT_S = 600
"""Seconds to wait for the one SQLite connection: VACUUM of a large file may hold it that long."""

MAX_IDLE_IN_TRANSACTION_S = 15
"""Seconds after which PostgreSQL ends a transaction that sends no statement; ours pause for far less than one."""


class ShortStatements(aiosqlite.Connection):
    """Runs short statements in the event loop's thread, and what may block (disk, lock) in the driver's thread.

    Handing a short statement to the thread and back costs six times as much as the statement.
    """

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        of_cursor = fn.__self__ is not self._connection
        is_short = of_cursor or fn.__name__ in ("cursor", "rollback")
        if args and isinstance(args[0], str):
            is_short = is_short and args[0].startswith(SHORT)
        if not is_short:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def opener(
    file: str, connection_type: type[aiosqlite.Connection] = ShortStatements
) -> Callable[..., aiosqlite.Connection]:
    """A function that opens a SQLite file; SQLAlchemy's ``async_creator_fn``."""

    def connect(*_args: Any, **_options: Any) -> aiosqlite.Connection:
        return connection_type(lambda: sqlite3.connect(file, check_same_thread=False), iter_chunk_size=64)

    return connect


def make_engine(url: str) -> AsyncEngine:
    """The engine for a database address. Creates the folder of a SQLite file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_async_engine(parsed, pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _limit)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        parsed,
        pool_size=1,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT_S,
        hide_parameters=True,  # an error may be logged, and what people wrote may not
        connect_args={"async_creator_fn": opener(parsed.database or ":memory:")},
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
    """Retries `journal_mode=WAL`: when several processes create the file at once, busy_timeout does not apply to this
    pragma."""
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
    """Settings of each PostgreSQL connection. A process that hangs in a transaction must not keep its rows locked."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{MAX_IDLE_IN_TRANSACTION_S}s'")
    cursor.execute("SET random_page_cost = 1.1")  # for SSDs: prefer index lookups to scans
    cursor.close()
    connection.commit()


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; None for another kind."""
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(parsed.database or "") if is_file else None


def make_sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def rewriting(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction in which tables can be written anew.

    SQLite changes most of a table by copying it and dropping the old one. While foreign keys are enforced, the drop
    deletes the rows of other tables that refer to it (ON DELETE CASCADE), and the setting can only be changed outside
    a transaction.
    """
    if engine.dialect.name != "sqlite":
        async with engine.begin() as connection:
            yield connection
        return
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("PRAGMA foreign_keys=OFF")
        try:
            async with connection.begin():
                yield connection
        finally:
            await driver.execute("PRAGMA foreign_keys=ON")


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database cannot be used now, and not that the statement was wrong."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnectionError)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_AWAY_CODES
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", "")).startswith(POSTGRESQL_AWAY_CODES)


def reason(error: BaseException) -> str:
    """Why the database could not be used, in its own words; without the statement and its parameters."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    cause = getattr(error, "orig", None)
    text = str(cause) if isinstance(cause, sqlite3.Error) else type(cause or error).__name__
    return FULL if "full" in text or "disk I/O" in text else text


FULL = "database or disk is full, or the disk fails"


def without_password(url: str) -> str:
    """A database address with the password masked."""
    return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", url)


class LockedError(Exception):
    """Another process has the database's lock."""


def lock(url: str) -> TextIO | None:
    """Takes an flock on `FILE.lock` beside a SQLite file, held while the returned file is open. Raises `LockedError` if
    another process holds it.

    The OS releases it when the process dies. None for PostgreSQL, which several processes may use.
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
