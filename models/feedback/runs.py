"""Runs: a form put to people for a time; who is asked, and when it opens and closes."""

import enum
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, insert_new
from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.cards import Message
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Planned
from models.feedback.form_times import REMINDER_INTERVAL, reminder_times
from models.meetings.attendance import Attendance, Attended
from models.meetings.meetings import Meeting
from models.people import access
from models.people.people import Address, Person, quiet_hours
from models.policy import Policy

ASKS_WITHIN = timedelta(days=30)
"""A meeting longer past than this is not asked about any more."""


class RunState(enum.StrEnum):
    PLANNED = "planned"  # sent on its own, at a later time: nobody has been asked yet
    OPEN = "open"
    CLOSED = "closed"
    PREVIEW = "preview"  # a trial of the form by whoever coordinates: never closed, so never counted


class Run(Base):
    """A form put to an audience for a time. What it promises is frozen when it opens."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_state_closes_at", "state", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), unique=True)
    """What it asks about; None for a form sent on its own."""
    threshold: Mapped[int]
    named: Mapped[bool] = mapped_column(default=False)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Of a closed one: when it did close, be it late; its figures came out in the same moment."""
    reminders: Mapped[int] = mapped_column(default=1)
    """How many times those are reminded who have not answered, at most."""
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


async def ask(session: AsyncSession, run: Run, people: list[Person], *, policy: Policy, now: datetime) -> None:
    """Asks those of the people who want to be asked."""
    asked = [person for person in people if person.wants_feedback]
    await insert_new(session, Participation, [{"run_id": run.id, "person_id": p.id} for p in asked])
    await plan_asks(session, run, asked, policy=policy, now=now)


async def plan_asks(
    session: AsyncSession, run: Run, people: list[Person], *, policy: Policy, now: datetime, revision: int = 0
) -> int:
    """Plans the asking and the reminders for each; a higher ``revision`` asks those who have been asked before."""
    planned = []
    for person in people:
        quiet = quiet_hours(person, policy)
        # About a meeting they are asked as soon as they themselves wake, which may be before the organisation does.
        asked_at = next_waking(now if run.meeting_id is not None else max(now, run.opens_at), quiet)
        interval = None if run.meeting_id is None else policy.feedback_reminder_after
        reminders = reminder_times(
            run.opens_at, run.closes_at, run.reminders, asked_at=asked_at, quiet=quiet, interval=interval
        )
        later = [(again(number), at) for number, at in reminders]
        for slot, at in (("", asked_at), *later):
            planned.append(
                Planned(
                    person_id=person.id,
                    kind=DeliveryKind.FEEDBACK,
                    subject=run.id,
                    revision=revision,
                    slot=slot,
                    due_at=at,
                    expires_at=run.closes_at,
                )
            )
    return await outbox.plan(session, planned)


def again(number: int) -> str:
    """The slot of a reminder, numbered from 1."""
    return "again" if number == 1 else f"again-{number}"


async def fits(session: AsyncSession, delivery: Delivery, person: Person, *, now: datetime) -> bool:
    """Whether a message about a form is still in place, looked at again when it is to leave.

    A form sent on its own to a group is none for those who have left it; and a reminder does not follow another message
    about the form within `REMINDER_INTERVAL`, as after an outage it would.
    """
    run = await session.get(Run, delivery.subject)
    if run is None:
        return False
    if run.meeting_id is None and not await access.is_member(session, person, run.workgroup_id):
        return False
    if not delivery.slot:
        return True
    lately = select(Delivery.id).where(
        Delivery.address_id == delivery.address_id,
        Delivery.kind == delivery.kind,
        Delivery.subject == delivery.subject,
        Delivery.id != delivery.id,
        Delivery.sent_at > now - REMINDER_INTERVAL,
    )
    return await session.scalar(lately.limit(1)) is None


async def unfinished(session: AsyncSession, person_id: int, chat_id: int, *, now: datetime) -> list[int]:
    """The open forms that stand in a person's chat and wait for their answer, the newest message first."""
    stands = select(Run.id).join(Message, (Message.kind == CardKind.FEEDBACK) & (Message.subject == Run.id))
    stands = stands.join(Address, Address.id == Message.address_id)
    asked = stands.join(Participation, Participation.run_id == Run.id).where(
        Address.chat_id == chat_id,
        Participation.person_id == person_id,
        Participation.finished.is_(False),
        Run.state == RunState.OPEN,
        Run.closes_at > now,
    )
    return list((await session.execute(asked.order_by(Message.message_id.desc()))).scalars())


async def asked_and_answered(session: AsyncSession, run_ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many are asked by open runs, and how many have sent answers: not those who say that they were not there."""
    absent = (
        select(Attendance.person_id)
        .join(Run, Run.meeting_id == Attendance.meeting_id)
        .where(Run.id == Participation.run_id, Attendance.person_id == Participation.person_id)
        .where(Attendance.attended == Attended.NO)
    )
    sent = and_(Participation.finished, Staged.person_id.is_not(None))
    wanted = (
        select(Participation.run_id, func.count(), func.count(case((sent, 1))))
        .outerjoin(Staged, and_(Staged.run_id == Participation.run_id, Staged.person_id == Participation.person_id))
        .where(Participation.run_id.in_(run_ids), ~absent.exists())
        .group_by(Participation.run_id)
    )
    return {run_id: (asked, answered) for run_id, asked, answered in await session.execute(wanted)}


async def next_closing(session: AsyncSession, *, now: datetime) -> datetime | None:
    """When the next open run closes, after now."""
    waiting = Run.state == RunState.OPEN, Run.closes_at > now
    return await session.scalar(select(func.min(Run.closes_at)).where(*waiting))


async def due_to_close(session: AsyncSession, *, now: datetime) -> list[int]:
    """The open runs whose time is over."""
    wanted = select(Run.id).where(Run.state == RunState.OPEN, Run.closes_at <= now).order_by(Run.closes_at, Run.id)
    return list((await session.execute(wanted)).scalars())
