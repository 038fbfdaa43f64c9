"""Kills upgrades, one after the other: ``python -m tests.faults.migration_killed KIND SEED EVERY MOMENTS``.

It is a process of its own without threads or an event loop, so that it can fork for each upgrade and each check.
That is much quicker than a new interpreter. Prints its `Tally` as JSON.
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
"""Seconds that an upgrade may take."""
LAST = 3
"""The last three parts are always tried: the last statement, the commit, and the time after it."""

Listener = Callable[[str], object]
"""Is called with ``statement``, ``commit`` or ``end`` before each part."""


@dataclass
class Tally:
    """The results of the kills on one kind of database."""

    kills: int = 0
    old: int = 0
    new: int = 0
    points: dict[str, int] = field(default_factory=dict)
    """The number of parts of an upgrade, by the revision that it starts from."""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Databases:
    """Databases by name: on a server, or in a folder if there is none."""

    folder: Path
    server: str | None

    def url(self, name: str) -> str:
        given = self.server.format(database=name) if self.server else f"sqlite:///{self.folder / name}.db"
        return Settings(database={"url": given}).database.url

    def copy(self, of: str | None, name: str = "one") -> str:
        """Makes a copy of a database, or an empty one, in place of the one of that name. Returns its address."""
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
    """Runs a task in a forked process. Returns its result."""
    read_end, write_end = os.pipe()
    child = _forked(task, *given, into=write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        result = pipe.read()
    status = os.waitpid(child, 0)[1]
    if status:
        raise ChildProcessError(f"{task.__name__} ended with {status}: {result.decode(errors='replace')}")
    return pickle.loads(result)


def _forked(task: Callable[..., Awaitable[Any]], *given: Any, into: int) -> int:
    """Forks a process that runs the task and writes the pickled result. Returns its id."""
    process_id = os.fork()
    if process_id:
        return process_id
    signal.alarm(PATIENCE)
    code = 1
    try:
        output = pickle.dumps(asyncio.run(task(*given)))  # type: ignore[arg-type]
        code = 0
    except BaseException:
        output = traceback.format_exc().encode()
    with os.fdopen(into, "wb") as out:
        out.write(output)
    os._exit(code)


async def upgrade(url: str, listener: Listener) -> None:
    engine = db.make_engine(url)
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: listener("statement"))
    event.listen(engine.sync_engine, "commit", lambda *_: listener("commit"))
    await migrate.upgrade(engine)
    listener("end")
    await engine.dispose()


async def measured(url: str) -> list[tuple[str, float]]:
    """The parts of an undisturbed upgrade, with the time when each began."""
    parts: list[tuple[str, float]] = []
    await upgrade(url, lambda part: parts.append((part, time.monotonic())))
    return parts


async def killed_at(url: str, number: int) -> None:
    """An upgrade that kills itself before the part of this number."""
    await upgrade(url, _at(number, lambda: os.kill(os.getpid(), signal.SIGKILL)))


def _at(number: int, then: Callable[[], object]) -> Listener:
    parts = itertools.count(1)
    return lambda _: then() if next(parts) == number else None


async def telling(url: str, number: int, into: int) -> None:
    """An upgrade that writes a byte when the part of this number begins."""
    await upgrade(url, _at(number, lambda: os.write(into, b".")))


def killed_from_outside(url: str, number: int, after: float) -> None:
    """Kills an upgrade so many seconds after the part of this number began."""
    read_end, write_end = os.pipe()
    child = _forked(telling, url, number, write_end, into=write_end)
    os.close(write_end)
    os.read(read_end, 1)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read_end)


async def recovered(url: str) -> tuple[State, State]:
    """The state that is left, and the state after another upgrade."""
    left = await read(url)
    await upgrade(url, lambda _: None)
    return left, await read(url)


class Trial:
    """Upgrades from one revision."""

    def __init__(self, databases: Databases, start: str | None, tally: Tally) -> None:
        self.databases, self.tally, self.name = databases, tally, start or "empty"
        self.template = f"from_{start}" if start else None
        if self.template:
            apart(begin, databases.copy(None, self.template), start)
        url = databases.copy(self.template)
        self.old: State = apart(read, url)
        self.parts: list[tuple[str, float]] = apart(measured, url)
        self.new: State = apart(read, url)
        tally.points[self.name] = len(self.parts)
        for table in lost(self.old, self.new):
            tally.faults.append(f"{self.name}: an upgrade changes the rows of {table}")
        if self.new["revision"] != migrate.newest():
            tally.faults.append(f"{self.name}: an upgrade ends at {self.new['revision']}")

    def at(self, number: int) -> None:
        """Kills before the part of this number. What was not committed must be undone."""
        url = self.databases.copy(self.template)
        read_end, write_end = os.pipe()
        child = _forked(killed_at, url, number, into=write_end)
        os.close(write_end)
        os.close(read_end)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            self.tally.faults.append(f"{self.name}: nobody was killed at {number}")
        self.judge(url, f"at {number}", [self.new] if number == len(self.parts) else [self.old])

    def around(self, rng: random.Random) -> None:
        """Kills at a random moment, and at a random moment from the last statement on."""
        for number in (1, len(self.parts) - LAST + 1):
            url = self.databases.copy(self.template)
            after = rng.uniform(0, self.parts[-1][1] - self.parts[number - 1][1])
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


def _difference(actual: State, expected: State) -> str:
    parts = [
        f"{part}.{key}"
        for part in ("schema", "rows")
        for key in sorted(actual[part].keys() | expected[part].keys())
        if actual[part].get(key) != expected[part].get(key)
    ]
    return f"at {actual['revision']}, unlike {expected['revision']} in {', '.join(parts)}"


def revisions() -> list[str | None]:
    """Where an upgrade can start: an empty database, or each revision but the newest."""
    names = sorted(path.stem[:11] for path in (migrate.FOLDER / "versions").glob("2*.py"))
    return [None, *names[:-1]]


def main(kind: str, seed: int, every: int, moments: int) -> Tally:
    """Kills at every part of a step (the first is random), and twice ``moments`` times from outside."""
    tally, rng = Tally(), random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="koolla-faults-") as folder,
        postgres_server() if kind == "postgresql" else nullcontext(None) as server,
    ):
        for start in revisions():
            trial = Trial(Databases(Path(folder), server), start, tally)
            total = len(trial.parts)
            chosen = {*range(1 + rng.randrange(every), total + 1, every), *range(total - LAST + 1, total + 1)}
            for number in sorted(chosen):
                trial.at(number)
            for _ in range(moments):
                trial.around(rng)
    return tally


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], *map(int, sys.argv[2:])))))
