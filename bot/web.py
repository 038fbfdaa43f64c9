"""A port for whoever watches the bot: is it alive, does it work, and what does it count.

It tells counts alone, and keeps no log of who asked.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import db
from bot.metrics import OUTBOX, POLLER
from bot.prometheus import CONTENT_TYPE, Sight, exposed
from models.delivery.outbox import Sending
from models.operations import health

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger()

QUIETEST = {POLLER: 120.0, OUTBOX: 60.0}
"""Seconds for which a part may be silent."""
SILENCE = {
    POLLER: "Telegram has not been heard of for {seconds:.0f} s: does it answer? `koolla check` tells",
    OUTBOX: "the outbox has not worked for {seconds:.0f} s: look at the log",
}
PATIENCE = 5.0
"""Seconds for the database to answer."""


async def serve(app: "App") -> None:
    """Serves until cancelled. A port that cannot be had costs the pages, not the bot."""
    settings = app.settings.web
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            log.error("no pages for watchers", host=settings.host, port=settings.port, reason=error.strerror)
            return
        config = uvicorn.Config(
            pages(app), log_config=None, log_level="warning", access_log=False, lifespan="off", server_header=False
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = server.force_exit = True
            await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to the program."""
        yield


def pages(app: "App") -> Starlette:
    """The pages as an application."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        reasons = await faults(app)
        return PlainTextResponse("\n".join(reasons or ["ready"]) + "\n", 503 if reasons else 200)

    async def metrics(_: Request) -> Response:
        return Response(exposed(app.metrics, await seen(app)), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


async def faults(app: "App") -> list[str]:
    """Why the program does not do its work, in words; empty while it does."""
    found = [f"database: {reason}" for reason in sorted({*app.metrics.troubles.values()})]
    if not (await seen(app)).database_up:
        found.append("database: it does not answer")
    for part, most in QUIETEST.items():
        if (seconds := app.metrics.silent_for(part)) > most:
            found.append(SILENCE[part].format(seconds=seconds))
    return found


async def seen(app: "App") -> Sight:
    """What only the database and the outbox know at this moment."""
    sight = Sight(in_flight=app.outbox.in_flight, breaker_open=app.outbox.breaker.retry_at is not None)
    try:
        async with asyncio.timeout(PATIENCE), app.sessions() as session:
            sight.due = sum(one.due for one in await health.waiting(session, now=app.now))
            oldest = await health.oldest_due(session, now=app.now)
            sight.sending = await health.in_state(session, Sending.SENDING)
            pace = await health.pace(session)
            sight.paused = pace is not None and pace.paused_at is not None
        sight.oldest_due_seconds = max(0.0, (app.now - oldest).total_seconds()) if oldest else 0.0
        sight.database_up = True
    except (TimeoutError, SQLAlchemyError, *db.AWAY) as error:
        log.warning("the database does not answer", reason=db.reason(error))
    return sight
