"""Databases that a restore has replaced, and their keys: destroyed when they are not needed to undo it any more.

At the closing time of a form that is open in such a database its key is destroyed, and the rows that tell who has
answered are deleted from the database. The rest is destroyed `KEPT_FOR` after the restore.
"""

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from models.feedback import keys_set_aside
from models.feedback.keys_set_aside import KEPT_FOR, PREFIX
from models.feedback.sealing import Keyring
from models.shredding import discard

SQLITE_SUFFIXES = ("-wal", "-shm")
"""Files that SQLite keeps beside a database; those of another database would corrupt this one."""


def logs(file: Path) -> list[Path]:
    """The WAL and its index of a SQLite file, whether they exist or not."""
    return [file.with_name(f"{file.name}{end}") for end in SQLITE_SUFFIXES]


def replaced_databases(target: Path) -> list[Path]:
    """Databases that restores have replaced, the oldest first."""
    files = target.parent.glob(f"{target.name}.{PREFIX}*")
    return sorted(file for file in files if not file.name.endswith(SQLITE_SUFFIXES))


def is_empty(target: Path | None, keys: Keyring) -> bool:
    """Whether nothing is set aside. ``target`` is the SQLite file, None for PostgreSQL."""
    return not keys_set_aside.listed(keys.folder) and not (target is not None and replaced_databases(target))


def destroyed_at(path: Path) -> datetime | None:
    """When a database that was set aside is destroyed; None if its name does not say when that was."""
    at = keys_set_aside.set_aside_at(path)
    return None if at is None else at + KEPT_FOR


def destroy_due(target: Path | None, keys: Keyring, *, now: datetime) -> list[str]:
    """Destroys what is due; returns what was done, for the log. ``target`` is the SQLite file, None for PostgreSQL.

    Blocks for as long as a large file takes to be overwritten.
    """
    done = []
    for file in replaced_databases(target) if target is not None else ():
        due = destroyed_at(file)
        if target is not None and _is_other_name(file, target):
            file.unlink()  # a restore was killed before it renamed the copy
        elif due is not None and due <= now:
            for part in (*logs(file), file):
                discard(part)
            done.append(f"{file.name} destroyed")
        else:
            done += [f"form {run_id} closed in {file.name}" for run_id in _close_due(file, keys, now)]
    keys_set_aside.destroy_old(keys, now=now)
    return done


def _is_other_name(file: Path, target: Path) -> bool:
    with suppress(FileNotFoundError):
        return file.samefile(target)
    return False


def _close_due(file: Path, keys: Keyring, now: datetime) -> list[int]:
    """Destroys the keys of the forms whose time is over and deletes who has answered them; returns the runs' ids.

    Does nothing with a damaged database: its keys are destroyed with it.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as database:
            due = _due_runs(database, now)
            keys_set_aside.destroy(keys, set(due.values()))
            for run_id in due:
                _forget_people(database, run_id)
            return sorted(due)
    except sqlite3.DatabaseError:
        return []


def _due_runs(database: sqlite3.Connection, now: datetime) -> dict[int, str]:
    """The key names, by id, of the open runs whose time is over and of which people are still stored.

    The database may be of an earlier version, in which the names of keys were made of the id.
    """
    columns = {name for _, name, *_ in database.execute("PRAGMA table_info(run)")}
    key = "key" if "key" in columns else "'run-' || id"
    wanted = (
        f"SELECT id, {key} FROM run WHERE state = 'open' AND closes_at <= ? "  # noqa: S608
        "AND id IN (SELECT run_id FROM participation)"
    )
    return dict(database.execute(wanted, (f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}",)))


def _forget_people(database: sqlite3.Connection, run_id: int) -> None:
    """Deletes the rows from which one can tell who has answered, as a closing does."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.execute("PRAGMA secure_delete=ON")
    database.execute("BEGIN IMMEDIATE")
    for table, where in ABOUT_RUN.items():
        if table in tables:
            database.execute(f"DELETE FROM {table} WHERE {where}", {"run": run_id})  # noqa: S608
    _rewrite_attendance(database, run_id)
    database.execute("UPDATE address SET free_at = NULL")
    database.execute("COMMIT")


def _rewrite_attendance(database: sqlite3.Connection, run_id: int) -> None:
    """People say in the form that they were there: the order of the ids and the times tell who has opened it."""
    where = "FROM attendance WHERE meeting_id = (SELECT meeting_id FROM run WHERE id = ?)"
    rows = database.execute(f"SELECT meeting_id, person_id, attended {where} ORDER BY person_id", (run_id,)).fetchall()
    ids = sorted(id_ for (id_,) in database.execute(f"SELECT id {where}", (run_id,)))
    database.execute(f"DELETE {where}", (run_id,))
    insert = (
        "INSERT INTO attendance (id, meeting_id, person_id, attended, marked_at) "
        "VALUES (?, ?, ?, ?, (SELECT ends_at FROM meeting WHERE id = ?))"
    )
    database.executemany(insert, [(id_, *row, row[0]) for id_, row in zip(ids, rows, strict=True)])


ABOUT_RUN = {
    "staged": "run_id = :run",
    "participation": "run_id = :run",
    "delivery": "kind IN ('feedback', 'feedback-cleared') AND subject = :run",
    "message": "kind = 'feedback' AND subject = :run",
    "replaced_message": "subject = :run",
    "draft": "subject = 'feedback'",
}
"""The rows about a run, by table. A database of another version may lack a table."""
