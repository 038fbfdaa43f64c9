"""Meetings: creating, changing, cancelling, and marking them held."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, ForeignKey, Index, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.errors import NotFound, Refused, Stale
from models.people.access import RoleKind, holds
from models.people.groups import Workgroup
from models.people.people import Person

TITLE_LENGTH = 120
PLACE_LENGTH = 120
LINK_LENGTH = 500  # a Teams link has about 250; on a card only the link's text counts
DESCRIPTION_LENGTH = 400  # the whole card must fit a caption of 1,024 characters


class Mode(enum.StrEnum):
    """How a meeting is held, or how a person attends it. Nobody attends in hybrid mode."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    HYBRID = "hybrid"

    @property
    def has_place(self) -> bool:
        match self:
            case Mode.ON_SITE | Mode.HYBRID:
                return True
            case Mode.REMOTE:
                return False
            case _:
                assert_never(self)

    @property
    def has_link(self) -> bool:
        match self:
            case Mode.REMOTE | Mode.HYBRID:
                return True
            case Mode.ON_SITE:
                return False
            case _:
                assert_never(self)


class MeetingState(enum.StrEnum):
    ANNOUNCED = "announced"
    CANCELLED = "cancelled"
    HELD = "held"


@dataclass(frozen=True)
class MeetingPlan:
    """The content of a meeting. Start and end are agreed as wall-clock times in ``zone``."""

    title: str | None
    """None if the topic is not known yet."""
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    mode: Mode
    place: str | None = None
    link: str | None = None
    description: str | None = None


class Meeting(Base):
    __tablename__ = "meeting"
    __table_args__ = (
        Index("ix_meeting_state_ends_at", "state", "ends_at"),
        Index("ix_meeting_state_starts_at", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    title: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    starts_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    """The agreed wall-clock time in ``zone``. It holds even if the rules of summer time change."""
    ends_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str]
    mode: Mapped[Mode]
    place: Mapped[str | None]
    link: Mapped[str | None]
    description: Mapped[str | None]
    state: Mapped[MeetingState] = mapped_column(default=MeetingState.ANNOUNCED)
    revision: Mapped[int] = mapped_column(default=1)
    """Incremented by every change that needs new answers."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Incremented by every change. The SEQUENCE of the calendar file."""
    form_id: Mapped[int | None] = mapped_column(ForeignKey("form.id"))
    """The form of its feedback; None: the group's form."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]

    workgroup: Mapped[Workgroup] = relationship(lazy="raise")

    @property
    def plan(self) -> MeetingPlan:
        """The current content."""
        return MeetingPlan(
            title=self.title,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            zone=ZoneInfo(self.zone),
            mode=self.mode,
            place=self.place,
            link=self.link,
            description=self.description,
        )


def _columns(plan: MeetingPlan) -> dict[str, object]:
    return {
        "title": plan.title,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "starts_wall": plan.starts_at.astimezone(plan.zone).replace(tzinfo=None),
        "ends_wall": plan.ends_at.astimezone(plan.zone).replace(tzinfo=None),
        "zone": plan.zone.key,
        "mode": plan.mode,
        "place": plan.place,
        "link": plan.link,
        "description": plan.description,
    }


def ensure_valid(plan: MeetingPlan, *, now: datetime) -> None:
    """Raises Refused if the times of a plan are not possible."""
    if plan.ends_at <= plan.starts_at:
        raise Refused("meeting-ends-before-start")
    if plan.starts_at <= now:
        raise Refused("meeting-in-the-past")
    if plan.ends_at - plan.starts_at > timedelta(days=3):
        raise Refused("meeting-too-long")
    if plan.starts_at - now > timedelta(days=3 * 366):
        raise Refused("meeting-too-far")


async def create(session: AsyncSession, group: Workgroup, by: Person, plan: MeetingPlan, *, now: datetime) -> Meeting:
    """Creates a meeting. ``announcing.announce`` invites people. Raises Refused if the times are not possible or the
    group
    is archived."""
    ensure_valid(plan, now=now)
    if group.archived_at is not None:
        raise Refused("group-is-archived", group=group.name)
    meeting = Meeting(workgroup_id=group.id, created_by=by.id, created_at=now, **_columns(plan))
    meeting.workgroup = group
    session.add(meeting)
    await session.flush()
    return meeting


async def access_meeting(session: AsyncSession, person: Person, meeting_id: int) -> Meeting:
    """The meeting with its group, for the group's coordinators. Raises NotFound for others."""
    meeting = await _with_group(session, meeting_id)
    if meeting is None or not await holds(session, person, RoleKind.COORDINATOR, meeting.workgroup_id):
        raise NotFound
    return meeting


async def _with_group(session: AsyncSession, meeting_id: int) -> Meeting | None:
    wanted = select(Meeting, Workgroup).join(Workgroup).where(Meeting.id == meeting_id)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        return None
    meeting: Meeting = row[0]
    meeting.workgroup = row[1]
    return meeting


def ensure_upcoming(meeting: Meeting, *, now: datetime) -> None:
    """Raises Stale if the meeting has begun or is cancelled."""
    if meeting.state is MeetingState.CANCELLED:
        raise Stale("meeting-is-cancelled")
    if meeting.starts_at <= now:
        raise Stale("meeting-has-begun")


NOTIFIED_FIELDS = ("starts_at", "ends_at", "mode", "place")
"""Fields whose change is notified and needs new answers."""


def needs_new_answers(meeting: Meeting, plan: MeetingPlan) -> bool:
    """Whether a change needs new answers. Other changes only edit the cards."""
    return any(getattr(plan, name) != getattr(meeting, name) for name in NOTIFIED_FIELDS)


async def change(session: AsyncSession, meeting: Meeting, plan: MeetingPlan, *, sequence: int, now: datetime) -> bool:
    """Changes a coming meeting. Returns whether it needs new answers.

    ``sequence`` is the meeting's sequence when editing began. Raises Stale if another coordinator changed it meanwhile.
    """
    ensure_upcoming(meeting, now=now)
    ensure_valid(plan, now=now)
    columns, weighty = _columns(plan), needs_new_answers(meeting, plan)
    if all(columns[name] == getattr(meeting, name) for name in columns):
        return False
    saved = await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting.id, Meeting.sequence == sequence)
        .values(**columns, sequence=Meeting.sequence + 1, revision=Meeting.revision + int(weighty))
        .returning(Meeting.id)
    )
    saved_id = saved.scalar_one_or_none()
    await session.refresh(meeting, [*columns, "state", "sequence", "revision"])
    if saved_id is None:
        raise Stale("meeting-changed-meanwhile")
    return weighty


async def cancel(session: AsyncSession, meeting: Meeting, *, now: datetime) -> None:
    """Cancels a coming meeting. Raises Stale if it has begun or is cancelled: of two taps only one succeeds."""
    ensure_upcoming(meeting, now=now)
    done = await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting.id, Meeting.state == MeetingState.ANNOUNCED)
        .values(state=MeetingState.CANCELLED, sequence=Meeting.sequence + 1)
        .returning(Meeting.id)
    )
    if done.scalar_one_or_none() is None:
        raise Stale("meeting-is-cancelled")
    await session.refresh(meeting, ["state", "sequence"])


async def coming(session: AsyncSession, group_ids: list[int], *, now: datetime) -> list[Meeting]:
    """The announced meetings of the groups that are not over, soonest first."""
    wanted = (
        select(Meeting, Workgroup)
        .join(Workgroup)
        .where(Meeting.workgroup_id.in_(group_ids), Meeting.state == MeetingState.ANNOUNCED, Meeting.ends_at > now)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return await _rows(session, wanted)


async def recent(session: AsyncSession, group_ids: list[int], *, now: datetime, limit: int = 10) -> list[Meeting]:
    """The latest meetings of the groups that are over, newest first, without cancelled ones."""
    wanted = (
        select(Meeting, Workgroup)
        .join(Workgroup)
        .where(Meeting.workgroup_id.in_(group_ids), Meeting.state != MeetingState.CANCELLED, Meeting.ends_at <= now)
        .order_by(Meeting.starts_at.desc(), Meeting.id)
        .limit(limit)
    )
    return await _rows(session, wanted)


async def _rows(session: AsyncSession, wanted: object) -> list[Meeting]:
    meetings = []
    for meeting, group in await session.execute(wanted):  # type: ignore[call-overload]
        meeting.workgroup = group
        meetings.append(meeting)
    return meetings


async def mark_held(session: AsyncSession, *, now: datetime) -> None:
    """Marks the announced meetings that are over as held."""
    over = update(Meeting).where(Meeting.state == MeetingState.ANNOUNCED, Meeting.ends_at <= now)
    await session.execute(over.values(state=MeetingState.HELD))
