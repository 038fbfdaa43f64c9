"""Closing a run: open the sealed answers, count, keep only counts, release once.

Nothing here or anywhere later stores a ballot in the clear, or anything that ties a figure to a person.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.cards import Message
from models.delivery.drafts import Draft, DraftKind
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Planned
from models.feedback import answers, named_answers, pools
from models.feedback.answers import Ballot
from models.feedback.pools import Pool, Waits
from models.feedback.releases import Release
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.sealing import Keyring
from models.forms import forms
from models.meetings.attendance import Attendance, Attended
from models.meetings.meetings import Meeting
from models.people import access
from models.people.people import Address
from models.policy import Policy

TELLS = timedelta(days=14)
"""For how long a coordinator is told of results; /results shows them always."""


async def count_and_close(
    session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime
) -> Run | None:
    """Closes a run whose time is over and counts its answers. Returns the run; None if it was closed already, or
    somebody is answering at this moment (then the next try closes it). `destroy_keys` follows the commit."""
    if await _is_being_answered(session, run_id):
        return None
    closed = await session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == RunState.OPEN, Run.closes_at <= now)
        .values(state=RunState.CLOSED, closes_at=now)
        .returning(Run.id)
    )
    if closed.scalar_one_or_none() is None:
        return None
    run = (await session.execute(select(Run).where(Run.id == run_id))).scalar_one()
    by_person = await _ballots(session, run, keys)
    if run.named:
        named_answers.keep(session, run, by_person)
    ballots = list(by_person.values())
    secrets.SystemRandom().shuffle(ballots)
    run.asked, run.answered = await _asked(session, run), len(ballots)
    made: list[Release] = []
    if run.answered >= run.threshold:
        made = await pools.release(session, run, ballots, keys, now=now)
    elif ballots and not run.named:  # among named answers the others of a pool would stand out
        made = await pools.add(session, run, Waits.ANSWERS, ballots, keys, now=now)
    for release in made:
        await _tell(session, DeliveryKind.RESULTS, release.id, release.workgroup_id, policy=policy, now=now)
    if run.named and ballots and not made:
        await _tell(session, DeliveryKind.NAMED_ANSWERS, run.id, run.workgroup_id, policy=policy, now=now)
    await forget_people(session, run)
    await _forget_last_words(session, now=now)
    await _blur_attendance(session, run)
    return run


async def _is_being_answered(session: AsyncSession, run_id: int) -> bool:
    """Whether a press of this moment holds its person's participation: its answer would come after the counting, and
    stay. If none does, none can until this is committed, and then they find the form closed."""
    mine = select(Participation.person_id).where(Participation.run_id == run_id)
    free = (await session.execute(mine.with_for_update(skip_locked=True))).all()
    return len(free) < len((await session.execute(mine)).all())


async def _tell(
    session: AsyncSession, kind: DeliveryKind, subject: int, group_id: int, *, policy: Policy, now: datetime
) -> None:
    """Tells the group's coordinators that there are results, or signed answers too few for any."""
    due = next_waking(now, policy.quiet)
    coordinators = await access.coordinators(session, group_id)
    await outbox.plan(
        session,
        [
            Planned(person_id=person.id, kind=kind, subject=subject, due_at=due, expires_at=due + TELLS)
            for person in coordinators
        ],
    )


async def _ballots(session: AsyncSession, run: Run, keys: Keyring) -> dict[int, Ballot]:
    """The answers; those who only skipped have not answered. Under a name only what was sent is told, and counted."""
    wanted = select(Staged.person_id, Staged.blob).where(Staged.run_id == run.id)
    if run.named:
        sent = select(Participation.person_id).where(Participation.run_id == run.id, Participation.finished)
        wanted = wanted.where(Staged.person_id.in_(sent))
    blobs: dict[int, bytes] = dict((await session.execute(wanted)).all())
    readable = {person_id: blob for person_id, blob in blobs.items() if keys.opens(run.key, blob)}
    run.unreadable = len(blobs) - len(readable)
    questions = await forms.questions(session, run.form_version_id)
    ballots = {
        person_id: answers.ballot(questions, answers.from_json(keys.open(run.key, blob)))
        for person_id, blob in readable.items()
    }
    return {person_id: ballot for person_id, ballot in ballots.items() if answers.says_something(questions, ballot)}


async def _asked(session: AsyncSession, run: Run) -> int:
    """Those asked: about a meeting, those who were there; whoever answered was asked, whatever was marked later."""
    counted = select(func.count()).where(Participation.run_id == run.id)
    if run.meeting_id is not None:
        there = select(Attendance.person_id).where(
            Attendance.meeting_id == run.meeting_id,
            Attendance.attended != Attended.NO,
            Attendance.person_id.is_not(None),
        )
        staged = select(Staged.person_id).where(Staged.run_id == run.id)
        counted = counted.where(Participation.person_id.in_(there) | Participation.person_id.in_(staged))
    return await session.scalar(counted) or 0


async def forget_people(session: AsyncSession, run: Run) -> None:
    """Removes all that could tell who answered: a reminder not sent tells it too."""
    await session.execute(delete(Staged).where(Staged.run_id == run.id))
    await session.execute(delete(Participation).where(Participation.run_id == run.id))
    for draft in (await session.execute(select(Draft).where(Draft.subject == DraftKind.FEEDBACK_TEXT))).scalars():
        if draft.data.get("run") == run.id:
            await session.delete(draft)
    sent = delete(Delivery).where(Delivery.kind == DeliveryKind.FEEDBACK, Delivery.subject == run.id)
    await session.execute(sent)
    shown = delete(Message).where(Message.kind == CardKind.FEEDBACK, Message.subject == run.id)
    await session.execute(shown)


async def _forget_last_words(session: AsyncSession, *, now: datetime) -> None:
    """When a chat was last written to tells who needed a reminder. A second later nothing depends on it any more."""
    past = select(Address.id).where(Address.free_at <= now).with_for_update(skip_locked=True)
    await session.execute(update(Address).where(Address.id.in_(past)).values(free_at=None))


async def _blur_attendance(session: AsyncSession, run: Run) -> None:
    """Attendance is taken when the form is opened, so that its rows tell who came to the form, and in which order.

    They are written anew in an order of chance, at the time of the meeting, without whose word it was.
    """
    if run.meeting_id is None:
        return
    meeting = await session.get_one(Meeting, run.meeting_id)
    wanted = select(Attendance.person_id, Attendance.attended).where(Attendance.meeting_id == meeting.id)
    rows = [
        {"meeting_id": meeting.id, "person_id": person_id, "attended": attended, "marked_at": meeting.ends_at}
        for person_id, attended in await session.execute(wanted)
    ]
    secrets.SystemRandom().shuffle(rows)
    await session.execute(delete(Attendance).where(Attendance.meeting_id == meeting.id))
    await insert_new(session, Attendance, rows)


async def destroy_keys(session: AsyncSession, keys: Keyring) -> None:
    """Destroys the keys of closed runs and opened pools, after the commit that closed them. Safe to repeat.

    A key with no row is left alone: its run may be about to be committed elsewhere, and it opens nothing.
    """
    runs = await session.execute(select(Run).where(Run.state == RunState.CLOSED, Run.id.in_(_ids(keys, "run"))))
    pools = await session.execute(select(Pool).where(Pool.opened_at.is_not(None), Pool.id.in_(_ids(keys, "pool"))))
    for row in (*runs.scalars(), *pools.scalars()):
        keys.destroy(row.key)


def _ids(keys: Keyring, kind: str) -> list[int]:
    return [int(name.removeprefix(f"{kind}-")) for name in keys.names() if name.startswith(f"{kind}-")]
