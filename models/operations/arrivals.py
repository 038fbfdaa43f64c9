"""Delivery of a meeting's messages, for its coordinators: counts by kind, and the people to inform by other means.

For feedback there is only the number of people asked: an unneeded reminder would reveal who has answered.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, DeliveryError, Sending
from models.feedback import asked
from models.feedback.runs import Run, RunState
from models.meetings import announcing, invitations
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, MeetingState
from models.operations import health
from models.people.people import Person, Reachability


class MessageOutcome(enum.StrEnum):
    """The outcome of a message to one person, in the order in which the counts are shown."""

    ARRIVED = "arrived"
    WAITING = "waiting"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    UNCERTAIN = "uncertain"  # sent, but Telegram did not confirm it
    FAILED = "failed"
    EXPIRED = "expired"
    DROPPED = "dropped"  # cancelled by the operator before sending continued after a pause
    UNNEEDED = "unneeded"  # the person answered, or the meeting moved or was cancelled, before it was due
    UNCLAIMED = "unclaimed"  # not on Telegram


MISSED = {
    MessageOutcome.BLOCKED,
    MessageOutcome.DEACTIVATED,
    MessageOutcome.UNCERTAIN,
    MessageOutcome.FAILED,
    MessageOutcome.EXPIRED,
    MessageOutcome.DROPPED,
    MessageOutcome.UNCLAIMED,
}
"""The outcomes of messages that a person needs and did not receive, or possibly did not receive."""


class MessageKind(enum.StrEnum):
    """The messages about a meeting, in the order in which they are sent."""

    INVITATION = "invitation"
    SILENT = "silent"  # the reminder to those who have not answered
    REMINDER = "reminder"  # to those who come; a person with several is counted once, by the latest
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Tally:
    """The counts of one kind of message: people in all, and people by outcome. The parts sum to ``total``.

    Neither includes unneeded messages, nor people who were out of reach before the message was planned.
    """

    kind: MessageKind
    total: int
    parts: tuple[tuple[MessageOutcome, int], ...]
    leaves: tuple[datetime, datetime] | None
    """The earliest and the latest due time of the waiting messages; None if none waits or one is already due."""


@dataclass(frozen=True)
class Missed:
    """A person to inform by other means: the message that did not reach them, and why."""

    name: str
    contact: str | None
    kind: MessageKind
    why: MessageOutcome


@dataclass(frozen=True)
class FeedbackAsked:
    """To how many people the form was sent."""

    count: int
    is_open: bool


@dataclass(frozen=True)
class Arrivals:
    """What coordinators see about the delivery of a meeting's messages."""

    tallies: tuple[Tally, ...]
    unneeded: int
    """The number of messages of all kinds that were not needed any more when they were due."""
    without_telegram: int
    unreached: int
    """The number of people on Telegram who were out of reach before an invitation to them was planned."""
    to_phone: tuple[Missed, ...]
    """Empty once the meeting has begun."""
    asked: FeedbackAsked | None
    is_paused: bool
    """Whether an operator has paused sending."""


async def of(session: AsyncSession, meeting: Meeting, *, now: datetime) -> Arrivals:
    """The delivery of messages about the meeting's current revision to the invited people who still belong."""
    people = await invitations.wanted_people(session, meeting)
    rows = await _deliveries(session, meeting, [invitation.id for invitation, _ in people])
    statuses = [_person_status(invitation, person, rows.get(invitation.id, [])) for invitation, person in people]
    if meeting.state is MeetingState.CANCELLED:
        aware = {invitation.id for invitation, _ in await announcing.aware(session, meeting)}
        for (invitation, _), status in zip(people, statuses, strict=True):
            _add_missed_cancellation(status, is_aware=invitation.id in aware)
    pace = await health.pace(session)
    return Arrivals(
        tallies=tuple(tally for kind in MessageKind if (tally := _tally(kind, statuses, now))),
        unneeded=sum(outcome is MessageOutcome.UNNEEDED for status in statuses for outcome in status.outcomes.values()),
        without_telegram=sum(person.reach is Reachability.UNCLAIMED for _, person in people),
        unreached=sum(
            status.outcomes.get(MessageKind.INVITATION) in AWAY and MessageKind.INVITATION not in status.planned
            for status in statuses
        ),
        to_phone=_to_phone(statuses, meeting.state) if meeting.starts_at > now else (),
        asked=await _feedback_asked(session, meeting),
        is_paused=pace is not None and pace.paused_at is not None,
    )


COUNTED = (DeliveryKind.INVITATION, DeliveryKind.REMINDER, DeliveryKind.CANCELLED)
"""The kinds of deliveries that carry a message to a member; a correction only edits a card."""
AWAY = {MessageOutcome.BLOCKED, MessageOutcome.DEACTIVATED}


@dataclass(frozen=True)
class PersonStatus:
    """The outcome of each kind of message for one person. Kinds that were never meant for the person are missing."""

    person: Person
    planned: dict[MessageKind, datetime]
    """The due time of each kind that was planned. Only these are counted. Another kind with an outcome in `MISSED` is
    one that the person needs to be told by other means."""
    outcomes: dict[MessageKind, MessageOutcome]


async def _deliveries(session: AsyncSession, meeting: Meeting, ids: list[int]) -> dict[int, list[Delivery]]:
    """The deliveries about the meeting's current revision, by invitation id, sorted by due time."""
    wanted = (
        select(Delivery)
        .where(Delivery.subject.in_(ids), Delivery.kind.in_(COUNTED))
        .where((Delivery.kind == DeliveryKind.CANCELLED) | (Delivery.revision == meeting.revision))
        .order_by(Delivery.due_at, Delivery.id)
    )
    by_kind: dict[int, list[Delivery]] = {}
    for row in (await session.execute(wanted)).scalars():
        by_kind.setdefault(row.subject, []).append(row)
    return by_kind


def _person_status(invitation: Invitation, person: Person, rows: list[Delivery]) -> PersonStatus:
    """``rows`` are the person's deliveries, sorted by due time."""
    by_kind: dict[MessageKind, list[MessageOutcome]] = {kind: [] for kind in MessageKind}
    for row in rows:
        if (outcome := _outcome(row, invitation, person)) is not None:
            by_kind[_kind(row)].append(outcome)
    if invitation.answer is not None:
        # who has answered has seen it, whatever Telegram said
        by_kind[MessageKind.INVITATION] = [MessageOutcome.ARRIVED]
    elif not by_kind[MessageKind.INVITATION] and person.reach is not Reachability.REACHABLE:
        by_kind[MessageKind.INVITATION] = [MessageOutcome(person.reach)]
    latest_by_kind = {kind: latest for kind, outcomes in by_kind.items() if (latest := _latest(outcomes))}
    first_waiting = {_kind(row): row.due_at for row in reversed(rows) if row.state is Sending.DUE}
    return PersonStatus(person, {_kind(row): row.due_at for row in rows} | first_waiting, latest_by_kind)


def _add_missed_cancellation(status: PersonStatus, *, is_aware: bool) -> None:
    """For a cancelled meeting: adds the outcome of a cancellation that was not planned though the person needs it.

    People out of reach may have heard of the meeting by telephone.
    """
    if MessageKind.CANCELLED not in status.outcomes and status.person.reach is not Reachability.REACHABLE:
        status.outcomes[MessageKind.CANCELLED] = MessageOutcome(status.person.reach)
    elif MessageKind.CANCELLED not in status.outcomes and (
        is_aware or status.outcomes.get(MessageKind.INVITATION) in MISSED
    ):
        # out of reach at the time and back since, or invited by telephone
        status.outcomes[MessageKind.CANCELLED] = MessageOutcome.FAILED


def _kind(row: Delivery) -> MessageKind:
    return MessageKind.SILENT if row.slot == "silent" else MessageKind(row.kind)


def _outcome(row: Delivery, invitation: Invitation, person: Person) -> MessageOutcome | None:
    """The outcome of one delivery; None for one that waits and would not be sent as things are now."""
    is_wanted = row.kind is not DeliveryKind.REMINDER or _is_wanted(row, invitation, person)
    match row.state:
        case Sending.SENT:
            return MessageOutcome.ARRIVED
        case Sending.UNKNOWN:
            return MessageOutcome.UNCERTAIN
        case Sending.SUPERSEDED:
            return MessageOutcome.UNNEEDED
        case Sending.CANCELLED:
            if row.error_kind is not DeliveryError.DROPPED or not is_wanted:
                return MessageOutcome.UNNEEDED
            return MessageOutcome.UNCERTAIN if row.ambiguous else MessageOutcome.DROPPED
        case Sending.EXPIRED:
            return MessageOutcome.EXPIRED if is_wanted else MessageOutcome.UNNEEDED
        case Sending.FAILED:
            return (_unreachable(person) or MessageOutcome.FAILED) if is_wanted else MessageOutcome.UNNEEDED
        case Sending.DUE | Sending.SENDING:
            return (_unreachable(person) or MessageOutcome.WAITING) if is_wanted else None
        case _:
            assert_never(row.state)


def _unreachable(person: Person) -> MessageOutcome | None:
    """Why a message to this person will fail; None if the person can be reached."""
    match person.reach:
        case Reachability.REACHABLE:
            return None
        case Reachability.UNCLAIMED:
            return MessageOutcome.UNCLAIMED
        case Reachability.BLOCKED:
            return MessageOutcome.BLOCKED
        case Reachability.DEACTIVATED:
            return MessageOutcome.DEACTIVATED
        case _:
            assert_never(person.reach)


def _is_wanted(row: Delivery, invitation: Invitation, person: Person) -> bool:
    """Whether a reminder would be sent, given the person's current answer and settings."""
    silent = invitation.answer is None
    return person.wants_reminders and not invitation.is_declined and (row.slot == "silent") == silent


def _latest(outcomes: list[MessageOutcome]) -> MessageOutcome | None:
    """The last outcome other than WAITING and UNNEEDED. Without one: WAITING if any message waits, else UNNEEDED.

    None if there are no messages.
    """
    ended = [outcome for outcome in outcomes if outcome not in (MessageOutcome.WAITING, MessageOutcome.UNNEEDED)]
    if ended:
        return ended[-1]
    return MessageOutcome.WAITING if MessageOutcome.WAITING in outcomes else next(iter(outcomes), None)


def _tally(kind: MessageKind, statuses: list[PersonStatus], now: datetime) -> Tally | None:
    """The counts of one kind; None if it was planned for nobody or nobody needed it. Unneeded messages are left out."""
    outcomes = [status.outcomes.get(kind) for status in statuses if kind in status.planned]
    needed = [outcome for outcome in outcomes if outcome not in (None, MessageOutcome.UNNEEDED)]
    if not needed:
        return None
    due = [status.planned[kind] for status in statuses if status.outcomes.get(kind) is MessageOutcome.WAITING]
    leaves = (min(due), max(due)) if due and min(due) > now else None
    return Tally(
        kind,
        len(needed),
        tuple((outcome, needed.count(outcome)) for outcome in MessageOutcome if outcome in needed),
        leaves,
    )


def _to_phone(statuses: list[PersonStatus], state: MeetingState) -> tuple[Missed, ...]:
    """The people who missed a message later than the last that arrived, sorted by kind of message.

    A message that arrived makes up for earlier ones that did not.
    """
    news = (
        (MessageKind.CANCELLED,)
        if state is MeetingState.CANCELLED
        else (MessageKind.INVITATION, MessageKind.SILENT, MessageKind.REMINDER)
    )
    by_kind: dict[MessageKind, list[Missed]] = {kind: [] for kind in news}
    for status in statuses:
        arrived = [place for place, kind in enumerate(news) if status.outcomes.get(kind) is MessageOutcome.ARRIVED]
        since = news[max(arrived, default=-1) + 1 :]
        lacks = next((kind for kind in since if status.outcomes.get(kind) in MISSED), None)
        if lacks is not None:
            missed = Missed(status.person.name, status.person.contact, lacks, status.outcomes[lacks])
            by_kind[lacks].append(missed)
    return tuple(missed for kind in news for missed in by_kind[kind])


async def _feedback_asked(session: AsyncSession, meeting: Meeting) -> FeedbackAsked | None:
    """How many people have been asked for feedback; None if the meeting has no form, or if that is not known."""
    run = await session.scalar(select(Run).where(Run.meeting_id == meeting.id))
    if run is None:
        return None
    if run.state is not RunState.CLOSED:
        return FeedbackAsked((await asked.count(session, [run.id]))[run.id], is_open=True)
    return None if run.asked is None else FeedbackAsked(run.asked, is_open=False)
