"""Invitations with their answers: one row per person and meeting. A move clears the answers."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, UniqueConstraint, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from models.base import Base
from models.delivery import cards, outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.errors import NotFound, Refused, Stale
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people.groups import Membership, Workgroup, by_name
from models.people.people import Person, Reachability

REDELIVERY = timedelta(hours=24)
"""How long Telegram keeps an update. Update ids further apart say nothing about order: after a week without updates
they start at a random number."""


class Answer(enum.StrEnum):
    """A person's answer to an invitation."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    NO = "no"

    @property
    def comes(self) -> bool:
        """Whether the person is expected: reminded before the meeting, asked for feedback after it, and counted as a
        yes."""
        match self:
            case Answer.ON_SITE | Answer.REMOTE:
                return True
            case Answer.NO:
                return False
            case _:
                assert_never(self)


COMING = tuple(answer for answer in Answer if answer.comes)


class Source(enum.StrEnum):
    """Why a person was invited."""

    ROSTER = "roster"
    GUEST = "guest"


class Invitation(Base):
    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    source: Mapped[Source] = mapped_column(default=Source.ROSTER)
    invited_at: Mapped[datetime]
    answer: Mapped[Answer | None]
    answered_at: Mapped[datetime | None]
    update_id: Mapped[int | None] = mapped_column(BigInteger)
    """The id of the update that set the answer. An older update that comes later changes nothing."""
    sent: Mapped[bool] = mapped_column(default=False)
    """Of an erased person: whether the invitation was sent, see `was_sent`."""

    meeting: Mapped[Meeting] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")

    @property
    def is_declined(self) -> bool:
        """Whether the person has answered that they do not come."""
        return self.answer is not None and not self.answer.comes


def answers_for(mode: Mode) -> tuple[Answer, ...]:
    """The answers to an invitation to a meeting of this mode. `attendance.ways_to_attend` is how one can be there."""
    match mode:
        case Mode.ON_SITE:
            return Answer.ON_SITE, Answer.NO
        case Mode.REMOTE:
            return Answer.REMOTE, Answer.NO
        case Mode.HYBRID:
            return Answer.ON_SITE, Answer.REMOTE, Answer.NO
        case _:
            assert_never(mode)


def was_sent() -> ColumnElement[bool]:
    """Whether an invitation, or a reminder of it, was or may have been sent. Who has answered has seen it."""
    arrived = select(Delivery.id).where(
        Delivery.kind.in_((DeliveryKind.INVITATION, DeliveryKind.REMINDER)),
        Delivery.subject == Invitation.id,
        outbox.may_have_arrived(),
    )
    return or_(Invitation.sent, Invitation.answer.is_not(None), arrived.exists())


async def keep_sent(session: AsyncSession, person_id: int) -> None:
    """Keeps which of a person's invitations were sent. Call it before the person is erased with their deliveries."""
    await session.execute(update(Invitation).where(Invitation.person_id == person_id, was_sent()).values(sent=True))


async def audience(session: AsyncSession, meeting: Meeting) -> list[tuple[Invitation, Person]]:
    """Everyone invited, by name, without erased people."""
    rows = await session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.meeting_id == meeting.id)
    )
    return _sorted_by_name((invitation, person) for invitation, person in rows)


async def wanted_people(session: AsyncSession, meeting: Meeting) -> list[tuple[Invitation, Person]]:
    """Those invited who still belong: guests and current members."""
    rows = await session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Membership, _current_member(Person.id, meeting.workgroup_id))
        .where(Invitation.meeting_id == meeting.id, _still_belongs())
    )
    return _sorted_by_name((invitation, person) for invitation, person in rows)


def _sorted_by_name(rows: Iterable[tuple[Invitation, Person]]) -> list[tuple[Invitation, Person]]:
    return sorted(rows, key=lambda row: by_name(row[1]))


def _current_member(person_id: Any, group_id: Any) -> ColumnElement[bool]:
    return and_(Membership.person_id == person_id, Membership.workgroup_id == group_id, Membership.left_at.is_(None))


def _still_belongs() -> ColumnElement[bool]:
    return or_(Membership.id.is_not(None), Invitation.source == Source.GUEST)


OWN = (
    select(Invitation)
    .join(Invitation.meeting)
    .join(Meeting.workgroup)
    .outerjoin(Membership, _current_member(Invitation.person_id, Meeting.workgroup_id))
    .where(Invitation.id == bindparam("id"), Invitation.person_id == bindparam("person_id"), _still_belongs())
    .options(contains_eager(Invitation.meeting).contains_eager(Meeting.workgroup))
)
"""Built once, because every answer to an invitation runs it."""


async def access_invitation(session: AsyncSession, person: Person, invitation_id: int) -> Invitation:
    """The invitation with its meeting and group, for the invited person while they belong. Raises NotFound for
    others."""
    invitation: Invitation | None = await session.scalar(OWN, {"id": invitation_id, "person_id": person.id})
    if invitation is None:
        raise NotFound
    return invitation


SET_ANSWER = (
    update(Invitation)
    .where(
        Invitation.id == bindparam("of"),
        or_(
            Invitation.update_id.is_(None),
            Invitation.update_id < bindparam("by"),
            Invitation.answered_at < bindparam("long_ago"),
        ),
    )
    .values(answer=bindparam("new_answer"), answered_at=bindparam("at"), update_id=bindparam("by"))
    .returning(Invitation.id)
    .execution_options(synchronize_session=False)
)


async def reply(
    session: AsyncSession, invitation: Invitation, answer: Answer, *, revision: int, update_id: int, now: datetime
) -> None:
    """Sets the answer. Of several presses the newest wins, in whatever order they arrive. Raises Refused once the
    meeting has begun or is cancelled.

    ``revision`` is the meeting's revision on the tapped card. Raises Stale if the meeting has moved since.
    """
    meeting = invitation.meeting
    if meeting.state is MeetingState.CANCELLED:
        raise Refused("meeting-is-cancelled")
    if meeting.starts_at <= now:
        raise Refused("meeting-has-begun")
    if revision != meeting.revision:
        raise Stale("meeting-has-moved")
    if answer not in answers_for(meeting.mode):
        raise Refused("answer-not-offered")
    press = {"of": invitation.id, "by": update_id, "long_ago": now - REDELIVERY, "new_answer": answer, "at": now}
    if await session.scalar(SET_ANSWER, press) is None:
        await session.refresh(invitation, ["answer", "answered_at", "update_id"])  # a newer press was handled first
        return
    for name, value in (("answer", answer), ("answered_at", now), ("update_id", update_id)):
        set_committed_value(invitation, name, value)
    await cards.plan_edits(session, DeliveryKind.TURNOUT, meeting.id, now=now, expires_at=meeting.ends_at)


@dataclass(frozen=True)
class Turnout:
    """The names by answer, for the coordinator's list."""

    by_answer: Mapping[Answer, tuple[str, ...]]
    silent: tuple[str, ...]
    unreachable: tuple[tuple[str, Reachability], ...]


async def turnout(session: AsyncSession, meeting: Meeting) -> Turnout:
    """The answers of those invited who still belong. ``unreachable`` are those who have not answered and cannot."""
    rows = await wanted_people(session, meeting)

    def names(answer: Answer) -> tuple[str, ...]:
        return tuple(person.name for invitation, person in rows if invitation.answer is answer)

    waiting = [person for invitation, person in rows if invitation.answer is None]
    return Turnout(
        by_answer={answer: names(answer) for answer in Answer},
        silent=tuple(p.name for p in waiting if p.reach is Reachability.REACHABLE),
        unreachable=tuple((p.name, p.reach) for p in waiting if p.reach is not Reachability.REACHABLE),
    )


async def coming_to(session: AsyncSession, person: Person, *, now: datetime) -> list[Invitation]:
    """The person's invitations to meetings that are not over, soonest first."""
    rows = await session.execute(
        select(Invitation, Meeting, Workgroup)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .join(Workgroup)
        .outerjoin(Membership, _current_member(Invitation.person_id, Meeting.workgroup_id))
        .where(
            Invitation.person_id == person.id,
            Meeting.state == MeetingState.ANNOUNCED,
            Meeting.ends_at > now,
            _still_belongs(),
        )
        .order_by(Meeting.starts_at, Meeting.id)
    )
    invitations = []
    for invitation, meeting, group in rows:
        meeting.workgroup, invitation.meeting = group, meeting
        invitations.append(invitation)
    return invitations
