"""Releases: the results of a closed run or a pool. Written once; all results that anyone sees come from them."""

import enum
import secrets
from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.feedback.answers import Ballot
from models.forms.forms import Question

OFF = 1
"""A threshold that hides nothing, for trials with invented people. The settings allow 3 or more."""


def spread_from(threshold: int) -> int:
    """The number of answers from which distributions and open answers may be shown."""
    return threshold if threshold == OFF else 2 * threshold


class Withheld(enum.StrEnum):
    """Why a figure is not shown."""

    FEW = "few"  # fewer answers than the threshold
    SPREAD = "spread"  # too few answers for a distribution, and a choice has no mean
    AGREE = "agree"  # all chose the same: the figure would reveal each person's answer


class Release(Base):
    """The results of one run or one pool. Written once."""

    __tablename__ = "release"
    __table_args__ = (Index("ix_release_workgroup_id_released_at", "workgroup_id", "released_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"), unique=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), unique=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    threshold: Mapped[int]
    asked: Mapped[int | None]
    """Number of people to whom the form was sent; of a pool, the sum of its runs. None if it is not known of one."""
    present: Mapped[int | None]
    """Number of people present at the meeting; of a pool, as ``asked``. None for a form sent on its own."""
    answered: Mapped[int]
    people: Mapped[int | None]
    """How many different people answered: in a pool, one may have answered several runs. None for pools of earlier
    versions, which did not count them."""
    released_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def people_at_most(self) -> int:
        """The number of people, as far as it is known."""
        return self.answered if self.people is None else self.people


class Figure(Base):
    """The figure of one question. The mean of a statement is exactly ``total / n``."""

    __tablename__ = "figure"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True, index=True)
    n: Mapped[int | None]
    """Number of answers, without skips and without "I cannot say". None below the threshold."""
    total: Mapped[int | None]
    """Sum of the values. None for a choice, and if the mean is withheld."""
    withheld: Mapped[Withheld | None]


class OptionCount(Base):
    """How many chose a value or option. Stored only from `spread_from` answers on, and only if not all agree.

    In a multiple choice, an option that everybody ticked is not stored.
    """

    __tablename__ = "option_count"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True)
    chosen: Mapped[int]


class Cell(Base):
    """How many respondents have a background. Small backgrounds are merged: ``n`` is never below the threshold."""

    __tablename__ = "cell"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    backgrounds: Mapped[list[int]] = mapped_column(JSON)
    """The numbers of the options in it; `UNTOLD` for those who did not answer."""
    n: Mapped[int]


class CellFigure(Base):
    """A statement's mean, ``total / n``, in one cell of the form's first background question that has cells."""

    __tablename__ = "cell_figure"
    __table_args__ = (
        ForeignKeyConstraint(
            ["release_id", "background_id", "number"],
            ["cell.release_id", "cell.question_id", "cell.number"],
            name="fk_cell_figure_cell",
        ),
    )

    release_id: Mapped[int] = mapped_column(primary_key=True)
    background_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    n: Mapped[int]
    total: Mapped[int]


class OpenAnswer(Base):
    """A released text. Its id is random, so that rows reveal no order."""

    __tablename__ = "open_answer"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    """The open question, or the choice whose "other" was typed."""
    text: Mapped[str]
    highlighted: Mapped[bool] = mapped_column(default=False)
    """Whether a coordinator marked it as worth quoting. Only marked texts can appear in a digest."""


def publish(session: AsyncSession, release: Release, texts: list[Ballot]) -> None:
    """Stores the open answers of a release under random ids."""
    for ballot in texts:
        for key, text in ballot.items():
            answer = OpenAnswer(id=secrets.randbits(62), release_id=release.id, question_id=abs(key), text=text)
            answer.highlighted = False
            session.add(answer)


def open_texts(questions: list[Question], ballots: list[Ballot]) -> list[Ballot]:
    """The typed texts in random order, each in a ballot of its own.

    Nothing links two texts of one person to each other, or to the other answers of the person.
    """
    typed = [question for question in questions if question.takes_text]
    keys = [question.id if question.kind.is_typed else -question.id for question in typed]
    texts = [{key: ballot[key]} for ballot in ballots for key in keys if ballot.get(key)]
    secrets.SystemRandom().shuffle(texts)
    return texts
