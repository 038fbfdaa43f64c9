"""`koolla check`: the faults of a configuration in words, with what to do about each."""

import errno
import os
import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError
from telegram.error import InvalidToken, TelegramError, TimedOut

from bot import db
from bot.commands import migrate
from bot.config import UNITS, Settings
from bot.logs import redact

TELEGRAM_URL, TELEGRAM_RATE = "https://api.telegram.org", 30
"""Telegram's own server, and the messages a second that it takes from one bot."""
MIN_FREE_BYTES = 1_000_000
"""With less free space the disk counts as full: SQLite's error messages often do not say so."""


@dataclass(frozen=True)
class Finding:
    good: bool
    text: str
    is_note: bool = False
    """Nothing is broken, but somebody should know."""

    def __str__(self) -> str:
        mark = "note " if self.is_note else "ok   " if self.good else "FAULT"
        return f"{mark} {self.text}"


def is_running(settings: Settings) -> bool | None:
    """Whether a process holds the database's lock; None if that is unknown (PostgreSQL has no such lock).

    The lock is released at once; a program that starts at the same moment would find it taken.
    """
    file = db.database_file(settings.database.url)
    if file is None:
        return None
    try:
        if not file.with_name(f"{file.name}.lock").exists():
            return False
        if (lock := db.lock(settings.database.url)) is not None:
            lock.close()
        return False
    except db.LockedError:
        return True
    except OSError:
        return None


def faults(settings: Settings) -> list[str]:
    """What prevents a start and can be checked without a connection; empty if nothing does."""
    faults = _plain_faults(settings)
    if not is_running(settings) and (reason := _port_fault(settings)):
        faults.append(reason)  # while it runs, it has taken the port itself
    return faults


def _plain_faults(settings: Settings) -> list[str]:
    faults = folder_faults(settings)
    if not settings.telegram.token.get_secret_value():
        faults.append(
            "telegram.token: is missing. Ask @BotFather for one (/newbot) and put it under [telegram] as token, "
            "or into the environment as KOOLLA_TELEGRAM__TOKEN"
        )
    return faults


def _port_fault(settings: Settings) -> str | None:
    """Why the monitoring port cannot be opened, or None. Checked before the start: the bot would run without it."""
    host, port = settings.web.host, settings.web.port
    if not port:
        return None
    if not host:
        return "web.host: is empty. Write 127.0.0.1 for this machine alone, or 0.0.0.0 for all"
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return None
    except OSError as error:
        reason = error.strerror.partition(" (while")[0] if error.strerror else str(error)
        if error.errno == errno.EADDRNOTAVAIL or (error.errno or 0) < 0:  # below 0: the name cannot be resolved
            return f"web.host: {host} is no address of this machine ({reason}). Write 127.0.0.1, or 0.0.0.0 for all"
        return f"web.port: {port} on {host} cannot be had ({reason}). Choose another, or 0 for none"


def _web(settings: Settings) -> list[Finding]:
    """About the monitoring port, if one is set. While the bot runs, the port is taken by the bot."""
    if not settings.web.port:
        return []
    where, running = f"{settings.web.port} on {settings.web.host}", is_running(settings)
    if (fault := _port_fault(settings)) is None:
        return [Finding(True, f"web: port {where} is free")]
    if not fault.startswith("web.port") or running is False:
        return [Finding(False, fault)]
    by = "by the bot that runs" if running else "by the bot if it runs here, or else choose another"
    return [Finding(True, f"web: port {where} is in use, {by}", is_note=not running)]


def folder_faults(settings: Settings) -> list[str]:
    """Which folders cannot be written to, and why."""
    folders = (("feedback.keys", settings.feedback.keys), ("database.url", _folder(settings)))
    return [
        f"{name}: {folder} cannot be written to ({os.strerror(reason)}). {_folder_advice(reason)}"
        for name, folder in folders
        if folder is not None and (reason := _not_writable(folder))
    ]


def _folder(settings: Settings) -> Path | None:
    file = db.database_file(settings.database.url)
    return None if file is None else file.parent


def _folder_advice(reason: int) -> str:
    if reason in (errno.ENOSPC, errno.EDQUOT):
        return ROOM
    return "Give the bot's user the right, or choose another"


def _not_writable(folder: Path) -> int | None:
    """The errno with which writing into a folder fails (or into its nearest existing parent); None if it succeeds."""
    existing = folder
    try:
        while not existing.exists():
            existing = existing.parent
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return error.errno or errno.EIO


def exposed_files(settings: Settings, config: Path | None) -> list[str]:
    """Files that hold secrets or personal data and that other users of the machine may read or write, in words."""
    database = db.database_file(settings.database.url)
    files = [settings.feedback.keys, *([database] if database else [])]
    if config is not None and redact(text := config.read_text()) != text:  # the token or a password is in it
        files.append(config)
    return [
        f"{file}: other users of this machine may {_others_may(file)} it. Run: chmod o= {file}"
        for file in files
        if file.exists() and _others_may(file)
    ]


def _others_may(file: Path) -> str:
    """What users who are neither the owner nor in the file's group may do; empty if nothing."""
    mode = file.stat().st_mode
    return " and ".join(word for word, bit in (("read", stat.S_IROTH), ("write", stat.S_IWOTH)) if mode & bit)


async def findings(settings: Settings, config: Path | None = None) -> list[Finding]:
    """Everything `koolla check` says: settings, files, port, database, Telegram. One fault does not hide another.

    ``config`` is the file from which the settings were read.
    """
    plain = [*_plain_faults(settings), *exposed_files(settings, config)]
    findings = [*(Finding(False, fault) for fault in plain), Finding(True, f"settings: {_summary(settings)}")]
    telegram = settings.telegram
    if telegram.per_second > TELEGRAM_RATE and telegram.api_url == TELEGRAM_URL:
        rate = f"{telegram.per_second:g}"
        note = f"telegram.per_second: {rate} is much: Telegram takes {TELEGRAM_RATE} a second from one bot"
        findings.append(Finding(True, note, is_note=True))
    findings += _web(settings)
    if not any(fault.startswith("database.url") for fault in plain):
        findings.append(await _database(settings))
        if findings[-1].good and (reason := _full_disk(settings)):
            findings.append(Finding(False, f"database: it can be read, but not written: {reason}. {ROOM}"))
    if telegram.token.get_secret_value():
        findings.append(await _telegram(settings))
    return findings


def _summary(settings: Settings) -> str:
    leads = ", ".join(_written(lead.total_seconds()) for lead in settings.meetings.reminder_leads)
    number = len(settings.admins)
    return (
        f"time zone {settings.zone.key}, language {settings.language}, reminders {leads} before, "
        f"threshold {settings.feedback.threshold}, {number} administrator(s) named"
        + ("" if number else ": while there is none, a start prints a link with which the first one comes in")
    )


def _written(seconds: float) -> str:
    """A duration as it is written in the settings, in the largest unit that divides it."""
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds / UNITS[unit]:.0f}{unit}"


async def database_faults(settings: Settings) -> list[str]:
    """Why the database cannot be used; empty when it can."""
    finding = await _database(settings)
    return [] if finding.good else [finding.text]


def _shown(settings: Settings) -> str:
    """The database's file, or its address without the password."""
    return str(db.database_file(settings.database.url) or db.without_password(settings.database.url))


async def _database(settings: Settings) -> Finding:
    shown = _shown(settings)
    engine = None
    try:
        engine = db.make_engine(settings.database.url)
        async with engine.connect() as connection:
            revision = await connection.run_sync(migrate.current)
    except Exception as error:  # drivers raise classes of their own, asyncpg for a wrong password
        return Finding(False, database_fault(settings, error))
    finally:
        if engine is not None:
            await engine.dispose()
    newest = migrate.newest()
    if revision is not None and revision > newest:
        return Finding(False, f"database: {shown} is at {revision}, newer than this Koolla. Install the newer version")
    if revision not in (None, newest):
        return Finding(True, f"database: {shown} is at {revision}; `koolla run` brings it up to date")
    return Finding(True, f"database: {shown}" + ("" if revision else " is new; it is filled at the first run"))


ROOM = "Make room on the disk: old logs, old backups, databases that restores have kept"


def database_fault(settings: Settings, error: Exception) -> str:
    """A database that cannot be opened or written, as a line."""
    reason = _full_disk(settings) or _words(error)
    return f"database: {_shown(settings)} cannot be used ({reason}). {_advice(settings, error, reason)}"


def _full_disk(settings: Settings) -> str | None:
    """Words for a full disk; None if it is not full. Measured, because SQLite reports it under many names or none."""
    folder = _folder(settings)
    is_full = folder is not None and folder.exists() and shutil.disk_usage(folder).free < MIN_FREE_BYTES
    return "the disk is full" if is_full else None


def _words(error: Exception) -> str:
    """The error's own words; of other classes only the name, because a message may contain the address with its
    password."""
    cause = getattr(error, "orig", None) or error
    if isinstance(error, OSError) and error.strerror is None:
        return str(error) or type(error).__name__  # of several addresses, each with its reason
    if isinstance(error, OSError) or type(cause).__module__ == "sqlite3":
        return db.reason(error)
    if isinstance(error, DBAPIError) or type(error).__module__.startswith("asyncpg"):
        return str(cause).rpartition(">: ")[2].partition("\n")[0] or type(cause).__name__
    return type(error).__name__


def _advice(settings: Settings, error: Exception, reason: str) -> str:
    if isinstance(error, ImportError):
        return 'Install the PostgreSQL driver: pip install "koolla[postgres]"'
    if "full" in reason:
        return ROOM
    file = db.database_file(settings.database.url)
    if file is not None and ("readonly" in reason or "unable to open" in reason or "ermission" in reason):
        return _rights(file)
    if "malformed" in reason or "not a database" in reason:
        return "If it was one, it is damaged: stop the bot and restore the newest backup"
    if "locked" in reason:
        return "Another program holds it for long: try again, or end what has it open"
    return "Check the address and the rights, and that the server runs or the file is a database"


def _rights(file: Path) -> str:
    """Names the files that cannot be written: -wal and -shm of another user remain when somebody else has opened the
    database."""
    files = [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))]
    is_writable = {path.name: os.access(path, os.R_OK | os.W_OK) for path in files if path.exists()}
    others = [name for name, writable in is_writable.items() if not writable]
    named = f"{', '.join(others)} cannot be written. " if others else ""
    return f"{named}{file.name}, its -wal and -shm and the folder must be the bot's user's: chown them"


async def _telegram(settings: Settings) -> Finding:
    from bot.telegram import make_bot

    bot = make_bot(settings)
    try:
        async with bot:
            webhook = await bot.get_webhook_info()
            if webhook.url:
                return Finding(False, _webhook_words(webhook.url, settings.telegram.api_url))
            return Finding(True, f"telegram: the token is that of @{bot.username}")
    except InvalidToken:
        return Finding(False, "telegram.token: Telegram does not know this token. Copy it again from @BotFather")
    except TelegramError as error:
        address = settings.telegram.api_url
        return Finding(
            False, f"telegram: {address} does not answer ({telegram_words(error)}). Check network and address"
        )


def _webhook_words(url: str, api_url: str) -> str:
    """Only the host of a webhook is shown: its path is often a secret."""
    return (
        f"telegram: a webhook is set for this token, at {urlsplit(url).hostname}: that service gets what people write, "
        f"and this bot nothing. If it is not used any more, open {api_url}/bot<token>/deleteWebhook in a browser, with "
        "the token put in; else make a bot of its own for Koolla at @BotFather"
    )


def telegram_words(error: TelegramError) -> str:
    """Why Telegram did not answer."""
    cause = error.__cause__
    if isinstance(error, TimedOut):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
    return str(cause or error.message)
