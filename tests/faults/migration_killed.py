"""Upgrades that are killed, one after the other: ``python -m tests.faults.migration_killed KIND SEED EVERY MOMENTS``.

A process of its own, which has imported everything and has neither threads nor a loop: so it can fork for each upgrade
and for each look at what is left, which is much quicker than a new interpreter. Prints its `Tally` as JSON.
"""

import asyncio
import itertools
import json
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401  (imported before the first fork, not after each)
import asyncpg  # noqa: F401
from sqlalchemy import event

import migrations.tables  # noqa: F401
from bot import db
from bot.commands import migrate
from bot.config import Settings
from tests.databases import on_server, postgres_server
from tests.faults.migration_states import State, begin, lost, read

PATIENCE = 60
"""Seconds after which an upgrade that waits for something is a fault."""
LAST = 3
"""The last statement, the commit, and the moment after it are never left out."""

Told = Callable[[str], object]
"""Hears ``statement``, ``commit`` and ``end`` before each happens."""


@dataclass
class Tally:
    """What came of the kills on one kind of database."""

    kills: int = 0
    old: int = 0
    new: int = 0
    points: dict[str, int] = field(default_factory=dict)
    """At how many points an upgrade can be killed, by the revision that it starts from."""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shelf:
    """Databases by name: on a server, or (none) in a folder."""

    folder: Path
    server: str | None

    def url(self, name: str) -> str:
        given = self.server.format(database=name) if self.server else f"sqlite:///{self.folder / name}.db"
        return Settings(database={"url": given}).database.url

    def copy(self, of: str | None, name: str = "one") -> str:
        """Makes a database like another one, or empty; the one of that name goes. Returns its address."""
        if self.server:
            apart(on_server, self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            apart(on_server, self.server, f"CREATE DATABASE {name} TEMPLATE {of or 'template1'}")
        else:
            for file in self.folder.glob(f"{name}.db*"):
                file.unlink()
            if of is not None:
                shutil.copy(self.folder / f"{of}.db", self.folder / f"{name}.db")
        return self.url(name)


def apart(task: Callable[..., Awaitable[Any]], *given: Any) -> Any:
    """What a task returns that runs in a process of its own."""
    reading, writing = os.pipe()
    child = _forked(task, *given, into=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        result = told.read()
    status = os.waitpid(child, 0)[1]
    if status:
        raise ChildProcessError(f"{task.__name__} ended with {status}: {result.decode(errors='replace')}")
    return pickle.loads(result)


def _forked(task: Callable[..., Awaitable[Any]], *given: Any, into: int) -> int:
    """The number of a new process that does the task and writes what comes of it."""
    child = os.fork()
    if child:
        return child
    signal.alarm(PATIENCE)
    code = 1
    try:
        told = pickle.dumps(asyncio.run(task(*given)))  # type: ignore[arg-type]
        code = 0
    except BaseException:
        told = traceback.format_exc().encode()
    with os.fdopen(into, "wb") as out:
        out.write(told)
    os._exit(code)


async def upgrade(url: str, told: Told) -> None:
    engine = db.make_engine(url)
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: told("statement"))
    event.listen(engine.sync_engine, "commit", lambda *_: told("commit"))
    await migrate.upgrade(engine)
    told("end")
    await engine.dispose()


async def measured(url: str) -> list[tuple[str, float]]:
    """What an upgrade that nobody disturbs consists of, and when each part began."""
    heard: list[tuple[str, float]] = []
    await upgrade(url, lambda what: heard.append((what, time.monotonic())))
    return heard


async def killed_at(url: str, number: int) -> None:
    """An upgrade that kills itself before its so-manyth part."""
    await upgrade(url, _at(number, lambda: os.kill(os.getpid(), signal.SIGKILL)))


def _at(number: int, then: Callable[[], object]) -> Told:
    parts = itertools.count(1)
    return lambda _: then() if next(parts) == number else None


async def telling(url: str, number: int, into: int) -> None:
    """An upgrade that tells when its so-manyth part begins."""
    await upgrade(url, _at(number, lambda: os.write(into, b".")))


def killed_from_outside(url: str, number: int, after: float) -> None:
    """Kills an upgrade so many seconds after the beginning of its so-manyth part."""
    reading, writing = os.pipe()
    child = _forked(telling, url, number, writing, into=writing)
    os.close(writing)
    os.read(reading, 1)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)


async def recovered(url: str) -> tuple[State, State]:
    """What is left, and what a plain upgrade makes of it."""
    left = await read(url)
    await upgrade(url, lambda _: None)
    return left, await read(url)


class Trial:
    """The upgrades from one revision."""

    def __init__(self, shelf: Shelf, start: str | None, tally: Tally) -> None:
        self.shelf, self.tally, self.name = shelf, tally, start or "empty"
        self.template = f"from_{start}" if start else None
        if self.template:
            apart(begin, shelf.copy(None, self.template), start)
        url = shelf.copy(self.template)
        self.old: State = apart(read, url)
        self.parts: list[tuple[str, float]] = apart(measured, url)
        self.new: State = apart(read, url)
        tally.points[self.name] = len(self.parts)
        for table in lost(self.old, self.new):
            tally.faults.append(f"{self.name}: an upgrade changes the rows of {table}")
        if self.new["revision"] != migrate.newest():
            tally.faults.append(f"{self.name}: an upgrade ends at {self.new['revision']}")

    def at(self, number: int) -> None:
        """Kills before the so-manyth part: whatever is not committed is undone, what is stays."""
        url = self.shelf.copy(self.template)
        reading, writing = os.pipe()
        child = _forked(killed_at, url, number, into=writing)
        os.close(writing)
        os.close(reading)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            self.tally.faults.append(f"{self.name}: nobody was killed at {number}")
        self.judge(url, f"at {number}", [self.new] if number == len(self.parts) else [self.old])

    def around(self, chance: random.Random) -> None:
        """Kills at any moment, then at any moment from the last statement on: whole either way."""
        for number in (1, len(self.parts) - LAST + 1):
            url = self.shelf.copy(self.template)
            after = chance.uniform(0, self.parts[-1][1] - self.parts[number - 1][1])
            killed_from_outside(url, number, after)
            self.judge(url, f"{after * 1000:.1f} ms after {number}", [self.old, self.new])

    def judge(self, url: str, moment: str, allowed: list[State]) -> None:
        self.tally.kills += 1
        try:
            left, made = apart(recovered, url)
        except ChildProcessError as error:
            self.tally.faults.append(f"{self.name}, killed {moment}: {error}")
            return
        self.tally.old += left == self.old
        self.tally.new += left == self.new
        if left not in allowed:
            kind = "old" if left == self.old else "new" if left == self.new else "between"
            self.tally.faults.append(f"{self.name}, killed {moment}: {kind}, {_difference(left, self.old)}")
        if made != self.new:
            self.tally.faults.append(f"{self.name}, killed {moment}: not upgraded, {_difference(made, self.new)}")


def _difference(found: State, wanted: State) -> str:
    parts = [
        f"{part}.{key}"
        for part in ("schema", "rows")
        for key in sorted(found[part].keys() | wanted[part].keys())
        if found[part].get(key) != wanted[part].get(key)
    ]
    return f"at {found['revision']}, unlike {wanted['revision']} in {', '.join(parts)}"


def revisions() -> list[str | None]:
    """Where an upgrade can begin: with nothing, or at each revision but the newest."""
    names = sorted(path.stem[:11] for path in (migrate.FOLDER / "versions").glob("2*.py"))
    return [None, *names[:-1]]


def main(kind: str, seed: int, every: int, moments: int) -> Tally:
    """Kills at every so-manyth part (the first by the seed), and twice as many times as moments from outside."""
    tally, chance = Tally(), random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="koolla-faults-") as folder,
        postgres_server() if kind == "postgresql" else nullcontext(None) as server,
    ):
        for start in revisions():
            trial = Trial(Shelf(Path(folder), server), start, tally)
            total = len(trial.parts)
            chosen = {*range(1 + chance.randrange(every), total + 1, every), *range(total - LAST + 1, total + 1)}
            for number in sorted(chosen):
                trial.at(number)
            for _ in range(moments):
                trial.around(chance)
    return tally


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], *map(int, sys.argv[2:])))))
