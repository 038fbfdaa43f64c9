"""The lines of "You said, we did" in an invitation: below the card, in the room that is left in its caption.

The card itself is never shortened. The longest lines are shortened first, the statement before what was done about it.
"""

from collections.abc import Sequence

from markupsafe import Markup

from handlers.figures import decimal, number
from handlers.forms.labels import asked
from handlers.layout import CAPTION_LENGTH, cut, shown_length
from handlers.texts import Texts
from models.results.changes_told import ChangeLine

STATEMENT_LENGTH = 60
STATEMENT_LEAST = 25
LINE_LEAST = 40
"""A line is left out of the card if less than this would be left of it; the button shows it in full."""


def append_to_card(t: Texts, card: Markup, changes: Sequence[ChangeLine]) -> tuple[Markup, bool]:
    """Returns a card's text with the lines below it, and whether every line is complete."""
    if not changes:
        return card, True
    room = CAPTION_LENGTH - shown_length(card) - shown_length(t("heard-heading")) - 2
    full = [_change_line(t, change, STATEMENT_LENGTH) for change in changes]
    most = _share([shown_length(line) + 1 for line in full], room) - 1
    lines = [
        line if shown_length(line) <= most else _shortened(t, change, most)
        for change, line in zip(changes, full, strict=True)
    ]
    shown = [line for line in lines if line]
    return (Markup("\n").join([card, Markup(""), t("heard-heading"), *shown]) if shown else card), lines == full


def full_text(t: Texts, changes: Sequence[ChangeLine]) -> Markup:
    """The heading and every line in full."""
    return Markup("\n").join([t("heard-heading"), *(_change_line(t, change) for change in changes)])


def _change_line(t: Texts, change: ChangeLine, most: int | None = None) -> Markup:
    statement = asked(t, change.words)
    return _line_text(t, change, statement if most is None else cut(statement, most), change.text)


def _line_text(t: Texts, change: ChangeLine, statement: str, line: str) -> Markup:
    """A line with the statement's mean and n: without figures the statement would read like an answer."""
    figures = {"mean": decimal(change.mean, t.language), "n": number(change.mean.n, t.language)}
    return t("heard-line", statement=statement, line=line, **figures)


def _shortened(t: Texts, change: ChangeLine, most: int) -> Markup:
    """A line cut to ``most`` units; empty if too little would be left of it."""
    room = most - shown_length(_line_text(t, change, "", ""))
    statement = cut(
        asked(t, change.words), min(STATEMENT_LENGTH, max(STATEMENT_LEAST, room - shown_length(change.text)))
    )
    left = room - shown_length(statement)
    return _line_text(t, change, statement, cut(change.text, left)) if left >= LINE_LEAST else Markup("")


def _share(lengths: Sequence[int], room: int) -> int:
    """The most that each may be long so that all fit: room that short ones leave goes to the long ones."""
    for place, length in enumerate(sorted(lengths)):
        fair = room // (len(lengths) - place)
        if length > fair:
            return fair
        room -= length
    return max(lengths)
