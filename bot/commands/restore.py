"""`koolla restore`: puts a backup in the place of a SQLite database, which is kept beside it. Sending is paused.

All changes to the copy are made before it is renamed, so that a crash at any moment leaves the old database or the new
one, complete.
"""

import os
import shutil
import sqlite3
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot import db, set_aside
from bot.commands import admin, backup, migrate
from bot.commands.admin import Lost
from bot.commands.backup import BackupError
from bot.config import Settings
from models import leases
from models.delivery import outbox, rate_limit
from models.feedback import keys_set_aside
from models.feedback.keys_set_aside import PREFIX, STAMP
from models.feedback.sealing import Keyring
from models.operations import health
from models.operations.health import Backlog
from models.shredding import discard, fsync_folder


@dataclass
class Restored:
    """The result of a restore."""

    revision: str
    replaced: Path | None
    """Where the database is now that was in this place; None if there was none."""
    keys: int
    """Number of keys that were set aside because this database does not know them."""
    repeated: int
    """Messages being sent when the backup was made: they may have arrived."""
    waiting: list[Backlog] = field(default_factory=list)
    lost: Lost = field(default_factory=lambda: Lost([], 0))


async def restore(settings: Settings, file: Path) -> list[str]:
    """Restores a backup; returns the lines for the operator. Raises BackupError."""
    target = db.database_file(settings.database.url)
    if target is None:
        raise BackupError(_by_postgresql(settings.database.url, file))
    _check(file, target)
    try:
        lock = db.lock(settings.database.url)
    except db.LockedError:
        raise BackupError(
            f"Koolla is running on {target}. Stop it first (systemctl stop koolla), then restore"
        ) from None
    with lock or nullcontext():
        return describe(await _restored(settings, file, target), settings)


async def _restored(settings: Settings, file: Path, target: Path) -> Restored:
    part = target.with_name(f"{target.name}.restore-part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        backup.copy_database(file, part)
        restored = await _prepared(settings, part)
        _take_owner(part, target)
        now = datetime.now(UTC)
        restored.replaced = _set_aside(target, now)
        part.replace(target)
        fsync_folder(target.parent)
        restored.keys = await _set_keys_aside(settings, now)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"Nothing was restored: {error}. Is there room in {target.parent}?") from None
    finally:
        for leftover in (part, *set_aside.logs(part)):
            discard(leftover)
    return restored


def _check(file: Path, target: Path) -> None:
    """Raises BackupError if the file is no backup that can be restored here."""
    with suppress(OSError, ValueError):  # check_backup says it for a file that is missing or unreadable
        if target.samefile(file):
            raise BackupError(f"{file} is the database itself. Name a backup")
    backup.check_backup(file)


async def _prepared(settings: Settings, part: Path) -> Restored:
    """Migrates the copy to this version's schema and pauses sending; what was being sent counts as perhaps sent."""
    now = datetime.now(UTC)
    engine = db.make_engine(f"sqlite+aiosqlite:///{part}")
    sessions = db.make_sessions(engine)
    try:
        await migrate.upgrade(engine)
        async with sessions.begin() as session:
            await rate_limit.pause(session, now=now)
            await leases.end_all(session)
            restored = Restored(migrate.newest(), None, 0, await outbox.recover(session, all_dead=True))
            keys_set_aside.bring_back(Keyring(settings.feedback.keys), await keys_set_aside.needed(session))
            restored.waiting = await health.waiting(session, now=now)
        restored.lost = await admin.lost(sessions, Keyring(settings.feedback.keys), now)
    finally:
        await engine.dispose()
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")  # a WAL file would not follow the rename
    return restored


def _take_owner(part: Path, target: Path) -> None:
    """After a restore by root, gives the files to the owner of the old database, so that the bot can write them."""
    if os.geteuid() != 0:
        return
    owner = (target if target.exists() else target.parent).stat()
    for file in (part, target.with_name(f"{target.name}.lock")):
        with suppress(FileNotFoundError):
            os.chown(file, owner.st_uid, owner.st_gid)


async def _set_keys_aside(settings: Settings, now: datetime) -> int:
    """Sets aside the keys that the restored database does not know; returns how many. No other process makes keys."""
    async with admin.opened(settings) as (_, sessions), sessions() as session:
        keys = Keyring(settings.feedback.keys)
        return len(await keys_set_aside.sort(session, keys, now=now, written_before=now))


def _set_aside(target: Path, now: datetime) -> Path | None:
    """Renames the present database, with its WAL if that cannot be merged into it; returns the new path, None without a
    database."""
    if not target.exists():
        for log in set_aside.logs(target):
            discard(log)
        return None
    with suppress(BackupError, sqlite3.Error):  # of a damaged database the WAL is kept as it is
        backup.check_backup(target)
        with closing(sqlite3.connect(target, timeout=5)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")  # so that opening it later leaves no WAL beside it
    replaced = target.with_name(f"{target.name}.{PREFIX}{now:{STAMP}}")
    try:
        os.link(target, replaced)  # it has both names until the copy takes the old one
    except FileExistsError:
        raise BackupError(f"{replaced} is there already. Try again in a second") from None
    except OSError:
        shutil.copy2(target, replaced)  # a file system without hard links
    log, shared = set_aside.logs(target)
    if log.exists():
        log.replace(set_aside.logs(replaced)[0])
    shared.unlink(missing_ok=True)  # SQLite rebuilds it from the WAL
    return replaced


def _by_postgresql(url: str, file: Path) -> str:
    return (
        "This database is PostgreSQL. Stop Koolla, then restore with its own tools:\n"
        f'  pg_restore --clean --if-exists --no-owner --dbname="{backup.address(url)}" "{file}"\n'
        "and before Koolla starts again: `koolla migrate`, `koolla pause`, `koolla status`"
    )


def describe(restored: Restored, settings: Settings) -> list[str]:
    """Lines for the operator: what was restored, what is missing, what to do next."""
    due = sum(backlog.due for backlog in restored.waiting)
    expired = sum(backlog.expired for backlog in restored.waiting)
    later = sum(backlog.later for backlog in restored.waiting)
    lines = [f"Restored, at {restored.revision}. Sending is paused."]
    if restored.replaced is not None:
        lines += _about_replaced(restored.replaced, restored.keys, settings)
    lines.append(f"{later} message(s) wait for their time; {expired} have expired and stay unsent.")
    if due:
        kinds = ", ".join(f"{backlog.due} {backlog.kind}" for backlog in restored.waiting if backlog.due)
        lines.append(f"{due} message(s) are due and would go out at once: {kinds}.")
        lines.append("What was sent after the backup was made would so be sent again: see below.")
    if restored.repeated:
        lines.append(f"{restored.repeated} message(s) were under way when it was made: they may have arrived.")
    lines += admin.about_lost(restored.lost, settings)
    return [*lines, *_next(restored, due)]


def _about_replaced(replaced: Path, keys: int, settings: Settings) -> list[str]:
    until = set_aside.destroyed_at(replaced)
    of_forms = f", with {keys} key(s) of forms that the restored one does not know," if keys else ""
    lines = [
        f"The database that was there is kept as {replaced}{of_forms}",
        f"until {until.astimezone(settings.zone):%Y-%m-%d %H:%M}. Then the bot destroys it." if until else "",
    ]
    if keys:
        lines.append("The answers to a form that was open in it are destroyed already when that form closes.")
    return [*lines, f"To undo this restore: stop the bot, then `koolla restore {replaced}`."]


def _next(restored: Restored, due: int) -> list[str]:
    lines = ["What to do now:"]
    if restored.lost:
        lines.append("  - if you have the missing keys, put them into the folder before you start the bot")
    asking = " --ask-again" if restored.lost else ""
    lines.append("  - start the bot (koolla run, or systemctl start koolla) and look at `koolla status`")
    lines.append(f"  - `koolla resume{asking}` lets messages go out")
    if due:
        lines.append(f"  - or `koolla resume --drop-due{asking}`, without those due: if the old bot ran on after")
        lines.append("    the backup, it has sent them")
    if restored.lost:
        lines.append("  --ask-again is for keys that are gone for good: these people are asked once more")
    return lines
