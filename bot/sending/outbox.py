"""Deliveries out: claim -> render -> send -> record.

One transaction records what was sent, claims what may leave now and renders it; it commits before anything is sent.
A process that dies can therefore repeat at most `IN_FLIGHT` messages, and what it repeats is marked.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot import db
from bot.backoff import retry_after_s
from bot.context import Runtime
from bot.db import AWAY
from bot.metrics import OUTBOX
from bot.sending import outcomes
from bot.sending.breaker import Breaker
from bot.sending.outgoing import Outgoing, log_fault, log_state
from bot.telegram import NotSentError
from handlers import dispatch
from handlers.routes import ROUTES
from handlers.screen import Screen, edit, send, set_menu
from models.calendar import is_quiet, next_waking
from models.delivery import cards, outbox, rate_limit
from models.delivery.cards import Card
from models.delivery.outbox import Delivery, DeliveryError, Sending, Superseded
from models.delivery.rate_limit import RateLimit
from models.errors import Refused
from models.people import people
from models.people.people import Address, Person, Reachability, quiet_hours

log = structlog.get_logger()

IN_FLIGHT = 4
"""Messages that one process sends at the same time, and so the most that it can repeat after it died."""
IDLE_S = 1.0
"""Seconds between two looks for work when nothing wakes the outbox."""
UNREACHABLE = {
    Reachability.BLOCKED: DeliveryError.BLOCKED,
    Reachability.DEACTIVATED: DeliveryError.DEACTIVATED,
    Reachability.UNCLAIMED: DeliveryError.UNCLAIMED,
}


class Outbox:
    def __init__(self, runtime: Runtime, breaker: Breaker) -> None:
        self.runtime = runtime
        self.breaker = breaker
        self.owner = secrets.token_hex(6)
        self.rate = RateLimit(runtime.settings.telegram.per_second)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent: list[Outgoing] = []
        """Sent, or failed, and not recorded yet."""
        self._resting: dict[int, datetime] = {}
        """The chats that Telegram does not take messages for (429), by address, and until when."""
        self._progress = 0
        """How many deliveries the last step claimed or recorded."""
        self._stopping = False

    async def run(self) -> None:
        """Sends until stopped. Woken when a delivery is planned or was sent, or after the pause that `step` returns."""
        while not self._stopping or self._tasks or self._sent:
            self.runtime.wake_outbox.clear()
            pause = IDLE_S
            try:
                pause = await self.step()
                self.runtime.metrics.works(OUTBOX)
            except AWAY as error:
                log.warning("outbox waits for the database", error=type(error).__name__, reason=db.reason(error))
                self.runtime.metrics.fails(OUTBOX, error)
                if self._stopping and not self._tasks:
                    return  # what cannot be recorded is recovered at the next start and marked as perhaps sent
            if pause > 0 and not (self._stopping and not self._tasks):  # then nothing would wake it
                await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        """Waits; returns early when woken."""
        try:
            await asyncio.wait_for(self.runtime.wake_outbox.wait(), seconds)
        except TimeoutError:
            return

    @property
    def in_flight(self) -> int:
        """Messages being sent."""
        return len(self._tasks)

    def stop(self) -> None:
        """Claims no more; what was sent is still recorded, so that nobody sends it again."""
        self._stopping = True
        self.runtime.wake_outbox.set()

    async def turn(self) -> int:
        """One step, and waits for all that it sends: for simulated time. Returns how many were claimed or recorded."""
        await self.step()
        await asyncio.gather(*self._tasks)
        return self._progress

    async def step(self) -> float:
        """Records what has been sent and sends what may leave now; returns how long to wait then, in seconds."""
        may_send = not self._stopping and await self.breaker.may_send(self.runtime.now)
        sent, self._sent = self._sent, []
        try:
            async with self.runtime.sessions.begin() as session:
                now = self.runtime.now
                replaced = [(item, old) for item in sent if (old := await self._record(session, item, now))]
                claimed = await self._claim(session, now) if may_send else []
                prepared = [item for delivery in claimed if (item := await self._prepare(session, delivery, now))]
                free_at = await rate_limit.free_at(session)
        except BaseException:
            self._sent = sent + self._sent
            raise
        self._progress = len(sent) + len(claimed)
        for item, message_id in replaced:
            self._start(self._outdate(item, message_id))
        for item in prepared:
            self._start(self._send(item))
        retry_at = self.breaker.retry_at or free_at
        wait = (retry_at - self.runtime.now).total_seconds() if retry_at else 0.0
        return min(wait, IDLE_S) if wait > 0 else 0.0 if claimed else IDLE_S

    async def _claim(self, session: AsyncSession, now: datetime) -> list[Delivery]:
        """As many due deliveries as the rate limit and `IN_FLIGHT` allow."""
        slots = IN_FLIGHT - len(self._tasks)
        if slots <= 0:
            return []
        available = await rate_limit.available(session, self.rate, now=now)
        return await outbox.claim(session, self.owner, min(slots, available), now=now) if available else []

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.runtime.wake_outbox.set()

    async def _prepare(self, session: AsyncSession, delivery: Delivery, now: datetime) -> Outgoing | None:
        """Renders a delivery in a savepoint; None if it is not sent now."""
        item = None
        try:
            async with session.begin_nested():
                item = await self._render(session, delivery, now)
        except Exception as error:
            if db.is_away(error):
                raise
            # A fault of ours in one message: it fails alone and does not stop the others.
            log_fault(delivery, "delivery cannot be rendered")
            self._end(delivery, Sending.FAILED, error)
        await outbox.forget_ended(session, delivery)
        return item

    async def _render(self, session: AsyncSession, delivery: Delivery, now: datetime) -> Outgoing | None:
        """Checks again whether the message is still wanted, then renders it for its reader."""
        address = await session.get_one(Address, delivery.address_id)
        person = await people.of_address(session, address)
        if not self._may_go(delivery, person, now):
            return None
        kind, edited = delivery.kind, None
        if kind.edits:
            edited = delivery.message_id
            if kind.card is not None:
                edited = await cards.find_card(session, address.id, kind.card, delivery.subject)
            if edited is None:
                self._end(delivery, Sending.SUPERSEDED)  # the card to edit is gone
                return None
        context = dispatch.delivery_context(session, person, address, self.runtime)
        try:
            screen = await ROUTES.renderers[kind](context, delivery)
        except (Superseded, Refused):
            self._end(delivery, Sending.SUPERSEDED)
            return None
        if not kind.edits:
            await rate_limit.consume(session, address, self.rate, now=now)
        elif not delivery.urgent:  # one of very many
            await rate_limit.consume_common(session, self.rate, now=now)
        return Outgoing(delivery, address.chat_id, screen, Screen(context.t("outdated")), edited)

    def _may_go(self, delivery: Delivery, person: Person | None, now: datetime) -> bool:
        """Whether it may go now: not expired, the person can be reached, and it is not quiet time (then it waits)."""
        quiet = quiet_hours(person, self.runtime.policy) if person else self.runtime.policy.quiet
        if delivery.expires_at <= now:
            self._end(delivery, Sending.EXPIRED)
        elif person is not None and person.reach is not Reachability.REACHABLE:
            self._end(delivery, Sending.FAILED, UNREACHABLE[person.reach])
        elif not (delivery.urgent or delivery.kind.edits) and is_quiet(now, quiet):
            delivery.state, delivery.due_at = Sending.DUE, next_waking(now, quiet)
        else:
            return True
        return False

    def _end(self, delivery: Delivery, state: Sending, error: DeliveryError | Exception | None = None) -> None:
        """Ends a delivery that was not sent."""
        delivery.state, delivery.owner = state, None
        if isinstance(error, Exception):
            outcomes.note(delivery, error)
        else:
            delivery.error_kind, delivery.error = error, None
        self._note_state(delivery)

    def _note_state(self, delivery: Delivery) -> None:
        """Logs and counts what became of a delivery."""
        if not delivery.kind.is_forgotten:
            log_state(delivery)
            self.runtime.metrics.ended(delivery.state)

    async def _send(self, item: Outgoing) -> None:
        if asyncio.get_running_loop().time() - item.claimed_at > outbox.LEASE.total_seconds():
            item.is_late = True
        else:
            await self._try_to_send(item)
        self.breaker.record(item.error, self.runtime.clock.now())
        self._sent.append(item)

    async def _try_to_send(self, item: Outgoing) -> None:
        """Sends or edits; if Telegram cannot parse the HTML, once more as plain text. An error is put in the item."""
        try:
            try:
                await self._put(item)
            except BadRequest as error:
                if "parse entities" not in error.message:
                    raise
                log.error("delivery had bad HTML", kind=str(item.delivery.kind))
                item.screen = replace(item.screen, text=Markup.escape(item.screen.text.striptags()))
                await self._put(item)
        except (NotSentError, RetryAfter) as error:
            # Of a screen of several messages some may have been sent: repeating it is repeating these.
            item.error = NetworkError(type(error).__name__) if item.progress.sent else error
        except TelegramError as error:
            item.error = error
        except Exception as error:
            # A fault of ours in one message: it fails alone.
            log_fault(item.delivery, "delivery cannot be sent")
            item.error = error
        else:
            await self._set_menu(item)

    async def _put(self, item: Outgoing) -> None:
        if item.edited is None:
            item.message_id = await send(
                self.runtime.bot, item.chat_id, item.screen, self.runtime.clock.sleep, item.progress
            )
        else:
            item.message_id = item.edited
            await edit(self.runtime.bot, item.chat_id, item.edited, item.screen, has_file=item.screen.has_file)

    async def _set_menu(self, item: Outgoing) -> None:
        """Best effort: /start sets the menu too."""
        if item.screen.menu is None:
            return
        try:
            await set_menu(self.runtime.bot, item.chat_id, item.screen.menu)
        except TelegramError as error:
            log.info("menu not set", kind=str(item.delivery.kind), error=type(error).__name__)

    async def _record(self, session: AsyncSession, item: Outgoing, now: datetime) -> int | None:
        """Writes the result of sending, if the delivery is still ours; returns the id of the message that the sent
        one replaces."""
        delivery = await session.get(Delivery, item.delivery.id, with_for_update=True)
        if delivery is None or delivery.attempts != item.delivery.attempts:
            return None  # another process took it over
        is_ours = delivery.owner == self.owner and delivery.state is Sending.SENDING
        was_recovered = delivery.state in (Sending.DUE, Sending.UNKNOWN) and item.arrived
        if not is_ours and not was_recovered:
            return None  # it has ended meanwhile
        if item.is_late:
            delivery.state, delivery.owner = Sending.DUE, None
        elif item.error is not None:
            if isinstance(item.error, RetryAfter):
                await self._rest(session, delivery.address_id, now + timedelta(seconds=retry_after_s(item.error)))
            await outcomes.record_failure(session, delivery, item.error, policy=self.runtime.policy, now=now)
        else:
            delivery.state, delivery.sent_at, delivery.message_id = Sending.SENT, now, item.message_id
        self._note_state(delivery)
        await outbox.forget_ended(session, delivery)
        kind = delivery.kind.card
        if delivery.state is not Sending.SENT or kind is None or item.message_id is None:
            return None
        card = Card(kind, delivery.subject, delivery.revision)
        return await cards.record_card(session, delivery.address_id, card, message_id=item.message_id, now=now)

    async def _rest(self, session: AsyncSession, address_id: int, until: datetime) -> None:
        """After a 429 the chat's messages wait. If a second chat is to wait at the same time, the bot as a whole has
        sent too many, and everybody's wait: Telegram does not say which limit was reached."""
        now = self.runtime.now
        self._resting = {id_: end for id_, end in self._resting.items() if end > now} | {address_id: until}
        await rate_limit.hold_chat(session, address_id, until)
        if len(self._resting) > 1:
            await rate_limit.hold(session, max(self._resting.values()))

    async def _outdate(self, item: Outgoing, message_id: int) -> None:
        """Marks the replaced message as outdated. Best effort: its buttons would still lead to the new one."""
        try:
            await edit(self.runtime.bot, item.chat_id, message_id, item.outdated, has_file=item.screen.has_file)
        except TelegramError as error:
            log.info("old message left as it was", error=type(error).__name__)
