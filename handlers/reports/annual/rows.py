"""What a report is made of: sections of rows of figures, each figure with its exact value, its n and its source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from handlers.figures import number, percent
from handlers.texts import Texts
from models.valid_figures import Mean, Rate

DASH = "–"


@dataclass(frozen=True)
class Figure:
    """One figure as it is printed, and exactly."""

    column: str
    printed: str
    exact: int | Rate | Mean | None
    n: int | None = None
    """Of how many, where it is of some."""
    withheld: str = ""
    """Why it is not shown."""


@dataclass(frozen=True)
class Row:
    """What is told on the left, its figures on the right."""

    key: str
    """Its name in the manifest, in every language."""
    label: str
    figures: tuple[Figure, ...]
    source: str
    along: Fraction | None = None
    """How long its bar is; None: it has none."""
    points: int = 0
    """On a scale, how many points it has."""
    notes: tuple[str, ...] = ()
    releases: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading with a table, with texts, or with replies (group, statement, answer) under it."""

    key: str
    heading: str
    level: int = 1
    head: tuple[str, ...] = ()
    lead: str = ""
    intro: tuple[str, ...] = ()
    """What explains it, under the heading."""
    rows: tuple[Row, ...] = ()
    texts: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    """What is said of its figures, under them."""


def gathered(rows: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows without the notes that all of them have, and those notes."""
    same = len(rows) > 1 and len({row.notes for row in rows}) == 1
    return (tuple(replace(row, notes=()) for row in rows), rows[0].notes) if same else (tuple(rows), ())


def head(t: Texts, *names: str) -> tuple[str, ...]:
    """The names of a table's columns."""
    return tuple(str(t(name)) for name in names)


def count(t: Texts, key: str, n: int) -> Figure:
    """A count under the name of its column."""
    return Figure(str(t(key)), number(n, t.language), n)


def of_whole(t: Texts, rate: Rate, key: str) -> Figure:
    """A percentage with what it is of; a dash of nothing."""
    printed = percent(rate, t.language)
    told = t(key, percent=printed).unescape() if rate.whole else printed
    return Figure(str(t("report-column-share")), told, rate if rate.whole else None, rate.whole)


def hidden(column: str, why: str, n: int | None = None) -> Figure:
    """A figure that may not be shown."""
    return Figure(column, DASH, None, n, why)


def ranges(numbers: Iterable[int]) -> str:
    """ "1–3, 7" of 1, 2, 3 and 7; a dash of none."""
    found: list[list[int]] = []
    for one in sorted(numbers):
        if found and one == found[-1][-1] + 1:
            found[-1] = [found[-1][0], one]
        else:
            found.append([one])
    return ", ".join(DASH.join(map(str, some)) for some in found) or DASH
