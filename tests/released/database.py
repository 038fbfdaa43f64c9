"""A database with rows in every table, recorded from a released program, and made again on either kind of database.

`20261122_05.json` is a backup that the program at commit 456b4f6 made in the middle of a story: a meeting to come with
its cards and reminders, a form that is being answered, one that is planned and one on trial, results of each kind,
digests, an annual report, and a dialogue of each kind under way. The key files of its open forms are in it, too.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Boolean, Column, Connection, DateTime, MetaData, Time, text
from sqlalchemy.types import JSON

from bot import db
from bot.commands import migrate
from bot.config import Settings

FILE = Path(__file__).with_name("20261122_05.json")


@dataclass(frozen=True)
class Released:
    """What was recorded. The values of rows are as SQLite keeps them, bytes as base64 under ``bytes``."""

    revision: str
    moment: str
    """When the backup was made, by the story's clock."""
    people: Mapping[str, int]
    """Telegram ids by name."""
    last_update: int
    keys: Mapping[str, str]
    tables: Mapping[str, Mapping[str, Sequence[Any]]]

    @classmethod
    @cache
    def load(cls) -> "Released":
        return cls(**json.loads(FILE.read_text(encoding="utf-8")))

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each table."""
        return {name: len(table["rows"]) for name, table in self.tables.items()}

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [dict(zip(self.tables[table]["columns"], row, strict=True)) for row in self.tables[table]["rows"]]

    async def make(self, url: str) -> None:
        """Makes the database at its own revision."""
        engine = db.make_engine(Settings(database={"url": url}).database.url)
        async with engine.begin() as connection:
            await connection.run_sync(lambda c: command.upgrade(migrate.config(c), self.revision))
            await connection.run_sync(self._fill)
        await engine.dispose()

    def write_keys(self, folder: Path) -> None:
        """Makes the folder of the key files."""
        folder.mkdir(mode=0o700)
        for name, content in self.keys.items():
            (folder / name).touch(0o600)
            (folder / name).write_bytes(base64.b64decode(content))

    def _fill(self, connection: Connection) -> None:
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name not in self.tables:
                continue
            # The migrations themselves put some rows in.
            connection.execute(table.delete())
            for row in self.rows(table.name):
                connection.execute(table.insert(), {name: _value(table.columns[name], row[name]) for name in row})
            if connection.dialect.name == "postgresql" and "id" in table.columns:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, max(id)) FROM {table.name} HAVING max(id) > 0"))


def _value(column: Column[Any], raw: Any) -> Any:
    """A value as SQLAlchemy takes it, from the one in the record."""
    value = base64.b64decode(raw["bytes"]) if isinstance(raw, dict) else raw
    match column.type:
        case _ if value is None:
            return None
        case Boolean():
            return bool(value)
        case DateTime(timezone=has_zone):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if has_zone else moment
        case Time():
            return time.fromisoformat(value)
        case JSON():
            return json.loads(value)
        case _:
            return value
