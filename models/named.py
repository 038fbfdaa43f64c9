"""Answers to a form that said at its top that they are given under one's name. Erased with the person."""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.answers import Ballot
from models.base import Base
from models.runs import Run


class NamedAnswer(Base):
    __tablename__ = "named_answer"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    ballot: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `models.answers.Ballot`, the keys as text."""


def keep(session: AsyncSession, run: Run, ballots: dict[int, Ballot]) -> None:
    """Keeps the answers of a closed run that was not anonymous, by person."""
    assert run.named
    for person_id, ballot in ballots.items():
        content = {str(key): value for key, value in ballot.items()}
        session.add(NamedAnswer(run_id=run.id, person_id=person_id, ballot=content))
