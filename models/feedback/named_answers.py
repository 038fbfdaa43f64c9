"""Answers to a named form, which says at its top that answers are given under one's name. Erased with the person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.errors import NotFound
from models.feedback.answers import Ballot
from models.feedback.releases import Release
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Form, Question
from models.people import access
from models.people.groups import by_name
from models.people.people import Person


class NamedAnswer(Base):
    __tablename__ = "named_answer"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    ballot: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `models.feedback.answers.Ballot` with its keys as text."""


@dataclass(frozen=True)
class NamedSubmissions:
    """The answers to a closed named form, for the coordinators of its group."""

    run: Run
    release_id: int | None
    """None if too few people answered for figures."""
    group: str
    form: Form
    questions: list[Question]
    ballots: tuple[tuple[Person, Ballot], ...]
    """Sorted by the person's name."""

    def of(self, person_id: int) -> tuple[Person, Ballot]:
        """The person and their ballot. Raises NotFound if they did not answer."""
        for person, ballot in self.ballots:
            if person.id == person_id:
                return person, ballot
        raise NotFound


def keep(session: AsyncSession, run: Run, ballots: dict[int, Ballot]) -> None:
    """Stores the ballots of a named run, by person id, when it closes."""
    assert run.named
    for person_id, ballot in ballots.items():
        content = {str(key): value for key, value in ballot.items()}
        session.add(NamedAnswer(run_id=run.id, person_id=person_id, ballot=content))


async def access_named_answers(session: AsyncSession, person: Person, run_id: int) -> NamedSubmissions:
    """The answers to a closed named form, for the group's coordinators. Raises NotFound for others."""
    run = await session.get(Run, run_id)
    mine = {group.id: group for group in await access.coordinated_groups(session, person, archived_too=True)}
    if run is None or not run.named or run.state is not RunState.CLOSED or run.workgroup_id not in mine:
        raise NotFound
    version = await forms.version(session, run.form_version_id)
    rows = await session.execute(
        select(Person, NamedAnswer.ballot)
        .join(NamedAnswer, NamedAnswer.person_id == Person.id)
        .where(NamedAnswer.run_id == run.id)
    )
    ballots = [(who, {int(key): value for key, value in ballot.items()}) for who, ballot in rows]
    in_order = sorted(ballots, key=lambda row: by_name(row[0]))
    release_id = await session.scalar(select(Release.id).where(Release.run_id == run.id))
    return NamedSubmissions(
        run, release_id, mine[run.workgroup_id].name, version.form, version.questions, tuple(in_order)
    )
