"""The program: builds the runtime and its parts, starts and stops them."""

import asyncio
import sqlite3
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from telegram.error import TelegramError

from bot import scrubbing, ticks
from bot.clock import Clock, StandingClock
from bot.config import Settings
from bot.context import Runtime
from bot.db import AWAY
from bot.receiving.inbox import Inbox
from bot.sending.breaker import Breaker
from bot.sending.outbox import Outbox
from handlers import menus, routes
from models import leases
from models.delivery import outbox, rate_limit
from models.feedback import closing, pools
from models.membership import roles

log = structlog.get_logger()

SHUTDOWN_GRACE_S = 7.0
"""Seconds for finishing updates and messages in flight after SIGTERM; systemd and Docker send SIGKILL after ten. The
next start finishes the rest."""


class App(Runtime):
    """The program: the runtime with the parts that work on it."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        transport: Any = None,
        engine: AsyncEngine | None = None,
    ) -> None:
        super().__init__(settings, clock, transport=transport, engine=engine)
        self.breaker = Breaker(self)
        self.inbox = Inbox(self, self.breaker)
        self.outbox = Outbox(self, self.breaker)
        routes.load()

    async def start(self) -> None:
        """Connects to Telegram, appoints the administrators of the settings, converts pools of earlier versions, and
        destroys keys that no form needs."""
        await self.bot.initialize()
        self.bot_name = self.bot.username
        async with self.sessions.begin() as session:
            for telegram_id in self.settings.admins:
                await roles.appoint(session, telegram_id, now=self.now)
            await pools.convert_ballots(session, self.keys)
        async with self.sessions() as session:
            await closing.destroy_keys(session, self.keys)

    async def introduce(self) -> None:
        """Publishes the bot's command menus and description. Runs in the background; what fails is repeated at the next
        start."""
        try:
            await menus.publish(self.bot)
        except TelegramError as error:
            log.warning("menus not published", error=type(error).__name__)

    async def release_stale_leases(self) -> None:
        """Ends all leases and recovers deliveries that were being sent. Only for a start under the database's lock:
        then whoever had them is dead."""
        async with self.sessions.begin() as session:
            await leases.end_all(session)
            if stranded := await outbox.recover(session, all_dead=True):
                log.warning("deliveries of a dead process taken back", count=stranded)

    async def close(self) -> None:
        await self.bot.shutdown()
        await self.engine.dispose()

    async def run(self) -> None:
        """Starts, serves until cancelled, and closes."""
        try:
            await self.start()
            await self.serve()
        finally:
            await self.close()

    async def serve(self) -> None:
        """Runs the inbox, the outbox and the ticks until cancelled; then finishes what is in flight, for
        `SHUTDOWN_GRACE_S` at most."""
        self.scrub_needed = self.clearing = True  # the process may have died between a closing and its scrub
        scheduler = ticks.schedule(self)
        scheduler.start()
        main = [asyncio.create_task(self.inbox.run()), asyncio.create_task(self.outbox.run())]
        background = [asyncio.create_task(self.introduce()), asyncio.create_task(self._serve_web())]
        try:
            await asyncio.wait(main, return_when=asyncio.FIRST_COMPLETED)
        finally:
            scheduler.shutdown(wait=False)
            self.inbox.stop()
            self.outbox.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_GRACE_S):
                    await asyncio.wait(main)
                    await self.inbox.confirm()
            for task in (*background, *main):
                task.cancel()
            results = await asyncio.gather(*background, *main, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        if self.engine.dialect.name == "sqlite":
            with suppress(*AWAY, sqlite3.Error):  # then the next closing does it
                await scrubbing.empty_wal(self.engine)  # SQLite deletes the file at the end, but not from the disk

    async def _serve_web(self) -> None:
        """Serves /healthz, /readyz and /metrics, if a port is set."""
        if self.settings.web.port:
            from bot.web import serve

            try:
                await serve(self, self.outbox)
            except Exception:
                log.exception("no pages for watchers")

    async def settle(self) -> None:
        """Does all that is due now, until nothing is: for simulated time, where nothing runs in the background."""
        for tick, _ in ticks.TICKS:
            await tick(self)
        while True:
            while await self.inbox.poll() + await self.outbox.turn():
                continue
            async with self.sessions() as session:
                next_due = await outbox.next_due(session)
            if next_due is not None and self.breaker.retry_at is not None:
                next_due = max(next_due, self.breaker.retry_at)
            if next_due is None or next_due > self.now + rate_limit.CHAT_INTERVAL:
                return
            await self.clock.sleep(max(0.0, (next_due - self.now).total_seconds()))  # the chat's interval, not more

    async def pass_time(self, until: datetime) -> None:
        """Moves a standing clock to ``until``, stopping at each event on the way."""
        assert isinstance(self.clock, StandingClock)
        await self.settle()
        while True:
            event = await ticks.next_event(self)
            if event is None or event > until:
                break
            self.clock.moment = max(self.clock.moment + timedelta(milliseconds=1), event)
            await self.settle()
        self.clock.moment = max(self.clock.moment, until)
        await self.settle()
