"""Forms: versioned questions. A statement keeps its identity over versions and years, and from form to form.

A version is never changed: whoever edits a form makes the next version.
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
"""The value of "I cannot say" on a scale: an answer, but in no mean."""
UNTOLD = -2
"""Of a background question: those who did not tell."""

OPEN_ANSWER_LENGTH = 1_000
OTHER_LENGTH = 200
ENTRY_BYTES = 64
"""What one answer takes in a sealed sheet, its press included, besides its text."""


class Form(Base):
    """A form under a name. One of a group is its coordinators'; one of no group is everybody's to use."""

    __tablename__ = "form"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """A built-in form's, under which its name is in the catalogues; of any other a word of chance."""
    name: Mapped[str | None]
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"), index=True)
    created_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]


class GroupForm(Base):
    """What a group asks after its meetings; without a row the short built-in form."""

    __tablename__ = "group_form"

    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))


class FormVersion(Base):
    """What is put to people; never changed."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("form_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("form.id"))
    number: Mapped[int]
    named: Mapped[bool] = mapped_column(default=False)
    """Whether those who coordinate the group see who answered what; said at the top of the form."""

    form: Mapped[Form] = relationship(lazy="raise")
    questions: Mapped[list["Question"]] = relationship(lazy="raise", order_by="Question.position")


class Question(Base):
    """One question of one version. Without a ``text`` its words are in the catalogues, under its identity."""

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
    """What the ends of the scale mean; without one, the catalogues' agreement."""
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
        """All that can be chosen: the scale's values, or the options' numbers, other and don't know last."""
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
        return self.kind is QuestionKind.OPEN or self.other

    @property
    def length(self) -> int:
        """Characters of a typed answer, at most."""
        return OPEN_ANSWER_LENGTH if self.kind is QuestionKind.OPEN else OTHER_LENGTH

    @property
    def same_as(self) -> tuple[object, ...]:
        """What two versions' questions must share for their answers to be put together."""
        return self.identity, self.kind, self.low, self.high


class Option(Base):
    """One of a question's choices, numbered from 1; words as a question's."""

    __tablename__ = "option"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str]
    text: Mapped[str | None]


async def built_in(session: AsyncSession, form: BuiltIn = MEETING_FORM) -> FormVersion:
    """The newest version of a built-in form; written when first asked for, and anew if its questions have changed."""
    await insert_new(session, Form, [{"key": form.key}])
    # Two replicas that begin at the same moment take turns: one writes the version, the other finds it.
    known = (await session.execute(select(Form).where(Form.key == form.key).with_for_update())).scalar_one()
    version = await _newest(session, known.id)
    if version is None or not _same(form.items, version.questions):
        return await write(session, known, form.items)
    return version


def _same(items: Sequence[Item], questions: Sequence[Question]) -> bool:
    return [identified(item) for item in items] == [written(question) for question in questions]


def written(question: Question) -> Item:
    """A version's question as it was written."""
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
    """The next version of a form."""
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
    """How large any answer to these questions can become: all are sealed at this size, so that none is told apart."""
    entries = sum(1 + len(question.values if question.has_options else ()) for question in questions)
    texts = sum(ENTRY_BYTES + 4 * question.length for question in questions if question.takes_text)
    return ENTRY_BYTES + ENTRY_BYTES * entries + texts
