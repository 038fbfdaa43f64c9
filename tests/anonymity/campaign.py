"""Plays several worlds on each kind of database and collects the results in one table."""

import asyncio
import io
import random
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot import db, logs
from bot.demo.stage import Stage
from tests.anonymity import naive
from tests.anonymity.linkage import Table
from tests.anonymity.room import Room
from tests.anonymity.waiting_pools import SmallGroup
from tests.anonymity.worlds import FORM, World
from tests.databases import migrated, new_database, on_server, postgres_server

SMALL_GROUPS = 5
"""Groups with a waiting pool that are played for each seed."""


@asynccontextmanager
async def beside(url: str, folder: Path) -> AsyncIterator[db.AsyncEngine]:
    """Yields an engine for a new, empty database of the same kind, for the careless storage."""
    engine = db.make_engine(f"sqlite+aiosqlite:///{folder / f'naive-{secrets.token_hex(4)}.db'}")
    name = f"naive_{secrets.token_hex(4)}"
    if not url.startswith("sqlite"):
        server = url.replace("postgresql+asyncpg", "postgresql")
        head, _, tail = server.partition("?")
        server = f"{head.rpartition('/')[0]}/{{database}}?{tail}"
        await on_server(server, f"CREATE DATABASE {name}")
        engine = db.make_engine(server.format(database=name).replace("postgresql://", "postgresql+asyncpg://"))
    try:
        yield engine
    finally:
        await engine.dispose()
        if not url.startswith("sqlite"):
            await on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


async def small_groups(room: Room, table: Table, *, groups: int, seed: int) -> None:
    """Plays groups whose answers wait in pools, and runs the attacks on their pools."""
    version = await room.form(FORM)
    for number in range(groups):
        group = SmallGroup(room, version, random.Random(1_000 * seed + number))
        leaked, truth = await group.play()
        table.add(leaked, truth, group.keep_carelessly(leaked), through="pools")


async def one_world(
    stage: Stage, folder: Path, table: Table, *, respondents: int, seed: int, through: str, log: Callable[[], str]
) -> None:
    """Plays a world, and runs the attacks on its data and on the same answers in the careless storage."""
    world = World(stage, folder, respondents, seed, inbox=through == "inbox")
    leaked, truth = await world.play(log)
    async with beside(stage.app.settings.database.url, folder) as engine:
        copy = await naive.store_carelessly(engine, leaked, truth)
    table.add(leaked, truth, copy, through=through)


@dataclass
class Campaign:
    """The size of a series of worlds, and its results."""

    respondents: int
    seeds: int
    table: Table = field(default_factory=Table)
    log: io.StringIO = field(default_factory=io.StringIO)

    async def run(self, databases: list[str]) -> Table:
        logs.set_up(stream=self.log)
        for kind in databases:
            if kind == "sqlite":
                await self._worlds(_file)
                continue
            with postgres_server() as server:
                await on_server(server, "CREATE DATABASE template")
                await migrated(server.format(database="template"))
                await self._worlds(lambda _folder, on=server: new_database(on, "template"))
        return self.table

    async def _worlds(self, database: Callable[[Path], AbstractAsyncContextManager[str]]) -> None:
        for seed in range(self.seeds):
            for through, size in (("verbs", self.respondents), ("inbox", max(20, self.respondents // 5))):
                with tempfile.TemporaryDirectory(prefix="anonymity-") as name:
                    folder = Path(name)
                    async with database(folder) as url, Stage.open(folder, database={"url": url}) as stage:
                        given = {"respondents": size, "seed": seed, "through": through}
                        await one_world(stage, folder, self.table, log=self.log.getvalue, **given)
            with tempfile.TemporaryDirectory(prefix="anonymity-") as name:
                async with database(Path(name)) as url, Room.open(url, Path(name)) as room:
                    if url.startswith("sqlite"):
                        await migrated(url)
                    await small_groups(room, self.table, groups=SMALL_GROUPS, seed=seed)
            print(f"seed {seed + 1} of {self.seeds}", file=sys.stderr, flush=True)


@asynccontextmanager
async def _file(folder: Path) -> AsyncIterator[str]:
    yield f"sqlite:///{folder / 'koolla.db'}"


def main(respondents: int, seeds: int, databases: list[str]) -> Table:
    return asyncio.run(Campaign(respondents, seeds).run(databases))
