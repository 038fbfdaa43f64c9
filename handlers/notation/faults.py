"""What is wrong with a form's text, line by line, and how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

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
    return words if len(words) <= QUOTED else words[: QUOTED - 1].rstrip() + "…"


def told(t: Texts, faults: Sequence[Fault]) -> Markup:
    """As many faults as a message holds, each with its line and what to write instead, and how many more there are."""
    lines, length = [t("notation-faults", n=len(faults))], 0
    for fault in faults:
        line = _told(t, fault)
        length += len(line.striptags())
        if length > TOLD:
            break
        lines.append(line)
    if more := len(faults) - len(lines) + 1:
        lines.append(t("notation-faults-more", n=more))
    return Markup("\n\n").join(lines)


def _told(t: Texts, fault: Fault) -> Markup:
    said = t(fault.key, **fault.values)
    if fault.line is None:
        return said
    return t("notation-fault", line=fault.line, words=quoted(fault.words), fault=said)
