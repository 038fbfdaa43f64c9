"""What one person has said on a form, press by press, and what of it is counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from models.errors import NotFound, Refused
from models.forms.forms import OTHER, Question
from models.forms.items import QuestionKind
from models.meetings.invitations import REDELIVERY

Ballot = dict[int, Any]
"""One person's answers by question id: a number on a scale, a list of options, a text. What was typed as "other" is
under the question's id with a minus. What was skipped is not in it."""


@dataclass(frozen=True)
class Press:
    """A tap or a typed line: when it came, and by which update."""

    update_id: int
    now: datetime


@dataclass(frozen=True)
class Given:
    """What one press has given; ``at`` in seconds since 1970."""

    value: int | str | bool | None
    update_id: int
    at: int

    def gives_way_to(self, press: Press) -> bool:
        """Whether a press is newer, whatever order they come in (see `REDELIVERY`)."""
        return self.update_id < press.update_id or self.at < (press.now - REDELIVERY).timestamp()


StoredAnswers = dict[str, Given]
"""A sheet's content: a question's answer under its id, a tick under id.option, a text under id.t.

Each tick has its own press, so that of two devices neither undoes what the other has done elsewhere on the question.
"""


@dataclass(frozen=True)
class CurrentAnswer:
    """What stands for one question. Of several choices, ``settled`` says that the person is done ticking."""

    ticked: tuple[int, ...] = ()
    """What was chosen: a value on the scale, or options."""
    text: str = ""
    settled: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.ticked or self.text)

    @property
    def is_skip(self) -> bool:
        return self.settled and self.is_empty


def from_json(content: dict[str, Any]) -> StoredAnswers:
    """The answers of a sealed form's content. Not `models.codec`: every tap on a form reads and writes one."""
    return {key: Given(*row) for key, row in content.items()}


def to_json(stored: StoredAnswers) -> dict[str, Any]:
    """The content to be sealed."""
    return {key: [given.value, given.update_id, given.at] for key, given in stored.items()}


def current_answer(question: Question, stored: StoredAnswers) -> CurrentAnswer | None:
    """What stands for a question; None if nothing was pressed."""
    own, text = stored.get(str(question.id)), stored.get(f"{question.id}.t")
    if question.kind is QuestionKind.OPEN:
        return None if own is None else CurrentAnswer(text=str(own.value or ""), settled=True)
    ticked = _ticked(question, stored)
    if own is None and not ticked:
        return None
    other_text = str(text.value or "") if text is not None and OTHER in ticked else ""
    return CurrentAnswer(ticked, other_text, settled=own is not None)


def _ticked(question: Question, stored: StoredAnswers) -> tuple[int, ...]:
    match question.kind:
        case QuestionKind.SEVERAL:
            given = {value: stored.get(f"{question.id}.{value}") for value in question.values}
            return tuple(value for value, entry in given.items() if entry is not None and entry.value)
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO:
            own = stored.get(str(question.id))
            return () if own is None or own.value is None else (int(own.value),)
        case QuestionKind.OPEN:
            return ()
        case _:
            assert_never(question.kind)


def choice_entries(question: Question, value: int | None) -> dict[str, Any]:
    """What a press on one value (None: skip) of a scale or a single choice keeps; of several, what skipping does."""
    match question.kind:
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO:
            if value is not None and value not in question.values:
                raise NotFound
            return {str(question.id): value}
        case QuestionKind.SEVERAL:
            if value is not None:
                raise NotFound
            return {str(question.id): None, **{f"{question.id}.{option}": False for option in question.values}}
        case QuestionKind.OPEN:
            if value is not None:
                raise NotFound
            return {str(question.id): None}
        case _:
            assert_never(question.kind)


def tick_entries(question: Question, value: int, on: bool) -> dict[str, Any]:
    """What a press on one of several options keeps."""
    if question.kind is not QuestionKind.SEVERAL or value not in question.values:
        raise NotFound
    return {f"{question.id}.{value}": on}


def done_entries(question: Question) -> dict[str, Any]:
    """What "done" under several options keeps."""
    if question.kind is not QuestionKind.SEVERAL:
        raise NotFound
    return {str(question.id): True}


def text_entries(question: Question, text: str) -> dict[str, Any]:
    """What a typed line keeps: an open answer, or what "other" is, which chooses it as well."""
    if not question.takes_text:
        raise NotFound
    if not text:
        raise Refused("open-answer-empty")
    if len(text) > question.length:
        raise Refused("open-answer-too-long", most=question.length)
    own, typed = str(question.id), f"{question.id}.t"
    match question.kind:
        case QuestionKind.OPEN:
            return {own: text}
        case QuestionKind.SEVERAL:
            return {f"{own}.{OTHER}": True, typed: text}
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO:
            return {own: OTHER, typed: text}
        case _:
            assert_never(question.kind)


def ballot(questions: list[Question], stored: StoredAnswers) -> Ballot:
    """What is counted of a sheet."""
    result: Ballot = {}
    for question in questions:
        given = current_answer(question, stored)
        if given is None or given.is_empty:
            continue
        match question.kind:
            case QuestionKind.OPEN:
                result[question.id] = given.text
                continue
            case QuestionKind.SCALE:
                result[question.id] = given.ticked[0]
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                result[question.id] = list(given.ticked)
            case _:
                assert_never(question.kind)
        if given.text:
            result[-question.id] = given.text
    return result


def says_something(questions: list[Question], ballot: Ballot) -> bool:
    """Whether anything was answered about the matter, and not only about oneself."""
    return any(question.id in ballot for question in questions if question.background is None)
