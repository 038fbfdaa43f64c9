"""Feedback while a form is open: who is asked, and their answers, sealed.

Closing is ``models/closing.py``; why it is built so is told in ARCHITECTURE.md under Anonymity.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models import attendance, forms
from models.attendance import Attended
from models.base import dialect_insert
from models.errors import NotFound, Refused
from models.forms import Kind, Question
from models.groups import Workgroup
from models.invitations import REDELIVERY, Invitation
from models.meetings import Meeting
from models.people import Person
from models.runs import Participation, Run, RunState, Staged
from models.sealing import Keyring

OPEN_ANSWER_LENGTH = 1_000


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
        attended=await attendance.own(session, meeting.id, person.id),
        finished=participation.finished,
        given=opened(keys.open(run.key, staged.blob)) if staged else {},
    )


async def took_part(session: AsyncSession, person: Person, page: Sheet, attended: Attended, *, now: datetime) -> None:
    """One's own word on having been there. Who was not has no answers either."""
    if attended is Attended.NO:
        await session.execute(delete(Staged).where(Staged.run_id == page.run.id, Staged.person_id == person.id))
        page.given = {}
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
