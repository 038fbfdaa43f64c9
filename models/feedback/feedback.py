"""Answering an open form: storing a person's answers sealed, and sending them.

``models/feedback/closing.py`` closes forms. ARCHITECTURE.md gives the reasons for this design under Anonymity.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import dialect_insert
from models.errors import NotFound, Refused
from models.feedback import answers
from models.feedback.answers import Press, StoredAnswers
from models.feedback.runs import Participation, Run, Staged
from models.feedback.sealing import Keyring, encoded
from models.feedback.submissions import Submission
from models.forms import forms
from models.forms.forms import Question
from models.meetings import attendance
from models.meetings.attendance import Attended


async def set_attendance(session: AsyncSession, submission: Submission, attended: Attended, *, now: datetime) -> None:
    """Stores whether the person says that they attended. Deletes their answers if they say that they did not.

    Raises NotFound for a form sent on its own.
    """
    if submission.meeting is None:
        raise NotFound
    if not attended.was_there:
        of_person = Staged.run_id == submission.run.id, Staged.person_id == submission.person.id
        await session.execute(delete(Staged).where(*of_person))
        submission.answers = {}
    await attendance.mark(session, submission.meeting, submission.person.id, attended, own_word=True, now=now)
    submission.attended = attended


async def choose(
    session: AsyncSession, submission: Submission, question: Question, value: int | None, *, keys: Keyring, press: Press
) -> None:
    """Stores a value of a scale or a single choice; None skips a question of any kind.

    The newer of two presses counts. Changing after finishing is allowed. Raises Refused if a required question is
    skipped, NotFound if the value is not on the form or the person may not answer.
    """
    if value is None and question.required:
        raise Refused("question-required")
    await _store(session, submission, answers.choice_entries(question, value), keys=keys, press=press)


async def tick(
    session: AsyncSession,
    submission: Submission,
    question: Question,
    tick: tuple[int, bool],
    *,
    keys: Keyring,
    press: Press,
) -> None:
    """Ticks or unticks an option of a multiple choice; ``tick`` is its number and whether it is now ticked.

    Raises NotFound if the option is not on the form or the person may not answer.
    """
    await _store(session, submission, answers.tick_entries(question, *tick), keys=keys, press=press)


async def settle(
    session: AsyncSession, submission: Submission, question: Question, *, keys: Keyring, press: Press
) -> None:
    """Stores that the person is done with a multiple choice; with no option ticked this is a skip.

    Raises Refused if the question is required and no option is ticked, NotFound for other kinds of questions.
    """
    answer = submission.answer(question)
    if question.required and (answer is None or answer.is_empty):
        raise Refused("question-required")
    await _store(session, submission, answers.done_entries(question), keys=keys, press=press)


async def write(
    session: AsyncSession,
    submission: Submission,
    question: Question,
    text: str,
    *,
    keys: Keyring,
    press: Press,
    line: int | None = None,
) -> None:
    """Stores a typed open answer, or the text of "other", and the id of the message that it was typed in.

    Raises Refused if it is empty or too long.
    """
    content = answers.text_entries(question, text)
    await _store(session, submission, content, keys=keys, press=press, line=line)


async def remember_line(
    session: AsyncSession, submission: Submission, line: int | None, *, keys: Keyring, press: Press
) -> None:
    """Stores the id of a typed message that is no answer, so that it is deleted once the person answers or sends."""
    if line is not None and submission.may_answer:
        await _store(session, submission, {}, keys=keys, press=press, line=line)


async def _store(
    session: AsyncSession,
    submission: Submission,
    content: dict[str, Any],
    *,
    keys: Keyring,
    press: Press,
    line: int | None = None,
) -> None:
    """Seals and stores the entries of a press, except where an entry of a newer press is stored. ``line`` is the id of
    the typed message.

    Raises NotFound if the person may not answer.
    """
    if not submission.may_answer:
        raise NotFound
    at = int(press.now.timestamp())
    new = {
        key: answers.StoredEntry(value, press.update_id, at)
        for key, value in content.items()
        if key not in submission.answers or submission.answers[key].is_replaced_by(press)
    }
    if not new and line is None:
        return
    submission.answers = {**submission.answers, **new}
    if line is not None:
        submission.answers = answers.with_lines(submission.answers, (*submission.typed_lines, line))
    size = forms.submission_bytes(submission.questions)
    blob = keys.seal(submission.run.key, answers.to_json(_fitting(submission.answers, size)), size=size)
    row = {"run_id": submission.run.id, "person_id": submission.person.id, "blob": blob}
    await session.execute(_upsert_staged(dialect_insert(session)), row)


def _fitting(stored: StoredAnswers, size: int) -> StoredAnswers:
    """The stored answers without the oldest typed lines that do not fit into so many bytes."""
    while (lines := answers.typed_lines(stored)) and len(encoded(answers.to_json(stored))) > size:
        stored = answers.with_lines(stored, lines[1:])
    return stored


@cache
def _upsert_staged(insert: Any) -> Any:
    statement = insert(Staged.__table__)
    return statement.on_conflict_do_update(
        index_elements=["run_id", "person_id"], set_={"blob": statement.excluded.blob}
    )


async def finish(session: AsyncSession, submission: Submission, *, keys: Keyring, press: Press) -> None:
    """Marks the submission as sent: no reminders follow. The answers can still be changed until the form closes.

    Adds the background answers from the person's settings only now, because the summary that they send shows them.
    Raises Refused if a required question has no answer, NotFound if the person may not answer.
    """
    if not submission.may_answer:
        raise NotFound
    if submission.missing is not None:
        raise Refused("question-required")
    from_settings = {
        str(q.id): submission.prefilled(q) for q in submission.questions if submission.prefilled(q) is not None
    }
    if from_settings and submission.has_answers:
        # Update id 0: any press of the person on these questions replaces the value, even if it arrives later.
        await _store(session, submission, from_settings, keys=keys, press=Press(0, press.now))
    if submission.has_answers:
        await _store(session, submission, {answers.SENT: True}, keys=keys, press=press)
    await session.execute(
        update(Participation)
        .where(Participation.run_id == submission.run.id, Participation.person_id == submission.person.id)
        .values(finished=True)
    )
    submission.finished = True


async def is_waited_for(session: AsyncSession, person_id: int, run_id: int) -> bool:
    """Whether to ask or remind the person: they have not finished and have not said that they were absent."""
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
