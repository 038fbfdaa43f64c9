"""What is wrong with a form's text, line by line, and the message about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from markupsafe import Markup

from handlers.layout import cut, fill_pages, shown_length
from handlers.texts import Texts

Trouble = tuple[str, dict[str, Any]]
"""Something wrong with a line: the key of a text, and its values."""

FAULTS_LENGTH = 3_500
"""Characters of faults in one message; the limit of Telegram leaves room for what handlers add."""
QUOTED = 40
"""Characters of a line that are quoted."""


@dataclass(frozen=True)
class Fault:
    """Something wrong with a line, or (``line`` None) with the whole form."""

    line: int | None
    key: str
    values: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    """The beginning of the line."""


class Unreadable(Exception):  # noqa: N818  (an answer to the writer, not a fault of ours)
    """Raised for a text that is no form, with all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.line or '-'}: {fault.key}" for fault in faults))
        self.faults = tuple(faults)


def quoted(words: str) -> str:
    """The first `QUOTED` characters of a text."""
    return cut(words, QUOTED)


def faults_text(t: Texts, faults: Sequence[Fault]) -> Markup:
    """The faults by line, as many as fit in a message, each with what to write instead; then how many are left."""
    fit = fill_pages(faults, lambda fault: shown_length(_line_text(t, [fault])), FAULTS_LENGTH)[0]
    blocks = [t("notation-faults", n=len(faults))]
    blocks += (_line_text(t, list(of_line)) for _, of_line in groupby(fit, key=lambda fault: fault.line))
    if more := len(faults) - len(fit):
        blocks.append(t("notation-faults-more", n=more))
    return Markup("\n\n").join(blocks)


def _line_text(t: Texts, faults: Sequence[Fault]) -> Markup:
    """The faults of one line under its beginning, or those of the whole form."""
    first, texts = faults[0], [t(fault.key, **fault.values) for fault in faults]
    if first.line is None:
        return Markup("\n").join(texts)
    if len(texts) == 1:
        return t("notation-fault", line=first.line, words=quoted(first.words), fault=texts[0])
    listed = Markup("\n").join(Markup("– {}").format(text) for text in texts)
    return t("notation-fault-several", line=first.line, words=quoted(first.words), faults=listed)
