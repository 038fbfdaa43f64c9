"""What a pool holds: waiting answers by question, and tags of the people who gave them.

Answers and tags are sorted, each on their own: nothing links an answer to a tag, to an answer to another question, or
to the run that it came from.
"""

import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from models.feedback.answers import Ballot
from models.feedback.sealing import encoded
from models.forms import forms
from models.forms.forms import DONT_KNOW, Question

TAG_KEY = "tag_key"
SMALLEST = 65_536
"""Bytes of the smallest content. Contents are padded to this or to the next power of two."""
TAG_BYTES = 8
"""If two people had the same tag, they would be counted as one person."""


@dataclass
class WaitingAnswers:
    """The waiting answers to one question; of "other, what?", the texts."""

    oldest: date
    """The day on which the earliest of their runs closed."""
    answers: list[Any] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    """For each answer with a value, the tag of the person who gave it. Answers of earlier versions have none."""
    crowd: set[str] = field(default_factory=set)
    """Tags of those who may have given the answers: all who answered the question; for texts, all who answered a run in
    which somebody wrote one."""

    def add(self, other: "WaitingAnswers") -> None:
        self.oldest = min(self.oldest, other.oldest)
        self.answers = [*self.answers, *other.answers]
        self.tags = [*self.tags, *other.tags]
        self.crowd = self.crowd | other.crowd

    @property
    def people(self) -> int:
        """How many different people have surely given an answer with a value."""
        return len(set(self.tags))

    @property
    def untagged(self) -> int:
        """The number of answers with a value of which no person is known."""
        return len([answer for answer in self.answers if answer != DONT_KNOW]) - len(self.tags)

    @property
    def is_mixed(self) -> bool:
        """Whether no person can have given more than half of the answers. Untagged ones may all be of one person."""
        most = max(Counter(self.tags).values(), default=0) + self.untagged
        return 2 * most <= len(self.tags) + self.untagged

    def to_json(self) -> dict[str, Any]:
        return {
            "oldest": self.oldest.isoformat(),
            "answers": sorted(self.answers, key=json.dumps),
            "tags": sorted(self.tags),
            "crowd": sorted(self.crowd),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        oldest = date.fromisoformat(content["oldest"])
        return cls(oldest, content["answers"], content["tags"], set(content["crowd"]))


WaitingByKey = dict[int, WaitingAnswers]
"""By the keys of a ballot: the question's id, negated for the texts of "other, what?"."""


@dataclass
class PoolContent:
    """All that a pool holds. The key of the tags is in it, so that they stay the same when answers move to the next
    pool, which has another key."""

    tag_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    waiting: WaitingByKey = field(default_factory=dict)

    def tag(self, person_id: int) -> str:
        return hmac.digest(self.tag_key, str(person_id).encode(), hashlib.sha256)[:TAG_BYTES].hex()

    def add(self, waiting: WaitingByKey) -> None:
        for key, answers in waiting.items():
            if key in self.waiting:
                self.waiting[key].add(answers)
            else:
                self.waiting[key] = answers

    def add_run(self, ballots: Mapping[int, Ballot], keys: Iterable[int], *, are_texts: bool, day: date) -> None:
        """Adds what the ballots, by person id, have under these keys: either texts or other answers."""
        tags = {person_id: self.tag(person_id) for person_id in ballots}
        for key in keys:
            given = {person_id: ballot[key] for person_id, ballot in ballots.items() if key in ballot}
            if given:
                tagged = [tags[person_id] for person_id, value in given.items() if value != DONT_KNOW]
                crowd = {tags[person_id] for person_id in (ballots if are_texts else given)}
                self.add({key: WaitingAnswers(day, list(given.values()), tagged, crowd)})

    def to_json(self) -> dict[str, Any]:
        waiting = {str(key): self.waiting[key].to_json() for key in sorted(self.waiting)}
        return {TAG_KEY: self.tag_key.hex(), "waiting": waiting}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        waiting = {int(key): WaitingAnswers.from_json(answers) for key, answers in content["waiting"].items()}
        return cls(bytes.fromhex(content[TAG_KEY]), waiting)


def padded_size(content: dict[str, Any]) -> int:
    """The number of bytes to which a content is padded."""
    size = SMALLEST
    while size < len(encoded(content)):
        size *= 2
    return size


def text_keys(questions: Iterable[Question]) -> set[int]:
    """The keys under which a ballot has texts."""
    typed = [question for question in questions if question.takes_text]
    return {question.id if question.kind.is_typed else -question.id for question in typed}


def split(ballots: Iterable[Ballot], questions: Sequence[Question], *, day: date) -> WaitingByKey:
    """The answers of whole ballots, by question, without tags. Answers to background questions are left out."""
    backgrounds = {question.id for question in questions if question.background is not None}
    waiting: WaitingByKey = {}
    for ballot in ballots:
        for key, value in ballot.items():
            if abs(key) not in backgrounds:
                waiting.setdefault(key, WaitingAnswers(day)).answers.append(value)
    return waiting


def in_newest_version(waiting: WaitingByKey, questions: Sequence[Question]) -> WaitingByKey:
    """The answers with those to earlier versions moved to the same questions of the newest version.

    Answers stay under their old question if the newest version has no such question, or not all of their options.
    """
    newest: dict[object, Question] = {}
    for question in questions:
        newest.setdefault(question.same_as, question)
    by_id = {question.id: question for question in questions}
    moved = PoolContent()
    for key, answers in waiting.items():
        old = by_id[abs(key)]
        new = newest[old.same_as]
        values = [_same_options(value, old, new) for value in answers.answers]
        if None in values:
            new, values = old, answers.answers
        copy = WaitingAnswers(answers.oldest, values, answers.tags, answers.crowd)
        moved.add({-new.id if key < 0 else new.id: copy})
    return moved.waiting


def _same_options(value: Any, old: Question, new: Question) -> Any:
    """An answer in the numbers of another version of its question. None if one of its options is missing there."""
    if not isinstance(value, list):
        return value
    identities = {option.number: option.identity for option in old.options}
    numbers = {option.identity: option.number for option in new.options}
    if new.other:
        identities[forms.OTHER], numbers[""] = "", forms.OTHER
    new_values = [numbers[identities[number]] for number in value if identities.get(number) in numbers]
    return new_values if len(new_values) == len(value) else None
