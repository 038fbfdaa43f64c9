"""Forms: versioned questions. A statement keeps its identity over versions and years."""

import enum
from dataclasses import dataclass

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, insert_new


class Kind(enum.StrEnum):
    SCALE = "scale"
    OPEN = "open"


class Form(Base):
    __tablename__ = "form"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)


class FormVersion(Base):
    """What is put to people; never changed once it has answers."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("form_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    number: Mapped[int]

    questions: Mapped[list["Question"]] = relationship(lazy="raise", order_by="Question.position")


class Question(Base):
    """One question of one version. A built-in form's words are in the catalogues, under its identity."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("form_version_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    position: Mapped[int]
    kind: Mapped[Kind]
    identity: Mapped[str]
    low: Mapped[int | None]
    high: Mapped[int | None]


@dataclass(frozen=True)
class BuiltIn:
    key: str
    statements: tuple[str, ...]
    open_questions: tuple[str, ...]
    low: int = 1
    high: int = 5


MEETING_FORM = BuiltIn(
    key="meeting",
    statements=("content-met-expectations", "content-useful-in-work", "enough-time-to-discuss", "own-input-satisfies"),
    open_questions=("open-feedback",),
)


async def built_in(session: AsyncSession, form: BuiltIn = MEETING_FORM) -> FormVersion:
    """The first version of a built-in form, written when first asked for, with its questions."""
    await insert_new(session, Form, [{"key": form.key}])
    form_id = (await session.execute(select(Form.id).where(Form.key == form.key))).scalar_one()
    new = await insert_new(session, FormVersion, [{"form_id": form_id, "number": 1}])
    if new:
        scales = [(Kind.SCALE, identity, form.low, form.high) for identity in form.statements]
        opens = [(Kind.OPEN, identity, None, None) for identity in form.open_questions]
        for position, (kind, identity, low, high) in enumerate([*scales, *opens], 1):
            session.add(
                Question(form_version_id=new[0], position=position, kind=kind, identity=identity, low=low, high=high)
            )
        await session.flush()
    return (await session.execute(select(FormVersion).where(FormVersion.form_id == form_id))).scalar_one()


async def questions(session: AsyncSession, form_version_id: int) -> list[Question]:
    """The questions of a version in order."""
    wanted = select(Question).where(Question.form_version_id == form_version_id).order_by(Question.position)
    return list((await session.execute(wanted)).scalars())
