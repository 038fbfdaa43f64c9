"""Deliveries out: claim -> render -> send -> record.

One transaction records what was sent, claims what may leave now and renders it; it commits before anything is sent.
A process that dies can therefore repeat at most `IN_FLIGHT` messages, and what it repeats is marked.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import BadRequest, TelegramError

from bot import db
from bot.context import Runtime
from bot.db import AWAY
from bot.metrics import OUTBOX
from bot.sending import outcomes
from bot.sending.breaker import Breaker
from bot.sending.outgoing import Outgoing, blame, tell
from handlers import dispatch
from handlers.routes import ROUTES, Context
from handlers.screen import Screen, edit, send, set_menu
from models.calendar import is_quiet, next_waking
from models.delivery import cards, outbox, rate_limit
from models.delivery.cards import Card
from models.delivery.outbox import Delivery, Sending, Superseded
from models.delivery.rate_limit import Rate
from models.errors import Refused
from models.people import people
from models.people.people import Address, Person, Reach, quiet_hours

log = structlog.get_logger()

IN_FLIGHT = 4
IDLE = 1.0
"""Seconds between two looks for work when nobody wakes the outbox."""


class Outbox:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.owner = secrets.token_hex(6)
        self.breaker = Breaker(runtime)
        self.rate = Rate(runtime.settings.telegram.per_second)
        self._in_flight: set[asyncio.Task[None]] = set()
        self._finished: list[Outgoing] = []
        self._moved = 0
        """How many deliveries the last step claimed or recorded."""
        self._stopping = False

    async def run(self) -> None:
        """Sends until stopped. Woken by whoever plans something, by a message that was sent, or by time."""
        while not self._stopping or self._in_flight or self._finished:
            self.runtime.wake_outbox.clear()
            rest = IDLE
            try:
                rest = await self.step()
                self.runtime.metrics.works(OUTBOX)
            except AWAY as error:
                log.warning("outbox waits for the database", error=type(error).__name__, reason=db.reason(error))
                self.runtime.metrics.fails(OUTBOX, error)
                if self._stopping and not self._in_flight:
                    return  # what cannot be recorded is taken up by the next start, and marked as perhaps sent
            if rest > 0 and not (self._stopping and not self._in_flight):  # nobody would wake it
                await self._rest(rest)

    async def _rest(self, most: float) -> None:
        try:
            await asyncio.wait_for(self.runtime.wake_outbox.wait(), most)
        except TimeoutError:
            return

    @property
    def in_flight(self) -> int:
        """Messages under way."""
        return len(self._in_flight)

    def stop(self) -> None:
        """Takes no more; what was sent is still recorded, so that nobody sends it again."""
        self._stopping = True
        self.runtime.wake_outbox.set()

    async def turn(self) -> int:
        """One step with all that it sends: for simulated time. Returns how many were claimed or recorded."""
        await self.step()
        await asyncio.gather(*self._in_flight)
        return self._moved

    async def step(self) -> float:
        """Records what has been sent and sends what may leave now; returns for how long to rest, in seconds."""
        reachable = not self._stopping and await self.breaker.lets_through(self.runtime.now)
        done, self._finished = self._finished, []
        try:
            async with self.runtime.sessions.begin() as session:
                now = self.runtime.now
                replaced = [(one, old) for one in done if (old := await self._record(session, one, now))]
                claimed = await self._claim(session, now) if reachable else []
                outgoing = [one for delivery in claimed if (one := await self._prepared(session, delivery, now))]
                free_at = await rate_limit.free_at(session)
        except BaseException:
            self._finished = done + self._finished
            raise
        self._moved = len(done) + len(claimed)
        for one, old in replaced:
            self._start(self._outdate(one, old))
        for one in outgoing:
            self._start(self._deliver(one))
        back_at = self.breaker.retry_at or free_at
        wait = (back_at - self.runtime.now).total_seconds() if back_at else 0.0
        return min(wait, IDLE) if wait > 0 else 0.0 if claimed else IDLE

    async def _claim(self, session: AsyncSession, now: datetime) -> list[Delivery]:
        """As many as fit into the pace and beside what is under way."""
        beside = IN_FLIGHT - len(self._in_flight)
        if beside <= 0:
            return []
        room = await rate_limit.room(session, self.rate, now=now)
        return await outbox.claim(session, self.owner, min(beside, room), now=now) if room else []

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._in_flight.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self.runtime.wake_outbox.set()

    async def _deliver(self, one: Outgoing) -> None:
        await self._send(one)
        self.breaker.heard(one.error, self.runtime.clock.now())
        self._finished.append(one)

    async def _prepared(self, session: AsyncSession, delivery: Delivery, now: datetime) -> Outgoing | None:
        try:
            async with session.begin_nested():
                return await self._prepare(session, delivery, now)
        except Exception as error:
            if db.is_away(error):
                raise
            # Our fault, in one message: it fails alone and does not stop the others.
            blame(delivery, "delivery cannot be rendered")
            self._end(delivery, Sending.FAILED, type(error).__name__)
            return None

    async def _prepare(self, session: AsyncSession, delivery: Delivery, now: datetime) -> Outgoing | None:
        """Looks again whether the message is still wanted, then renders it."""
        address = await session.get_one(Address, delivery.address_id)
        person = await people.of_address(session, address)
        if not self._may_go(delivery, person, now):
            return None
        kind, edited = delivery.kind, None
        if kind.edits and kind.card is not None:
            edited = await cards.find_card(session, address.id, kind.card, delivery.subject)
            if edited is None:
                self._end(delivery, Sending.SUPERSEDED)  # there is nothing to edit
                return None
        reader = dispatch.delivery_context(session, person, address, self.runtime)
        screen = await self._render(reader, delivery)
        if screen is None:
            return None
        if not kind.edits:
            await rate_limit.take(session, address, self.rate, now=now)
        return Outgoing(delivery, address.chat_id, screen, Screen(reader.t("outdated")), edited)

    def _may_go(self, delivery: Delivery, person: Person | None, now: datetime) -> bool:
        """Whether it may go now: not too late, to someone who can be reached, in waking hours."""
        quiet = quiet_hours(person, self.runtime.policy) if person else self.runtime.policy.quiet
        if delivery.expires_at <= now:
            self._end(delivery, Sending.EXPIRED)
        elif person is not None and person.reach is not Reach.REACHABLE:
            self._end(delivery, Sending.FAILED, person.reach)
        elif not delivery.urgent and is_quiet(now, quiet):
            delivery.state, delivery.due_at = Sending.DUE, next_waking(now, quiet)
        else:
            return True
        return False

    async def _render(self, context: Context, delivery: Delivery) -> Screen | None:
        try:
            return await ROUTES.renderers[delivery.kind](context, delivery)
        except (Superseded, Refused):
            self._end(delivery, Sending.SUPERSEDED)
        return None

    def _end(self, delivery: Delivery, state: Sending, error: str | None = None) -> None:
        """Ends a delivery unsent."""
        delivery.state, delivery.error, delivery.owner = state, error, None
        tell(delivery)
        self.runtime.metrics.ended(delivery.state)

    async def _send(self, one: Outgoing) -> None:
        """Sends or edits; a text whose HTML Telegram will not have goes once more as plain text."""
        if asyncio.get_running_loop().time() - one.claimed_at > outbox.LEASE.total_seconds():
            one.is_late = True
            return
        try:
            try:
                await self._put(one)
            except BadRequest as error:
                if "parse entities" not in error.message:
                    raise
                log.error("delivery had bad HTML", kind=str(one.delivery.kind))
                one.screen = replace(one.screen, text=Markup.escape(one.screen.text.striptags()))
                await self._put(one)
        except TelegramError as error:
            one.error = error
        except Exception as error:
            # Our fault, in one message: it fails alone.
            blame(one.delivery, "delivery cannot be sent")
            one.error = TelegramError(type(error).__name__)
        else:
            await self._set_menu(one)

    async def _put(self, one: Outgoing) -> None:
        if one.edited is None:
            one.message_id = await send(self.runtime.bot, one.chat_id, one.screen, self.runtime.clock.sleep)
        else:
            one.message_id = one.edited
            await edit(self.runtime.bot, one.chat_id, one.edited, one.screen, has_file=one.screen.has_file)

    async def _set_menu(self, one: Outgoing) -> None:
        """Best effort: /start sets the menu too."""
        if one.screen.menu is None:
            return
        try:
            await set_menu(self.runtime.bot, one.chat_id, one.screen.menu)
        except TelegramError as error:
            log.info("menu not set", kind=str(one.delivery.kind), error=type(error).__name__)

    async def _record(self, session: AsyncSession, one: Outgoing, now: datetime) -> int | None:
        """Writes what became of a message, if it is still ours; returns the id of the one it replaces."""
        delivery = await session.get(Delivery, one.delivery.id, with_for_update=True)
        if delivery is None or delivery.attempts != one.delivery.attempts:
            return None  # another process took it over
        is_ours = delivery.owner == self.owner and delivery.state is Sending.SENDING
        taken_back = delivery.state in (Sending.DUE, Sending.UNKNOWN) and one.arrived
        if not is_ours and not taken_back:
            return None  # it was withdrawn for good
        if one.is_late:
            delivery.state, delivery.owner = Sending.DUE, None
        elif one.error is not None:
            await outcomes.failed(session, delivery, one.error, policy=self.runtime.policy, now=now)
        else:
            delivery.state, delivery.sent_at, delivery.message_id = Sending.SENT, now, one.message_id
        tell(delivery)
        self.runtime.metrics.ended(delivery.state)
        kind = delivery.kind.card
        if delivery.state is not Sending.SENT or kind is None or one.message_id is None:
            return None
        card = Card(kind, delivery.subject, delivery.revision)
        return await cards.record_card(session, delivery.address_id, card, message_id=one.message_id)

    async def _outdate(self, one: Outgoing, message_id: int) -> None:
        """The message that a newer one replaces says so. If it fails, its buttons still lead to the new one."""
        try:
            await edit(self.runtime.bot, one.chat_id, message_id, one.outdated, has_file=one.screen.has_file)
        except TelegramError as error:
            log.info("old message left as it was", error=type(error).__name__)
