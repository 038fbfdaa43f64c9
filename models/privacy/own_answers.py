"""One person's own answers, for that person: those of open forms, and those that they have given under their name."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Refused
from models.feedback import answers
from models.feedback.named_answers import NamedAnswer
from models.feedback.runs import Participation, Run, Staged
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import Question
from models.people.people import Person

Rows = list[dict[str, Any]]


async def of_open_forms(session: AsyncSession, person: Person, keys: Keyring) -> Rows:
    """The open forms of this person, with the answers given so far, decrypted."""
    rows = await session.execute(
        select(Participation, Run, Staged.blob)
        .join(Run, Run.id == Participation.run_id)
        .outerjoin(Staged, (Staged.run_id == Run.id) & (Staged.person_id == person.id))
        .where(Participation.person_id == person.id)
    )
    entries = []
    for asked, run, blob in rows.all():
        questions = await forms.questions(session, run.form_version_id)
        entries.append(
            {
                "meeting_id": run.meeting_id,
                "closes_at": run.closes_at.isoformat(),
                "finished": asked.finished,
                "answers": _opened(run.key, blob, questions, keys) if blob is not None else {},
            }
        )
    return entries


def _opened(key: str, blob: bytes, questions: list[Question], keys: Keyring) -> dict[str, Any] | str:
    """The decrypted answers; a text in their place if the key is missing."""
    try:
        stored = answers.from_json(keys.open(key, blob))
    except Refused:
        return "sealed; the key is missing"
    return _readable(questions, answers.ballot(questions, stored))


def _readable(questions: list[Question], ballot: answers.Ballot) -> dict[str, Any]:
    """Answers by the text of their question, with the texts of the options."""
    content: dict[str, Any] = {}
    for question in questions:
        name, value = question.text or question.identity, ballot.get(question.id)
        if isinstance(value, list):
            words = {option.number: option.text or option.identity for option in question.options}
            value = [words.get(number, "other") for number in value]
        if value is not None:
            content[name] = value
        if -question.id in ballot:
            content[f"{name}: other"] = ballot[-question.id]
    return content


async def under_own_name(session: AsyncSession, person: Person) -> Rows:
    """The answers given under this person's name, on forms that announced it."""
    rows = await session.execute(
        select(NamedAnswer, Run).join(Run, Run.id == NamedAnswer.run_id).where(NamedAnswer.person_id == person.id)
    )
    entries = []
    for named_answer, run in rows.all():
        ballot = {int(key): value for key, value in named_answer.ballot.items()}
        answered = _readable(await forms.questions(session, run.form_version_id), ballot)
        entries.append({"closed_at": run.closes_at.isoformat(), "answers": answered})
    return entries
