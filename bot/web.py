"""A port for whoever watches the bot: is it alive, does it work, and what does it count.

It tells counts alone, and keeps no log of who asked.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import db
from bot.context import Runtime
from bot.metrics import OUTBOX, POLLER
from bot.prometheus import CONTENT_TYPE, Sight, exposed
from bot.sending.outbox import Outbox
from models.delivery.outbox import Sending
from models.operations import health

log = structlog.get_logger()

QUIETEST = {POLLER: 120.0, OUTBOX: 60.0}
"""Seconds for which a part may be silent."""
SILENCE = {
    POLLER: "Telegram has not been heard of for {seconds:.0f} s: does it answer? `koolla check` tells",
    OUTBOX: "the outbox has not worked for {seconds:.0f} s: look at the log",
}
PATIENCE = 5.0
"""Seconds for the database to answer."""


async def serve(runtime: Runtime, outbox: Outbox) -> None:
    """Serves until cancelled. A port that cannot be had costs the pages, not the bot."""
    settings = runtime.settings.web
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            log.error("no pages for watchers", host=settings.host, port=settings.port, reason=error.strerror)
            return
        config = uvicorn.Config(
            pages(runtime, outbox),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
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


def pages(runtime: Runtime, outbox: Outbox) -> Starlette:
    """The pages as an application."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        reasons = await faults(runtime, outbox)
        return PlainTextResponse("\n".join(reasons or ["ready"]) + "\n", 503 if reasons else 200)

    async def metrics(_: Request) -> Response:
        return Response(exposed(runtime.metrics, await seen(runtime, outbox)), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


async def faults(runtime: Runtime, outbox: Outbox) -> list[str]:
    """Why the program does not do its work, in words; empty while it does."""
    found = [f"database: {reason}" for reason in sorted({*runtime.metrics.troubles.values()})]
    if not (await seen(runtime, outbox)).database_up:
        found.append("database: it does not answer")
    for part, most in QUIETEST.items():
        if (seconds := runtime.metrics.silent_for(part)) > most:
            found.append(SILENCE[part].format(seconds=seconds))
    return found


async def seen(runtime: Runtime, outbox: Outbox) -> Sight:
    """What only the database and the outbox know at this moment."""
    sight = Sight(in_flight=outbox.in_flight, breaker_open=outbox.breaker.retry_at is not None)
    try:
        async with asyncio.timeout(PATIENCE), runtime.sessions() as session:
            sight.due = sum(one.due for one in await health.waiting(session, now=runtime.now))
            oldest = await health.oldest_due(session, now=runtime.now)
            sight.sending = await health.in_state(session, Sending.SENDING)
            pace = await health.pace(session)
            sight.paused = pace is not None and pace.paused_at is not None
        sight.oldest_due_seconds = max(0.0, (runtime.now - oldest).total_seconds()) if oldest else 0.0
        sight.database_up = True
    except (TimeoutError, SQLAlchemyError, *db.AWAY) as error:
        log.warning("the database does not answer", reason=db.reason(error))
    return sight
