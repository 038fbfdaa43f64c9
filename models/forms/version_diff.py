"""A form written anew: which questions stay what they were, and which may only have been reworded.

A question keeps its identity by its words. Where new words resemble those of a question that is gone, whoever edits the
form says whether it is the same: then it keeps the old identity, and years are compared.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from models.forms.items import Item, identified, identity_of

ALIKE = 0.6
"""How much of the words must agree for the question to be asked (difflib's ratio)."""


@dataclass(frozen=True)
class Worded:
    """A question with its words in the language of whoever edits it."""

    item: Item
    words: str

    @property
    def identity(self) -> str:
        return self.item.identity

    @property
    def is_own(self) -> bool:
        """Written here: neither one of the catalogues', nor what a person's settings tell."""
        return self.item.text is not None and self.item.background is None


@dataclass(frozen=True)
class Pair:
    """A question that is gone, and the new one that may be the same."""

    before: Worded
    now: Worded


def keeping(new: Sequence[Worded], before: Sequence[Worded]) -> list[Worded]:
    """Questions as read, each with the identity that its words had before; no two have the same."""
    known = {identity_of(question.words): question.identity for question in before if question.item.background is None}
    identities = [known.get(identity_of(question.words)) if question.is_own else None for question in new]
    return [
        _with(question, had) if had else _apart(question, identities)
        for question, had in zip(new, identities, strict=True)
    ]


def _with(question: Worded, identity: str) -> Worded:
    return replace(question, item=replace(identified(question.item), identity=identity))


def _apart(question: Worded, taken: Collection[str | None]) -> Worded:
    """A question that is new. Its words may have been those of another that was reworded since and is still there."""
    item = identified(question.item)
    if item.identity in taken:
        item = replace(item, text=question.words, identity=identity_of(f"{question.words} 2"))
    return replace(question, item=item)


def pairs(new: Sequence[Worded], before: Sequence[Worded]) -> list[Pair]:
    """Which new question may be which that is gone: of the same kind and scale, the likest first, each once."""
    stay = {question.identity for question in new} & {question.identity for question in before}
    gone = [question for question in before if question.identity not in stay and question.item.background is None]
    fresh = [question for question in new if question.identity not in stay and question.is_own]
    likest = sorted(
        (
            (_alike(old, question), -place, old, question)
            for place, question in enumerate(fresh)
            for old in gone
            if _fit(old, question)
        ),
        key=lambda found: found[:2],
        reverse=True,
    )
    pairs_by_identity: dict[str, Pair] = {}
    for alike, _, old, question in likest:
        free = question.identity not in pairs_by_identity and all(
            pair.before is not old for pair in pairs_by_identity.values()
        )
        if alike >= ALIKE and free:
            pairs_by_identity[question.identity] = Pair(old, question)
    return [pairs_by_identity[question.identity] for question in fresh if question.identity in pairs_by_identity]


def _fit(before: Worded, now: Worded) -> bool:
    return (before.item.kind, before.item.low, before.item.high) == (now.item.kind, now.item.low, now.item.high)


def _alike(before: Worded, now: Worded) -> float:
    return SequenceMatcher(None, before.words.casefold(), now.words.casefold()).ratio()


def decided(new: Sequence[Worded], pairs: Sequence[Pair], same: Collection[str]) -> tuple[Item, ...]:
    """The questions as they will stand: those said to be the ``same`` (by their new identity) keep the old one."""
    old = {pair.now.identity: pair.before.identity for pair in pairs if pair.now.identity in same}
    return tuple(replace(question.item, identity=old.get(question.identity, question.identity)) for question in new)
