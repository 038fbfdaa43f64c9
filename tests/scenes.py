"""Scenes: what many stories begin with is played once by a worker, and restored for each further test.

    @scene
    async def held_meeting(talk: Talk, anna: Actor) -> Workgroup: ...

A scene is an async function whose first parameter is the stage. It is recorded when it is first called on a stage on
which nothing has happened but other scenes. The next call with the same arguments, after the same scenes and among the
same people, restores what was recorded: the database file, the keys, the sandbox, the clock and the program's memory.
Each test has its own copy of all that. Any other call just plays the scene, and so does every call on a stage without a
recorder.

Arguments and results are plain values, actors, rows that are no longer in a session, and dataclasses of these.
"""

import inspect
import io
import pickle
import shutil
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import make_url

from bot.demo.stage import Actor

if TYPE_CHECKING:
    from tests.talk import Talk

P = ParamSpec("P")
T = TypeVar("T")

PARTS = ("app", "app.metrics", "app.polling", "app.inbox", "app.inbox.window", "app.outbox", "app.breaker")
"""The parts of the program that remember something between two updates."""


def scene(play: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Makes a scene of an async function, of a method of the stage or of a fixture; see above."""
    signature = inspect.signature(play)

    @wraps(play)
    async def restored_or_played(*args: P.args, **named: P.kwargs) -> T:
        talk, *values = signature.bind(*args, **named).arguments.values()
        if talk.recorder is None:
            return await play(*args, **named)
        name = f"{play.__module__}.{play.__qualname__}"
        return await talk.recorder.perform(talk, name, values, lambda: play(*args, **named))

    return restored_or_played


@dataclass(frozen=True)
class Position:
    """Where a stage stands: the scenes that brought it there, and what tells whether anything happened since."""

    scenes: Hashable
    traces: tuple[Any, ...]
    people: tuple[Any, ...]

    @classmethod
    def of(cls, talk: "Talk", scenes: Hashable) -> "Position":
        return cls(scenes, _traces(talk), _people(talk))


def _traces(talk: "Talk") -> tuple[Any, ...]:
    """What changes when anything happens on a stage, save that people enter it."""
    sandbox, world, file = talk.sandbox, talk.sandbox.world, _database_file(talk)
    log = file.with_name(f"{file.name}-wal")
    written = [
        path.exists() and (path.stat().st_size, path == file and path.stat().st_mtime_ns) for path in (file, log)
    ]
    heard = (
        len(sandbox.log),
        len(world.updates.pending) + len(world.updates.confirmed),
        world.version - len(sandbox.users),
    )
    return id(talk.app), talk.app.policy, talk.clock.moment, sandbox.faults.is_clear, heard, tuple(written)


def _people(talk: "Talk") -> tuple[Any, ...]:
    users = talk.sandbox.users.values()
    return tuple((user.id, user.names(), user.language, user.started, user.blocked, user.deactivated) for user in users)


def _database_file(talk: "Talk") -> Path:
    return Path(str(make_url(talk.app.settings.database.url).database))


@dataclass(frozen=True)
class Recording:
    """What is restored: the database, the content of each key file, and the rest as one pickle."""

    number: int
    database: Path
    keys: dict[str, bytes]
    state: bytes


@dataclass
class Recorder:
    """The scenes that one worker has recorded."""

    folder: Path
    recordings: dict[Hashable, Recording] = field(default_factory=dict, repr=False)
    restored: int = 0

    async def perform(self, talk: "Talk", name: str, values: list[Any], play: Callable[[], Awaitable[T]]) -> T:
        """Restores the scene if it is recorded for this stage, and plays it otherwise."""
        before = self._position(talk)
        if before is None:
            return await play()
        key = (before, name, _pickled(talk, values))
        recording = self.recordings.get(key)
        if recording is None:
            result = await play()
            recording = self.recordings[key] = await self._record(talk, result)
        else:
            result = await self._restore(talk, recording)
        talk.position = Position.of(talk, recording.number)
        return result

    def _position(self, talk: "Talk") -> Hashable:
        """The scenes that have brought the stage here and the people who entered since; None if it is not known."""
        position, people = talk.position, _people(talk)
        known = position is not None and position.traces == _traces(talk) and talk.sandbox.faults.is_clear
        if not known or people[: len(position.people)] != position.people or len(people) != len(talk.people):
            talk.position = None
            return None
        return position.scenes, repr(people[len(position.people) :])

    async def _record(self, talk: "Talk", result: Any) -> Recording:
        await talk.app.engine.dispose()  # the last connection writes the log into the file
        number = len(self.recordings)
        database = self.folder / f"{number}.db"
        shutil.copyfile(_database_file(talk), database)
        keys = {path.name: path.read_bytes() for path in _key_folder(talk).iterdir()}
        sandbox = {name: value for name, value in vars(talk.sandbox).items() if name != "app"}
        memory = {part: _memory(attrgetter(part)(talk)) for part in PARTS}
        users = {name: actor.user for name, actor in talk.people.items()}
        state = _pickled(talk, (sandbox, talk.clock.moment, memory, users, result))
        return Recording(number, database, keys, state)

    async def _restore(self, talk: "Talk", recording: Recording) -> Any:
        self.restored += 1
        await talk.app.engine.dispose()
        shutil.copyfile(recording.database, _database_file(talk))
        for path in _key_folder(talk).iterdir():
            path.unlink()
        for name, content in recording.keys.items():
            path = _key_folder(talk) / name
            path.touch(0o600)
            path.write_bytes(content)
        sandbox, talk.clock.moment, memory, users, result = _Unpickler(talk, recording.state).load()
        vars(talk.sandbox).update(sandbox)
        for part, values in memory.items():
            vars(attrgetter(part)(talk)).update(values)
        for name, user in users.items():
            talk.people.setdefault(name, Actor(talk, user)).user = user
        return result


def _memory(part: Any) -> dict[str, Any]:
    """What a part of the program remembers: its attributes that are plain values, alone or in containers."""
    return {name: value for name, value in vars(part).items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple | set):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, str | int | float | datetime)


def _key_folder(talk: "Talk") -> Path:
    return talk.app.settings.feedback.keys


def _pickled(talk: "Talk", value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(talk, file).dump(value)
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Writes the stage and its people as references, so that in another test they mean that test's own."""

    def __init__(self, talk: "Talk", file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._talk = talk

    def persistent_id(self, obj: Any) -> Any:
        talk = self._talk
        for name in ("app", "sandbox", "clock"):
            if obj is getattr(talk, name):
                return name
        if obj is talk:
            return "talk"
        return ("actor", obj.name) if isinstance(obj, Actor) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, talk: "Talk", state: bytes) -> None:
        super().__init__(io.BytesIO(state))
        self._talk = talk

    def persistent_load(self, pid: Any) -> Any:
        talk = self._talk
        if pid == "talk":
            return talk
        if isinstance(pid, str):
            return getattr(talk, pid)
        return talk.people.setdefault(pid[1], Actor(talk, None))  # they get their user when all is read
