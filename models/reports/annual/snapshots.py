"""Frozen figures of a year: the same snapshot makes the same report, byte for byte."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new
from models.codec import from_json, to_json
from models.errors import NotAllowed, NotFound, Refused
from models.feedback.response import Response, response
from models.people.access import RoleKind, roles
from models.people.people import Person
from models.reports.annual import annual
from models.reports.annual.annual import Annual
from models.reports.annual.forms import Sort


@dataclass(frozen=True)
class SnapshotContent:
    """Everything that a report is made from."""

    figures: Annual
    fingerprint: str
    version: str
    made_at: datetime


class Snapshot(Base):
    """The content of an annual report, in no language. Equal figures are stored once."""

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("year", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    fingerprint: Mapped[str]
    """SHA-256 of the content."""
    content: Mapped[str]
    """`models.reports.annual.annual.Annual` as JSON."""
    version: Mapped[str]
    """The program's version when the snapshot was made."""
    made_at: Mapped[datetime]

    @property
    def parsed(self) -> SnapshotContent:
        return SnapshotContent(annual_from_json(self.content), self.fingerprint, self.version, self.made_at)


async def may_ask(session: AsyncSession, person: Person) -> bool:
    """Whether the person runs or manages the whole organisation."""
    wide = RoleKind.ADMINISTRATOR, RoleKind.MANAGER
    return any(role.kind in wide and role.workgroup_id is None for role in await roles(session, person.id))


async def require_reader(session: AsyncSession, person: Person) -> None:
    """Raises NotAllowed unless the person may read annual reports."""
    if not await may_ask(session, person):
        raise NotAllowed("report-for-managers")


async def access_snapshot(session: AsyncSession, person: Person, snapshot_id: int) -> Snapshot:
    """The snapshot, for those who may read annual reports. Raises NotAllowed or NotFound."""
    await require_reader(session, person)
    snapshot = await session.get(Snapshot, snapshot_id)
    if snapshot is None:
        raise NotFound
    return snapshot


async def take(
    session: AsyncSession, year: int, zone: ZoneInfo, *, version: str, now: datetime, organisation: str = ""
) -> Snapshot:
    """The snapshot of a year's figures as they are known now: a new one only if no earlier one has the same."""
    async with _at_one_moment(session) as still:
        await _ensure_has_figures(still, year, zone, now)
        content = annual_to_json(await annual.annual(still, year, zone, now=now, organisation=organisation))
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    made_at = now.replace(microsecond=0)
    row = {"year": year, "fingerprint": fingerprint, "content": content, "version": version, "made_at": made_at}
    await insert_new(session, Snapshot, [row])  # of two who ask at once, the later finds the first one's
    wanted = select(Snapshot).where(Snapshot.year == year, Snapshot.fingerprint == fingerprint)
    return (await session.execute(wanted)).scalar_one()


@asynccontextmanager
async def _at_one_moment(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """A session that reads the database as of one moment, so that the figures of many queries agree.

    On SQLite any transaction does. On PostgreSQL ours are READ COMMITTED, and the level cannot change once a
    transaction has begun, so this opens another.
    """
    engine = session.get_bind().engine
    if engine.dialect.name == "sqlite":
        yield session
        return
    alone = AsyncEngine(engine).execution_options(isolation_level="REPEATABLE READ")
    async with AsyncSession(alone, expire_on_commit=False) as still:
        yield still


async def known(session: AsyncSession, year: int, beginning: str = "") -> list[Snapshot]:
    """A year's snapshots whose fingerprints begin with the text, oldest first."""
    wanted = select(Snapshot).where(Snapshot.year == year, Snapshot.fingerprint.startswith(beginning, autoescape=True))
    return list((await session.execute(wanted.order_by(Snapshot.made_at, Snapshot.id))).scalars())


async def _ensure_has_figures(session: AsyncSession, year: int, zone: ZoneInfo, now: datetime) -> None:
    """Raises Refused if there can be no figures of the year."""
    this = now.astimezone(zone).year
    if year > this:
        raise Refused("report-not-yet", year=str(year), this=str(this))
    first = await annual.first_year(session, zone)
    if first is None:
        raise Refused("report-nothing-yet")
    if year < first:
        raise Refused("report-before-first", year=str(year), first=str(first))


def annual_to_json(figures: Annual) -> str:
    """An `Annual` as JSON: equal figures make the same text."""
    return json.dumps(to_json(figures), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def annual_from_json(content: str) -> Annual:
    """The figures of a snapshot; fields that its version of the program did not have take their defaults."""
    raw: dict[str, Any] = json.loads(content)
    for part in raw["parts"]:
        if "response" not in part:
            part.update(_earlier_response(part))
    return from_json(Annual, raw)


def _earlier_response(part: dict[str, Any]) -> dict[str, Any]:
    """How many answered, from a part that an earlier version stored.

    Of forms about meetings it counted as asked those who were present. If a form had too few answers, they are in its
    total: then only the answers in the figures are told.
    """
    asked, answered, is_after_meetings = part["asked"], part["answered"], part["sort"] == Sort.AFTER_MEETINGS
    if part["waiting"]:
        told = Response(answered=part["released"], few=part["waiting"], below=max(part["thresholds"], default=0))
    elif is_after_meetings:
        told = response(answered, asked=None, present=asked, threshold=0)
    else:
        told = response(answered, asked=asked, present=None, threshold=0)
    return {"response": to_json(told), "is_unreadable": part["unreadable"] > 0}
