"""What members hear of a meeting: the invitation, its reminders, a move, a correction, a cancelling.

Everything is planned in the transaction of the deed; whether it is still wanted is looked at again when it is sent.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import groups, outbox
from models.base import insert_new
from models.calendar import Quiet, last_waking, next_waking
from models.invitations import Invitation, Source, wanted_people
from models.meetings import Meeting
from models.outbox import Planned
from models.people import Person
from models.policy import Policy, quiet_of

URGENT = timedelta(hours=48)
"""News about a meeting this near goes out at once, in quiet time too."""


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


async def ask_again(session: AsyncSession, meeting: Meeting, *, policy: Policy, now: datetime) -> int:
    """After a move: forgets the answers, withdraws what waits, and asks everyone still in the group anew."""
    await session.execute(
        update(Invitation)
        .where(Invitation.meeting_id == meeting.id)
        .values(answer=None, answered_at=None, update_id=None)
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
