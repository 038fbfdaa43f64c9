"""Questions as they are written, before they are part of a form's version."""

import enum
import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import assert_never


class QuestionKind(enum.StrEnum):
    SCALE = "scale"
    SINGLE = "single"
    SEVERAL = "several"
    YES_NO = "yes_no"
    OPEN = "open"

    @property
    def has_options(self) -> bool:
        """Whether the answer is one or more of the question's options."""
        match self:
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                return True
            case QuestionKind.SCALE | QuestionKind.OPEN:
                return False
            case _:
                assert_never(self)

    @property
    def takes_several(self) -> bool:
        """Whether one answer may be more than one option, so that the shares may add up to more than 100 %."""
        match self:
            case QuestionKind.SEVERAL:
                return True
            case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.YES_NO | QuestionKind.OPEN:
                return False
            case _:
                assert_never(self)

    @property
    def has_mean(self) -> bool:
        """Whether the answers are numbers on a scale, and results show their mean."""
        match self:
            case QuestionKind.SCALE:
                return True
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO | QuestionKind.OPEN:
                return False
            case _:
                assert_never(self)

    @property
    def is_typed(self) -> bool:
        """Whether the answer itself is typed text. "Other" of a choice is typed in addition to an option."""
        match self:
            case QuestionKind.OPEN:
                return True
            case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                return False
            case _:
                assert_never(self)


class Background(enum.StrEnum):
    """What a question asks about the person. The answer is filled in from their settings."""

    ORGANISATION = "organisation"
    FIELD = "field"


@dataclass(frozen=True)
class Choice:
    """An option as it is written. Without a text, the catalogues have its words under its identity."""

    text: str | None = None
    identity: str = ""


@dataclass(frozen=True)
class Item:
    """A question as it is written, before it is part of a version."""

    kind: QuestionKind
    text: str | None = None
    identity: str = ""
    low: int | None = None
    high: int | None = None
    low_name: str | None = None
    high_name: str | None = None
    dont_know: bool = False
    choices: tuple[Choice, ...] = ()
    other: bool = False
    required: bool = False
    background: Background | None = None


COMPARED = 400
"""Characters of a text that are compared without case and punctuation; no text of a form is longer."""


def identity_of(text: str) -> str:
    """The identity of a text. Texts that differ only in case, spaces and punctuation have the same."""
    beginning, rest = text[:COMPARED], text[COMPARED:]
    plain = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", beginning).casefold()).strip()
    return f"t-{hashlib.sha256(((plain or beginning) + rest).encode()).hexdigest()[:16]}"


def identified(item: Item) -> Item:
    """A question with identities, its own and its options', where it has none yet."""
    choices = tuple(replace(c, identity=c.identity or identity_of(c.text or "")) for c in item.choices)
    return replace(item, identity=item.identity or identity_of(item.text or ""), choices=choices)
