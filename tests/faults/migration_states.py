"""The state of a database (revision, schema, rows), and databases with rows in every table."""

import asyncio
import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

from alembic import command
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    MetaData,
    Time,
    inspect,
    text,
)
from sqlalchemy.types import JSON

from bot import db
from bot.commands import migrate
from migrations.tables import metadata

State = dict[str, Any]
"""``revision``, ``schema`` by kind of object, ``rows`` by table, all as plain values, so that states compare."""

KINDS = ("columns", "pk_constraint", "foreign_keys", "unique_constraints", "check_constraints", "indexes")
ROWS = 3
CHOICES = {
    (column.table.name, column.name): column.type.enums
    for table in metadata.tables.values()
    for column in table.columns
    if isinstance(column.type, Enum)
}
"""What a CHECK constraint of today allows in a column; it must have been written before, too."""
CONVERTED = {
    "run": {"asked", "answered", "unreadable"},
    "release": {"asked"},
    "pool": {"asked"},
}
"""Columns whose values a revision converts: `tests/test_migrations.py` has a test for each."""
MOMENT = datetime(2027, 3, 2, 7, tzinfo=UTC)


async def read(url: str) -> State:
    """The state of a database, opened as the program opens it."""
    engine = db.make_engine(url)
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await _alone(connection)
        state = await connection.run_sync(_read)
    await engine.dispose()
    return state


async def _alone(connection: Any) -> None:
    """Waits until the server has noticed that the killed process is gone."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    while await connection.scalar(others):
        await connection.rollback()  # within a transaction the answer never changes
        await asyncio.sleep(0.005)


def _read(connection: Connection) -> State:
    inspector = inspect(connection)
    rows = {
        name: connection.execute(text(f'SELECT * FROM "{name}"')).mappings() for name in inspector.get_table_names()
    }
    return {
        "revision": migrate.current(connection),
        "schema": {kind: _plain(getattr(inspector, f"get_multi_{kind}")()) for kind in KINDS},
        "rows": {
            name: _sorted({column: repr(value) for column, value in row.items()} for row in table_rows)
            for name, table_rows in rows.items()
        },
    }


def _plain(reflected: dict[tuple[str | None, str], Any]) -> dict[str, Any]:
    """The reflected objects by table. They are sorted, because their order is no property of the schema."""
    plain: dict[str, Any] = json.loads(json.dumps({name: items for (_, name), items in reflected.items()}, default=str))
    return {name: _sorted(items) if isinstance(items, list) else items for name, items in plain.items()}


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


MOVED = {"person": {"organisation"}}
"""Columns whose values a migration puts into another one; `tests/test_migrations.py` looks for them there."""


def lost(before: State, after: State) -> list[str]:
    """The tables whose rows changed, compared in the tables and columns that both states have, but for `CONVERTED`."""
    changed = []
    for table in before["rows"].keys() & after["rows"].keys() - {"alembic_version"}:
        old_columns, new_columns = before["schema"]["columns"][table], after["schema"]["columns"][table]
        columns = {column["name"] for column in old_columns} & {column["name"] for column in new_columns}
        columns -= MOVED.get(table, set()) | CONVERTED.get(table, set())
        old, new = (_sorted(_cut(state["rows"][table], columns)) for state in (before, after))
        changed += [table] if old != new else []
    return changed


def _cut(rows: list[dict[str, str]], columns: set[str]) -> list[dict[str, str]]:
    return [{name: row[name] for name in columns} for row in rows]


async def begin(url: str, revision: str | None) -> None:
    """Makes a database at a revision, with rows in every table; without a revision it is empty."""
    engine = db.make_engine(url)
    if revision is not None:
        async with db.rewriting(engine) as connection:
            await connection.run_sync(lambda c: command.upgrade(migrate.config(c), revision))
        async with engine.begin() as connection:
            await connection.run_sync(_fill)
    await engine.dispose()


def _fill(connection: Connection) -> None:
    """Inserts rows into every table, without the models. Row n refers to the rows n of other tables."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if table.name != "alembic_version":
            rows = [{column.name: _value(column, number) for column in table.columns} for number in range(1, ROWS + 1)]
            connection.execute(table.insert(), rows)


def _value(column: Column[Any], number: int) -> Any:
    values: dict[type, Any] = {
        Boolean: number % 2 == 0,
        DateTime: MOMENT + timedelta(days=number),
        Date: MOMENT.date() + timedelta(days=number),
        JSON: {"number": number},
        LargeBinary: b"\x00sealed %d" % number,
        Time: time(number),
        Integer: number,
    }
    kind = next((kind for kind in values if isinstance(column.type, kind)), None)
    if kind is None:
        choices = CHOICES.get((column.table.name, column.name))
        return choices[number % len(choices)] if choices else f"{column.name[:16]} {number}"
    if kind is DateTime and not getattr(column.type, "timezone", False):
        return values[kind].replace(tzinfo=None)
    return values[kind]
