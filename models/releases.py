"""Releases: what a closed run, or a pool, has said. Written once; everything that anyone sees comes from them."""

import enum
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.forms import Kind, Question

Ballot = dict[int, Any]
"""One person's answers by question id; a skip is None."""


class Withheld(enum.StrEnum):
    """Why a figure is not shown."""

    FEW = "few"
    AGREE = "agree"  # all chose the same end of the scale: the mean would tell each one's answer


class Release(Base):
    """What one run, or one pool, has said. Written once; everything that anyone sees comes from releases."""

    __tablename__ = "release"
    __table_args__ = (Index("ix_release_workgroup_id_released_at", "workgroup_id", "released_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"), unique=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), unique=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    asked: Mapped[int]
    answered: Mapped[int]
    released_at: Mapped[datetime] = mapped_column(index=True)


class Figure(Base):
    """A statement's figure: the mean is ``total / n`` exactly."""

    __tablename__ = "figure"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    n: Mapped[int | None]
    """Answers without skips; None below the threshold."""
    total: Mapped[int | None]
    withheld: Mapped[Withheld | None]


class OptionCount(Base):
    """How many chose a value; kept only from twice the threshold on, and where not all agree."""

    __tablename__ = "option_count"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True)
    chosen: Mapped[int]


class OpenAnswer(Base):
    """A released text, under a random key: rows tell no order."""

    __tablename__ = "open_answer"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    text: Mapped[str]


def count(session: AsyncSession, release: Release, questions: list[Question], ballots: list[Ballot]) -> None:
    """Keeps of the statements what may be shown, and nothing else."""
    for question in (q for q in questions if q.kind is Kind.SCALE):
        values = [ballot[question.id] for ballot in ballots if ballot.get(question.id) is not None]
        session.add(_figure(release, question, values))
        if len(values) >= 2 * release.threshold and len(set(values)) > 1:
            for value in range(question.low or 0, (question.high or 0) + 1):
                chosen = values.count(value)
                session.add(OptionCount(release_id=release.id, question_id=question.id, value=value, chosen=chosen))


def _figure(release: Release, question: Question, values: list[int]) -> Figure:
    figure = Figure(release_id=release.id, question_id=question.id)
    if len(values) < release.threshold:
        figure.withheld = Withheld.FEW
    elif set(values) in ({question.low}, {question.high}):
        figure.n, figure.withheld = len(values), Withheld.AGREE
    else:
        figure.n, figure.total = len(values), sum(values)
    return figure


def open_texts(questions: list[Question], ballots: list[Ballot]) -> list[Ballot]:
    """The open answers, each alone: nothing ties two texts of one person together, or to their numbers."""
    opens = [question.id for question in questions if question.kind is Kind.OPEN]
    texts = [{key: ballot[key]} for ballot in ballots for key in opens if ballot.get(key)]
    secrets.SystemRandom().shuffle(texts)
    return texts


def publish(session: AsyncSession, release: Release, texts: list[Ballot]) -> None:
    """Keeps the open answers, under random keys."""
    for ballot in texts:
        for question_id, text in ballot.items():
            session.add(OpenAnswer(id=secrets.randbits(62), release_id=release.id, question_id=question_id, text=text))
