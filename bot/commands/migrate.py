"""Migrations: alembic without its ini file, in one transaction: a crash leaves the old schema or the new one."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import db

FOLDER = Path(__file__).parents[2] / "migrations"
LOCK_ID = 20261122
"""The PostgreSQL advisory lock under which several programs migrate one after the other."""


def newest() -> str:
    """The newest revision. A revision is a date and a number, with which its file name begins."""
    return max(path.stem for path in (FOLDER / "versions").glob("2*.py"))[:11]


async def upgrade(engine: AsyncEngine) -> bool:
    """Migrates the database to the newest schema; False if it had it already (then alembic is not imported)."""
    async with db.rewriting(engine) as connection:
        return await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> bool:
    # When several programs start together, one migrates and the others wait. On SQLite BEGIN IMMEDIATE does that.
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_ID})"))
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
    """The revision of a database; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def config(connection: Connection) -> Any:
    """Alembic's configuration for a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
