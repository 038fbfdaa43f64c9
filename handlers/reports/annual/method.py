"""The report's method: what counts as what, the n of each question, and what is withheld and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from handlers.dates.printing import bare_day_text
from handlers.figures import number
from handlers.forms.labels import asked
from handlers.reports.annual.rows import ranges
from handlers.results.result_text import withheld
from handlers.sections import PrintedFigure, Row, Section, hidden
from handlers.texts import Texts
from models.feedback.releases import OFF, spread_from
from models.feedback.response import Response, together
from models.reports.annual.annual import Annual
from models.reports.annual.forms import Part
from models.reports.annual.questions import QuestionResult
from models.reports.annual.snapshots import SnapshotContent

SHORT = 16
"""Characters of the fingerprint that are printed; the manifest has all of it."""


def method(t: Texts, content: SnapshotContent, version: str) -> Iterator[str]:
    """The method in sentences."""
    year, parts = content.figures, content.figures.parts
    thresholds = sorted({threshold for part in parts for threshold in part.thresholds})
    yield t("report-method-counts", year=str(year.year), zone=year.zone).unescape()
    yield t("report-people-note").unescape()
    if erased := year.activity.erased:
        yield t("report-method-erased", n=erased).unescape()
    for threshold in thresholds:
        key = "report-method-off" if threshold == OFF else "report-method-threshold"
        yield t(key, threshold=threshold, least=spread_from(threshold)).unescape()
    if [threshold for threshold in thresholds if threshold != OFF]:
        yield t("paper-method-agree").unescape()
    if any(result.result.background for part in parts for result in part.questions):
        yield t("report-method-groups").unescape()
    yield from _response(t, together(part.response for part in parts))
    if any(part.is_unreadable for part in parts):
        yield t("report-method-unreadable").unescape()
    if parts:
        yield t("paper-method-n").unescape()
        yield t("paper-method-mean").unescape()
        yield t("paper-method-share").unescape()
    yield t("report-method-texts").unescape()
    day = bare_day_text(content.made_at.astimezone(ZoneInfo(year.zone)).date(), t.language)
    yield t(
        "report-method-made", day=day, made=content.version, drawn=version, print=content.fingerprint[:SHORT]
    ).unescape()


def _response(t: Texts, response: Response) -> Iterator[str]:
    """Who is counted as asked and as present, and which forms are not counted."""
    if response.asked:
        yield t("paper-method-asked").unescape()
    if response.present:
        yield t("paper-method-present").unescape()
    if response.answered_of_asked < response.answered:
        yield t("report-method-not-asked").unescape()
    if response.few:
        yield t("report-method-waiting", n=response.few, threshold=response.below).unescape()


def questions(t: Texts, year: Annual) -> Iterator[Section]:
    """For each sort of forms: how many answered each question, in how many forms, and in how many it is withheld."""
    names = "paper-column-question", "report-column-n", "report-column-forms", "report-column-withheld"
    note = t("report-questions-note").unescape()
    yield Section("questions", t("report-questions").unescape(), intro=(note,))
    for part in year.parts:
        rows = [_question(t, part, result) for result in part.questions]
        # In how many forms a figure is withheld stands in each row: why, once for several of them.
        times_noted = Counter(note for row in rows for note in row.notes)
        reasons = [note for note, times in times_noted.items() if times > 1]
        yield Section(
            f"questions-{part.sort}",
            t(f"report-questions-{part.sort}").unescape(),
            level=2,
            head=tuple(str(t(name)) for name in names) if rows else (),
            rows=tuple(replace(row, notes=tuple(note for note in row.notes if times_noted[note] == 1)) for row in rows),
            notes=tuple(reasons) or (() if rows else (t("report-questions-none").unescape(),)),
        )


def heading(t: Texts, result: QuestionResult) -> str:
    """The heading of a question. Backgrounds have a name in place of the question's words."""
    label, background = result.result.words, result.result.background
    return asked(t, label) if label.text or background is None else t(f"report-{background}").unescape()


def _question(t: Texts, part: Part, question_result: QuestionResult) -> Row:
    result, why = question_result.result, why_hidden(t, question_result, part)
    column, forms = str(t("report-column-n")), str(t("report-column-forms"))
    withheld_in = sum(hidden_part.releases for hidden_part in question_result.hidden) + question_result.unparted
    n = question_result.texts if result.kind.is_typed else result.n
    figures = [
        hidden(column, why) if n is None else PrintedFigure(column, number(n, t.language), n),
        PrintedFigure(forms, number(len(question_result.releases), t.language), len(question_result.releases)),
    ]
    if not result.kind.is_typed:  # texts wait until there are enough: none are withheld for good
        figures.append(PrintedFigure(str(t("report-column-withheld")), number(withheld_in, t.language), withheld_in))
    return Row(
        f"{part.sort}-{result.words.identity}-{result.low}-{result.high}-n",
        heading(t, question_result),
        tuple(figures),
        t("report-source-question", releases=ranges(question_result.releases)).unescape(),
        notes=(why,) if why else (),
        releases=question_result.releases,
    )


def why_all(t: Texts, part: Part) -> str:
    """Why the figures of a part leave forms out, if the reason is the same for all its questions; else empty."""
    results = [
        result for result in part.questions if not result.result.kind.is_typed and result.result.background is None
    ]
    reasons = {why_hidden(t, result, part) for result in results}
    is_one = len(results) > 1 and len(reasons) == 1 and all(result.result.withheld is None for result in results)
    return reasons.pop() if is_one else ""


def why_here(t: Texts, result: QuestionResult, part: Part) -> str:
    """`why_hidden`, or empty if `why_all` has the reason for the whole part already."""
    why = why_hidden(t, result, part)
    return "" if why == why_all(t, part) else why


def why_hidden(t: Texts, question_result: QuestionResult, part: Part) -> str:
    """Why a question's figures are withheld or leave forms out; empty if they do not."""
    result, threshold = question_result.result, max(part.thresholds, default=0)
    if result.background is not None:
        if not result.groups:
            return t("result-groups-withheld", threshold=threshold).unescape()
        return t("report-unparted", n=question_result.unparted).unescape() if question_result.unparted else ""
    if result.withheld is not None:
        return withheld(t, result, threshold).unescape()
    of = {"threshold": threshold, "least": spread_from(threshold)}
    return " ".join(
        t(f"report-hidden-{hidden_part.why}", n=hidden_part.releases, **of).unescape()
        for hidden_part in question_result.hidden
    )
