"""What is wrong with a form's text, line by line, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from markupsafe import Markup

from handlers.layout import cut, fill_pages, shown_length
from handlers.texts import Texts

Trouble = tuple[str, dict[str, Any]]
"""The key of a text and the values in it."""

TOLD = 3_500
"""Characters of what is told at once: it fits in a message, with what a handler adds."""
QUOTED = 40


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, by the key of a text; without a line, with the form as a whole."""

    line: int | None
    key: str
    values: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    """How the line begins."""


class Unreadable(Exception):  # noqa: N818  (an answer to the writer, not a fault of ours)
    """A form's text that cannot be read, with all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.line or '-'}: {fault.key}" for fault in faults))
        self.faults = tuple(faults)


def quoted(words: str) -> str:
    """The beginning of words that may be long."""
    return cut(words, QUOTED)


def told(t: Texts, faults: Sequence[Fault]) -> Markup:
    """As many faults as a message holds, by line and each with what to write instead, and how many more there are."""
    fit = fill_pages(faults, lambda fault: shown_length(_told(t, [fault])), TOLD)[0]
    blocks = [t("notation-faults", n=len(faults))]
    blocks += (_told(t, list(some)) for _, some in groupby(fit, key=lambda fault: fault.line))
    if more := len(faults) - len(fit):
        blocks.append(t("notation-faults-more", n=more))
    return Markup("\n\n").join(blocks)


def _told(t: Texts, faults: Sequence[Fault]) -> Markup:
    """The faults of one line under its beginning, or what is wrong with the form as a whole."""
    first, said = faults[0], [t(fault.key, **fault.values) for fault in faults]
    if first.line is None:
        return Markup("\n").join(said)
    if len(said) == 1:
        return t("notation-fault", line=first.line, words=quoted(first.words), fault=said[0])
    listed = Markup("\n").join(Markup("– {}").format(one) for one in said)
    return t("notation-fault-several", line=first.line, words=quoted(first.words), faults=listed)
