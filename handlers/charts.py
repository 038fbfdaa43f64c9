"""Pictures of figures that are also told in words. Drawing sees frozen dataclasses and texts, and nothing else.

Everything is handed to the templates as one JSON input, so that a title is shown and never run.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handlers.dates import month_title
from handlers.figures import change, decimal, steps
from handlers.form_words import asked, ends
from handlers.screen import File
from handlers.texts import Texts, texts
from models.months import Month
from models.outcome import Words
from models.possible import Mean
from models.statistics import MonthFigures, Statement

TEMPLATES = Path(__file__).parent / "templates"
PIXELS = 1080
POINTS = 360

Inputs = dict[str, Any]


def digest_picture(figures: MonthFigures, language: str) -> File:
    """The month's funnel and statements as a PNG."""
    name = f"{texts(language)('digest-file-name')}-{figures.month}.png"
    return picture_file(name, "digest", digest_inputs(figures, language))


def picture_file(name: str, template: str, inputs: Inputs) -> File:
    """A template with its inputs, as a picture to send."""
    return File(name, draw(template, inputs), is_picture=True)


def draw(template: str, inputs: Inputs) -> bytes:
    """A template as PNG, `PIXELS` wide. Needs tens of milliseconds: call it in a thread."""
    import typst

    png = typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(TEMPLATES / "fonts")],
        ignore_system_fonts=True,
        format="png",
        ppi=72 * PIXELS / POINTS,
        sys_inputs={"data": json.dumps(inputs)},
    )
    assert isinstance(png, bytes)
    return png


def digest_inputs(figures: MonthFigures, language: str) -> Inputs:
    """What the digest's picture shows: every figure as printed, every bar as a share of its length."""
    t, month = texts(language), Month.parse(figures.month)
    held = t("digest-meetings", n=figures.funnel.meetings, before=figures.before.meetings)
    return {
        "language": language,
        "title": t("digest-heading", month=month_title(month.year, month.month, language)).striptags(),
        "under": "" if figures.is_empty else held.striptags(),
        "nothing": str(t("digest-nothing")) if figures.is_empty else "",
        "steps": [] if figures.is_empty else _steps(t, figures),
        "heading": str(t("chart-statements")),
        "scales": [
            {"ends": list(ends(t, some[0])), "statements": [_statement(t, one) for one in some]}
            for some in by_scale(figures.statements)
        ],
        "notes": _digest_notes(t, figures),
    }


def _steps(t: Texts, figures: MonthFigures) -> list[Inputs]:
    return [
        {
            "label": str(t(f"chart-{step.name}")),
            "figure": step.figure,
            "rate": str(t(f"chart-of-{step.whole}", rate=step.rate)) if step.whole else "",
            "share": float(step.share),
        }
        for step in steps(figures.funnel, t.language).values()
    ]


def _statement(t: Texts, one: Statement) -> Inputs:
    moved = change(one.mean, one.earlier, t.language)
    return {
        "statement": asked(t, Words(one.identity, one.text)),
        **drawn_mean(t, one.mean),
        "figures": statement_figures(t, one.mean.n, moved, one.earlier_month),
        "earlier": _share(one.earlier) if one.earlier else None,
    }


def statement_figures(t: Texts, n: int, moved: str, earlier_month: str | None) -> str:
    """The n of a mean, and its change since the earlier month."""
    if not moved or earlier_month is None:
        return str(t("chart-n", n=n).unescape())
    month = Month.parse(earlier_month)
    return str(t("chart-n-changed", n=n, change=moved, month=month_title(month.year, month.month, t.language)))


def drawn_mean(t: Texts, mean: Mean) -> Inputs:
    """A mean as printed, how far along its scale it is, and how many points that has."""
    points = mean.high - mean.low + 1
    return {"mean": decimal(mean, t.language), "share": _share(mean), "points": points}


def _share(mean: Mean) -> float:
    """How far along its scale a mean is."""
    return float(mean.along)


def by_scale(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Statements apart by their scales, the most common first: a mean is nothing without the ends of its scale."""
    found: dict[object, list[Statement]] = {}
    for one in statements:
        found.setdefault((one.low, one.high, one.low_name, one.high_name), []).append(one)
    return sorted(found.values(), key=len, reverse=True)


def _digest_notes(t: Texts, figures: MonthFigures) -> list[str]:
    """What the reader must know to read the picture; empty of statements, that there are none."""
    if figures.is_empty:
        return []
    if not figures.statements:
        return [str(t("digest-no-statements"))]
    return [str(t("chart-diamond"))] if any(one.earlier for one in figures.statements) else []
