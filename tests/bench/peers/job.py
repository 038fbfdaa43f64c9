"""The job in SQLAlchemy, as both of its peers do it: who tapped, on what, may they, is it newer, what do they see.

The tables are the bot's own (the columns that the job reads or writes, on the same file), so that all work on the same
data. The engine follows SQLAlchemy's own advice for SQLite: explicit BEGIN IMMEDIATE, WAL, a busy timeout.
"""

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

from tests.bench.peers.place import DATABASE

ANSWERS = {"on_site": "Paikan päällä", "remote": "Etänä", "no": "En pääse"}


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str | None]
    reach: Mapped[str]


class Workgroup(Base):
    __tablename__ = "workgroup"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Meeting(Base):
    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    title: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    mode: Mapped[str]
    place: Mapped[str | None]
    link: Mapped[str | None]
    description: Mapped[str | None]
    state: Mapped[str]
    revision: Mapped[int]
    workgroup: Mapped[Workgroup] = relationship()


class Invitation(Base):
    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    update_id: Mapped[int | None]
    meeting: Mapped[Meeting] = relationship()


@dataclass(frozen=True)
class Card:
    """What the person sees: a toast, the caption and (label, data) buttons in rows."""

    toast: str
    caption: str = ""
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()


def make_sessions() -> async_sessionmaker[AsyncSession]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return async_sessionmaker(engine, expire_on_commit=False)


async def answer(session: AsyncSession, telegram_id: int, data: str, update_id: int) -> Card:
    """Stores the answer of one tap, if it may be, and draws the card."""
    _, invitation_id, chosen, revision = data.split(":")
    now = datetime.now(UTC).replace(tzinfo=None)
    person = await session.scalar(select(Person).where(Person.telegram_id == telegram_id))
    invitation = await session.get(
        Invitation, int(invitation_id), options=[joinedload(Invitation.meeting).joinedload(Meeting.workgroup)]
    )
    if person is None or invitation is None or invitation.person_id != person.id:
        return Card("Tätä ei löydy")
    meeting = invitation.meeting
    if meeting.state != "announced" or meeting.starts_at <= now or int(revision) != meeting.revision:
        return Card("Tähän ei voi enää vastata")
    if invitation.update_id is None or invitation.update_id < update_id:
        invitation.answer, invitation.answered_at, invitation.update_id = chosen, now, update_id
    return card(invitation)


def card(invitation: Invitation) -> Card:
    meeting, chosen = invitation.meeting, str(invitation.answer)
    lines = [
        f"<b>{html.escape(meeting.workgroup.name)}</b>: {html.escape(meeting.title or '')}",
        f"{meeting.starts_at:%d.%m.%Y klo %H.%M}–{meeting.ends_at:%H.%M}",
        f"{html.escape(meeting.place or '')}, etänä: {html.escape(meeting.link or '')}",
        html.escape(meeting.description or ""),
        "",
        f"Vastauksesi: <b>{ANSWERS[chosen]}</b>",
    ]
    buttons = tuple(
        (f"✓ {label}" if key == chosen else label, f"rsvp:{invitation.id}:{key}:{meeting.revision}")
        for key, label in ANSWERS.items()
    )
    return Card(ANSWERS[chosen], "\n".join(lines), (buttons[:2], buttons[2:]))
