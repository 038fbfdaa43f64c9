"""`koolla pause` and `koolla resume`, while the program runs or not; and what other commands need of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import db
from bot.commands import migrate
from bot.config import Settings
from models.delivery import rate_limit
from models.feedback import lost_keys
from models.feedback.lost_keys import OpenForm
from models.feedback.sealing import Keyring
from models.operations import health


class OperatingError(Exception):
    """A command cannot be carried out; the message says why and what to do."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[AsyncEngine, db.Sessions]]:
    """The engine and sessions of an existing database. Raises OperatingError if it is missing, empty or of another
    version."""
    file = db.database_file(settings.database.url)
    shown = db.without_password(settings.database.url)
    if file is not None and not file.is_file():
        raise OperatingError(
            f"There is no database at {file}. Is this the right folder, and --config or the environment as the bot's?"
        )
    engine = db.make_engine(settings.database.url)
    try:
        async with engine.connect() as connection:
            revision = await connection.run_sync(migrate.current)
        if revision is None:
            raise OperatingError(f"The database {shown} is empty: `koolla run` fills it at its first start")
        if revision != migrate.newest():
            step = "`koolla migrate` or a new start brings it up" if revision < migrate.newest() else "Install that"
            raise OperatingError(f"The database {shown} is at {revision}, this Koolla is of {migrate.newest()}. {step}")
        yield engine, db.make_sessions(engine)
    finally:
        await engine.dispose()


async def pause(settings: Settings) -> list[str]:
    async with opened(settings) as (_, sessions), sessions.begin() as session:
        is_new = await rate_limit.pause(session, now=datetime.now(UTC))
    first = "Paused: no message goes out" if is_new else "It was paused already: no message goes out"
    return [f"{first} until `koolla resume`. Answers to people's own taps and words go on"]


@dataclass(frozen=True)
class Lost:
    """Forms and pools whose answers cannot be opened because their key is missing."""

    forms: list[OpenForm]
    pooled: int
    """Answers in pools."""

    def __bool__(self) -> bool:
        return bool(self.forms or self.pooled)


async def lost(sessions: db.Sessions, keys: Keyring, now: datetime) -> Lost:
    """Looks for missing keys."""
    async with sessions.begin() as session:
        forms = [form for form in await lost_keys.open_forms(session, keys, now=now) if form.is_lost]
        pooled = sum(pool.answered for pool in await lost_keys.lost_pools(session, keys))
    return Lost(forms, pooled)


def about_lost(missing: Lost, settings: Settings) -> list[str]:
    """Lines for the operator about missing keys; empty if none is missing."""
    folder, zone = settings.feedback.keys, settings.zone
    lines = [f"The key of {len(missing.forms)} open form(s) is not in {folder}:"] if missing.forms else []
    for form in missing.forms:
        closes = f"{form.run.closes_at.astimezone(zone):%Y-%m-%d %H:%M}"
        state = "its time is over: closes without them" if form.is_over else f"open until {closes}"
        unreadable = form.unreadable if form.has_key else form.sealed
        held = f"{form.held.astimezone(zone):%Y-%m-%d}"
        lines.append(f"  {form.group}, meeting of {held}: {unreadable} sealed answer(s) cannot be opened; {state}")
    if missing.pooled:
        lines.append(f"{missing.pooled} answer(s) gathered for later figures cannot be opened for want of their key")
    return lines


async def resume(settings: Settings, *, drop_due: bool, ask_again: bool) -> list[str]:
    """Resumes sending; returns lines for the operator.

    ``drop_due`` first drops what is due, ``ask_again`` first asks again where answers are lost. Raises OperatingError
    if keys are missing and ``ask_again`` is not set.
    """
    now, keys = datetime.now(UTC), Keyring(settings.feedback.keys)
    async with opened(settings) as (_, sessions):
        missing = await lost(sessions, keys, now)
        if missing and not ask_again:
            raise OperatingError("\n".join([*about_lost(missing, settings), *_choice(settings)]))
        lines = await _ask_for_lost_answers(sessions, keys, missing, settings, now) if missing else []
        async with sessions.begin() as session:
            if drop_due:
                lines.append(f"{await health.drop_due(session, now=now)} due message(s) dropped: they stay unsent")
            was_paused = await rate_limit.resume(session, now=now)
    return [*lines, "Messages go out again" if was_paused else "It was not paused: messages go out"]


def _choice(settings: Settings) -> list[str]:
    return [
        f"If you have these keys (run-*.key, pool-*.key), put them into {settings.feedback.keys} and try again.",
        "If they are gone, `koolla resume --ask-again` lets go of what cannot be opened and asks these people once",
        "more, where the form is still open.",
    ]


async def _ask_for_lost_answers(
    sessions: db.Sessions, keys: Keyring, missing: Lost, settings: Settings, now: datetime
) -> list[str]:
    lines = []
    for form in missing.forms:
        async with sessions.begin() as session:
            asked = await lost_keys.ask_again(session, form.run.id, keys, policy=settings.policy(), now=now)
        if not form.is_over:
            lines.append(f"{form.group}: {asked} people are asked again")
    async with sessions.begin() as session:
        if gone := await lost_keys.empty_lost_pools(session, keys):
            lines.append(f"{gone} gathered answer(s) are let go")
    return lines
