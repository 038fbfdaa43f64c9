"""The data that an attacker has: rows with their physical position, raw files, a backup, keys, the log."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.anonymity.chats import Words

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Vector = tuple[Any, ...]
"""One person's choices in the order of the questions."""


@dataclass
class Truth:
    """What people really answered. Attacks do not see it."""

    vectors: dict[int, Vector]
    """By person id, only people who answered."""
    texts: dict[int, str]
    silent: set[int]

    @property
    def mode(self) -> Vector:
        """The most common choice of each question, which is the best guess from the published totals."""
        return tuple(Counter(column).most_common(1)[0][0] for column in zip(*self.vectors.values(), strict=True))


@dataclass
class LeakedData:
    """All that an attacker gets, including public facts: order of answering, profiles, most common choices."""

    database: str
    order: list[int]
    profiles: dict[int, tuple[str, str]]
    public: Vector
    asked: list[int]
    spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    """By person id: begin and end of answering, by the program's clock."""
    walls: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    """The same by the machine's clock, which the log uses."""
    backup: Tables = field(default_factory=dict)
    closed: Tables = field(default_factory=dict)
    files: list[bytes] = field(default_factory=list)
    keys: list[tuple[str, bytes]] = field(default_factory=list)
    log: str = ""
    chats: dict[int, list[Words]] = field(default_factory=dict)
    """By person id: what the bot's token reads in the person's chat after closing."""
    pool_states: list[list[bytes]] = field(default_factory=list)
    """The sealed rows of a pool after each meeting, from backups; one person has answered after each."""
    backgrounds: dict[int, dict[int, str]] = field(default_factory=dict)
    """By background question and option: the organisation or field."""
    watched: list[tuple[int, Row]] = field(default_factory=list)
    """Person id and the figures that were visible after that person's answers."""


async def tables(engine: AsyncEngine) -> Tables:
    """Returns all rows of all tables with their physical position (`_place`) and transaction number (`_xmin`)."""
    hidden = "rowid AS _place, 0 AS _xmin"
    if engine.dialect.name == "postgresql":
        hidden = "ctid::text AS _place, xmin::text::bigint AS _xmin"
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        rows_of_table: Tables = {}
        for name in names:
            rows = (await connection.execute(text(f'SELECT {hidden}, * FROM "{name}"'))).mappings()
            rows_of_table[name] = [{**row, "_place": place(row["_place"])} for row in rows]
    return rows_of_table


def place(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(int(part) for part in re.findall(r"\d+", value))


async def files(engine: AsyncEngine) -> list[bytes]:
    """Returns the raw bytes of SQLite's file and WAL, or of PostgreSQL's heap and TOAST files with dead rows."""
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        return [path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")) if path.is_file()]
    async with engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("CHECKPOINT"))
        folder = Path((await autocommit.execute(text("SHOW data_directory"))).scalar_one())
        ours = "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        heaps = f"SELECT pg_relation_filepath(oid) {ours}"
        long_values = f"SELECT pg_relation_filepath(reltoastrelid) {ours} AND reltoastrelid > 0"
        paths = [path for query in (heaps, long_values) for path in (await autocommit.execute(text(query))).scalars()]
    return [(folder / path).read_bytes() for path in paths if path and (folder / path).is_file()]


def decoded(value: Any) -> dict[int, Any] | None:
    """Returns the answers, by question number, if the value is JSON in plain text; otherwise None."""
    try:
        content = json.loads(value)
        answers: dict[int, Any] = {}
        for key, stored in content.items():
            question, _, option = key.partition(".")
            choice = stored[0] if isinstance(stored, list) and len(stored) == 3 and "." in "".join(content) else stored
            if option.isdigit():
                answers[int(question)] = [*answers.get(int(question), []), *([int(option)] if choice else [])]
            elif not option and question.isdigit() and not isinstance(choice, bool):
                answers[int(question)] = choice
        return answers or None
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError):
        return None
