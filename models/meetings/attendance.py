"""Attendance by name, from the person or the coordinator, and head counts of people without a name."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, dialect_insert, insert_new
from models.errors import NotFound, Refused
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, Mode

MOST_HEADS = 10_000


class Attended(enum.StrEnum):
    """Whether and how a person was at a meeting."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    NO = "no"

    @property
    def was_there(self) -> bool:
        match self:
            case Attended.ON_SITE | Attended.REMOTE:
                return True
            case Attended.NO:
                return False
            case _:
                assert_never(self)


def ways_to_attend(mode: Mode) -> tuple[Attended, ...]:
    """The ways to be at a meeting of this mode, without ``NO``."""
    match mode:
        case Mode.ON_SITE:
            return (Attended.ON_SITE,)
        case Mode.REMOTE:
            return (Attended.REMOTE,)
        case Mode.HYBRID:
            return Attended.ON_SITE, Attended.REMOTE
        case _:
            assert_never(mode)


class Attendance(Base):
    """One person's attendance at one meeting. The person's mark and the coordinator's overwrite each other."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    attended: Mapped[Attended]
    own_word: Mapped[bool | None]
    """Whether the person marked it themselves. It is erased, with the time, when the meeting's form closes."""
    marked_at: Mapped[datetime]


class HeadCount(Base):
    """The number of people present without a row by name, counted by the coordinator."""

    __tablename__ = "head_count"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    on_site: Mapped[int] = mapped_column(default=0)
    remote: Mapped[int] = mapped_column(default=0)


async def mark(
    session: AsyncSession, meeting: Meeting, person_id: int, attended: Attended, *, own_word: bool, now: datetime
) -> None:
    """Marks a person as present or absent. Raises Refused before the meeting starts."""
    if meeting.starts_at > now:
        raise Refused("meeting-not-begun")
    insert = dialect_insert(session)(Attendance).values(
        meeting_id=meeting.id, person_id=person_id, attended=attended, own_word=own_word, marked_at=now
    )
    values = {"attended": attended, "own_word": own_word, "marked_at": now}
    await session.execute(insert.on_conflict_do_update(index_elements=["meeting_id", "person_id"], set_=values))


async def of(session: AsyncSession, meeting_id: int) -> dict[int, Attended]:
    """The attendance of a meeting by person id."""
    rows = await session.execute(
        select(Attendance.person_id, Attendance.attended).where(Attendance.meeting_id == meeting_id)
    )
    return {person_id: attended for person_id, attended in rows if person_id is not None}


async def own(session: AsyncSession, meeting_id: int, person_id: int) -> Attended | None:
    """The attendance of one person; None if it is not known."""
    wanted = select(Attendance.attended).where(Attendance.meeting_id == meeting_id, Attendance.person_id == person_id)
    return await session.scalar(wanted)


async def put_in_order(session: AsyncSession, meeting_ids: Collection[int]) -> None:
    """Writes the attendances of meetings anew in the order of the people's ids, where some rows have got another
    person: closing a form leaves them so, and any other order might be that of answering."""
    for meeting_id in sorted(meeting_ids):
        of_meeting = Attendance.meeting_id == meeting_id
        wanted = select(Attendance.person_id, Attendance.attended, Attendance.own_word, Attendance.marked_at)
        rows = await session.execute(wanted.where(of_meeting).order_by(Attendance.person_id, Attendance.id))
        values = [{"meeting_id": meeting_id, **row} for row in rows.mappings()]
        await session.execute(delete(Attendance).where(of_meeting))
        await insert_new(session, Attendance, values)


async def count_heads(session: AsyncSession, meeting: Meeting, *, on_site: int, remote: int, now: datetime) -> None:
    """Sets the head count."""
    if meeting.starts_at > now:
        raise Refused("meeting-not-begun")
    if not (0 <= on_site <= MOST_HEADS and 0 <= remote <= MOST_HEADS):
        raise Refused("head-count-impossible", most=MOST_HEADS)
    insert = dialect_insert(session)(HeadCount).values(meeting_id=meeting.id, on_site=on_site, remote=remote)
    values = {"on_site": on_site, "remote": remote}
    await session.execute(insert.on_conflict_do_update(index_elements=["meeting_id"], set_=values))


async def mark_invited(
    session: AsyncSession, meeting: Meeting, person_id: int, attended: Attended | None, *, now: datetime
) -> None:
    """Sets the coordinator's mark of an invited person. None removes it. Raises NotFound if they were not invited."""
    invited = select(Invitation.id).where(Invitation.meeting_id == meeting.id, Invitation.person_id == person_id)
    if await session.scalar(invited) is None:
        raise NotFound
    if attended is None:
        of_person = (Attendance.meeting_id == meeting.id, Attendance.person_id == person_id)
        await session.execute(delete(Attendance).where(*of_person))
    else:
        await mark(session, meeting, person_id, attended, own_word=False, now=now)


@dataclass(frozen=True)
class Present:
    """The number of people present."""

    on_site: int
    remote: int

    @property
    def total(self) -> int:
        return self.on_site + self.remote


async def heads(session: AsyncSession, meeting_id: int) -> Present:
    """The head count of a meeting."""
    row = await session.get(HeadCount, meeting_id, populate_existing=True)
    return Present(on_site=row.on_site, remote=row.remote) if row else Present(0, 0)


async def present(session: AsyncSession, meeting_id: int) -> Present:
    """The number of people present, by name, people erased since included, and by head count."""
    marks = await session.scalars(select(Attendance.attended).where(Attendance.meeting_id == meeting_id))
    known, unnamed = list(marks), await heads(session, meeting_id)
    return Present(
        on_site=known.count(Attended.ON_SITE) + unnamed.on_site,
        remote=known.count(Attended.REMOTE) + unnamed.remote,
    )
