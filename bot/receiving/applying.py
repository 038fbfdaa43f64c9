"""Updates applied: several in one transaction, each in its own savepoint. A failing update is rolled back alone,
retried, and at last parked."""

import secrets

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from telegram import Update

from bot import db
from bot.context import Runtime
from bot.receiving.albums import Albums
from bot.receiving.fetching import File
from bot.receiving.reading import Received
from bot.receiving.replies import Reply
from bot.receiving.results import Result, is_form
from handlers import dispatch
from handlers.many_messages import Fate
from handlers.message_kinds import is_heard
from handlers.routes import Context
from handlers.screen import NOTHING, Screen
from handlers.texts import texts
from models.delivery import rate_limit, updates
from models.errors import Refused
from models.operations import recent
from models.operations.recent import UpdateOutcome

log = structlog.get_logger()

MAX_TRIES = 5


class Applying:
    """Applies each update once, and returns the screen that answers it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._albums = Albums()
        self._unasked: dict[int, Result] = {}
        """The last message of a person, by Telegram id, if nothing waited for it: the next one is answered alike."""
        self._languages: dict[int, str] = {}
        """The language of each person who was answered in this backlog, by Telegram id."""

    async def apply(self, batch: tuple[Received, ...], *, file: File = None) -> list[Reply]:
        """Applies updates in one transaction, each in its own savepoint. Those that fail are retried alone, and those
        that could not be read are parked. ``file`` is the content of the one document among them."""
        readable = [received for received in batch if received.fault is None]
        heard = {received.update_id: received for received in readable if self._is_heard(received.update, file)}
        results = [Result.of(received, file) for received in heard.values()]
        new = [result for result in results if not self._repeats(result)]
        if not all(result.is_surplus for result in new):
            await self._apply_together(new)
        replies = [await self._set_aside(received) for received in batch if received.fault is not None]
        replies += [Reply(received.update, NOTHING) for received in readable if received.update_id not in heard]
        return replies + [await self._reply(result) for result in results]

    async def _apply_together(self, results: list[Result]) -> None:
        async with self.runtime.engine.begin() as connection:
            ids = [result.update.update_id for result in results if not result.is_surplus]
            new_ids = await self._mark_seen(connection, ids)
            for result in results:
                is_new = result.update.update_id in new_ids
                new_ids.discard(result.update.update_id)  # the same update twice in a batch is applied once
                if not self._repeats(result) and not result.is_surplus:
                    await self._apply_one(connection, result, is_new=is_new)

    async def _reply(self, result: Result) -> Reply:
        """The reply to an update that was applied, after the last tries if it failed."""
        language = result.language or self._languages.get(result.sender_id, self.runtime.policy.language)
        if result.is_surplus:
            t = texts(language)
            return Reply(result.update, NOTHING.toasting(t("many-taps")), language, Fate.UNREAD)
        screen = result.screen if result.screen is not None else await self.retry_alone(result)
        result.log()
        self.runtime.metrics.applied(result.update, is_form=result.is_silent, today=self.runtime.now.date())
        self._languages[result.sender_id] = language
        return result.reply(screen, language)

    def _repeats(self, result: Result) -> bool:
        """Whether nothing waits for a message, as for the one before it. Then it is answered alike, without the cost of
        finding that out again."""
        before = self._unasked.get(result.sender_id)
        if before is None or result.file is not None or not dispatch.is_plain(result.update):
            self._unasked.pop(result.sender_id, None)
            return False
        result.repeat(before)
        return True

    def end_backlog(self) -> None:
        """Telegram has no more updates at once. What comes later may be waited for by then."""
        self._unasked.clear()
        self._languages.clear()

    async def _mark_seen(self, connection: AsyncConnection, update_ids: list[int]) -> set[int]:
        """Marks updates as seen; returns the ids of those not seen before."""
        async with self._session(connection) as session, session.begin():
            return await updates.mark_seen(session, update_ids, now=self.runtime.now)

    async def _apply_one(self, connection: AsyncConnection, result: Result, *, is_new: bool) -> None:
        """Applies one update, and puts its screen and outcome into the result. After a failure there is no screen, and
        the update counts as never seen."""
        result.outcome = UpdateOutcome.DONE if is_new else UpdateOutcome.REDELIVERED
        try:
            try:
                result.screen = await self._handle(connection, result, is_new=is_new)
            except Refused as refusal:
                result.refuse(refusal, is_new=is_new)
                # A redelivered update that is refused now already took effect the first time.
                shown = refusal if is_new else Refused("already-done")
                result.screen = await self._refusal_screen(connection, result.update, shown)
                if is_new:  # nothing was changed: a redelivery is refused alike
                    await self._forget(connection, result)
        except Exception as error:
            if db.is_away(error):
                raise  # not acknowledged: Telegram redelivers it
            result.fail()
            result.screen = None
            if is_new:
                await self._forget(connection, result)
            else:
                result.screen = NOTHING  # it took effect the first time: only its screen is lost

    async def _forget(self, connection: AsyncConnection, result: Result) -> None:
        """Removes the mark of an update that changed nothing, and records a refusal."""
        async with self._session(connection) as session, session.begin():
            await updates.forget(session, result.update.update_id)
            await self._record(session, result)

    async def _record(self, session: AsyncSession, result: Result) -> None:
        """Records a refusal for ``koolla status --recent``."""
        if result.outcome is UpdateOutcome.REFUSED and not result.is_silent:
            await recent.record(
                session,
                result.outcome,
                result.route,
                refusal=result.refusal.key if result.refusal else "",
                gate=result.gate,
                now=self.runtime.now,
            )

    async def _handle(self, connection: AsyncConnection, result: Result, *, is_new: bool) -> Screen:
        """Runs the handler in a savepoint, which is rolled back for a redelivered update."""
        update = result.update
        async with self._session(connection) as session, session.begin() as savepoint:
            if update.effective_user is None:
                return NOTHING  # nobody acted: a channel has a new post
            if isinstance(result.file, Refused):
                raise result.file
            context = await self._context(session, update, result.file)
            try:
                screen = await dispatch.handle_update(context, update)
            finally:
                result.take_route(context)
            if result.was_unasked:
                self._unasked[result.sender_id] = result
            if update.message is not None and not is_form(screen):
                await rate_limit.count_reply(session, update.message.chat_id, now=self.runtime.now)
            if not is_new:
                screen = await screen.drawn()  # before the rollback: drawing may read what the handler wrote
                await savepoint.rollback()
            if context.refusal is not None:
                result.refuse(context.refusal, is_new=is_new)
                result.screen = screen
                await self._record(session, result)
            return screen

    async def _refusal_screen(self, connection: AsyncConnection, update: Update, refusal: Refused) -> Screen:
        """The refusal in words; for a tap together with the fresh card, if the handler can draw one."""
        async with self._session(connection) as session, session.begin() as savepoint:
            context = await self._context(session, update, None)
            screen = await (await dispatch.refusal_screen(context, update, refusal)).drawn()
            await savepoint.rollback()
            return screen

    async def retry_alone(self, result: Result) -> Screen:
        """Retries a failed update in transactions of its own; parks it after `MAX_TRIES` tries in all."""
        for _ in range(MAX_TRIES - 1):
            async with self.runtime.engine.begin() as connection:
                new_ids = await self._mark_seen(connection, [result.update.update_id])
                await self._apply_one(connection, result, is_new=bool(new_ids))
            if result.screen is not None:
                return result.screen
        await self._park(result)
        return await self._failure_screen(result.update, result.reference)

    async def _park(self, result: Result) -> None:
        """Gives an update up. Of one that answers a form only the day is stored."""
        now, route, reference, is_form_route = self.runtime.now, result.route, result.reference, result.answers_form
        self.runtime.metrics.parked += 1
        async with self.runtime.sessions.begin() as session:
            await updates.park(session, result.update.update_id, reference, route, now=now, day_only=is_form_route)
            if not is_form_route:
                await recent.record(session, result.outcome, route, reference=reference, now=now)

    async def _set_aside(self, received: Received) -> Reply:
        """Parks an update that could not be read, once. Neither its text is stored nor its time: it may be an answer to
        a form."""
        reference, about, now = secrets.token_hex(4).upper(), f"unreadable {received.kind}", self.runtime.now
        async with self.runtime.sessions.begin() as session:
            stored = await updates.park(session, received.update_id, reference, about, now=now, day_only=True)
        if stored == reference:
            self.runtime.metrics.parked += 1
            log.error("update cannot be read", reference=reference, kind=received.kind, exc_info=received.fault)
        return Reply(received.update, await self._failure_screen(received.update, stored))

    async def _failure_screen(self, update: Update, reference: str) -> Screen:
        """Tells the person that we failed, in their language; `NOTHING` if even that fails."""
        if update.effective_user is None:
            return NOTHING
        try:
            async with self.runtime.sessions() as session:
                return dispatch.failure_screen(await self._context(session, update, None), reference)
        except Exception as error:
            if db.is_away(error):
                raise
            log.exception("no words for a failure", reference=reference)
            return NOTHING

    def _session(self, connection: AsyncConnection) -> AsyncSession:
        """A session for one update: its changes are rolled back alone, its identity map is not shared."""
        return self.runtime.sessions(bind=connection, join_transaction_mode="create_savepoint")

    async def _context(self, session: AsyncSession, update: Update, file: bytes | None) -> Context:
        return await dispatch.update_context(
            session,
            update,
            policy=self.runtime.policy,
            keys=self.runtime.keys,
            bot_name=self.runtime.bot_name,
            now=self.runtime.now,
            file=file,
        )

    def _is_heard(self, update: Update, file: File) -> bool:
        """Whether an update is handled. An album is heard once, unless its files are read."""
        message = update.message
        return is_heard(update) and (file is not None or message is None or not self._albums.is_repeated(message))
