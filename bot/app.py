"""Wiring: settings -> database, Telegram, clock, inbox and outbox."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from telegram.error import TelegramError

from bot import ticks
from bot.clock import Clock, StandingClock
from bot.config import Settings
from bot.context import Runtime
from bot.receiving.inbox import Inbox
from bot.sending.outbox import Outbox
from handlers import menus, routes
from models import leases
from models.delivery import outbox, rate_limit
from models.feedback import closing
from models.membership import roles

log = structlog.get_logger()

LAST_WORDS = 7.0
"""Seconds for finishing what is in hand when told to stop, of the ten that are given; the next start does the rest."""


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
        self.inbox = Inbox(self)
        self.outbox = Outbox(self)
        routes.load()

    async def start(self) -> None:
        """Connects to Telegram and the database, and does what every start does."""
        await self.bot.initialize()
        self.bot_name = self.bot.username
        async with self.sessions.begin() as session:
            for telegram_id in self.settings.admins:
                await roles.appoint(session, telegram_id, now=self.now)
            await closing.destroy_keys(session, self.keys)

    async def introduce(self) -> None:
        """Tells Telegram what everyone sees of the bot. Nobody waits for it; what fails is told at the next start."""
        try:
            await menus.publish(self.bot)
        except TelegramError as error:
            log.warning("menus not published", error=type(error).__name__)

    async def alone(self) -> None:
        """Nobody else can be running on this database: leases and what was being sent have been left by the dead."""
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
        """The inbox, the outbox and the ticks, until cancelled; what is in hand is then finished, if it can be soon."""
        scheduler = ticks.schedule(self)
        scheduler.start()
        working = [asyncio.create_task(self.inbox.run()), asyncio.create_task(self.outbox.run())]
        beside = [asyncio.create_task(self.introduce()), asyncio.create_task(self._watched())]
        try:
            await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        finally:
            scheduler.shutdown(wait=False)
            self.inbox.stop()
            self.outbox.stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await asyncio.wait(working)
                    await self.inbox.confirm()
            for task in (*beside, *working):
                task.cancel()
            ends = await asyncio.gather(*beside, *working, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _watched(self) -> None:
        """Lets itself be watched on a port, if there is one."""
        if self.settings.web.port:
            from bot.web import serve

            try:
                await serve(self, self.outbox)
            except Exception:
                log.exception("no pages for watchers")

    async def settle(self) -> None:
        """Does all that is due now, until nothing is: for simulated time, where nothing else runs."""
        for tick, _ in ticks.TICKS:
            await tick(self)
        while True:
            while await self.inbox.poll() + await self.outbox.turn():
                continue
            async with self.sessions() as session:
                waiting = await outbox.next_due(session)
            if waiting is not None and self.outbox.breaker.retry_at is not None:
                waiting = max(waiting, self.outbox.breaker.retry_at)
            if waiting is None or waiting > self.now + rate_limit.CHAT_INTERVAL:
                return
            await self.clock.sleep(max(0.0, (waiting - self.now).total_seconds()))  # only for its chat's turn

    async def pass_time(self, until: datetime) -> None:
        """Lets a standing clock pass from event to event."""
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
