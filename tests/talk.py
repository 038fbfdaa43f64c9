"""Drives the real program through the sandbox: people who tap and type, time that passes, a real migrated database."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot import db, migrating
from bot.app import App
from bot.clock import StandingClock
from bot.config import Settings
from bot.sandbox import Limits, Sandbox
from models import groups, links
from models.access import RoleKind
from models.groups import Workgroup

HELSINKI = ZoneInfo("Europe/Helsinki")
START = datetime(2027, 3, 2, 9, tzinfo=HELSINKI).astimezone(UTC)
"""A Tuesday morning."""
ADMIN_ID = 900


@dataclass
class Actor:
    """A person of the stories, with a phone."""

    talk: "Talk"
    user: Any

    @property
    def name(self) -> str:
        return str(self.user.first_name)

    @property
    def messages(self) -> list[Any]:
        """What stands in the chat, the bot's messages only, oldest first."""
        return [message for message in self.user.messages if message.from_bot]

    @property
    def last(self) -> Any:
        return self.messages[-1]

    @property
    def text(self) -> str:
        """The newest message's words."""
        return words(self.last)

    @property
    def toast(self) -> str:
        """The newest answer to a tap."""
        return str(self.user.toasts[-1].text or "")

    async def starts(self, payload: str | None = None) -> str:
        self.user.starts(payload)
        await self.talk.answered()
        return self.text

    async def says(self, text: str) -> str:
        self.user.says(text)
        await self.talk.answered()
        return self.text

    async def sends(self, name: str, content: bytes) -> str:
        self.user.uploads(name, content)
        await self.talk.answered()
        return self.text

    async def taps(self, label: str, message: Any = None) -> str:
        """Taps the button whose label begins so, on the newest message that has one; returns the text it leads to."""
        self.user.taps(label, message)
        await self.talk.answered()
        return self.text

    async def taps_data(self, data: str, message: Any = None) -> str:
        """A forged press; returns the toast."""
        self.user.taps_data(data, message or self.last)
        await self.talk.answered()
        return self.toast

    def sees(self, words_: str) -> bool:
        return any(words_ in words(message) for message in self.messages)

    def labels(self, message: Any = None) -> list[str]:
        return [button.label for row in (message or self.last).buttons for button in row]


def words(message: Any) -> str:
    return str(message.text or message.caption or "")


@dataclass
class Talk:
    """The program, the sandbox and the clock, with the steps that stories share."""

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
        """Lets the program hear what was just done, and answer; messages to others wait for `settle`."""
        while await self.app.inbox.poll():
            continue

    async def settle(self) -> None:
        await self.app.settle()

    async def time_passes(self, **span: float) -> None:
        await self.app.pass_time(self.clock.moment + timedelta(**span))

    async def until(self, moment: datetime) -> None:
        await self.app.pass_time(moment)

    async def group(self, name: str = "Lastensuojelu", *, members: list[Actor], coordinator: Actor) -> Workgroup:
        """A workgroup that everyone has joined through its link."""
        now = self.clock.now()
        async with self.app.sessions.begin() as session:
            group = await groups.found(session, name, now=now)
            link = await links.join_link(session, group.id, now=now)
            lead = await links.make(session, links.LinkKind.ROLE, now=now, group_id=group.id, role=RoleKind.COORDINATOR)
        await coordinator.starts(lead.code)
        for member in members:
            await member.starts(link.code)
        await self.settle()
        return group

    async def manager(self, actor: Actor) -> None:
        async with self.app.sessions.begin() as session:
            link = await links.make(session, links.LinkKind.ROLE, now=self.clock.now(), role=RoleKind.MANAGER)
        await actor.starts(link.code)

    async def called_meeting(self, by: Actor, line: str) -> None:
        """A meeting called with one line; gaps are skipped, the card confirmed."""
        await by.says(f"/newmeeting {line}")
        for _ in range(6):
            if "Lähetä kutsu" in by.labels():
                break
            skips = ("Ohita", "Aihe tarkentuu", "Linkki tulee", "Paikka tarkentuu", "Skip", "Hoppa")
            await by.taps(next(label for label in by.labels() if label.startswith(skips)))
        await by.taps("Lähetä kutsu")
        await self.settle()


@asynccontextmanager
async def talking(folder: Path, template: Path, **settings: Any) -> AsyncIterator[Talk]:
    """The program against a sandbox in process, on a copy of a migrated database."""
    shutil.copy(template, folder / "koolla.db")
    clock = StandingClock(START)
    sandbox = Sandbox(now=clock.now, limits=Limits())
    given: dict[str, Any] = {
        "admins": [ADMIN_ID],
        "telegram": {"token": sandbox.token, "api_url": "http://telegram.test"},
        "database": {"url": f"sqlite:///{folder / 'koolla.db'}"},
        "feedback": {"keys": folder / "keys"},
    }
    app = App(Settings(**{**given, **settings}), clock, transport=httpx.ASGITransport(app=sandbox.app))
    await app.start()
    try:
        yield Talk(app, sandbox, clock)
    finally:
        await app.close()


async def make_template(path: Path) -> None:
    """A migrated, empty SQLite file."""
    engine = db.make_engine(f"sqlite+aiosqlite:///{path}")
    await migrating.upgrade(engine)
    await engine.dispose()
