"""Releases: what a closed run, or a pool, has said. Written once; everything that anyone sees comes from them."""

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
"""The threshold that hides nothing: for trying out with invented people. Settings allow no less than 3."""


def spread_from(threshold: int) -> int:
    """From how many answers on it is told how many chose what, and what was written."""
    return threshold if threshold == OFF else 2 * threshold


class Withheld(enum.StrEnum):
    """Why a figure is not shown."""

    FEW = "few"  # fewer answers than the threshold
    SPREAD = "spread"  # enough for a mean, were there one; too few to tell how many chose what
    AGREE = "agree"  # all chose the same: the figure would tell each one's answer


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
    """A question's figure: the mean of a statement is ``total / n`` exactly; a choice has no total."""

    __tablename__ = "figure"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True, index=True)
    n: Mapped[int | None]
    """Answers without skips; None below the threshold."""
    total: Mapped[int | None]
    withheld: Mapped[Withheld | None]


class OptionCount(Base):
    """How many chose a value or option; kept only from `spread_from` on, and where not all agree.

    Of several choices, one that everybody ticked is not kept.
    """

    __tablename__ = "option_count"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True)
    chosen: Mapped[int]


class Cell(Base):
    """How many respondents have a background, small backgrounds put together: never fewer than the threshold."""

    __tablename__ = "cell"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    backgrounds: Mapped[list[int]] = mapped_column(JSON)
    """The options in it, `UNTOLD` among them."""
    n: Mapped[int]


class CellFigure(Base):
    """A statement's mean in one cell of the form's first background question."""

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
    """A released text, under a random key: rows tell no order."""

    __tablename__ = "open_answer"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    """An open question, or the choice whose "other" this is."""
    text: Mapped[str]
    highlighted: Mapped[bool] = mapped_column(default=False)
    """Marked by a coordinator as worth quoting: only then may it reach a digest."""


def publish(session: AsyncSession, release: Release, texts: list[Ballot]) -> None:
    """Keeps the open answers, under random keys."""
    for ballot in texts:
        for key, text in ballot.items():
            answer = OpenAnswer(id=secrets.randbits(62), release_id=release.id, question_id=abs(key), text=text)
            answer.highlighted = False
            session.add(answer)


def open_texts(questions: list[Question], ballots: list[Ballot]) -> list[Ballot]:
    """The typed answers, each alone: nothing ties two texts of one person together, or to their numbers."""
    typed = [question for question in questions if question.takes_text]
    keys = [question.id if question.kind.is_typed else -question.id for question in typed]
    texts = [{key: ballot[key]} for ballot in ballots for key in keys if ballot.get(key)]
    secrets.SystemRandom().shuffle(texts)
    return texts
