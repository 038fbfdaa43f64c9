"""The runtime: what all parts of one running program share. It knows none of them."""

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import db
from bot.clock import Clock
from bot.config import Settings
from bot.metrics import Metrics
from bot.telegram import make_bot, make_polling
from models.feedback.sealing import Keyring


class Runtime:
    """Settings, clock, database, keys, Telegram client and counts of one program.

    In tests ``transport`` (see `bot.telegram`) takes the place of the network, and ``engine`` that of a new database
    engine.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        transport: Any = None,
        engine: AsyncEngine | None = None,
    ) -> None:
        self.settings = settings
        self.policy = settings.policy()
        self.clock = clock or Clock()
        self.engine = engine or db.make_engine(settings.database.url)
        self.sessions = db.make_sessions(self.engine)
        self.keys = Keyring(settings.feedback.keys)
        self.polling = make_polling(transport)
        self.bot = make_bot(settings, transport, self.polling)
        self.bot_name = ""
        """The bot's username at Telegram, known once the program has started."""
        self.metrics = Metrics()
        self.wake_outbox = asyncio.Event()
        """Set when a delivery may be due, so that the outbox looks at once and not at its next interval."""
        self.scrub_needed = False
        """Whether a closing has deleted something whose remains are still on the disk."""
        self.clearing = False
        """Whether messages about closed forms are being edited. Their rows are deleted one by one: then scrub again."""
        self.scrubbed_erasures = 0
        """How many erasures there were at the last scrub."""
        self.rewrite_needed = False
        """Whether there was a scrub since the whole database was last rewritten."""
        self.updates_wait = asyncio.Event()
        """Set when updates have arrived: a rewriting of the database is interrupted for them."""

    @property
    def now(self) -> datetime:
        return self.clock.now()
