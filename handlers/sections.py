"""What papers are made of: sections of rows of figures, each figure with its exact value, its n and its source.

A report's pages, its workbook and its manifest are made from the same sections, so that none can show a figure that the
others lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from handlers.drawing import Inputs
from handlers.figures import number
from handlers.texts import Texts
from models.valid_figures import Mean, Rate

DASH = "–"
"""Printed in place of a figure that may not be shown, or that there is not."""


@dataclass(frozen=True)
class PrintedFigure:
    """One figure as it is printed, and exactly."""

    column: str
    printed: str
    exact: int | Rate | Mean | None
    n: int | None = None
    """Of how many, where it is of some."""
    withheld: str = ""
    """Why it is not shown."""
    note: str = ""
    """Printed small below it."""
    is_main: bool = False
    """Whether it is printed bold."""


@dataclass(frozen=True)
class Row:
    """A label on the left, its figures on the right."""

    key: str
    """Its name in the manifest, the same in every language."""
    label: str
    figures: tuple[PrintedFigure, ...]
    source: str = ""
    along: Fraction | None = None
    """The length of its bar as a share of the longest; None: it has none."""
    earlier: Fraction | None = None
    """Where on the bar the earlier figure is marked."""
    points: int = 0
    """The number of points of its scale; 0: it is on none."""
    notes: tuple[str, ...] = ()
    releases: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading with a table, with texts, or with replies (group, statement, answer) below it."""

    key: str
    heading: str
    level: int = 1
    head: tuple[str, ...] = ()
    """The names of the table's columns."""
    lead: str = ""
    """Below the heading, in one line: what all rows are of."""
    intro: tuple[str, ...] = ()
    """Explanations below the heading."""
    rows: tuple[Row, ...] = ()
    texts: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    """Explanations below the figures."""

    @property
    def inputs(self) -> Inputs:
        """What `templates/paper.typ` draws: figures as printed, bars as shares of their length."""
        names = ("key", "level", "heading", "head", "lead", "intro", "texts", "pairs", "notes")
        return {**{name: getattr(self, name) for name in names}, "rows": [_row_inputs(row) for row in self.rows]}


def _row_inputs(row: Row) -> Inputs:
    return {
        "label": row.label,
        "figures": [
            {"printed": figure.printed, "note": figure.note, "is_main": figure.is_main} for figure in row.figures
        ],
        "along": None if row.along is None else float(row.along),
        "earlier": None if row.earlier is None else float(row.earlier),
        "points": row.points,
        "notes": row.notes,
    }


def with_shared_notes(rows: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows without the notes that all of them have, and those notes."""
    same = len(rows) > 1 and len({row.notes for row in rows}) == 1
    return (tuple(replace(row, notes=()) for row in rows), rows[0].notes) if same else (tuple(rows), ())


def head(t: Texts, *names: str) -> tuple[str, ...]:
    """The names of a table's columns."""
    return tuple(str(t(name)) for name in names)


def count(t: Texts, key: str, n: int) -> PrintedFigure:
    """A count under the name of its column."""
    return PrintedFigure(str(t(key)), number(n, t.language), n)


def hidden(column: str, why: str, n: int | None = None) -> PrintedFigure:
    """A figure that may not be shown."""
    return PrintedFigure(column, DASH, None, n, why)
