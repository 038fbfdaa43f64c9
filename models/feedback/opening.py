"""Opening the form about a meeting: when it is due, and creating its run and key and asking the people."""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.calendar import next_waking
from models.feedback import form_choosing, runs
from models.feedback.form_times import meeting_form_closes_at
from models.feedback.runs import ASKS_WITHIN, Run
from models.feedback.sealing import Keyring
from models.meetings import attendance, invitations
from models.meetings.meetings import Meeting, MeetingState
from models.people.people import Person
from models.policy import Policy


def _unasked(state: MeetingState, *, after: datetime) -> "Select[Meeting]":
    """Meetings in this state that end after this time and whose form has not opened."""
    wanted = select(Meeting).outerjoin(Run, Run.meeting_id == Meeting.id)
    return wanted.where(Meeting.state == state, Meeting.ends_at > after, Run.id.is_(None))


async def due_to_open(session: AsyncSession, policy: Policy, *, now: datetime) -> list[int]:
    """The ids of held meetings whose form is due to open, unless it is overdue by `ASKS_WITHIN` or more."""
    latest = now - policy.feedback_delay
    wanted = _unasked(MeetingState.HELD, after=latest - ASKS_WITHIN).where(Meeting.ends_at <= latest)
    ids = wanted.with_only_columns(Meeting.id).order_by(Meeting.ends_at, Meeting.id)
    return list((await session.execute(ids)).scalars())


async def next_opening(session: AsyncSession, policy: Policy, *, now: datetime) -> datetime | None:
    """When the next form opens, after now. None if there is none. Openings that are overdue do not count."""
    after = now - policy.feedback_delay
    ends = [
        await session.scalar(_unasked(state, after=after).with_only_columns(func.min(Meeting.ends_at)))
        for state in (MeetingState.HELD, MeetingState.ANNOUNCED)
    ]
    known = [end + policy.feedback_delay for end in ends if end]
    return min(known, default=None)


async def open_run(
    session: AsyncSession, meeting_id: int, keys: Keyring, *, policy: Policy, now: datetime
) -> Run | None:
    """Opens a held meeting's form and asks those who may have been there. Returns None if it has opened already.

    The key is created before the commit: a key without a run is harmless, a run without a key loses answers.
    """
    meeting = await session.get_one(Meeting, meeting_id)
    version = await form_choosing.version_for(session, meeting)
    opens = next_waking(now, policy.quiet)
    row = {
        "form_version_id": version.id,
        "workgroup_id": meeting.workgroup_id,
        "meeting_id": meeting.id,
        "threshold": policy.threshold,
        "named": version.named,
        "opens_at": opens,
        "closes_at": meeting_form_closes_at(opens, policy),
    }
    for run_id in await insert_new(session, Run, [row]):
        run = await session.get_one(Run, run_id)
        keys.create(run.key)
        await runs.ask(session, run, await _audience(session, meeting), policy=policy, now=now)
        return run
    return None


async def _audience(session: AsyncSession, meeting: Meeting) -> list[Person]:
    """The invited people who were marked as present, or have no mark and did not decline."""
    known = await attendance.of(session, meeting.id)
    people = []
    for invitation, person in await invitations.wanted_people(session, meeting):
        attended = known.get(person.id)
        if attended.was_there if attended is not None else not invitation.is_declined:
            people.append(person)
    return people
