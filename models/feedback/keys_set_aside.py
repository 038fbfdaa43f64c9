"""Keys that the database does not know: they are set aside, so that a mistaken restore can be undone, and destroyed.

A key without a row opens answers only together with another copy of the database: with the one that a restore has
replaced. Both are kept for `KEPT_FOR` at most.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.pools import Pool, is_waiting
from models.feedback.runs import Run, RunState
from models.feedback.sealing import Keyring
from models.shredding import fsync_folder, shred

KEPT_FOR = timedelta(days=14)
PREFIX = "before-restore-"
STAMP = "%Y%m%d-%H%M%S"
"""When something was set aside, in UTC: the end of a file's or folder's name after `PREFIX`."""


def set_aside_at(path: Path) -> datetime | None:
    """When a file or folder was set aside, by its name; None if its name is another."""
    try:
        return datetime.strptime(path.name.rpartition(PREFIX)[2], STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


@dataclass(frozen=True)
class SetAside:
    """A key that was set aside."""

    path: Path
    at: datetime

    @property
    def name(self) -> str:
        return self.path.stem


def listed(folder: Path) -> list[SetAside]:
    """The keys that are set aside in a key folder, the oldest first."""
    folders = {folder: set_aside_at(folder) for folder in sorted(folder.glob(f"{PREFIX}*"))}
    return [
        SetAside(path, at) for folder, at in folders.items() if at is not None for path in sorted(folder.glob("*.key"))
    ]


async def sort(session: AsyncSession, keys: Keyring, *, now: datetime, written_before: datetime) -> list[str]:
    """Brings back the keys that the database needs, and sets aside those that it does not know. Returns the names of
    the latter.

    ``written_before`` spares keys whose run another process is about to commit. It is by the file system's clock.
    """
    if listed(keys.folder):
        bring_back(keys, await needed(session))
    names = [name for name in keys.names() if _written_at(keys.path(name), now) < written_before]
    known = select(Run.key).where(Run.key.in_(names)).union(select(Pool.key).where(Pool.key.in_(names)))
    strange = sorted(set(names) - set((await session.execute(known)).scalars()))
    set_aside(keys, strange, now=now)
    return strange


async def needed(session: AsyncSession) -> set[str]:
    """The names of the keys of runs that have not closed and of pools that wait."""
    runs = select(Run.key).where(Run.state.in_((RunState.PLANNED, RunState.OPEN, RunState.PREVIEW)))
    pools = select(Pool.key).where(is_waiting())
    return set((await session.execute(runs.union(pools))).scalars())


def _written_at(path: Path, now: datetime) -> datetime:
    """When a file was written; ``now`` if it is gone."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return now


def set_aside(keys: Keyring, names: Iterable[str], *, now: datetime) -> None:
    """Moves keys into a folder named after the moment. It gets the owner of the key folder."""
    folder = keys.folder / f"{PREFIX}{now.astimezone(UTC):{STAMP}}"
    for name in names:
        if not folder.exists():
            folder.mkdir(mode=0o700)
            owner = keys.folder.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)
        keys.path(name).replace(folder / f"{name}.key")
    if folder.exists():
        fsync_folder(folder)
        fsync_folder(keys.folder)


def bring_back(keys: Keyring, names: set[str]) -> None:
    """Moves keys that were set aside back into the keyring, unless it has keys of these names."""
    for key in listed(keys.folder):
        if key.name in names and not keys.has(key.name):
            key.path.replace(keys.path(key.name))
            fsync_folder(keys.folder)
            _remove_if_empty(key.path.parent)


def destroy(keys: Keyring, names: set[str]) -> None:
    """Destroys keys that are set aside, wherever they are."""
    for key in listed(keys.folder):
        if key.name in names:
            shred(key.path)
            _remove_if_empty(key.path.parent)


def destroy_old(keys: Keyring, *, now: datetime) -> None:
    """Destroys the keys that were set aside `KEPT_FOR` ago."""
    destroy(keys, {key.name for key in listed(keys.folder) if key.at + KEPT_FOR <= now})


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
