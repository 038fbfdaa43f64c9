"""Forms, their versions and questions.

A version never changes: editing a form writes the next version. A question with the same identity is the same question,
in every version and every form.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from models.base import Base, OpenChoice, insert_new
from models.forms.builtin_forms import BUILT_IN, MEETING_FORM, BuiltIn
from models.forms.items import Background, Choice, Item, QuestionKind, identified

OTHER = 0
"""The value of "other, what?" among a question's options, which are numbered from 1."""
DONT_KNOW = -1
"""The value of "I cannot say" on a scale: it counts as an answer, but not in the mean."""
UNTOLD = -2
"""The value of a background question that was not answered."""

OPEN_ANSWER_LENGTH = 1_000
OTHER_LENGTH = 200
ENTRY_BYTES = 64
"""Bytes of one answer in a sealed submission, with the press that gave it, without its text."""


class Form(Base):
    """A form of a group, or (without one) of the whole organisation."""

    __tablename__ = "form"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """The key of a built-in form's name in the catalogues; random for other forms."""
    name: Mapped[str | None]
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"), index=True)
    created_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]


class GroupForm(Base):
    """The form that a group sends after its meetings; without a row, the built-in form for meetings."""

    __tablename__ = "group_form"

    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))


class FormVersion(Base):
    """The questions that people get. It never changes."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("form_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    number: Mapped[int]
    named: Mapped[bool] = mapped_column(default=False)
    """Whether the group's coordinators see who answered what. The top of the form says so."""

    form: Mapped[Form] = relationship(lazy="raise")
    questions: Mapped[list["Question"]] = relationship(lazy="raise", order_by="Question.position")


class Question(Base):
    """One question of one version. Without a ``text``, the catalogues have its words under its identity."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("form_version_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    position: Mapped[int]
    kind: Mapped[QuestionKind] = mapped_column(OpenChoice(QuestionKind, length=24))
    identity: Mapped[str] = mapped_column(index=True)
    text: Mapped[str | None]
    low: Mapped[int | None]
    high: Mapped[int | None]
    low_name: Mapped[str | None]
    high_name: Mapped[str | None]
    """What the ends of the scale mean; None: disagreement and agreement, as the catalogues say it."""
    dont_know: Mapped[bool] = mapped_column(default=False)
    other: Mapped[bool] = mapped_column(default=False)
    required: Mapped[bool] = mapped_column(default=False)
    background: Mapped[Background | None] = mapped_column(OpenChoice(Background, length=24))

    options: Mapped[list["Option"]] = relationship(lazy="raise", order_by="Option.number")

    @property
    def has_options(self) -> bool:
        return self.kind.has_options

    @property
    def values(self) -> list[int]:
        """The values that can be chosen: those of the scale or the options' numbers; OTHER and DONT_KNOW come last."""
        match self.kind:
            case QuestionKind.SCALE:
                return [*range(self.low or 0, (self.high or 0) + 1), *([DONT_KNOW] if self.dont_know else [])]
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                return [*(option.number for option in self.options), *([OTHER] if self.other else [])]
            case QuestionKind.OPEN:
                return []
            case _:
                assert_never(self.kind)

    @property
    def takes_text(self) -> bool:
        return self.kind.is_typed or self.other

    @property
    def length(self) -> int:
        """Maximum length of a typed answer, in characters."""
        return OPEN_ANSWER_LENGTH if self.kind.is_typed else OTHER_LENGTH

    @property
    def same_as(self) -> tuple[object, ...]:
        """What questions of two versions must have in common for their answers to be counted together."""
        return self.identity, self.kind, self.low, self.high


class Option(Base):
    """An option of a question, numbered from 1. Without a ``text``, the catalogues have its words."""

    __tablename__ = "option"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str]
    text: Mapped[str | None]


async def built_in(session: AsyncSession, form: BuiltIn = MEETING_FORM) -> FormVersion:
    """The newest version of a built-in form. It is written at first use, and when this program has other questions."""
    await insert_new(session, Form, [{"key": form.key}])
    # The lock makes replicas that start together take turns: the first writes the version, the others read it.
    row = (await session.execute(select(Form).where(Form.key == form.key).with_for_update())).scalar_one()
    version = await _newest(session, row.id)
    if version is None or not has_items(version, form.items):
        return await write(session, row, form.items)
    return version


def has_items(version: FormVersion, items: Iterable[Item]) -> bool:
    """Whether a version was written from these items."""
    return [written(question) for question in version.questions] == [identified(item) for item in items]


def written(question: Question) -> Item:
    """The item that a question was written from."""
    return Item(
        kind=question.kind,
        text=question.text,
        identity=question.identity,
        low=question.low,
        high=question.high,
        low_name=question.low_name,
        high_name=question.high_name,
        dont_know=question.dont_know,
        choices=tuple(Choice(option.text, option.identity) for option in question.options),
        other=question.other,
        required=question.required,
        background=question.background,
    )


async def write(session: AsyncSession, form: Form, items: Iterable[Item], *, named: bool = False) -> FormVersion:
    """Writes the next version of a form."""
    before = select(FormVersion.number).where(FormVersion.form_id == form.id).order_by(FormVersion.number.desc())
    number = await session.scalar(before.limit(1)) or 0
    version = FormVersion(form_id=form.id, number=number + 1, named=named, questions=[])
    for position, item in enumerate(map(identified, items), 1):
        columns = {name: value for name, value in vars(item).items() if name != "choices"}
        question = Question(position=position, **columns, options=[])
        for option, choice in enumerate(item.choices, 1):
            question.options.append(Option(number=option, identity=choice.identity, text=choice.text))
        version.questions.append(question)
    version.form = form
    session.add(version)
    await session.flush()
    return version


async def newest(session: AsyncSession, form: Form) -> FormVersion:
    """The newest version of a form, with its questions."""
    if form.key in BUILT_IN:
        return await built_in(session, BUILT_IN[form.key])
    version = await _newest(session, form.id)
    assert version is not None  # a form is written with its first version
    return version


async def _newest(session: AsyncSession, form_id: int) -> FormVersion | None:
    wanted = select(FormVersion).where(FormVersion.form_id == form_id).order_by(FormVersion.number.desc()).limit(1)
    return await session.scalar(wanted.options(*_WHOLE))


async def version(session: AsyncSession, form_version_id: int) -> FormVersion:
    """A version with its form and questions."""
    wanted = select(FormVersion).where(FormVersion.id == form_version_id).options(*_WHOLE)
    return (await session.execute(wanted)).scalar_one()


_WHOLE = (
    selectinload(FormVersion.form),
    selectinload(FormVersion.questions).selectinload(Question.options),
)


async def questions(session: AsyncSession, form_version_id: int) -> list[Question]:
    """The questions of a version in order, with their options."""
    wanted = select(Question).where(Question.form_version_id == form_version_id).order_by(Question.position)
    return list((await session.execute(wanted.options(selectinload(Question.options)))).scalars())


async def some_questions(session: AsyncSession, ids: Iterable[int]) -> list[Question]:
    """Questions by id, with their options, newest version first."""
    wanted = (
        select(Question).where(Question.id.in_(list(ids))).order_by(Question.form_version_id.desc(), Question.position)
    )
    return list((await session.execute(wanted.options(selectinload(Question.options)))).scalars())


def submission_bytes(questions: Sequence[Question]) -> int:
    """The largest size of a submission, in bytes. All are sealed at this size, so that it tells nothing about them."""
    entries = sum(1 + len(question.values if question.has_options else ()) for question in questions)
    texts = sum(ENTRY_BYTES + 4 * question.length for question in questions if question.takes_text)
    return ENTRY_BYTES + ENTRY_BYTES * entries + texts
