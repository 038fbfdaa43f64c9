"""Updates applied: a few in one transaction, each behind a savepoint. What fails is undone alone, at last parked."""

import asyncio
import secrets

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from telegram import Update
from telegram.error import TelegramError

from bot import db
from bot.context import Runtime
from bot.receiving.replies import Heard
from handlers import dispatch
from handlers.routes import Context
from handlers.screen import NOTHING, Screen
from models.delivery import rate_limit, updates
from models.delivery.kinds import CardKind
from models.errors import Refused

log = structlog.get_logger()

TRIES = 5
LARGEST_FILE = 512 * 1024

File = bytes | None | Refused
"""What was sent with an update, or why it could not be had."""


def is_answering(screen: Screen) -> bool:
    """Whether somebody is filling in a form: of this nothing keeps when, nor whether they tapped or wrote."""
    return screen.card is not None and screen.card.kind is CardKind.FEEDBACK


class Applying:
    """Gives each update its effect, once, and the screen that answers it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def hear(self, some: tuple[Update, ...]) -> list[Heard]:
        """Applies updates in one transaction, each behind a savepoint. What fails there is tried again alone."""
        fetched = await asyncio.gather(*(self._download(update) for update in some))
        files = {update.update_id: file for update, file in zip(some, fetched, strict=True)}
        heard: list[Heard] = []
        async with self.runtime.engine.begin() as connection:
            async with self._session(connection) as session, session.begin():
                fresh = await updates.first_sight(session, files, now=self.runtime.now)
            for update in some:
                is_new = update.update_id in fresh
                fresh.discard(update.update_id)  # the same one twice in a batch is applied once
                screen = await self._try(connection, update, files[update.update_id], is_new=is_new)
                if screen is not None:
                    heard.append(Heard(update, screen))
        failed = {update.update_id for update in some} - {one.update.update_id for one in heard}
        for update in some:
            if update.update_id in failed:
                heard.append(Heard(update, await self._alone(update, files[update.update_id])))
        for one in heard:
            if is_answering(one.screen):
                continue  # whoever knew when people answered could tell by these lines who wrote something
            log.info("update", update=one.update.update_id, route=dispatch.route_of(one.update))
        return heard

    async def _try(
        self, connection: AsyncConnection, update: Update, file: File, *, is_new: bool, reference: str = ""
    ) -> Screen | None:
        """One update behind its savepoint; None if it failed, and then it counts as never seen."""
        try:
            try:
                return await self._answer(connection, update, file, is_new=is_new)
            except Refused as refusal:
                if is_new:
                    await self._unsee(connection, update)  # it has done nothing: refused alike if it comes again
                    return await self._refused(connection, update, refusal)
                # What is refused now, its first coming has done.
                return await self._refused(connection, update, Refused("already-done"))
        except Exception as error:
            if db.is_away(error):
                raise  # Telegram keeps the update for us
            log.exception("update failed", update=update.update_id, reference=reference)
            if not is_new:
                return NOTHING  # done at its first coming: only its screen is lost
            await self._unsee(connection, update)
            return None

    async def _unsee(self, connection: AsyncConnection, update: Update) -> None:
        async with self._session(connection) as session, session.begin():
            await updates.unsee(session, update.update_id)

    async def _answer(self, connection: AsyncConnection, update: Update, file: File, *, is_new: bool) -> Screen:
        async with self._session(connection) as session, session.begin() as savepoint:
            if update.effective_user is None:
                return NOTHING  # nobody acted: a channel has a new post
            if isinstance(file, Refused):
                raise file
            screen = await dispatch.handle_update(await self._context(session, update, file), update)
            if update.message is not None and not is_answering(screen):
                await rate_limit.spoken_to(session, update.message.chat_id, now=self.runtime.now)
            if not is_new:
                screen = await screen.drawn()  # while what it is drawn from is at hand
                await savepoint.rollback()  # seen before: shown again, done once
            return screen

    async def _refused(self, connection: AsyncConnection, update: Update, refusal: Refused) -> Screen:
        """The refusal in words; for a tap beside the fresh card, if the handler can draw one."""
        async with self._session(connection) as session, session.begin() as savepoint:
            context = await self._context(session, update, None)
            screen = await (await dispatch.refusal_screen(context, update, refusal)).drawn()
            await savepoint.rollback()
            return screen

    async def _alone(self, update: Update, file: File) -> Screen:
        """An update that failed beside others, in transactions of its own; one that fails for good is put aside."""
        reference = secrets.token_hex(4).upper()
        for _ in range(TRIES - 1):
            async with self.runtime.engine.begin() as connection:
                async with self._session(connection) as session, session.begin():
                    fresh = await updates.first_sight(session, [update.update_id], now=self.runtime.now)
                screen = await self._try(connection, update, file, is_new=bool(fresh), reference=reference)
            if screen is not None:
                return screen
        log.error("update parked", update=update.update_id, reference=reference)
        self.runtime.metrics.parked += 1
        async with self.runtime.sessions.begin() as session:
            about = dispatch.route_of(update)
            await updates.park(session, update.update_id, reference, about, now=self.runtime.now)
        return await self._excuse(update, reference)

    async def _excuse(self, update: Update, reference: str) -> Screen:
        """That it is our fault, in the person's language; nothing if even that fails."""
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
        """A session of one update: what it does is undone alone, and nothing it read is remembered for the next."""
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
        """A small document sent to the bot, fetched before the transaction; of a large one an empty one is made."""
        document = update.message.document if update.message else None
        if document is None:
            return None
        if (document.file_size or 0) > LARGEST_FILE:
            return b""
        try:
            return bytes(await (await self.runtime.bot.get_file(document.file_id)).download_as_bytearray())
        except TelegramError as error:
            log.warning("file not fetched", update=update.update_id, error=type(error).__name__)
            return Refused("file-not-fetched")
