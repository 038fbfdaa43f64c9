"""The monitoring port: /healthz (the process runs), /readyz (it does its work), /metrics (Prometheus).

It shows only counts, and logs no requests.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

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
from bot.prometheus import CONTENT_TYPE, Gauges, render
from models.delivery.outbox import Sending
from models.operations import health

log = structlog.get_logger()

MAX_SILENCE_S = {POLLER: 120.0, OUTBOX: 60.0}
"""Seconds without a sign of life after which a part counts as failed."""
SILENCE_TEXTS = {
    POLLER: "Telegram has not been heard of for {seconds:.0f} s: does it answer? `koolla check` tells",
    OUTBOX: "the outbox has not worked for {seconds:.0f} s: look at the log",
}
DATABASE_TIMEOUT_S = 5.0


class Breaker(Protocol):
    """What is read of the outbox's circuit breaker."""

    @property
    def retry_at(self) -> datetime | None:
        """When Telegram is tried next; None while the breaker is closed."""


class Outbox(Protocol):
    """What is read of the outbox."""

    @property
    def in_flight(self) -> int:
        """The number of deliveries being sent at this moment."""

    @property
    def breaker(self) -> Breaker: ...


async def serve(runtime: Runtime, outbox: Outbox) -> None:
    """Serves until cancelled. If the port cannot be opened, logs an error and returns: the bot goes on without."""
    settings = runtime.settings.web
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            log.error("no pages for watchers", host=settings.host, port=settings.port, reason=error.strerror)
            return
        config = uvicorn.Config(
            make_app(runtime, outbox),
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
        """Installs no signal handlers: the program has its own."""
        yield


def make_app(runtime: Runtime, outbox: Outbox) -> Starlette:
    """The three pages as an ASGI application."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        reasons = await not_ready_reasons(runtime, outbox)
        return PlainTextResponse("\n".join(reasons or ["ready"]) + "\n", 503 if reasons else 200)

    async def metrics(_: Request) -> Response:
        return Response(render(runtime.metrics, await read_gauges(runtime, outbox)), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


async def not_ready_reasons(runtime: Runtime, outbox: Outbox) -> list[str]:
    """Why the program does not do its work, one sentence each; empty while it does."""
    reasons = [f"database: {error}" for error in sorted({*runtime.metrics.database_errors.values()})]
    if not (await read_gauges(runtime, outbox)).database_up:
        reasons.append("database: it does not answer")
    for part, limit in MAX_SILENCE_S.items():
        if (seconds := runtime.metrics.silent_for(part)) > limit:
            reasons.append(SILENCE_TEXTS[part].format(seconds=seconds))
    return reasons


async def read_gauges(runtime: Runtime, outbox: Outbox) -> Gauges:
    """The state at this moment, from the database and the outbox; ``database_up`` is False if it does not answer."""
    gauges = Gauges(in_flight=outbox.in_flight, breaker_open=outbox.breaker.retry_at is not None)
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S), runtime.sessions() as session:
            gauges.due = sum(waiting.due for waiting in await health.waiting(session, now=runtime.now))
            oldest = await health.oldest_due(session, now=runtime.now)
            gauges.sending = await health.in_state(session, Sending.SENDING)
            pace = await health.pace(session)
            gauges.paused = pace is not None and pace.paused_at is not None
        gauges.oldest_due_seconds = max(0.0, (runtime.now - oldest).total_seconds()) if oldest else 0.0
        gauges.database_up = True
    except (TimeoutError, SQLAlchemyError, *db.AWAY) as error:
        log.warning("the database does not answer", reason=db.reason(error))
    return gauges
