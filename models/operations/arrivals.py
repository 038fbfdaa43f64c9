"""What became of a meeting's messages, for its coordinators: counts of each kind, and who must hear of it otherwise.

Of feedback there is only how many were asked: that a reminder was not needed tells who has answered.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, DeliveryError, Sending
from models.feedback.runs import Run, RunState
from models.meetings import announcing, invitations
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, MeetingState
from models.operations import health
from models.people.people import Person, Reachability


class MessageOutcome(enum.StrEnum):
    """What became of a message to one person, in the order in which the counts are told."""

    ARRIVED = "arrived"
    WAITING = "waiting"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    UNCERTAIN = "uncertain"  # sent, without Telegram's word that it arrived
    FAILED = "failed"
    EXPIRED = "expired"
    DROPPED = "dropped"  # by the operator, when sending went on after a pause
    UNNEEDED = "unneeded"  # answered, moved or called off before it was due
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
"""They should know and did not get it, or perhaps not."""


class MessageKind(enum.StrEnum):
    """The messages about a meeting, in the order in which they go out."""

    INVITATION = "invitation"
    SILENT = "silent"  # the reminder to those who have not answered
    REMINDER = "reminder"  # to those who come; who gets several counts once, by the latest
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Tally:
    """One kind of message: to how many people it was to go, and what became of it for how many. The parts sum to
    ``total``: in neither is what was not needed after all, nor who was out of reach before it was planned."""

    kind: MessageKind
    total: int
    parts: tuple[tuple[MessageOutcome, int], ...]
    leaves: tuple[datetime, datetime] | None
    """Between which moments ahead what waits is due, if anything does and none is due by now."""


@dataclass(frozen=True)
class Missed:
    """Someone to be told otherwise: which message did not come to them, and why."""

    name: str
    contact: str | None
    kind: MessageKind
    why: MessageOutcome


@dataclass(frozen=True)
class FeedbackAsked:
    """How many are asked for feedback, or were."""

    count: int
    is_open: bool


@dataclass(frozen=True)
class Arrivals:
    tallies: tuple[Tally, ...]
    unneeded: int
    """Messages of all kinds that were dropped before they were due."""
    without_telegram: int
    unreached: int
    """Out of reach before they could be invited, though they were on Telegram."""
    to_phone: tuple[Missed, ...]
    """Nobody, once the meeting has begun."""
    asked: FeedbackAsked | None
    is_paused: bool
    """An operator holds back all that waits."""


async def of(session: AsyncSession, meeting: Meeting, *, now: datetime) -> Arrivals:
    """The messages of the meeting as it stands, to those invited who still belong."""
    people = await invitations.wanted_people(session, meeting)
    rows = await _deliveries(session, meeting, [invitation.id for invitation, _ in people])
    known = [_known(invitation, person, rows.get(invitation.id, [])) for invitation, person in people]
    if meeting.state is MeetingState.CANCELLED:
        aware = {invitation.id for invitation, _ in await announcing.aware(session, meeting)}
        for (invitation, _), status in zip(people, known, strict=True):
            _untold(status, is_aware=invitation.id in aware)
    pace = await health.pace(session)
    return Arrivals(
        tallies=tuple(tally for kind in MessageKind if (tally := _tally(kind, known, now))),
        unneeded=sum(outcome is MessageOutcome.UNNEEDED for status in known for outcome in status.fates.values()),
        without_telegram=sum(person.reach is Reachability.UNCLAIMED for _, person in people),
        unreached=sum(
            status.fates.get(MessageKind.INVITATION) in AWAY and MessageKind.INVITATION not in status.planned
            for status in known
        ),
        to_phone=_to_phone(known, meeting.state) if meeting.starts_at > now else (),
        asked=await _feedback_asked(session, meeting),
        is_paused=pace is not None and pace.paused_at is not None,
    )


COUNTED = (DeliveryKind.INVITATION, DeliveryKind.REMINDER, DeliveryKind.CANCELLED)
"""The kinds of deliveries that carry a message to a member; a correction only edits a card."""
AWAY = {MessageOutcome.BLOCKED, MessageOutcome.DEACTIVATED}


@dataclass(frozen=True)
class PersonStatus:
    """What became of each kind for one person; of what was never meant for them there is nothing."""

    person: Person
    planned: dict[MessageKind, datetime]
    """What was to be sent, with when it was due: of any other kind they only need to hear otherwise."""
    fates: dict[MessageKind, MessageOutcome]


async def _deliveries(session: AsyncSession, meeting: Meeting, ids: list[int]) -> dict[int, list[Delivery]]:
    """The deliveries about the meeting's present revision, by invitation, in the order in which they fall due."""
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


def _known(invitation: Invitation, person: Person, rows: list[Delivery]) -> PersonStatus:
    by_kind: dict[MessageKind, list[MessageOutcome]] = {kind: [] for kind in MessageKind}
    for row in rows:
        if (outcome := _outcome(row, invitation, person)) is not None:
            by_kind[_kind(row)].append(outcome)
    if invitation.answer is not None:
        by_kind[MessageKind.INVITATION] = [MessageOutcome.ARRIVED]  # they have seen it, whatever Telegram said
    elif not by_kind[MessageKind.INVITATION] and person.reach is not Reachability.REACHABLE:
        by_kind[MessageKind.INVITATION] = [MessageOutcome(person.reach)]
    fates = {kind: latest for kind, outcomes in by_kind.items() if (latest := _latest(outcomes))}
    first_waiting = {_kind(row): row.due_at for row in reversed(rows) if row.state is Sending.DUE}
    return PersonStatus(person, {_kind(row): row.due_at for row in rows} | first_waiting, fates)


def _untold(status: PersonStatus, *, is_aware: bool) -> None:
    """Of a cancelled meeting: who was sent no word. Those out of reach may have heard of the meeting by telephone."""
    if MessageKind.CANCELLED not in status.fates and status.person.reach is not Reachability.REACHABLE:
        status.fates[MessageKind.CANCELLED] = MessageOutcome(status.person.reach)
    elif MessageKind.CANCELLED not in status.fates and (is_aware or status.fates.get(MessageKind.INVITATION) in MISSED):
        status.fates[MessageKind.CANCELLED] = (
            MessageOutcome.FAILED
        )  # out of reach at the time and back since, or invited by telephone


def _kind(row: Delivery) -> MessageKind:
    return MessageKind.SILENT if row.slot == "silent" else MessageKind(row.kind)


def _outcome(row: Delivery, invitation: Invitation, person: Person) -> MessageOutcome | None:
    """What became of one delivery; None for a reminder that waits for an answer which would make it wanted."""
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
    """Why a message to this person will fail; None for somebody who can be reached."""
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
    """Whether a reminder would go out as things stand."""
    silent = invitation.answer is None
    return person.wants_reminders and not invitation.is_declined and (row.slot == "silent") == silent


def _latest(outcomes: list[MessageOutcome]) -> MessageOutcome | None:
    """Of several messages the last of which something became; else what still waits."""
    ended = [outcome for outcome in outcomes if outcome not in (MessageOutcome.WAITING, MessageOutcome.UNNEEDED)]
    if ended:
        return ended[-1]
    return MessageOutcome.WAITING if MessageOutcome.WAITING in outcomes else next(iter(outcomes), None)


def _tally(kind: MessageKind, known: list[PersonStatus], now: datetime) -> Tally | None:
    """The counts of a kind that was planned; what was not needed is counted apart."""
    fates = [status.fates.get(kind) for status in known if kind in status.planned]
    got = [outcome for outcome in fates if outcome not in (None, MessageOutcome.UNNEEDED)]
    if not got:
        return None
    due = [status.planned[kind] for status in known if status.fates.get(kind) is MessageOutcome.WAITING]
    leaves = (min(due), max(due)) if due and min(due) > now else None
    return Tally(
        kind, len(got), tuple((possible, got.count(possible)) for possible in MessageOutcome if possible in got), leaves
    )


def _to_phone(known: list[PersonStatus], state: MeetingState) -> tuple[Missed, ...]:
    """Those to whom something has not come since the last that did: a later message makes up for an earlier one."""
    news = (
        (MessageKind.CANCELLED,)
        if state is MeetingState.CANCELLED
        else (MessageKind.INVITATION, MessageKind.SILENT, MessageKind.REMINDER)
    )
    by_kind: dict[MessageKind, list[Missed]] = {kind: [] for kind in news}
    for status in known:
        arrived = [place for place, kind in enumerate(news) if status.fates.get(kind) is MessageOutcome.ARRIVED]
        since = news[max(arrived, default=-1) + 1 :]
        lacks = next((kind for kind in since if status.fates.get(kind) in MISSED), None)
        if lacks is not None:
            missed = Missed(status.person.name, status.person.contact, lacks, status.fates[lacks])
            by_kind[lacks].append(missed)
    return tuple(missed for kind in news for missed in by_kind[kind])


async def _feedback_asked(session: AsyncSession, meeting: Meeting) -> FeedbackAsked | None:
    """How many are asked, once or again. Of whom a message was planned: unlike states that tells not who answered."""
    run = await session.scalar(select(Run).where(Run.meeting_id == meeting.id))
    if run is None:
        return None
    if run.state is RunState.CLOSED:
        return FeedbackAsked(run.asked, is_open=False)
    asked = select(func.count(Delivery.address_id.distinct())).where(Delivery.kind == "feedback")
    return FeedbackAsked(await session.scalar(asked.where(Delivery.subject == run.id)) or 0, is_open=True)
