"""What an attacker has: every row with where it lies, the raw files, a backup, the log; and what they know."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Vector = tuple[Any, ...]
"""What somebody chose, question by question."""


@dataclass
class Truth:
    """What the attacker wants to know."""

    vectors: dict[int, Vector]
    """By person; of those who answered."""
    texts: dict[int, str]
    silent: set[int]

    @property
    def mode(self) -> Vector:
        """The best guess of anyone's answers from the published totals: what most chose, question by question."""
        return tuple(Counter(column).most_common(1)[0][0] for column in zip(*self.vectors.values(), strict=True))


@dataclass
class Loot:
    """All that there is, and what everybody may know: who came in which order, their profiles, the published modes."""

    database: str
    order: list[int]
    profiles: dict[int, tuple[str, str]]
    public: Vector
    asked: list[int]
    spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    """When each was answering, by the program's clock."""
    walls: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    """The same by the wall's, which the log goes by."""
    backup: Tables = field(default_factory=dict)
    closed: Tables = field(default_factory=dict)
    files: list[bytes] = field(default_factory=list)
    keys: list[tuple[str, bytes]] = field(default_factory=list)
    log: str = ""
    watched: list[tuple[int, Row]] = field(default_factory=list)
    """What could be seen of the figures after each person."""


async def tables(engine: AsyncEngine) -> Tables:
    """Every row of every table, with the hidden columns: where it lies, and which transaction wrote it."""
    hidden = "rowid AS _place, 0 AS _xmin"
    if engine.dialect.name == "postgresql":
        hidden = "ctid::text AS _place, xmin::text::bigint AS _xmin"
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        found: Tables = {}
        for name in names:
            rows = (await connection.execute(text(f'SELECT {hidden}, * FROM "{name}"'))).mappings()
            found[name] = [{**row, "_place": place(row["_place"])} for row in rows]
    return found


def place(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(int(part) for part in re.findall(r"\d+", value))


async def files(engine: AsyncEngine) -> list[bytes]:
    """The raw bytes of the database: SQLite's file and log, PostgreSQL's heaps with all dead rows."""
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
        paths = [path for one in (heaps, long_values) for path in (await autocommit.execute(text(one))).scalars()]
    return [(folder / path).read_bytes() for path in paths if path and (folder / path).is_file()]


def decoded(value: Any) -> dict[int, Any] | None:
    """Answers that lie somewhere as JSON by question, sealed by nothing."""
    try:
        content = json.loads(value)
        found: dict[int, Any] = {}
        for key, one in content.items():
            question, _, option = key.partition(".")
            said = one[0] if isinstance(one, list) and len(one) == 3 and "." in "".join(content) else one
            if option.isdigit():
                found[int(question)] = [*found.get(int(question), []), *([int(option)] if said else [])]
            elif not option and question.isdigit() and not isinstance(said, bool):
                found[int(question)] = said
        return found or None
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError):
        return None
