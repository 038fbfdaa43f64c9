"""One person's answers on a form: the entries stored for each press, the current answers, and what is counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from models.errors import NotFound, Refused
from models.forms.forms import OTHER, Question
from models.forms.items import QuestionKind
from models.meetings.invitations import REDELIVERY

Ballot = dict[int, Any]
"""One person's answers by question id: a number on a scale, a list of option numbers, or a text. The text of "other" is
under the negated question id. Skipped questions are left out."""


@dataclass(frozen=True)
class Press:
    """A tap or a typed line: the id of its update, and when it was handled."""

    update_id: int
    now: datetime


@dataclass(frozen=True)
class StoredEntry:
    """The value that one press stored; ``at`` is in seconds since 1970."""

    value: int | str | bool | None
    update_id: int
    at: int

    def is_replaced_by(self, press: Press) -> bool:
        """Whether the press is newer: its update id is higher, or it came more than `REDELIVERY` after this entry."""
        return self.update_id < press.update_id or self.at < (press.now - REDELIVERY).timestamp()


StoredAnswers = dict[str, StoredEntry]
"""The content of a submission: a question's answer under its id, a tick under id.option, a text under id.t. Beside the
answers: when they were sent (`SENT`), and the ids of typed messages that are still in the chat (`LINES`).

Each tick is an entry of its own: ticking one option on one device does not undo another option ticked on another.
"""


SENT, LINES = "s", "m"
MOST_LINES = 20
"""The most ids of typed messages that are remembered; the oldest are dropped first."""


@dataclass(frozen=True)
class CurrentAnswer:
    """The current answer to one question. In a multiple choice ``settled`` means that the person is done ticking."""

    ticked: tuple[int, ...] = ()
    """The chosen value of the scale, or the chosen option numbers."""
    text: str = ""
    settled: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.ticked or self.text)

    @property
    def is_skip(self) -> bool:
        return self.settled and self.is_empty


def from_json(content: dict[str, Any]) -> StoredAnswers:
    """The stored answers from decrypted content. Does not use `models.codec`, which is slower: every tap runs this."""
    return {key: StoredEntry(*row) for key, row in content.items()}


def to_json(stored: StoredAnswers) -> dict[str, Any]:
    """The content to seal."""
    return {key: [given.value, given.update_id, given.at] for key, given in stored.items()}


def typed_lines(stored: StoredAnswers) -> tuple[int, ...]:
    """The ids of the typed messages that are still in the chat, oldest first."""
    entry = stored.get(LINES)
    return () if entry is None else tuple(map(int, str(entry.value).split()))


def with_lines(stored: StoredAnswers, message_ids: Iterable[int]) -> StoredAnswers:
    """The stored answers with these ids as `typed_lines`."""
    others = {key: entry for key, entry in stored.items() if key != LINES}
    ids = list(dict.fromkeys(message_ids))[-MOST_LINES:]
    return {**others, LINES: StoredEntry(" ".join(map(str, ids)), 0, 0)} if ids else others


def current_answer(question: Question, stored: StoredAnswers) -> CurrentAnswer | None:
    """The current answer to a question. None if the person has pressed nothing."""
    answer, text = stored.get(str(question.id)), stored.get(f"{question.id}.t")
    if question.kind is QuestionKind.OPEN:
        return None if answer is None else CurrentAnswer(text=str(answer.value or ""), settled=True)
    ticked = _ticked(question, stored)
    if answer is None and not ticked:
        return None
    other_text = str(text.value or "") if text is not None and OTHER in ticked else ""
    return CurrentAnswer(ticked, other_text, settled=answer is not None)


def _ticked(question: Question, stored: StoredAnswers) -> tuple[int, ...]:
    match question.kind:
        case QuestionKind.SEVERAL:
            ticks = {value: stored.get(f"{question.id}.{value}") for value in question.values}
            return tuple(value for value, entry in ticks.items() if entry is not None and entry.value)
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO:
            answer = stored.get(str(question.id))
            return () if answer is None or answer.value is None else (int(answer.value),)
        case QuestionKind.OPEN:
            return ()
        case _:
            assert_never(question.kind)


def choice_entries(question: Question, value: int | None) -> dict[str, Any]:
    """The entries to store for a press on a value of a scale or a single choice, or (None) for a skip of any question.

    Raises NotFound if the value cannot be chosen.
    """
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
    """The entries to store when an option of a multiple choice is ticked or unticked. Raises NotFound for others."""
    if question.kind is not QuestionKind.SEVERAL or value not in question.values:
        raise NotFound
    return {f"{question.id}.{value}": on}


def done_entries(question: Question) -> dict[str, Any]:
    """The entries to store for "done" in a multiple choice. Raises NotFound for other kinds of questions."""
    if question.kind is not QuestionKind.SEVERAL:
        raise NotFound
    return {str(question.id): True}


def text_entries(question: Question, text: str) -> dict[str, Any]:
    """The entries to store for a typed line: an open answer, or the text of "other", which also chooses "other".

    Raises NotFound if the question takes no text, Refused if the text is empty or too long.
    """
    if not question.takes_text:
        raise NotFound
    if not text:
        raise Refused("open-answer-empty")
    if len(text) > question.length:
        raise Refused("open-answer-too-long", most=question.length)
    key, text_key = str(question.id), f"{question.id}.t"
    match question.kind:
        case QuestionKind.OPEN:
            return {key: text}
        case QuestionKind.SEVERAL:
            return {f"{key}.{OTHER}": True, text_key: text}
        case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO:
            return {key: OTHER, text_key: text}
        case _:
            assert_never(question.kind)


def ballot(questions: list[Question], stored: StoredAnswers) -> Ballot:
    """The ballot of a submission: only the answers that are counted."""
    result: Ballot = {}
    for question in questions:
        answer = current_answer(question, stored)
        if answer is None or answer.is_empty:
            continue
        match question.kind:
            case QuestionKind.OPEN:
                result[question.id] = answer.text
                continue
            case QuestionKind.SCALE:
                result[question.id] = answer.ticked[0]
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                result[question.id] = list(answer.ticked)
            case _:
                assert_never(question.kind)
        if answer.text:
            result[-question.id] = answer.text
    return result


def says_something(questions: list[Question], ballot: Ballot) -> bool:
    """Whether the ballot answers any question other than background questions."""
    return any(question.id in ballot for question in questions if question.background is None)
