"""Invitations and their answers: one row per person and meeting, asked again when the meeting moves."""

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, UniqueConstraint, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import groups, outbox
from models.base import Base, insert_new
from models.calendar import Quiet, last_waking, next_waking
from models.errors import NotFound, Refused
from models.groups import Membership, Workgroup
from models.meetings import Meeting, MeetingState, Mode
from models.outbox import Planned
from models.people import Person, Reach
from models.policy import Policy

URGENT = timedelta(hours=48)
"""News about a meeting this near goes out at once, in quiet time too."""

REDELIVERY = timedelta(hours=24)
"""Telegram keeps an update no longer. Beyond it ids tell no order: after a silent week they start anywhere."""


class Answer(enum.StrEnum):
    ON_SITE = "on_site"
    REMOTE = "remote"
    NO = "no"


class Source(enum.StrEnum):
    """How a person came to be invited."""

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
    """The update that set the answer: an older one that comes late changes nothing."""

    meeting: Mapped[Meeting] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")


def quiet_of(person: Person, policy: Policy) -> Quiet:
    """A person's own quiet hours, else the organisation's."""
    if person.quiet_start is None or person.quiet_end is None:
        return policy.quiet
    return replace(policy.quiet, start=person.quiet_start, end=person.quiet_end)


def answers_for(mode: Mode) -> tuple[Answer, ...]:
    """The answers that a meeting's mode allows."""
    ways = {Mode.ON_SITE: (Answer.ON_SITE,), Mode.REMOTE: (Answer.REMOTE,)}
    return (*ways.get(mode, (Answer.ON_SITE, Answer.REMOTE)), Answer.NO)


async def announce(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """Invites every current member, with all the messages that follow from it; returns how many will get one."""
    people = await groups.members(session, meeting.workgroup_id)
    return await invite(session, meeting, people, policy=policy, now=now)


async def invite(
    session: AsyncSession,
    meeting: Meeting,
    people: list[Person],
    *,
    policy: Policy,
    now: datetime,
    source: Source = Source.ROSTER,
) -> int:
    """Invites people to a meeting, each once; returns how many will get a message."""
    rows = [{"meeting_id": meeting.id, "person_id": p.id, "source": source, "invited_at": now} for p in people]
    await insert_new(session, Invitation, rows)
    return await _tell(session, meeting, people, policy=policy, now=now, urgent=False)


async def _tell(
    session: AsyncSession, meeting: Meeting, people: list[Person], *, policy: Policy, now: datetime, urgent: bool
) -> int:
    """Plans the invitation card and the reminders of the meeting's present revision."""
    ids = await _ids(session, meeting, people)
    cards, reminders = [], []
    for person in people:
        quiet = quiet_of(person, policy)
        card = Planned(
            person_id=person.id,
            kind="invitation",
            subject=ids[person.id],
            revision=meeting.revision,
            due_at=now if urgent else next_waking(now, quiet),
            expires_at=meeting.starts_at,
            urgent=urgent,
        )
        cards.append(card)
        reminders += _reminders(card, meeting, quiet, policy)
    told = await outbox.plan(session, cards)
    await outbox.plan(session, reminders)
    return told


def _reminders(card: Planned, meeting: Meeting, quiet: Quiet, policy: Policy) -> list[Planned]:
    """The reminders of one invitation that still lie ahead of its card, at most one for the same moment.

    The slot says to whom: "silent" only to those who have not answered, the others only to those who said yes.
    """
    leads = [("silent", policy.silent_lead), *(("yes", lead) for lead in sorted(policy.reminder_leads))]
    planned: dict[tuple[str, datetime], Planned] = {}
    for slot, lead in leads:
        due = last_waking(meeting.starts_at - lead, quiet)
        if due > card.due_at:
            name = slot if slot == "silent" else f"{slot}-{int(lead.total_seconds())}"
            planned.setdefault((slot, due), replace(card, kind="reminder", slot=name, due_at=due, urgent=False))
    return list(planned.values())


async def _ids(session: AsyncSession, meeting: Meeting, people: list[Person]) -> dict[int, int]:
    rows = await session.execute(
        select(Invitation.person_id, Invitation.id).where(
            Invitation.meeting_id == meeting.id, Invitation.person_id.in_([p.id for p in people])
        )
    )
    return {person_id: invitation_id for person_id, invitation_id in rows if person_id is not None}


async def audience(session: AsyncSession, meeting: Meeting) -> list[tuple[Invitation, Person]]:
    """Everyone invited who still has a name, by name."""
    rows = await session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.meeting_id == meeting.id)
        .order_by(Person.name, Person.id)
    )
    return [(invitation, person) for invitation, person in rows]


async def ask_again(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """After a move: forgets the answers, withdraws what waits, and asks everyone still in the group anew."""
    await session.execute(
        update(Invitation).where(Invitation.meeting_id == meeting.id).values(answer=None, answered_at=None)
    )
    people = [person for _, person in await wanted_people(session, meeting)]
    for invitation_id in (await _ids(session, meeting, people)).values():
        for kind in ("invitation", "reminder"):
            await outbox.withdraw(session, kind, invitation_id, before=meeting.revision)
    near = meeting.starts_at - now <= URGENT
    return await _tell(session, meeting, people, policy=policy, now=now, urgent=near)


async def correct_cards(session: AsyncSession, meeting: Meeting, *, now: datetime) -> None:
    """After a small correction: edits the cards that stand in people's chats, without a sound."""
    await outbox.plan(
        session,
        [
            Planned(
                person_id=person.id,
                kind="correction",
                subject=invitation.id,
                revision=meeting.sequence,
                due_at=now,
                expires_at=meeting.starts_at,
                urgent=True,  # an edit makes no sound
            )
            for invitation, person in await wanted_people(session, meeting)
        ],
    )


async def call_off(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """After a cancelling: withdraws what waits and tells everyone once; returns how many will get a message."""
    people = await wanted_people(session, meeting)
    for invitation, _ in people:
        for kind in ("invitation", "reminder", "correction"):
            await outbox.withdraw(session, kind, invitation.id)
    near = meeting.starts_at - now <= URGENT
    return await outbox.plan(
        session,
        [
            Planned(
                person_id=person.id,
                kind="cancelled",
                subject=invitation.id,
                due_at=now if near else next_waking(now, quiet_of(person, policy)),
                expires_at=meeting.starts_at,
                urgent=near,
            )
            for invitation, person in people
        ],
    )


async def wanted_people(session: AsyncSession, meeting: Meeting) -> list[tuple[Invitation, Person]]:
    """The audience without those who have left the group since: guests, and current members."""
    rows = await session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Membership, _current_member(Person.id, meeting.workgroup_id))
        .where(Invitation.meeting_id == meeting.id, _still_belongs())
        .order_by(Person.name, Person.id)
    )
    return [(invitation, person) for invitation, person in rows]


async def withdraw(session: AsyncSession, person: Person, group_id: int, *, now: datetime) -> None:
    """Someone leaves a group: what waits to be sent to them about its coming meetings is not."""
    ahead = (
        select(Invitation.id)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.person_id == person.id, Meeting.workgroup_id == group_id, Meeting.starts_at > now)
        .where(Invitation.source == Source.ROSTER)
    )
    for invitation_id in (await session.execute(ahead)).scalars().all():
        for kind in ("invitation", "reminder", "correction", "cancelled"):
            await outbox.withdraw(session, kind, invitation_id)


async def revive(session: AsyncSession, meeting: Meeting, person: Person, *, now: datetime) -> None:
    """Someone is back in the group: what was withdrawn about a meeting is sent after all. `invite` does the rest."""
    for invitation_id in (await _ids(session, meeting, [person])).values():
        await outbox.revive(session, "invitation", invitation_id, meeting.revision, now=now, missed=True)
        await outbox.revive(session, "reminder", invitation_id, meeting.revision, now=now)


def _current_member(person_id: Any, group_id: Any) -> ColumnElement[bool]:
    return and_(Membership.person_id == person_id, Membership.workgroup_id == group_id, Membership.left_at.is_(None))


def _still_belongs() -> ColumnElement[bool]:
    return or_(Membership.id.is_not(None), Invitation.source == Source.GUEST)


async def own(session: AsyncSession, person: Person, invitation_id: int) -> Invitation:
    """The gate of an invitation: only the invited, and only while they belong. With its meeting and group."""
    row = (
        await session.execute(
            select(Invitation, Meeting, Workgroup)
            .join(Meeting, Meeting.id == Invitation.meeting_id)
            .join(Workgroup)
            .outerjoin(Membership, _current_member(Invitation.person_id, Meeting.workgroup_id))
            .where(Invitation.id == invitation_id, Invitation.person_id == person.id, _still_belongs())
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    invitation, meeting, group = row
    meeting.workgroup, invitation.meeting = group, meeting
    return invitation


async def reply(
    session: AsyncSession, invitation: Invitation, answer: Answer, *, update_id: int, now: datetime
) -> None:
    """Sets or changes the answer until the meeting starts; the newest press wins, whatever order they come in."""
    meeting = invitation.meeting
    if meeting.state is MeetingState.CANCELLED:
        raise Refused("meeting-is-cancelled")
    if meeting.starts_at <= now:
        raise Refused("meeting-has-begun")
    if answer not in answers_for(meeting.mode):
        raise Refused("answer-not-offered")
    await session.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation.id,
            or_(
                Invitation.update_id.is_(None),
                Invitation.update_id < update_id,
                Invitation.answered_at < now - REDELIVERY,
            ),
        )
        .values(answer=answer, answered_at=now, update_id=update_id)
    )
    await session.refresh(invitation, ["answer", "answered_at", "update_id"])


@dataclass(frozen=True)
class Turnout:
    """Who comes, by name, for the coordinator's list."""

    on_site: tuple[str, ...]
    remote: tuple[str, ...]
    no: tuple[str, ...]
    silent: tuple[str, ...]
    unreachable: tuple[tuple[str, Reach], ...]


async def turnout(session: AsyncSession, meeting: Meeting) -> Turnout:
    """The answers of those invited who still belong; the unreachable are those who have not answered and cannot."""
    rows = await wanted_people(session, meeting)

    def said(answer: Answer) -> tuple[str, ...]:
        return tuple(person.name for invitation, person in rows if invitation.answer is answer)

    waiting = [person for invitation, person in rows if invitation.answer is None]
    return Turnout(
        on_site=said(Answer.ON_SITE),
        remote=said(Answer.REMOTE),
        no=said(Answer.NO),
        silent=tuple(p.name for p in waiting if p.reach is Reach.REACHABLE),
        unreachable=tuple((p.name, p.reach) for p in waiting if p.reach is not Reach.REACHABLE),
    )


async def coming_to(session: AsyncSession, person: Person, *, now: datetime) -> list[Invitation]:
    """A person's invitations to meetings that are not over, soonest first."""
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
    found = []
    for invitation, meeting, group in rows:
        meeting.workgroup, invitation.meeting = group, meeting
        found.append(invitation)
    return found
