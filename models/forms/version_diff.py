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
    known = {identity_of(one.words): one.identity for one in before if one.item.background is None}
    kept = [known.get(identity_of(one.words)) if one.is_own else None for one in new]
    return [_with(one, had) if had else _apart(one, kept) for one, had in zip(new, kept, strict=True)]


def _with(one: Worded, identity: str) -> Worded:
    return replace(one, item=replace(identified(one.item), identity=identity))


def _apart(one: Worded, taken: Collection[str | None]) -> Worded:
    """A question that is new. Its words may have been those of another that was reworded since and is still there."""
    item = identified(one.item)
    if item.identity in taken:
        item = replace(item, text=one.words, identity=identity_of(f"{one.words} 2"))
    return replace(one, item=item)


def pairs(new: Sequence[Worded], before: Sequence[Worded]) -> list[Pair]:
    """Which new question may be which that is gone: of the same kind and scale, the likest first, each once."""
    stay = {one.identity for one in new} & {one.identity for one in before}
    gone = [one for one in before if one.identity not in stay and one.item.background is None]
    fresh = [one for one in new if one.identity not in stay and one.is_own]
    likest = sorted(
        ((_alike(old, one), -place, old, one) for place, one in enumerate(fresh) for old in gone if _fit(old, one)),
        key=lambda found: found[:2],
        reverse=True,
    )
    found: dict[str, Pair] = {}
    for alike, _, old, one in likest:
        free = one.identity not in found and all(pair.before is not old for pair in found.values())
        if alike >= ALIKE and free:
            found[one.identity] = Pair(old, one)
    return [found[one.identity] for one in fresh if one.identity in found]


def _fit(before: Worded, now: Worded) -> bool:
    return (before.item.kind, before.item.low, before.item.high) == (now.item.kind, now.item.low, now.item.high)


def _alike(before: Worded, now: Worded) -> float:
    return SequenceMatcher(None, before.words.casefold(), now.words.casefold()).ratio()


def decided(new: Sequence[Worded], found: Sequence[Pair], same: Collection[str]) -> tuple[Item, ...]:
    """The questions as they will stand: those said to be the ``same`` (by their new identity) keep the old one."""
    old = {pair.now.identity: pair.before.identity for pair in found if pair.now.identity in same}
    return tuple(replace(one.item, identity=old.get(one.identity, one.identity)) for one in new)
