"""Runs: a form sent to people for a time. Who is asked, and when it opens, reminds and closes."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, insert_new
from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.cards import Message
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Planned
from models.feedback.form_times import REMINDER_INTERVAL, reminder_times
from models.feedback.sealing import NAME_LENGTH, new_key_name
from models.forms.forms import Form, FormVersion
from models.meetings.meetings import Meeting
from models.people import access
from models.people.groups import Workgroup
from models.people.people import Address, Person, quiet_hours
from models.policy import Policy

ASKS_WITHIN = timedelta(days=30)
"""A form that should have opened longer ago than this, for example before an outage, is not sent any more."""


class RunState(enum.StrEnum):
    PLANNED = "planned"  # a survey that opens later: nobody has been asked yet
    OPEN = "open"
    CLOSED = "closed"
    PREVIEW = "preview"  # a trial by a coordinator: never closed, so never counted


class Run(Base):
    """A form sent to an audience for a time. ``threshold`` and ``named`` do not change while people can answer."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_state_closes_at", "state", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), unique=True)
    """The meeting that it asks about. None for a form sent on its own."""
    threshold: Mapped[int]
    named: Mapped[bool] = mapped_column(default=False)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """When it closes. Once closed: when it actually closed, even if late; its figures were released at that moment."""
    reminders: Mapped[int] = mapped_column(default=1)
    """Maximum number of reminders to a person who has not finished."""
    state: Mapped[RunState] = mapped_column(default=RunState.OPEN)
    asked: Mapped[int | None] = mapped_column(default=0)
    """Number of people to whom the form was sent, see `models.feedback.asked`. Set at closing; before it, the number of
    those among them who have been erased. None if an earlier version closed it, which counted those present."""
    present: Mapped[int | None]
    """Number of people present at the meeting, by name or by head count, and at least ``answered``. Set at closing.
    None for a form sent on its own."""
    answered: Mapped[int | None]
    """Number of people whose answers were counted at closing. None below the threshold: that number is not stored."""
    counted_on: Mapped[date | None]
    """The day on which ``at_least`` was last updated, shortly after midnight; None on the day of opening."""
    at_least: Mapped[int] = mapped_column(default=0)
    """While it is open: at least so many have answered. A multiple of the threshold that never decreases."""
    unreadable: Mapped[bool] = mapped_column(default=False)
    """Whether submissions were not counted at closing because their key was lost, for example after a restored backup.
    How many is not stored: it tells how many had answered."""

    key: Mapped[str] = mapped_column(String(NAME_LENGTH), index=True, unique=True, default=partial(new_key_name, "run"))
    """The name of its key in the keyring."""

    meeting: Mapped[Meeting | None] = relationship(lazy="raise")


class Participation(Base):
    """A person who was asked. Deleted at closing."""

    __tablename__ = "participation"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    finished: Mapped[bool] = mapped_column(default=False)


class Staged(Base):
    """A person's sealed answers, each with its time and update id. Deleted at closing."""

    __tablename__ = "staged"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    blob: Mapped[bytes]


@dataclass(frozen=True)
class RunSubject:
    """What a form is about: a meeting, or the form itself in a group."""

    form: Form
    group: Workgroup
    meeting: Meeting | None


async def subject_of(session: AsyncSession, run_id: int) -> RunSubject | None:
    """What a form is about. None if there is no such run."""
    result = await session.execute(
        select(Form, Workgroup, Meeting)
        .select_from(Run)
        .join(FormVersion, FormVersion.id == Run.form_version_id)
        .join(Form, Form.id == FormVersion.form_id)
        .join(Workgroup, Workgroup.id == Run.workgroup_id)
        .outerjoin(Meeting, Meeting.id == Run.meeting_id)
        .where(Run.id == run_id)
    )
    row = result.one_or_none()
    if row is None:
        return None
    form, group, meeting = row
    if meeting is not None:
        meeting.workgroup = group
    return RunSubject(form, group, meeting)


async def ask(session: AsyncSession, run: Run, people: list[Person], *, policy: Policy, now: datetime) -> None:
    """Asks those of the people who want to be asked: stores their participation and plans their messages."""
    asked = [person for person in people if person.wants_feedback]
    await insert_new(session, Participation, [{"run_id": run.id, "person_id": p.id} for p in asked])
    await plan_asks(session, run, asked, policy=policy, now=now)


async def plan_asks(
    session: AsyncSession, run: Run, people: list[Person], *, policy: Policy, now: datetime, revision: int = 0
) -> int:
    """Plans the first message and the reminders for each person. Returns how many deliveries are new.

    With a higher ``revision`` it asks people again who have been asked before.
    """
    planned = []
    for person in people:
        quiet = quiet_hours(person, policy)
        # About a meeting people are asked when their own quiet hours end, maybe before the organisation's end.
        asked_at = next_waking(now if run.meeting_id is not None else max(now, run.opens_at), quiet)
        interval = None if run.meeting_id is None else policy.feedback_reminder_after
        reminders = reminder_times(
            run.opens_at, run.closes_at, run.reminders, asked_at=asked_at, quiet=quiet, interval=interval
        )
        later = [(reminder_slot(number), at) for number, at in reminders]
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


def reminder_slot(number: int) -> str:
    """The delivery slot of a reminder; reminders are numbered from 1."""
    return "again" if number == 1 else f"again-{number}"


async def is_still_wanted(session: AsyncSession, delivery: Delivery, person: Person, *, now: datetime) -> bool:
    """Whether a planned message about a form should still be sent; checked just before sending.

    False if the run was deleted, or if the person has left the group of a form sent on its own. False for a reminder
    if another message about the form was sent less than `REMINDER_INTERVAL` ago, as can happen after an outage.
    """
    run = await session.get(Run, delivery.subject)
    if run is None:
        return False
    if run.meeting_id is None and not await access.is_member(session, person, run.workgroup_id):
        return False
    if not delivery.slot:
        return True
    recent = select(Delivery.id).where(
        Delivery.address_id == delivery.address_id,
        Delivery.kind == delivery.kind,
        Delivery.subject == delivery.subject,
        Delivery.id != delivery.id,
        Delivery.sent_at > now - REMINDER_INTERVAL,
    )
    return await session.scalar(recent.limit(1)) is None


async def sent_at(session: AsyncSession, run_id: int, message_id: int | None) -> datetime | None:
    """When the message that shows a form was delivered. None if no delivery brought it."""
    wanted = select(Delivery.sent_at).where(
        Delivery.kind == DeliveryKind.FEEDBACK, Delivery.subject == run_id, Delivery.message_id == message_id
    )
    return await session.scalar(wanted.limit(1))


async def unfinished(session: AsyncSession, person_id: int, chat_id: int, *, now: datetime) -> list[int]:
    """The ids of the open runs in a person's chat that they have not finished, the newest message first."""
    in_chat = select(Run.id).join(Message, (Message.kind == CardKind.FEEDBACK) & (Message.subject == Run.id))
    in_chat = in_chat.join(Address, Address.id == Message.address_id)
    asked = in_chat.join(Participation, Participation.run_id == Run.id).where(
        Address.chat_id == chat_id,
        Participation.person_id == person_id,
        Participation.finished.is_(False),
        Run.state == RunState.OPEN,
        Run.closes_at > now,
    )
    return list((await session.execute(asked.order_by(Message.message_id.desc()))).scalars())


async def next_closing(session: AsyncSession, *, now: datetime) -> datetime | None:
    """When the next open run closes, after now. None if there is none."""
    waiting = Run.state == RunState.OPEN, Run.closes_at > now
    return await session.scalar(select(func.min(Run.closes_at)).where(*waiting))


async def due_to_close(session: AsyncSession, *, now: datetime) -> list[int]:
    """The ids of the open runs whose time is over, the earliest first."""
    wanted = select(Run.id).where(Run.state == RunState.OPEN, Run.closes_at <= now).order_by(Run.closes_at, Run.id)
    return list((await session.execute(wanted)).scalars())
