"""Runs: a form put to people for a time; who is asked, and when it opens and closes."""

import enum
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import attendance, forms, invitations, outbox
from models.attendance import Attended
from models.base import Base, insert_new
from models.calendar import next_waking
from models.invitations import Answer
from models.meetings import Meeting, MeetingState
from models.outbox import Planned
from models.people import Person
from models.policy import Policy, quiet_of
from models.sealing import Keyring

ASKS_WITHIN = timedelta(days=30)
"""A meeting longer past than this is not asked about any more."""


class RunState(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Run(Base):
    """A form put to an audience for a time. What it promises is frozen when it opens."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_state_closes_at", "state", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), unique=True)
    threshold: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[RunState] = mapped_column(default=RunState.OPEN)
    asked: Mapped[int] = mapped_column(default=0)
    """People asked for answers (not those who said they were not there); written at closing, with ``answered``."""
    answered: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    """Sealed answers whose key was gone at closing, as after a restored backup: they could not be counted."""

    meeting: Mapped[Meeting | None] = relationship(lazy="raise")

    @property
    def key(self) -> str:
        """The name of this run's key."""
        return f"run-{self.id}"


class Participation(Base):
    """Someone asked, while the run is open. Gone at closing."""

    __tablename__ = "participation"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    finished: Mapped[bool] = mapped_column(default=False)


class Staged(Base):
    """A person's answers so far, sealed, with when and by which update each was given. Gone at closing."""

    __tablename__ = "staged"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    blob: Mapped[bytes]


def _unasked(state: MeetingState, *, after: datetime) -> "Select[Meeting]":
    """Meetings in a state that end after a moment and have no form."""
    wanted = select(Meeting).outerjoin(Run, Run.meeting_id == Meeting.id)
    return wanted.where(Meeting.state == state, Meeting.ends_at > after, Run.id.is_(None))


async def due_to_open(session: AsyncSession, policy: Policy, *, now: datetime) -> list[Meeting]:
    """The held meetings whose feedback is to be asked for: not those that ended while the bot slept for a month."""
    latest = now - policy.feedback_delay
    wanted = _unasked(MeetingState.HELD, after=latest - ASKS_WITHIN).where(Meeting.ends_at <= latest)
    return list((await session.execute(wanted.order_by(Meeting.ends_at, Meeting.id))).scalars())


async def next_opening(session: AsyncSession, policy: Policy, *, now: datetime) -> datetime | None:
    """When feedback is next to be asked for."""
    after = now - policy.feedback_delay - ASKS_WITHIN
    ends = [
        await session.scalar(select(func.min(_unasked(state, after=after).subquery().c.ends_at)))
        for state in (MeetingState.HELD, MeetingState.ANNOUNCED)
    ]
    known = [end + policy.feedback_delay for end in ends if end]
    return min(known, default=None)


async def open_run(
    session: AsyncSession, meeting: Meeting, keys: Keyring, *, policy: Policy, now: datetime
) -> Run | None:
    """Opens a held meeting's form and asks whoever did not decline; None if another replica was first.

    The key is made before the commit: a key without a run is harmless, a run without a key loses answers.
    """
    version = await forms.built_in(session)
    opens = next_waking(now, policy.quiet)
    row = {
        "form_version_id": version.id,
        "workgroup_id": meeting.workgroup_id,
        "meeting_id": meeting.id,
        "threshold": policy.threshold,
        "opens_at": opens,
        "closes_at": opens + policy.feedback_open_for,
    }
    for run_id in await insert_new(session, Run, [row]):
        run = await session.get_one(Run, run_id)
        keys.create(run.key)
        await _ask(session, run, meeting, policy=policy, now=now)
        return run
    return None


async def _ask(session: AsyncSession, run: Run, meeting: Meeting, *, policy: Policy, now: datetime) -> None:
    known = await attendance.of(session, meeting.id)
    asked = [
        person
        for invitation, person in await invitations.wanted_people(session, meeting)
        if person.wants_feedback
        and known.get(person.id, None if invitation.answer is not Answer.NO else Attended.NO) is not Attended.NO
    ]
    await insert_new(session, Participation, [{"run_id": run.id, "person_id": p.id} for p in asked])
    await plan_asks(session, run, asked, policy=policy, now=now)


async def plan_asks(
    session: AsyncSession, run: Run, people: list[Person], *, policy: Policy, now: datetime, revision: int = 0
) -> int:
    """Plans the asking and one reminder for each; a higher ``revision`` asks those who have been asked before."""
    planned = []
    for person in people:
        quiet = quiet_of(person, policy)
        due_at = next_waking(now, quiet)
        for slot, at in (("", due_at), ("again", next_waking(due_at + policy.feedback_reminder_after, quiet))):
            if at < run.closes_at or not slot:
                planned.append(
                    Planned(
                        person_id=person.id,
                        kind="feedback",
                        subject=run.id,
                        revision=revision,
                        slot=slot,
                        due_at=at,
                        expires_at=run.closes_at,
                    )
                )
    return await outbox.plan(session, planned)


async def next_closing(session: AsyncSession) -> datetime | None:
    """When the next open run closes."""
    return await session.scalar(select(func.min(Run.closes_at)).where(Run.state == RunState.OPEN))


async def due_to_close(session: AsyncSession, *, now: datetime) -> list[int]:
    """The open runs whose time is over."""
    wanted = select(Run.id).where(Run.state == RunState.OPEN, Run.closes_at <= now).order_by(Run.closes_at, Run.id)
    return list((await session.execute(wanted)).scalars())
