"""Deliveries about a meeting: invitation, reminders, move, correction, cancellation.

They are planned in the transaction of the change. When one is sent, the renderer checks whether it is still needed.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.calendar import Quiet, last_waking, next_waking
from models.delivery import outbox
from models.delivery.cards import Message
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Planned, Sending
from models.meetings import changes_told
from models.meetings.invitations import Invitation, Source, wanted_people
from models.meetings.meetings import Meeting, access_meeting
from models.people import groups
from models.people.people import Address, Person, quiet_hours
from models.policy import Policy

URGENT = timedelta(hours=48)
"""If a meeting starts within this time, messages about a change ignore quiet hours."""

ABOUT_INVITATIONS = (
    DeliveryKind.INVITATION,
    DeliveryKind.REMINDER,
    DeliveryKind.CORRECTION,
    DeliveryKind.CANCELLED,
)
"""Kinds of deliveries whose subject is an invitation."""


async def announce(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """Invites the current members and plans their messages. Returns how many people will get one.

    The invitation also tells what was changed because of feedback.
    """
    await changes_told.attach(session, meeting)
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
    """Invites people to a meeting, each once. Returns how many will get a message."""
    rows = [{"meeting_id": meeting.id, "person_id": p.id, "source": source, "invited_at": now} for p in people]
    await insert_new(session, Invitation, rows)
    return await _plan_cards(session, meeting, people, policy=policy, now=now, urgent=False)


def is_near(*starts: datetime, now: datetime) -> bool:
    """Whether a message about a change ignores quiet hours. For a move, pass the old start and the new."""
    return min(starts) - now <= URGENT


def leaving(starts_at: datetime, quiet: Quiet, *, now: datetime, urgent: bool = False) -> tuple[datetime, bool]:
    """Returns (send_at, ignore_quiet_hours). Quiet hours are ignored if the next waking time is after the meeting
    starts."""
    waking = next_waking(now, quiet)
    at_once = urgent or waking >= starts_at
    return (now if at_once else waking), at_once


async def _plan_cards(
    session: AsyncSession, meeting: Meeting, people: list[Person], *, policy: Policy, now: datetime, urgent: bool
) -> int:
    """Plans the invitation cards and reminders of the meeting's current revision. Returns the number of cards."""
    ids = await _ids(session, meeting, people)
    cards, reminders = [], []
    for person in people:
        quiet = quiet_hours(person, policy)
        due_at, at_once = leaving(meeting.starts_at, quiet, now=now, urgent=urgent)
        card = Planned(
            person_id=person.id,
            kind=DeliveryKind.INVITATION,
            subject=ids[person.id],
            revision=meeting.revision,
            due_at=due_at,
            expires_at=meeting.starts_at,
            urgent=at_once,
        )
        cards.append(card)
        reminders += _planned_reminders(card, meeting, quiet, policy)
    count = await outbox.plan(session, cards)
    await outbox.plan(session, reminders)
    return count


def _planned_reminders(card: Planned, meeting: Meeting, quiet: Quiet, policy: Policy) -> list[Planned]:
    """The reminders of one invitation that are due after its card, at most one per moment.

    A reminder in the slot "silent" is for people who have not answered, the others for people whose answer `comes`.
    """
    leads = [("silent", policy.silent_lead), *(("yes", lead) for lead in sorted(policy.reminder_leads))]
    planned: dict[tuple[str, datetime], Planned] = {}
    for slot, lead in leads:
        due = last_waking(meeting.starts_at - lead, quiet)
        if due > card.due_at:
            name = slot if slot == "silent" else f"{slot}-{int(lead.total_seconds())}"
            planned.setdefault(
                (slot, due), replace(card, kind=DeliveryKind.REMINDER, slot=name, due_at=due, urgent=False)
            )
    return list(planned.values())


async def _ids(session: AsyncSession, meeting: Meeting, people: list[Person]) -> dict[int, int]:
    rows = await session.execute(
        select(Invitation.person_id, Invitation.id).where(
            Invitation.meeting_id == meeting.id, Invitation.person_id.in_([p.id for p in people])
        )
    )
    return {person_id: invitation_id for person_id, invitation_id in rows if person_id is not None}


def _invitations_to(meeting: Meeting) -> Select[int]:
    return select(Invitation.id).where(Invitation.meeting_id == meeting.id)


async def invite_again(session: AsyncSession, meeting: Meeting, *, was: datetime, policy: Policy, now: datetime) -> int:
    """After a move: deletes the answers, withdraws waiting deliveries, and invites everyone who still belongs again.

    ``was`` is the start before the move.
    """
    await session.execute(
        update(Invitation)
        .where(Invitation.meeting_id == meeting.id)
        .values(answer=None, answered_at=None, update_id=None)
    )
    people = [person for _, person in await wanted_people(session, meeting)]
    outdated = (DeliveryKind.INVITATION, DeliveryKind.REMINDER)
    await outbox.withdraw(session, outdated, _invitations_to(meeting), before=meeting.revision)
    near = is_near(was, meeting.starts_at, now=now)
    return await _plan_cards(session, meeting, people, policy=policy, now=now, urgent=near)


async def correct_cards(session: AsyncSession, meeting: Meeting, *, now: datetime) -> None:
    """After a small correction: plans silent edits of the cards in people's chats."""
    await outbox.plan(
        session,
        [
            Planned(
                person_id=person.id,
                kind=DeliveryKind.CORRECTION,
                subject=invitation.id,
                revision=meeting.sequence,
                due_at=now,
                expires_at=meeting.starts_at,
            )
            for invitation, person in await wanted_people(session, meeting)
        ],
    )


async def notify_cancelled(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """After a cancellation: withdraws waiting deliveries and notifies those who know of the meeting. Returns how
    many."""
    outdated = (DeliveryKind.INVITATION, DeliveryKind.REMINDER, DeliveryKind.CORRECTION)
    await outbox.withdraw(session, outdated, _invitations_to(meeting))
    near = is_near(meeting.starts_at, now=now)
    planned, people = [], await aware(session, meeting)
    if not people:
        await changes_told.detach(session, meeting)
    for invitation, person in people:
        due_at, at_once = leaving(meeting.starts_at, quiet_hours(person, policy), now=now, urgent=near)
        planned.append(
            Planned(
                person_id=person.id,
                kind=DeliveryKind.CANCELLED,
                subject=invitation.id,
                due_at=due_at,
                expires_at=meeting.starts_at,
                urgent=at_once,
            )
        )
    return await outbox.plan(session, planned)


async def aware(session: AsyncSession, meeting: Meeting) -> list[tuple[Invitation, Person]]:
    """The wanted people who know of the meeting: an invitation was sent to them, or they have answered."""
    people = await wanted_people(session, meeting)
    sent = await _sent(session, [invitation.id for invitation, _ in people])
    return [(invitation, person) for invitation, person in people if invitation.answer or invitation.id in sent]


async def knew(session: AsyncSession, invitation: Invitation, *, before: int) -> bool:
    """Whether an invitation to a revision earlier than ``before`` was sent to this person."""
    return bool(await _sent(session, [invitation.id], before=before))


async def _sent(session: AsyncSession, invitation_ids: list[int], *, before: int | None = None) -> set[int]:
    """The ids of invitations that were sent or may have arrived: those in flight and of unknown outcome too."""
    gone = (Sending.SENDING, Sending.SENT, Sending.UNKNOWN)
    may_be_there = or_(Delivery.state.in_(gone), Delivery.ambiguous)
    wanted = select(Delivery.subject).where(
        Delivery.kind == DeliveryKind.INVITATION, Delivery.subject.in_(invitation_ids), may_be_there
    )
    if before is not None:
        wanted = wanted.where(Delivery.revision < before)
    return set((await session.execute(wanted)).scalars())


async def card_of(session: AsyncSession, person: Person, chat_id: int, message_id: int | None) -> Meeting | None:
    """The meeting of which a message is the coordinator's card; None if it is no such card. Raises NotFound as
    `access_meeting`."""
    wanted = select(Message.subject).join(Address, Address.id == Message.address_id)
    wanted = wanted.where(
        Address.chat_id == chat_id, Message.message_id == message_id, Message.kind == CardKind.MEETING
    )
    meeting_id = await session.scalar(wanted)
    return None if meeting_id is None else await access_meeting(session, person, meeting_id)


async def withdraw(session: AsyncSession, person: Person, group_id: int, *, now: datetime) -> None:
    """Withdraws the waiting deliveries about a group's coming meetings to a person who leaves it."""
    ahead = (
        select(Invitation.id)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.person_id == person.id, Meeting.workgroup_id == group_id, Meeting.starts_at > now)
        .where(Invitation.source == Source.ROSTER)
    )
    await outbox.withdraw(session, ABOUT_INVITATIONS, ahead)


async def revive(session: AsyncSession, meeting: Meeting, person: Person, *, now: datetime) -> None:
    """Re-queues what was withdrawn about a meeting for a person who is back in the group. `invite` plans the rest."""
    for invitation_id in (await _ids(session, meeting, [person])).values():
        await outbox.revive(session, DeliveryKind.INVITATION, invitation_id, meeting.revision, now=now, missed=True)
        await outbox.revive(session, DeliveryKind.REMINDER, invitation_id, meeting.revision, now=now)
