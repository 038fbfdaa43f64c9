"""What may be wrong with a configuration, in words, with what to do about it."""

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from telegram.error import InvalidToken, TelegramError

from bot import db, migrating
from bot.config import Settings


@dataclass(frozen=True)
class Finding:
    good: bool
    text: str


def faults(settings: Settings) -> list[str]:
    """What can be seen without connecting anywhere; empty when nothing is wrong."""
    found = folder_faults(settings)
    if not settings.telegram.token.get_secret_value():
        found.append(
            "telegram.token: is missing. Ask @BotFather for one (/newbot) and put it under [telegram] as token, "
            "or into the environment as KOOLLA_TELEGRAM__TOKEN"
        )
    return found + _port_faults(settings)


def _port_faults(settings: Settings) -> list[str]:
    """Why there can be no pages for watchers; a taken port would be seen only when they are missed."""
    host, port = settings.web.host, settings.web.port
    if not port:
        return []
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return []
    except OSError as error:
        return [f"web.port: {port} on {host} cannot be had ({error.strerror}). Choose another, or 0 for none"]


def folder_faults(settings: Settings) -> list[str]:
    """Which folders cannot be written to, and why."""
    folders = (("feedback.keys", settings.feedback.keys), ("database.url", _folder(settings)))
    return [
        f"{name}: {folder} cannot be written to ({reason}). Give the bot's user the right, or choose another"
        for name, folder in folders
        if folder is not None and (reason := _not_writable(folder))
    ]


def _folder(settings: Settings) -> Path | None:
    url = make_url(settings.database.url)
    return Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else None


def _not_writable(folder: Path) -> str | None:
    """Why nothing can be written into a folder that is there or would be made."""
    there = folder
    try:
        while not there.exists():
            there = there.parent
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        return os.strerror(error.errno or 0)


async def findings(settings: Settings) -> list[Finding]:
    """Everything `koolla check` says: settings, key folder, database, Telegram."""
    plain = [Finding(False, fault) for fault in faults(settings)]
    if plain:
        return plain
    return [
        Finding(True, f"settings: {_summary(settings)}"),
        await _database(settings),
        await _telegram(settings),
    ]


def _summary(settings: Settings) -> str:
    leads = ", ".join(str(lead) for lead in settings.meetings.reminder_leads)
    return (
        f"time zone {settings.zone.key}, language {settings.language}, reminders {leads} before, "
        f"threshold {settings.feedback.threshold}, {len(settings.admins)} administrator(s) named"
    )


async def database_faults(settings: Settings) -> list[str]:
    """Why the database cannot be used; empty when it can."""
    finding = await _database(settings)
    return [] if finding.good else [finding.text]


async def _database(settings: Settings) -> Finding:
    shown = db.without_password(settings.database.url)
    engine = None
    try:
        engine = db.make_engine(settings.database.url)
        async with engine.connect() as connection:
            revision = await connection.run_sync(_current)
    except Exception as error:  # the drivers have kinds of their own, asyncpg one for a wrong password
        return Finding(False, database_fault(settings, error))
    finally:
        if engine is not None:
            await engine.dispose()
    newest = migrating.newest()
    if revision is not None and revision > newest:
        return Finding(False, f"database: {shown} is at {revision}, newer than this Koolla. Install the newer version")
    if revision not in (None, newest):
        return Finding(True, f"database: {shown} is at {revision}; `koolla run` brings it up to date")
    return Finding(True, f"database: {shown}" + ("" if revision else " is new; it is filled at the first run"))


def _current(connection: Connection) -> str | None:
    return migrating.current(connection)


def database_fault(settings: Settings, error: Exception) -> str:
    """A database that cannot be opened or written, as a line."""
    shown = db.without_password(settings.database.url)
    return f"database: {shown} cannot be used ({type(error).__name__}). {_advice(error)}"


def _advice(error: Exception) -> str:
    if isinstance(error, ImportError):
        return 'Install the PostgreSQL driver: pip install "koolla[postgres]"'
    return "Check the address and the rights, and that the server runs or the file is a database"


async def _telegram(settings: Settings) -> Finding:
    from bot.telegram import make_bot

    bot = make_bot(settings)
    try:
        async with bot:
            return Finding(True, f"telegram: the token is that of @{bot.username}")
    except InvalidToken:
        return Finding(False, "telegram.token: Telegram does not know this token. Copy it again from @BotFather")
    except TelegramError as error:
        address = settings.telegram.api_url
        return Finding(
            False, f"telegram: {address} does not answer ({type(error).__name__}). Check network and address"
        )
