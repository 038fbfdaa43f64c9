"""Figures and sources as the annual report prints them."""

from collections.abc import Iterable

from handlers.figures import percent
from handlers.sections import DASH, PrintedFigure
from handlers.texts import Texts
from models.valid_figures import Rate


def of_whole(t: Texts, rate: Rate, key: str) -> PrintedFigure:
    """A percentage with what it is a share of; a dash if the whole is 0."""
    printed = percent(rate, t.language)
    words = t(key, percent=printed).unescape() if rate.whole else printed
    return PrintedFigure(str(t("report-column-share")), words, rate if rate.whole else None, rate.whole)


def ranges(numbers: Iterable[int]) -> str:
    """ "1–3, 7" for 1, 2, 3 and 7; a dash for no numbers."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join(DASH.join(map(str, run)) for run in runs) or DASH
