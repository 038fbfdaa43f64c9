"""`koolla run`: migrates, starts, serves until a signal, and stops."""

import asyncio
import contextlib
import signal
import sys

import structlog
from sqlalchemy.exc import DBAPIError
from telegram.error import InvalidToken, TelegramError

from bot import db, logs
from bot.app import App
from bot.commands import config_check, migrate
from bot.config import Settings
from models.membership import joining
from models.people.links import readable

log = structlog.get_logger()


async def run_bot(settings: Settings) -> int:
    """Runs until SIGINT or SIGTERM; returns the exit code."""
    try:
        lock = db.lock(settings.database.url)
    except db.LockedError:
        print(
            f"Koolla is running already on {db.without_password(settings.database.url)}. Stop that one first",
            file=sys.stderr,
        )
        return 2
    with lock or contextlib.nullcontext():
        return await _run(settings, is_alone=lock is not None)


async def _run(settings: Settings, *, is_alone: bool) -> int:
    asyncio.get_running_loop().set_exception_handler(logs.log_loop_error)
    app = App(settings)
    try:
        if await migrate.upgrade(app.engine):
            log.info("database migrated", revision=migrate.newest())
        if is_alone:
            await app.release_stale_leases()
        await app.start()
    except DBAPIError as error:
        print(config_check.database_fault(settings, error), file=sys.stderr)
        await app.close()
        return 2
    except TelegramError as error:
        print(_reason(error), file=sys.stderr)
        await app.close()
        return 2 if isinstance(error, InvalidToken) else 1
    try:
        await _print_claim_link(app)
        serving = asyncio.create_task(app.serve())
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, serving.cancel)
        log.info("started", bot=f"@{app.bot_name}", revision=migrate.newest())
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        await app.close()
    log.info("stopped")
    return 0


def _reason(error: TelegramError) -> str:
    if isinstance(error, InvalidToken):
        return "telegram.token: Telegram does not know this token. Copy it again from @BotFather"
    why = config_check.telegram_words(error)
    return f"Telegram does not answer ({why}). Check the network and telegram.api_url, then try again"


async def _print_claim_link(app: App) -> None:
    """After the start: if there is no administrator, prints the link with which the first person becomes one."""
    async with app.sessions.begin() as session:
        link = await joining.claim_link(session, now=app.now)
    if link is not None:
        print("There is no administrator yet. Whoever opens this link first becomes one:")
        print(f"  https://t.me/{app.bot_name}?start={link.code}")
        print(f"or writes this code to the bot: {readable(link.code)}", flush=True)
