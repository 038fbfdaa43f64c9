"""`koolla backup`: a copy of a SQLite database, made while the program runs and checked afterwards.

The keys of open forms are in another folder and never in a copy: both together would tell who answered what.
"""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from bot import db
from bot.commands import migrate
from models.shredding import discard, fsync_folder


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message says why and what to do."""


@dataclass(frozen=True)
class Copy:
    """A copy that was checked."""

    file: Path
    size: int
    revision: str


def back_up(url: str, file: Path) -> Copy:
    """Copies the database into a new file that only its owner may read; the file gets its name after the check.

    The copy is a snapshot of one moment and blocks nobody. Raises BackupError.
    """
    source = db.database_file(url)
    if source is None:
        raise BackupError(_by_postgresql(url, file))
    if not source.is_file():
        raise BackupError(f"There is no database at {source} yet: nothing to back up")
    part = file.with_name(f"{file.name}.part")
    try:
        if file.exists():
            raise BackupError(
                f"{file} is there already, and a backup never overwrites: give a new name, like {_new_name()}"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        copy_database(source, part)
        revision = check_backup(part, shown=source)
        _rename(part, file)
        fsync_folder(file.parent)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BackupError(
            f"No backup was made: {file} cannot be written ({reason}). Is there room in {file.parent}, and may the "
            "bot's user write there?"
        ) from None
    except sqlite3.Error as error:
        raise BackupError(
            f"No backup was made of {source}: {error}. Is there room in {file.parent}, and may you read it?"
        ) from None
    finally:
        with suppress(OSError, ValueError):
            discard(part)
    _mark(source, file)
    return Copy(file, file.stat().st_size, revision)


def _rename(part: Path, file: Path) -> None:
    """Renames a copy. Raises BackupError where a rename would overwrite a file."""
    try:
        os.link(part, file)
    except FileExistsError:
        raise BackupError(f"{file} has appeared meanwhile, and a backup never overwrites: give a new name") from None


def _new_name() -> str:
    return f"koolla-{datetime.now(UTC):%Y%m%d-%H%M}.db"


def copy_database(source: Path, part: Path) -> None:
    """Copies a database with its WAL into one file and fsyncs it. A file left by an earlier try is replaced."""
    discard(part)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))
    with part.open("rb") as written:
        os.fsync(written.fileno())


def check_backup(file: Path, *, shown: Path | None = None) -> str:
    """Checks that a file is an intact database of Koolla; returns its revision. Raises BackupError.

    ``shown`` is the file that the message names, if ``file`` is a copy of it.
    """
    _openable(file)
    shown = shown or file
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if tables else []
    except sqlite3.Error as error:
        raise BackupError(f"{shown} is no database of Koolla ({error})") from None
    if verdict != "ok":
        raise BackupError(f"{shown} is damaged ({verdict}). Take an older backup")
    if not tables:
        raise BackupError(f"{shown} is empty: no database of Koolla, or one that never ran")
    if len(rows) != 1 or not {"person", "meeting", "delivery"} <= tables:
        raise BackupError(f"{shown} is no database of Koolla")
    revision = str(rows[0][0])
    if revision > migrate.newest():
        raise BackupError(f"{shown} is at {revision}, newer than this Koolla. Install the newer version first")
    return revision


def _openable(file: Path) -> None:
    """Raises BackupError if the file cannot be read."""
    try:
        with file.open("rb"):
            return
    except FileNotFoundError:
        raise BackupError(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise BackupError(f"{file} is a folder: name a file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BackupError(
            f"{file} cannot be read ({reason}). The bot's user must be able to: copy it into a folder of its own"
        ) from None


def _mark(source: Path, file: Path) -> None:
    """Writes a marker beside the database for `koolla status`: its text is the backup's path, its mtime the time."""
    try:
        _marker(source).write_text(f"{file.resolve()}\n", encoding="utf-8")
    except OSError:
        return  # the copy is complete without it


def _marker(source: Path) -> Path:
    return source.with_name(f"{source.name}.backed-up")


def last(url: str) -> tuple[datetime, str] | None:
    """When `koolla backup` last made a copy, and where; None if that is unknown."""
    source = db.database_file(url)
    try:
        if source is None:
            return None
        marker = _marker(source)
        made_at = datetime.fromtimestamp(marker.stat().st_mtime, UTC)
        return made_at, marker.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _by_postgresql(url: str, file: Path) -> str:
    return (
        "This database is PostgreSQL, whose own tools make the backup, also while Koolla runs:\n"
        f'  pg_dump --format=custom --file="{file}" "{address(url)}"\n'
        "It asks for the password, or takes it from ~/.pgpass. The key folder does not belong into a backup"
    )


def address(url: str) -> str:
    """A PostgreSQL address as pg_dump takes it, without the password."""
    parsed = make_url(url).set(drivername="postgresql")
    bare = URL.create(
        "postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database, query=parsed.query
    )
    return bare.render_as_string()
