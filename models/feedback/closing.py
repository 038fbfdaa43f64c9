"""Closing a run: decrypt the sealed answers, count them, keep only the counts, and release these once.

Nothing here or later stores the ballot of an anonymous form unencrypted, or anything that links a figure to a person.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.calendar import next_waking
from models.delivery import clearing, outbox
from models.delivery.drafts import Draft, DraftKind
from models.delivery.kinds import Clearing, DeliveryKind
from models.delivery.outbox import Planned
from models.feedback import answers, asked, named_answers, pooling, pools
from models.feedback.answers import Ballot
from models.feedback.pools import Pool
from models.feedback.response import told
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.sealing import Keyring
from models.forms import forms
from models.meetings import attendance
from models.meetings.attendance import Attendance
from models.meetings.meetings import Meeting
from models.people import access
from models.people.people import Address
from models.policy import Policy

NOTICE_LIFETIME = timedelta(days=14)
"""How long the notice about results can still be sent to a coordinator; /results always shows them."""


Lines = dict[int, tuple[int, ...]]
"""By person id: the ids of typed messages that could not be deleted from the chat."""


async def count_and_close(
    session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime, lines: Lines | None = None
) -> Run | None:
    """Closes a run whose time is over and counts its answers. Call `destroy_keys` after the commit.

    Adds to ``lines`` what is to be deleted from the chats after the commit: the ids are stored nowhere else.
    Returns None if the run is closed already, or if a person is answering at this moment: then the next call closes it.
    """
    group_id = (await session.execute(select(Run.workgroup_id).where(Run.id == run_id))).scalar_one()
    await pools.lock_group(session, group_id)
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
    by_person = await _ballots(session, run, keys, {} if lines is None else lines)
    if run.named:
        named_answers.keep(session, run, by_person)
    await _count_people(session, run, len(by_person))
    released = await pooling.release_or_wait(session, run, by_person, keys, now=now)
    for release in released:
        await _notify_coordinators(
            session, DeliveryKind.RESULTS, release.id, release.workgroup_id, policy=policy, now=now
        )
    if run.named and by_person and not released:
        await _notify_coordinators(
            session, DeliveryKind.NAMED_ANSWERS, run.id, run.workgroup_id, policy=policy, now=now
        )
    await forget_people(session, run, Clearing.CLOSED, now=now)
    await _clear_free_at(session, now=now)
    await _rewrite_attendance(session, run)
    return run


async def _is_being_answered(session: AsyncSession, run_id: int) -> bool:
    """Whether the transaction of a press holds the lock on its person's participation row.

    Its answer would be stored after the counting and would never be deleted. If no press holds a lock, this locks all
    the rows until the commit; a press that waits for its lock then finds the form closed.
    """
    people = select(Participation.person_id).where(Participation.run_id == run_id)
    locked = (await session.execute(people.with_for_update(skip_locked=True))).all()
    return len(locked) < len((await session.execute(people)).all())


async def _notify_coordinators(
    session: AsyncSession, kind: DeliveryKind, subject: int, group_id: int, *, policy: Policy, now: datetime
) -> None:
    """Plans a message to the group's coordinators about results, or about named answers too few for results."""
    due = next_waking(now, policy.quiet)
    coordinators = await access.coordinators(session, group_id)
    await outbox.plan(
        session,
        [
            Planned(person_id=person.id, kind=kind, subject=subject, due_at=due, expires_at=due + NOTICE_LIFETIME)
            for person in coordinators
        ],
    )


async def _ballots(session: AsyncSession, run: Run, keys: Keyring, lines: Lines) -> dict[int, Ballot]:
    """The ballots by person id, without those that answer nothing but background questions. Sets ``run.unreadable``,
    and adds to ``lines``.

    Of a named run, only submissions that were sent are read and counted.
    """
    wanted = select(Staged.person_id, Staged.blob).where(Staged.run_id == run.id)
    if run.named:
        sent = select(Participation.person_id).where(Participation.run_id == run.id, Participation.finished)
        wanted = wanted.where(Staged.person_id.in_(sent))
    blobs: dict[int, bytes] = dict((await session.execute(wanted)).all())
    submissions = {
        person_id: answers.from_json(keys.open(run.key, blob))
        for person_id, blob in blobs.items()
        if keys.opens(run.key, blob)
    }
    run.unreadable = len(submissions) < len(blobs)
    lines.update({person_id: ids for person_id, stored in submissions.items() if (ids := answers.typed_lines(stored))})
    questions = await forms.questions(session, run.form_version_id)
    ballots = {person_id: answers.ballot(questions, stored) for person_id, stored in submissions.items()}
    return {person_id: ballot for person_id, ballot in ballots.items() if answers.says_something(questions, ballot)}


async def _count_people(session: AsyncSession, run: Run, answers: int) -> None:
    """Sets how many people were asked, were present and answered.

    The number of people present depends on attendance and on the numbers that are shown, on nothing else. Whether a
    person who is marked as absent has answered must not follow from it.
    """
    run.asked = (await asked.count(session, [run.id]))[run.id]
    run.answered = told(answers, run.threshold)
    if run.meeting_id is not None:
        run.present = max((await attendance.present(session, run.meeting_id)).total, run.answered or 0)


async def forget_people(session: AsyncSession, run: Run, reason: Clearing, *, now: datetime) -> None:
    """Deletes everything that could reveal who answered. This includes deliveries: an unsent reminder reveals it.

    Plans that the messages in all chats are edited to say the reason: until then they may hold answers.
    """
    await session.execute(delete(Staged).where(Staged.run_id == run.id))
    await session.execute(delete(Participation).where(Participation.run_id == run.id))
    for draft in (await session.execute(select(Draft).where(Draft.subject == DraftKind.FEEDBACK_TEXT))).scalars():
        if draft.data.get("run") == run.id:
            await session.delete(draft)
    await clearing.clear_all(session, run.id, reason, now=now)


async def _clear_free_at(session: AsyncSession, *, now: datetime) -> None:
    """Clears ``Address.free_at`` where it is in the past: it shows when a chat was last written to, and so who got a
    reminder. It only serves the rate limit of one message per second and chat."""
    past = select(Address.id).where(Address.free_at <= now).with_for_update(skip_locked=True)
    await session.execute(update(Address).where(Address.id.in_(past)).values(free_at=None))


async def _rewrite_attendance(session: AsyncSession, run: Run) -> None:
    """Rewrites the meeting's attendance rows in the order of the people's ids, with the meeting's end as ``marked_at``
    and without ``own_word``.

    People state their attendance when they open the form, so the rows reveal who opened it and in which order. The new
    order tells nothing, and `koolla verify-anonymity` can check it, unlike a random one.
    """
    if run.meeting_id is None:
        return
    meeting = await session.get_one(Meeting, run.meeting_id)
    wanted = select(Attendance.person_id, Attendance.attended).where(Attendance.meeting_id == meeting.id)
    rows = [
        {"meeting_id": meeting.id, "person_id": person_id, "attended": attended, "marked_at": meeting.ends_at}
        for person_id, attended in await session.execute(wanted.order_by(Attendance.person_id))
    ]
    await session.execute(delete(Attendance).where(Attendance.meeting_id == meeting.id))
    await insert_new(session, Attendance, rows)


async def destroy_keys(session: AsyncSession, keys: Keyring) -> None:
    """Destroys the keys of closed runs and of pools that no longer wait, and the earlier keys of all pools.

    Call it after the commit. Safe to repeat.

    Leaves a key without a row alone: another process may be about to commit its run, and the key decrypts nothing.
    """
    names = keys.names()
    closed = select(Run.key).where(Run.state == RunState.CLOSED, Run.key.in_(names))
    over = select(Pool.key).where(~pools.is_waiting(), Pool.key.in_(names))
    earlier = [name for of_pool in (await session.execute(select(Pool.old_keys))).scalars() for name in of_pool]
    for name in {*(await session.execute(closed.union(over))).scalars(), *earlier} & set(names):
        keys.destroy(name)
