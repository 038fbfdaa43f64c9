"""The questions of a form's next version: which are the same as before, and which may be reworded ones.

A question with the same words keeps its identity. If a new question resembles one that was removed, the person who
edits the form says whether it is the same: then it keeps the old identity, and its figures are compared over years.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from models.forms.items import Item, identified, identity_of

ALIKE = 0.6
"""Minimum similarity (difflib's ratio) of two questions that may be the same."""


@dataclass(frozen=True)
class Worded:
    """A question with its words in the language of the person who edits the form."""

    item: Item
    words: str

    @property
    def identity(self) -> str:
        return self.item.identity

    @property
    def is_own(self) -> bool:
        """Whether coordinators wrote it: it is neither in the catalogues nor a background question."""
        return self.item.text is not None and self.item.background is None


@dataclass(frozen=True)
class Pair:
    """A removed question, and the new one that may be the same."""

    before: Worded
    now: Worded


def keep_identities(new: Sequence[Worded], before: Sequence[Worded]) -> list[Worded]:
    """The new questions, with the identities that the same words had before. No two have the same identity."""
    known = {identity_of(question.words): question.identity for question in before if question.item.background is None}
    identities = [known.get(identity_of(question.words)) if question.is_own else None for question in new]
    return [
        _with(question, identity) if identity else _with_new_identity(question, identities)
        for question, identity in zip(new, identities, strict=True)
    ]


def _with(question: Worded, identity: str) -> Worded:
    return replace(question, item=replace(identified(question.item), identity=identity))


def _with_new_identity(question: Worded, taken: Collection[str | None]) -> Worded:
    """A new question. The identity of its words may be taken: by a question that had these words and was reworded."""
    item = identified(question.item)
    if item.identity in taken:
        item = replace(item, text=question.words, identity=identity_of(f"{question.words} 2"))
    return replace(question, item=item)


def pairs(new: Sequence[Worded], before: Sequence[Worded]) -> list[Pair]:
    """Pairs of a removed and a new question of the same kind and scale that resemble each other, each at most once."""
    stay = {question.identity for question in new} & {question.identity for question in before}
    removed = [question for question in before if question.identity not in stay and question.item.background is None]
    added = [question for question in new if question.identity not in stay and question.is_own]
    candidates = [
        (_similarity(old, question), -position, old, question)
        for position, question in enumerate(added)
        for old in removed
        if _is_comparable(old, question)
    ]
    by_identity: dict[str, Pair] = {}
    for similarity, _, old, question in sorted(candidates, key=lambda candidate: candidate[:2], reverse=True):
        is_paired = question.identity in by_identity or any(pair.before is old for pair in by_identity.values())
        if similarity >= ALIKE and not is_paired:
            by_identity[question.identity] = Pair(old, question)
    return [by_identity[question.identity] for question in added if question.identity in by_identity]


def _is_comparable(before: Worded, now: Worded) -> bool:
    return (before.item.kind, before.item.low, before.item.high) == (now.item.kind, now.item.low, now.item.high)


def _similarity(before: Worded, now: Worded) -> float:
    return SequenceMatcher(None, before.words.casefold(), now.words.casefold()).ratio()


def apply_decisions(new: Sequence[Worded], pairs: Sequence[Pair], same: Collection[str]) -> tuple[Item, ...]:
    """The questions to save. Those whose new identities are in ``same`` get the identities of their pairs."""
    old = {pair.now.identity: pair.before.identity for pair in pairs if pair.now.identity in same}
    return tuple(replace(question.item, identity=old.get(question.identity, question.identity)) for question in new)
