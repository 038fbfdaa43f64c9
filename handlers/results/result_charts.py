"""Pictures of results, with the same figures as the text beside them.

Each has a few questions: Telegram scales a higher picture down until it cannot be read on a phone."""

from collections.abc import Iterator, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from handlers.drawing import Inputs, drawn_mean, picture_file
from handlers.forms.labels import asked, ends, option
from handlers.layout import fill_pages
from handlers.results.result_text import answered, changed, choices, choices_n, groups, view_name, withheld
from handlers.screen import File
from handlers.texts import Texts, texts
from models.results.aggregates import Aggregate, Result
from models.results.result_views import View
from models.valid_figures import Share

HIGH = 560
"""Estimated height in points of one picture's questions, at most: about twice the width."""
LINE, LETTERS = 18, 42
"""Height of a line in points, and how many letters it holds."""


def results_picture(view: View, page: int, language: str, zone: ZoneInfo) -> File:
    """A page of what a view shows, as a PNG."""
    inputs = results_inputs(view, page, language, zone)
    name = texts(language)("results-file-name")
    file_name = f"{name}-{page + 1}.png" if page else f"{name}.png"
    return picture_file(file_name, "results", inputs)


def pages_of(t: Texts, aggregate: Aggregate) -> list[list[Result]]:
    """The questions that are drawn, divided into pictures."""
    return fill_pages((result for result in aggregate.results if result.is_drawn), partial(_high, t), HIGH)


def _high(t: Texts, result: Result) -> int:
    def lines(text: str) -> int:
        return LINE * (1 + len(text) // LETTERS)

    high = 20 + lines(asked(t, result.words))
    if result.mean is not None:
        return high + 35 + (50 if result.spread else 0)
    rows = [name for name, *_ in (groups(t, result) if result.groups else choices(t, result) if result.spread else ())]
    return high + 20 + sum(15 + lines(name + " " * 14) for name in rows)


def results_inputs(view: View, page: int, language: str, zone: ZoneInfo) -> Inputs:
    """The template's inputs for one picture of a view."""
    t, aggregate = texts(language), view.aggregate
    pages = pages_of(t, aggregate)
    shown = pages[page] if page < len(pages) else []
    notes = [str(t("chart-distribution"))] if any(result.mean and result.spread for result in shown) else []
    notes += [str(t("result-diamond"))] if any(result.earlier for result in shown) else []
    under = answered(t, view).unescape()
    return {
        "language": language,
        "title": view_name(t, view).unescape(),
        "under": f"{under} {page + 1}/{len(pages)}" if len(pages) > 1 else under,
        "questions": list(_questions(t, view, zone, shown)),
        "notes": notes,
    }


def _questions(t: Texts, view: View, zone: ZoneInfo, shown: Sequence[Result]) -> Iterator[Inputs]:
    last = ("", "")
    for result in shown:
        question: Inputs = {"question": asked(t, result.words), "kind": "why", "ends": [], "figures": ""}
        if result.mean is not None:
            question |= {"kind": "scale", **_scale(t, view, zone, result)}
            if ends(t, result) != last:
                last = ends(t, result)
                question["ends"] = list(last)
        elif result.groups or result.spread:
            question |= {"kind": "bars", **_bars(t, result)}
        else:
            question["figures"] = withheld(
                t, result, view.aggregate.threshold, of_pool=view.aggregate.is_pool
            ).unescape()
        yield question


def _scale(t: Texts, view: View, zone: ZoneInfo, result: Result) -> Inputs:
    assert result.mean is not None
    totals = [total for total in result.spread if total.people is not None]
    return {
        **drawn_mean(t, result.mean),
        "figures": changed(t, view, zone, result).unescape(),
        "earlier": float(result.earlier.mean.along) if result.earlier else None,
        "counts": [{"value": option(t, total.words, total.value), "chosen": total.people} for total in totals],
        "of": str(t("chart-n", n=result.spread_n)) if result.spread and result.spread_n != result.mean.n else "",
    }


def _bars(t: Texts, result: Result) -> Inputs:
    rows: list[tuple[str, str, Share | None]] = list(groups(t, result) if result.groups else choices(t, result))
    return {
        "figures": (t("chart-n", n=result.n or 0) if result.groups else choices_n(t, result)).unescape(),
        "bars": [
            {
                "label": name,
                "figure": figures,
                "share": share.part / share.whole if share is not None and share.whole else None,
            }
            for name, figures, share in rows
        ],
    }
