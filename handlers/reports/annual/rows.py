"""Figures and sources as the annual report prints them."""

from collections.abc import Iterable

from handlers.figures import percent
from handlers.sections import DASH, PrintedFigure
from handlers.texts import Texts
from models.valid_figures import Rate


def of_whole(t: Texts, rate: Rate, key: str) -> PrintedFigure:
    """A percentage with what it is of; a dash of nothing."""
    printed = percent(rate, t.language)
    told = t(key, percent=printed).unescape() if rate.whole else printed
    return PrintedFigure(str(t("report-column-share")), told, rate if rate.whole else None, rate.whole)


def ranges(numbers: Iterable[int]) -> str:
    """ "1–3, 7" of 1, 2, 3 and 7; a dash of none."""
    found: list[list[int]] = []
    for one in sorted(numbers):
        if found and one == found[-1][-1] + 1:
            found[-1] = [found[-1][0], one]
        else:
            found.append([one])
    return ", ".join(DASH.join(map(str, some)) for some in found) or DASH
