"""Migrations: alembic without its ini file, in one transaction of our engine: the old schema or the new."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

FOLDER = Path(__file__).parents[2] / "migrations"
TURN = 20261122
"""The number under which programs on one PostgreSQL server wait for each other's upgrade."""


def newest() -> str:
    """The newest revision. Revisions are named by date and number, and their files begin with them."""
    return max(path.stem for path in (FOLDER / "versions").glob("2*.py"))[:11]


async def upgrade(engine: AsyncEngine) -> bool:
    """Brings the database to the newest schema; False if it was there already (then alembic is not even imported)."""
    async with engine.begin() as connection:
        return await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> bool:
    # Of programs that start together one upgrades, and the others find it done. SQLite's BEGIN IMMEDIATE sees to that.
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({TURN})"))
    if current(connection) == newest():
        return False
    from alembic import command

    command.upgrade(config(connection), "head")
    return True


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
