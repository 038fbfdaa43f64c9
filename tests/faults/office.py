"""An organisation that exists already: people with Telegram, their groups, a meeting whose cards they have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot import db
from bot.app import App
from bot.clock import StandingClock
from bot.commands import migrate
from bot.config import Settings
from bot.sandbox import Sandbox
from bot.sandbox.people import User
from models.meetings import announcing, meetings
from models.meetings.meetings import MeetingPlan, Mode
from models.people import access, groups, people
from models.people.access import RoleKind
from models.people.groups import Workgroup

HELSINKI = ZoneInfo("Europe/Helsinki")
AWAKE: dict[str, Any] = {"start": "00:00", "end": "00:00", "weekends": False, "holidays": False}
"""No quiet hours, so that a run at night measures the same as one by day."""
FIRST_ID = 100_001


@dataclass
class Office:
    """People and groups, in the database and in the sandbox. ``settings`` are those that the programs run with."""

    settings: Settings
    sandbox: Sandbox
    administrator: User
    members: dict[int, list[User]] = field(default_factory=dict)
    """By group."""
    coordinators: dict[int, User] = field(default_factory=dict)
    """By group."""

    @property
    def everyone(self) -> list[User]:
        return [user for users in self.members.values() for user in users]

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[db.Sessions]:
        """The sessions of a database engine of its own, beside those of the programs."""
        engine = db.make_engine(self.settings.database.url)
        try:
            yield db.make_sessions(engine)
        finally:
            await engine.dispose()

    async def call_meeting(self, group_id: int, title: str, *, at: datetime | None = None, in_days: float = 30) -> int:
        """Calls a meeting with its invitations, now or as if at the time ``at``. Returns its id."""
        now = at or datetime.now(UTC)
        starts_at = now + timedelta(days=in_days)
        plan = MeetingPlan(title, starts_at, starts_at + timedelta(hours=2), HELSINKI, Mode.HYBRID, place="Kokoustila")
        async with self.sessions() as sessions, sessions.begin() as session:
            group = await session.get_one(Workgroup, group_id)
            by = await people.known(session, self.coordinators[group_id].id)
            assert by is not None
            meeting = await meetings.create(session, group, by, plan, now=now)
            await announcing.announce(session, meeting, policy=self.settings.policy(), now=now)
            return meeting.id

    async def hand_out(self, group_id: int, title: str) -> int:
        """Calls a meeting and sends its cards at once, in this process. Returns its id.

        By the clock it is an hour ago, so that the rate limits of the chats are free again.
        """
        clock = StandingClock(datetime.now(UTC) - timedelta(hours=1))
        meeting_id = await self.call_meeting(group_id, title, at=clock.now())
        app = App(self.settings, clock, transport=httpx.ASGITransport(app=self.sandbox.app))
        try:
            await app.start()
            await app.pass_time(clock.now() + timedelta(minutes=10))  # cards of other meetings may be sent first
        finally:
            await app.close()
        has_card = [
            any(title in (message.caption or "").splitlines() for message in user.messages)
            for user in self.members[group_id]
        ]
        assert all(has_card), f"{has_card.count(False)} have no card of {title}"
        return meeting_id


async def create_office(settings: Settings, sandbox: Sandbox, sizes: dict[str, int]) -> Office:
    """Creates groups with so many members by name, each with a coordinator who is no member."""
    engine = db.make_engine(settings.database.url)
    await migrate.upgrade(engine)
    sessions, now = db.make_sessions(engine), datetime.now(UTC) - timedelta(hours=2)
    office = Office(settings, sandbox, _arrives(sandbox, settings.admins[0], "Aino"))
    number = FIRST_ID
    async with sessions.begin() as session:
        await people.met(session, office.administrator.id, "Aino", "fi", now=now)
        for name, size in sizes.items():
            group = await groups.create(session, name, now=now)
            lead = _arrives(sandbox, number, f"Vetäjä {number}")
            person, _ = await people.met(session, lead.id, lead.first_name, "fi", now=now)
            await access.grant(session, person, RoleKind.COORDINATOR, group, now=now)
            office.coordinators[group.id], office.members[group.id] = lead, []
            for member_id in range(number + 1, number + 1 + size):
                user = _arrives(sandbox, member_id, f"Jäsen {member_id}")
                person, _ = await people.met(session, user.id, user.first_name, "fi", now=now)
                await groups.join(session, group, person, now=now)
                office.members[group.id].append(user)
            number += size + 1
    await engine.dispose()
    return office


def _arrives(sandbox: Sandbox, user_id: int, name: str) -> User:
    user = sandbox.add_user(name, id=user_id)
    user.started = True
    return user


def settings_for(folder: Path, url: str | None, sandbox: Sandbox, **changes: Any) -> Settings:
    """The settings of the programs."""
    defaults: dict[str, Any] = {
        "admins": [900],
        "telegram": {"token": sandbox.token, "api_url": "http://telegram.test"},
        "database": {"url": url or f"sqlite:///{folder / 'koolla.db'}"},
        "feedback": {"keys": folder / "keys"},
        "quiet": AWAKE,
    }
    return Settings(**{**defaults, **changes})


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables."""
    return {
        "KOOLLA_ADMINS": str(settings.admins),
        "KOOLLA_DATABASE__URL": settings.database.url,
        "KOOLLA_FEEDBACK__KEYS": str(settings.feedback.keys),
        "KOOLLA_QUIET__START": f"{settings.quiet.start:%H:%M}",
        "KOOLLA_QUIET__END": f"{settings.quiet.end:%H:%M}",
        "KOOLLA_QUIET__WEEKENDS": str(settings.quiet.weekends).lower(),
        "KOOLLA_QUIET__HOLIDAYS": str(settings.quiet.holidays).lower(),
    }
