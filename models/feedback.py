"""Feedback while a form is open: who is asked, and their answers, sealed.

Closing is ``models/releases.py``; why it is built so is told in ARCHITECTURE.md under Anonymity.
"""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import attendance, forms, invitations, outbox
from models.attendance import Attended
from models.base import Base, dialect_insert, insert_new
from models.calendar import next_waking
from models.errors import NotFound, Refused
from models.forms import Kind, Question
from models.groups import Workgroup
from models.invitations import REDELIVERY, Answer, Invitation, quiet_of
from models.meetings import Meeting, MeetingState
from models.outbox import Planned
from models.people import Person
from models.policy import Policy
from models.sealing import Keyring

OPEN_ANSWER_LENGTH = 1_000


class RunState(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Run(Base):
    """A form put to an audience for a time. What it promises is frozen when it opens."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), unique=True)
    threshold: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[RunState] = mapped_column(default=RunState.OPEN)
    asked: Mapped[int] = mapped_column(default=0)
    """People asked for answers (not those who said they were not there); written at closing, with ``answered``."""
    answered: Mapped[int] = mapped_column(default=0)

    meeting: Mapped[Meeting | None] = relationship(lazy="raise")

    @property
    def key(self) -> str:
        """The name of this run's key."""
        return f"run-{self.id}"


class Participation(Base):
    """Someone asked, while the run is open. Gone at closing."""

    __tablename__ = "participation"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    finished: Mapped[bool] = mapped_column(default=False)


class Staged(Base):
    """A person's answers so far, sealed, with when and by which update each was given. Gone at closing."""

    __tablename__ = "staged"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    blob: Mapped[bytes]


@dataclass(frozen=True)
class Given:
    """One answer and the press that gave it; ``at`` in seconds since 1970."""

    value: int | str | None
    update_id: int
    at: int

    def gives_way_to(self, update_id: int, now: datetime) -> bool:
        """Whether a press is newer, whatever order they come in (see `REDELIVERY`)."""
        return self.update_id < update_id or self.at < (now - REDELIVERY).timestamp()


def opened(content: dict[str, Any]) -> dict[int, Given]:
    """A sealed sheet's answers by question id."""
    return {int(question_id): Given(*row) for question_id, row in content.items()}


@dataclass
class Sheet:
    """One person's view of an open run: the questions, their own answers so far, and where they are."""

    run: Run
    meeting: Meeting
    questions: list[Question]
    attended: Attended | None
    finished: bool
    given: dict[int, "Given"] = field(default_factory=dict)

    @property
    def answers(self) -> dict[int, Any]:
        """By question id: a number on a scale, a text, or None for a skip."""
        return {question_id: given.value for question_id, given in self.given.items()}

    @property
    def unanswered(self) -> Question | None:
        """The first question neither answered nor skipped."""
        return next((q for q in self.questions if q.id not in self.answers), None)

    def question(self, question_id: int) -> Question:
        """The question of that id on this form."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise NotFound

    def after(self, question: Question) -> Question | None:
        later = [q for q in self.questions if q.position > question.position]
        return later[0] if later else None

    def before(self, question: Question) -> Question | None:
        earlier = [q for q in self.questions if q.position < question.position]
        return earlier[-1] if earlier else None


async def open_run(
    session: AsyncSession, meeting: Meeting, keys: Keyring, *, policy: Policy, now: datetime
) -> Run | None:
    """Holds an ended meeting and asks whoever did not decline; None if another replica was first.

    The key is made before the commit: a key without a run is harmless, a run without a key loses answers.
    """
    held = await session.execute(
        update(Meeting)
        .where(Meeting.id == meeting.id, Meeting.state == MeetingState.ANNOUNCED)
        .values(state=MeetingState.HELD)
        .returning(Meeting.id)
    )
    if held.scalar_one_or_none() is None:
        return None
    version = await forms.built_in(session)
    opens = next_waking(now, policy.quiet)
    run = Run(
        form_version_id=version.id,
        workgroup_id=meeting.workgroup_id,
        meeting_id=meeting.id,
        threshold=policy.threshold,
        opens_at=opens,
        closes_at=opens + policy.feedback_open_for,
    )
    session.add(run)
    await session.flush()
    keys.create(run.key)
    await _ask(session, run, meeting, policy=policy, now=now)
    return run


async def _ask(session: AsyncSession, run: Run, meeting: Meeting, *, policy: Policy, now: datetime) -> None:
    known = await attendance.of(session, meeting.id)
    asked = [
        person
        for invitation, person in await invitations.wanted_people(session, meeting)
        if person.wants_feedback
        and known.get(person.id, None if invitation.answer is not Answer.NO else Attended.NO) is not Attended.NO
    ]
    await insert_new(session, Participation, [{"run_id": run.id, "person_id": p.id} for p in asked])
    planned = []
    for person in asked:
        quiet = quiet_of(person, policy)
        ask = Planned(
            person_id=person.id,
            kind="feedback",
            subject=run.id,
            due_at=next_waking(now, quiet),
            expires_at=run.closes_at,
        )
        again = next_waking(ask.due_at + policy.feedback_reminder_after, quiet)
        planned.append(ask)
        if again < run.closes_at:
            planned.append(
                Planned(
                    person_id=person.id,
                    kind="feedback",
                    subject=run.id,
                    slot="again",
                    due_at=again,
                    expires_at=run.closes_at,
                )
            )
    await outbox.plan(session, planned)


async def sheet(session: AsyncSession, person: Person, run_id: int, keys: Keyring, *, now: datetime) -> Sheet:
    """The gate of answering: only those asked, only while the form is open."""
    row = (
        await session.execute(
            select(Run, Meeting, Workgroup)
            .join(Meeting, Meeting.id == Run.meeting_id)
            .join(Workgroup, Workgroup.id == Run.workgroup_id)
            .where(Run.id == run_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    run, meeting, group = row
    # Two taps of one person at two replicas take turns: neither may overwrite the other's answer.
    participation = await session.get(Participation, (run.id, person.id), with_for_update=True)
    if participation is None:
        # After closing nobody can tell who was asked: the invited hear that it is closed, others nothing.
        invited = select(Invitation.id).where(Invitation.meeting_id == meeting.id, Invitation.person_id == person.id)
        if await session.scalar(invited) is None:
            raise NotFound
        raise Refused("feedback-is-closed")
    if run.state is RunState.CLOSED or run.closes_at <= now:
        raise Refused("feedback-is-closed")
    meeting.workgroup = group
    staged = await session.get(Staged, (run.id, person.id))
    return Sheet(
        run=run,
        meeting=meeting,
        questions=await forms.questions(session, run.form_version_id),
        attended=(await attendance.of(session, meeting.id)).get(person.id),
        finished=participation.finished,
        given=opened(keys.open(run.key, staged.blob)) if staged else {},
    )


async def took_part(session: AsyncSession, person: Person, page: Sheet, attended: Attended, *, now: datetime) -> None:
    """One's own word on having been there."""
    await attendance.mark(session, page.meeting, person.id, attended, own_word=True, now=now)
    page.attended = attended


async def rate(
    session: AsyncSession,
    person: Person,
    page: Sheet,
    question: Question,
    value: int | str | None,
    *,
    keys: Keyring,
    update_id: int,
    now: datetime,
) -> None:
    """Answers or (None) skips a question; of two presses the newer stands. Changing after finishing is allowed."""
    _check(question, value)
    before = page.given.get(question.id)
    if before is not None and not before.gives_way_to(update_id, now):
        return
    page.given[question.id] = Given(value, update_id, int(now.timestamp()))
    content = {str(question_id): [g.value, g.update_id, g.at] for question_id, g in page.given.items()}
    blob = keys.seal(page.run.key, content)
    insert = dialect_insert(session)(Staged).values(run_id=page.run.id, person_id=person.id, blob=blob)
    await session.execute(insert.on_conflict_do_update(index_elements=["run_id", "person_id"], set_={"blob": blob}))


def _check(question: Question, value: int | str | None) -> None:
    if value is None:
        return
    if question.kind is Kind.SCALE:
        if not isinstance(value, int) or not (question.low or 0) <= value <= (question.high or 0):
            raise NotFound
    elif not isinstance(value, str) or not value:
        raise Refused("open-answer-empty")
    elif len(value) > OPEN_ANSWER_LENGTH:
        raise Refused("open-answer-too-long", most=OPEN_ANSWER_LENGTH)


async def finish(session: AsyncSession, person: Person, page: Sheet) -> None:
    """The person is done: no reminder any more. Their answers stay changeable until the form closes."""
    await session.execute(
        update(Participation)
        .where(Participation.run_id == page.run.id, Participation.person_id == person.id)
        .values(finished=True)
    )
    page.finished = True


async def next_closing(session: AsyncSession) -> datetime | None:
    """When the next open run closes."""
    return await session.scalar(select(func.min(Run.closes_at)).where(Run.state == RunState.OPEN))


async def due_to_close(session: AsyncSession, *, now: datetime) -> list[int]:
    """The open runs whose time is over."""
    wanted = select(Run.id).where(Run.state == RunState.OPEN, Run.closes_at <= now).order_by(Run.closes_at, Run.id)
    return list((await session.execute(wanted)).scalars())


async def wanting(session: AsyncSession, person_id: int, run_id: int) -> bool:
    """Whether the person is still to be asked or reminded: not finished, and has not said they were absent."""
    absent = select(attendance.Attendance.person_id).join(Run, Run.meeting_id == attendance.Attendance.meeting_id)
    absent = absent.where(
        Run.id == run_id, attendance.Attendance.attended == Attended.NO, attendance.Attendance.person_id == person_id
    )
    wanted = select(Participation.run_id).where(
        Participation.run_id == run_id,
        Participation.person_id == person_id,
        Participation.finished.is_(False),
        ~absent.exists(),
    )
    return await session.scalar(wanted) is not None
