"""Updates applied: several in one transaction, each in its own savepoint. A failing update is rolled back alone,
retried, and at last parked."""

import asyncio
import secrets

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from telegram import Update
from telegram.error import TelegramError

from bot import db
from bot.context import Runtime
from bot.receiving.replies import Reply
from handlers import dispatch
from handlers.routes import Context
from handlers.screen import NOTHING, Screen
from models.delivery import rate_limit, updates
from models.delivery.kinds import CardKind
from models.errors import Refused

log = structlog.get_logger()

MAX_TRIES = 5
MAX_FILE_BYTES = 512 * 1024

File = bytes | None | Refused
"""The content of the document in an update, None without one, or why it could not be fetched."""


def is_answering(screen: Screen) -> bool:
    """Whether somebody is filling in a form: when that was, and whether they tapped or wrote, is stored nowhere."""
    return screen.card is not None and screen.card.kind is CardKind.FEEDBACK


class Applying:
    """Applies each update once, and returns the screen that answers it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def apply(self, batch: tuple[Update, ...]) -> list[Reply]:
        """Applies updates in one transaction, each in its own savepoint. Those that fail are retried alone."""
        contents = await asyncio.gather(*(self._download(update) for update in batch))
        files = {update.update_id: file for update, file in zip(batch, contents, strict=True)}
        replies: list[Reply] = []
        async with self.runtime.engine.begin() as connection:
            async with self._session(connection) as session, session.begin():
                new_ids = await updates.mark_seen(session, files, now=self.runtime.now)
            for update in batch:
                is_new = update.update_id in new_ids
                new_ids.discard(update.update_id)  # the same update twice in a batch is applied once
                screen = await self._apply_one(connection, update, files[update.update_id], is_new=is_new)
                if screen is not None:
                    replies.append(Reply(update, screen))
        failed_ids = {update.update_id for update in batch} - {reply.update.update_id for reply in replies}
        for update in batch:
            if update.update_id in failed_ids:
                replies.append(Reply(update, await self.retry_alone(update, files[update.update_id])))
        for reply in replies:
            if is_answering(reply.screen):
                continue  # from these lines one could tell when people answered, and so who wrote something
            log.info("update", update=reply.update.update_id, route=dispatch.route_of(reply.update))
        return replies

    async def _apply_one(
        self, connection: AsyncConnection, update: Update, file: File, *, is_new: bool, reference: str = ""
    ) -> Screen | None:
        """The screen of one update; None if it failed, and then it counts as never seen."""
        try:
            try:
                return await self._handle(connection, update, file, is_new=is_new)
            except Refused as refusal:
                if is_new:
                    await self._forget(connection, update)  # nothing was changed: a redelivery is refused alike
                    return await self._refusal_screen(connection, update, refusal)
                # A redelivered update that is refused now already took effect the first time.
                return await self._refusal_screen(connection, update, Refused("already-done"))
        except Exception as error:
            if db.is_away(error):
                raise  # not acknowledged: Telegram redelivers it
            log.exception("update failed", update=update.update_id, reference=reference)
            if not is_new:
                return NOTHING  # it took effect the first time: only its screen is lost
            await self._forget(connection, update)
            return None

    async def _forget(self, connection: AsyncConnection, update: Update) -> None:
        async with self._session(connection) as session, session.begin():
            await updates.forget(session, update.update_id)

    async def _handle(self, connection: AsyncConnection, update: Update, file: File, *, is_new: bool) -> Screen:
        """Runs the handler in a savepoint, which is rolled back for a redelivered update."""
        async with self._session(connection) as session, session.begin() as savepoint:
            if update.effective_user is None:
                return NOTHING  # nobody acted: a channel has a new post
            if isinstance(file, Refused):
                raise file
            screen = await dispatch.handle_update(await self._context(session, update, file), update)
            if update.message is not None and not is_answering(screen):
                await rate_limit.count_reply(session, update.message.chat_id, now=self.runtime.now)
            if not is_new:
                screen = await screen.drawn()  # before the rollback: drawing may read what the handler wrote
                await savepoint.rollback()
            return screen

    async def _refusal_screen(self, connection: AsyncConnection, update: Update, refusal: Refused) -> Screen:
        """The refusal in words; for a tap together with the fresh card, if the handler can draw one."""
        async with self._session(connection) as session, session.begin() as savepoint:
            context = await self._context(session, update, None)
            screen = await (await dispatch.refusal_screen(context, update, refusal)).drawn()
            await savepoint.rollback()
            return screen

    async def retry_alone(self, update: Update, file: File) -> Screen:
        """Retries a failed update in transactions of its own; parks it after `MAX_TRIES` tries in all."""
        reference = secrets.token_hex(4).upper()
        for _ in range(MAX_TRIES - 1):
            async with self.runtime.engine.begin() as connection:
                async with self._session(connection) as session, session.begin():
                    new_ids = await updates.mark_seen(session, [update.update_id], now=self.runtime.now)
                screen = await self._apply_one(connection, update, file, is_new=bool(new_ids), reference=reference)
            if screen is not None:
                return screen
        log.error("update parked", update=update.update_id, reference=reference)
        self.runtime.metrics.parked += 1
        async with self.runtime.sessions.begin() as session:
            route = dispatch.route_of(update)
            await updates.park(session, update.update_id, reference, route, now=self.runtime.now)
        return await self._failure_screen(update, reference)

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
            log.exception("no words for a failure", update=update.update_id, reference=reference)
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

    async def _download(self, update: Update) -> File:
        """The document sent with an update, fetched before the transaction; b"" if over `MAX_FILE_BYTES`."""
        document = update.message.document if update.message else None
        if document is None:
            return None
        if (document.file_size or 0) > MAX_FILE_BYTES:
            return b""
        try:
            return bytes(await (await self.runtime.bot.get_file(document.file_id)).download_as_bytearray())
        except TelegramError as error:
            log.warning("file not fetched", update=update.update_id, error=type(error).__name__)
            return Refused("file-not-fetched")
