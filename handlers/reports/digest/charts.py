"""The digest's pictures: its funnel with the strongest and weakest statements, and twelve months.

The text of the same message has the figures in words, so a picture leaves out what it can and stays small.
"""

from handlers import responses
from handlers.drawing import Inputs, drawn_mean, picture_file
from handlers.figures import Step, number, steps
from handlers.forms.labels import asked, ends
from handlers.reports.digest.attendance_text import has_rate
from handlers.reports.digest.text import (
    heading,
    meetings,
    no_statements,
    nothing,
    period_title,
    strongest_and_weakest,
    whose,
)
from handlers.screen import File
from handlers.texts import Texts, texts
from models.months import Month
from models.periods import parse
from models.reports.funnel import Flow
from models.reports.statements import Statement
from models.reports.statistics import DigestFigures
from models.results.aggregates import Label

LABELS = {"answered_of_asked": "answered", "answered_of_present": "answered"}
"""The labels of steps that are not named after them."""
NAME = 40
"""Units of a group's name below a title, at most."""


def digest_picture(figures: DigestFigures, language: str) -> File:
    """The month's funnel and statements as a PNG."""
    name = f"{texts(language)('digest-file-name')}-{figures.period}.png"
    return picture_file(name, "digest", digest_inputs(figures, language))


def digest_inputs(figures: DigestFigures, language: str) -> Inputs:
    """The template's inputs: figures as printed, bars as shares of their length."""
    t = texts(language)
    strong, weak = strongest_and_weakest(figures)
    parts = {"digest-strongest": strong, "digest-weakest": weak}
    return {
        "language": language,
        "title": heading(t, figures).striptags(),
        "under": _under(t, figures, "" if figures.is_empty else meetings(t, figures).striptags()),
        "nothing": str(nothing(t, figures)) if figures.is_empty else "",
        "steps": [] if figures.is_empty else _steps(t, figures),
        "ends": list(ends(t, strong[0])) if strong else [],
        "statements": [
            {"heading": t(key).striptags(), "statements": [_statement(t, statement) for statement in statements]}
            for key, statements in parts.items()
            if statements
        ],
        "notes": _digest_notes(t, figures),
    }


def _steps(t: Texts, figures: DigestFigures) -> list[Inputs]:
    now, shown = figures.funnel, steps(figures.funnel, t.language)
    names = ["invited", "yes"] if now.meetings else []
    names += ["named"] if has_rate(now) else []
    names += ["asked", "answered_of_asked"] if now.response.asked else []
    names += ["answered_of_present"] if now.response.present else []
    return [
        {
            "label": str(
                t("chart-attended" if name == "named" and not now.heads else f"chart-{LABELS.get(name, name)}")
            ),
            "figure": step.figure,
            "rate": _of(t, step, shown[step.whole].figure if step.whole in shown else ""),
            "share": float(step.share),
        }
        for name, step in ((name, shown[name]) for name in names)
    ]


def _of(t: Texts, step: Step, whole: str) -> str:
    """The rate of a step. Those present have no step of their own, so that their number stands here."""
    return t(f"chart-of-{step.whole}", rate=step.rate, whole=whole).unescape() if step.whole else ""


def _statement(t: Texts, statement: Statement) -> Inputs:
    return {
        "statement": asked(t, Label(statement.identity, statement.text)),
        **drawn_mean(t, statement.mean),
        "earlier": float(statement.earlier.along) if statement.earlier else None,
    }


def trend_picture(figures: DigestFigures, language: str) -> File:
    """Twelve months of attendances and answers as a PNG."""
    name = f"{texts(language)('digest-file-name')}-12-{figures.period}.png"
    return picture_file(name, "trend", trend_inputs(figures, language))


def trend_inputs(figures: DigestFigures, language: str) -> Inputs:
    """The template's inputs for the trend, newest month first."""
    t, months = texts(language), figures.months or ()
    most = max([month.flow.attended for month in months], default=0) or 1
    return {
        "language": language,
        "title": t("digest-trend", month=period_title(t, parse(figures.period).last)).striptags(),
        "under": _under(t, figures, str(t("trend-bars"))),
        "months": [
            {
                "label": month_number(month.month),
                "figure": number(month.flow.attended, language),
                "note": _answered(t, month.flow),
                "share": month.flow.attended / most,
            }
            for month in reversed(months)
        ],
        "notes": [],
    }


def _answered(t: Texts, flow: Flow) -> str:
    """How many meetings there were, and the answers of those asked."""
    parts = [t("trend-meetings", n=flow.meetings)]
    if not flow.response.is_empty:
        parts.append(responses.rate(t, flow.response))
    return ", ".join(str(part) for part in parts)


def month_number(month: str) -> str:
    """A month as a label: "3/2027"."""
    known = Month.parse(month)
    return f"{known.month}/{known.year}"


def _under(t: Texts, figures: DigestFigures, line: str) -> str:
    """The lines below the title: the groups that the digest is of, and one more."""
    return "\n".join(filter(None, [whose(t, figures, NAME).unescape(), line]))


def _digest_notes(t: Texts, figures: DigestFigures) -> list[str]:
    """Notes for reading the picture, or that there are no statements."""
    if figures.is_empty:
        return []
    few = [responses.few(t, figures.funnel.response).unescape()] if figures.funnel.response.few else []
    if not figures.statements:
        return [*few, *filter(None, [str(no_statements(t, figures))])]
    statements = [statement for statements in strongest_and_weakest(figures) for statement in statements]
    sizes = sorted({statement.mean.n for statement in statements})
    between = "–".join(number(n, t.language) for n in (sizes[0], *sizes[1:][-1:]))
    notes = [
        t("chart-n", n=between),
        *([t("chart-diamond")] if any(statement.earlier for statement in statements) else []),
    ]
    return [". ".join(str(note) for note in [*few, *notes])]
