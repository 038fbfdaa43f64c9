"""Migrations: alembic without its ini file, in one transaction of our engine: the old schema or the new."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

FOLDER = Path(__file__).parents[2] / "migrations"
TURN = 20261122
"""The number under which programs on one PostgreSQL server wait for each other's upgrade."""


def newest() -> str:
    """The newest revision. Revisions are named by date and number, and their files begin with them."""
    return max(path.stem for path in (FOLDER / "versions").glob("2*.py"))[:11]


async def upgrade(engine: AsyncEngine) -> bool:
    """Brings the database to the newest schema; False if it was there already (then alembic is not even imported)."""
    async with rewriting(engine) as connection:
        return await connection.run_sync(_upgrade)


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


def _upgrade(connection: Connection) -> bool:
    # Of programs that start together one upgrades, and the others find it done. SQLite's BEGIN IMMEDIATE sees to that.
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({TURN})"))
    if current(connection) == newest():
        return False
    from alembic import command

    command.upgrade(config(connection), "head")
    _check_references(connection)
    return True


def _check_references(connection: Connection) -> None:
    """Raises RuntimeError if a row refers to no row: SQLite did not enforce foreign keys during the upgrade."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"rows of {', '.join(sorted({row[0] for row in broken}))} refer to no row")


def current(connection: Connection) -> str | None:
    """The revision of a database; None of an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def config(connection: Connection) -> Any:
    """Alembic's configuration, with the connection to use."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made
