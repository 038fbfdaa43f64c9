"""A stage for stories: the real program, a sandbox in process, a clock that only moves when told, people who tap.

The scripted demo, the gallery and the tests all play on it.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app import App
from bot.clock import StandingClock
from bot.commands import migrate
from bot.config import Settings
from bot.sandbox import Limits, Sandbox
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from handlers.texts import catalogue, texts
from models.delivery.rate_limit import RateLimit

START = datetime(2027, 3, 2, 9, tzinfo=ZoneInfo("Europe/Helsinki")).astimezone(UTC)
"""A Tuesday morning."""
ADMIN_ID = 900


@dataclass(frozen=True)
class Key:
    """A text by its key, for stories whose subject is not its wording.

    Without values it is the beginning of the text, before the first value.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str | None) -> str:
        """As it stands in a chat, without formatting."""
        t = texts(language)
        html = t(self.name, **self.values) if self.values else catalogue(t.language)[self.name][0].partition("{")[0]
        return unescape(re.sub("<[^>]+>", "", html))


def key(name: str, /, **values: Any) -> Key:
    """``key("cancel")``, ``key("survey-send", n=6)``: what to tap or to look for, in the actor's language."""
    return Key(name, values)


@dataclass(repr=False)
class Actor:
    """A person of the story. The methods that act return the text of the bot's newest message."""

    stage: "Stage"
    user: User

    def __repr__(self) -> str:
        return f"<Actor {self.name}>"

    @property
    def name(self) -> str:
        return self.user.first_name

    @property
    def messages(self) -> list[Message]:
        """The bot's messages as they stand in the chat, oldest first."""
        return [message for message in self.user.messages if message.from_bot]

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def text(self) -> str:
        """The text or caption of the newest message."""
        return words(self.last)

    @property
    def toast(self) -> str:
        """The newest answer to a tap."""
        return self.user.toasts[-1].text or ""

    async def starts(self, payload: str | None = None) -> str:
        self.user.starts(payload)
        return await self._answer()

    async def says(self, text: str) -> str:
        self.user.says(text)
        return await self._answer()

    async def sends(self, name: str, content: bytes) -> str:
        self.user.uploads(name, content)
        return await self._answer()

    async def chooses(self, other: "Actor") -> str:
        """Shares a person through the keyboard button that asks for one."""
        self.user.chooses(1, [other.user])
        return await self._answer()

    async def taps(self, label: str | Key, message: Message | None = None) -> str:
        """Taps the button whose label begins so, on the newest message that has one."""
        self.user.taps(self.in_their_language(label), message)
        return await self._answer()

    async def taps_data(self, data: str, message: Message | None = None) -> str:
        """Taps with callback data that need not be on a button. Returns the toast."""
        self.user.taps_data(data, message or self.last)
        await self.stage.answered()
        return self.toast

    async def _answer(self) -> str:
        await self.stage.answered()
        return self.text if self.messages else ""

    def sees(self, text: str | Key) -> bool:
        return any(self.in_their_language(text) in words(message) for message in self.messages)

    def labels(self, message: Message | None = None) -> list[str]:
        return [button.label for row in (message or self.last).buttons for button in row]

    def has_button(self, label: str | Key) -> bool:
        """Whether the newest message has a button whose label begins so."""
        return any(each.startswith(self.in_their_language(label)) for each in self.labels())

    def in_their_language(self, text: str | Key) -> str:
        """A text in the language of their Telegram."""
        return text if isinstance(text, str) else text.text(self.user.language)


def words(message: Message) -> str:
    """A message's text or caption."""
    return message.text or message.caption or ""


@dataclass(repr=False)
class Stage:
    """The program, the sandbox and the clock.

    Its repr, and an actor's, is short: `asyncio.run` forms the repr of the main task's result four times, and a fixture
    returns them. Those of all messages and recorded scenes took a quarter of the tests' time.
    """

    app: App
    sandbox: Sandbox
    clock: StandingClock
    people: dict[str, Actor] = field(default_factory=dict)

    def person(self, name: str, language: str = "fi", id: int | None = None) -> Actor:  # noqa: A002
        """A person with Telegram who has not pressed Start yet."""
        actor = Actor(self, self.sandbox.add_user(name, language=language, id=id))
        self.people[name] = actor
        return actor

    async def answered(self) -> None:
        """Processes the waiting updates and answers them. Messages to others wait for `settle`."""
        while await self.app.inbox.poll():
            continue

    async def settle(self) -> None:
        """Lets the program do all that is due."""
        await self.app.settle()

    async def time_passes(self, **span: float) -> None:
        """``time_passes(days=1, hours=2)``, from event to event."""
        await self.app.pass_time(self.clock.moment + timedelta(**span))

    async def until(self, moment: datetime) -> None:
        await self.app.pass_time(moment)

    async def begin(self) -> None:
        """Brings the database to the newest schema and starts the program."""
        await migrate.upgrade(self.app.engine)
        await self.app.start()
        await self.app.introduce()

    @classmethod
    def build(
        cls, folder: Path, *, over_http: bool = False, engine: AsyncEngine | None = None, **settings: Any
    ) -> Self:
        """A stage that has not begun yet; the parameters of `open`."""
        clock = StandingClock(START)
        sandbox = Sandbox(now=clock.now, limits=Limits())
        given: dict[str, Any] = {
            "admins": [ADMIN_ID],
            "telegram": {"token": sandbox.token, "api_url": "http://telegram.test"},
            "database": {"url": f"sqlite:///{folder / 'koolla.db'}"},
            "feedback": {"keys": folder / "keys"},
        }
        transport = httpx.ASGITransport(app=sandbox.app) if over_http else sandbox.request
        app = App(Settings(**{**given, **settings}), clock, transport=transport, engine=engine)
        app.outbox.rate = RateLimit(25, burst=timedelta(seconds=0.16))  # a few at once: nobody waits in real time
        return cls(app, sandbox, clock)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, **options: Any) -> AsyncIterator[Self]:
        """A stage whose database is in the folder; options are settings as in `Settings`.

        The bot calls the sandbox by functions, or with ``over_http=True`` through the server's code, in this process.
        ``engine`` is the database's, if it is not to be a new one.
        """
        stage = cls.build(folder, **options)
        try:
            await stage.begin()
            yield stage
        finally:
            await stage.app.close()
