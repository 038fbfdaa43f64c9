"""What may be wrong with a configuration, in words, with what to do about it."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from telegram.error import InvalidToken, TelegramError

from bot import db, migrating
from bot.config import Settings


@dataclass(frozen=True)
class Finding:
    good: bool
    text: str


def faults(settings: Settings) -> list[str]:
    """What can be seen without connecting anywhere; empty when nothing is wrong."""
    found = []
    if not settings.telegram.token.get_secret_value():
        found.append(
            "telegram.token: is missing. Ask @BotFather for one (/newbot) and put it under [telegram] as token, "
            "or into the environment as KOOLLA_TELEGRAM__TOKEN"
        )
    for name, folder in (("feedback.keys", settings.feedback.keys), ("database.url", _folder(settings))):
        if folder is not None and (reason := _not_writable(folder)):
            found.append(
                f"{name}: {folder} cannot be written to ({reason}). Give the bot's user the right, or choose another"
            )
    return found


def _folder(settings: Settings) -> Path | None:
    url = make_url(settings.database.url)
    return Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else None


def _not_writable(folder: Path) -> str | None:
    """Why nothing can be written into a folder that is there or would be made."""
    there = folder
    while not there.exists():
        there = there.parent
    try:
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


async def _database(settings: Settings) -> Finding:
    shown = db.without_password(settings.database.url)
    engine = None
    try:
        engine = db.make_engine(settings.database.url)
        async with engine.connect() as connection:
            revision = await connection.run_sync(_current)
    except (DBAPIError, OSError, ImportError) as error:
        return Finding(False, f"database: {shown} cannot be opened ({type(error).__name__}). {_advice(error)}")
    finally:
        if engine is not None:
            await engine.dispose()
    if revision not in (None, migrating.newest()):
        return Finding(True, f"database: {shown} is at {revision}; `koolla run` brings it up to date")
    return Finding(True, f"database: {shown}" + ("" if revision else " is new; it is filled at the first run"))


def _current(connection: Connection) -> str | None:
    return migrating.current(connection)


def _advice(error: Exception) -> str:
    if isinstance(error, ImportError):
        return 'Install the PostgreSQL driver: pip install "koolla[postgres]"'
    return "Check the address, and that the server runs and the file is a database"


async def _telegram(settings: Settings) -> Finding:
    from bot.app import make_bot

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
