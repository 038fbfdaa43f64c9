"""How a report's figures were made: what counts as what, n of each question, and what is withheld and why."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from handlers.dates import day_text
from handlers.figures import number
from handlers.form_words import asked
from handlers.report_rows import Figure, Row, Section, hidden, ranges
from handlers.result_text import withheld
from handlers.texts import Texts
from models.annual import Annual
from models.annual_forms import Part
from models.annual_questions import Found
from models.items import Kind
from models.releases import OFF, spread_from
from models.snapshots import Kept

SHORT = 16
"""Characters of the fingerprint on paper; the manifest has all of it."""


def method(t: Texts, kept: Kept, version: str) -> Iterator[str]:
    """The method in sentences."""
    year, parts = kept.figures, kept.figures.parts
    thresholds = sorted({threshold for part in parts for threshold in part.thresholds})
    yield t("report-method-counts", year=str(year.year), zone=year.zone).unescape()
    yield t("report-people-note").unescape()
    if erased := year.activity.erased:
        yield t("report-method-erased", n=erased).unescape()
    for threshold in thresholds:
        key = "report-method-off" if threshold == OFF else "report-method-threshold"
        yield t(key, threshold=threshold, least=spread_from(threshold)).unescape()
    if [one for one in thresholds if one != OFF]:
        yield t("paper-method-agree").unescape()
    if any(found.result.background for part in parts for found in part.questions):
        yield t("report-method-groups").unescape()
    if waiting := sum(part.waiting for part in parts):
        yield t("report-method-waiting", n=waiting).unescape()
    if unreadable := sum(part.unreadable for part in parts):
        yield t("report-method-unreadable", n=unreadable).unescape()
    if parts:
        yield t("paper-method-n").unescape()
        yield t("paper-method-mean").unescape()
        yield t("paper-method-share").unescape()
    yield t("report-method-texts").unescape()
    day = day_text(kept.made_at.astimezone(ZoneInfo(year.zone)).date(), t.language)
    yield t("report-method-made", day=day, made=kept.version, drawn=version, print=kept.fingerprint[:SHORT]).unescape()


def questions(t: Texts, year: Annual) -> Section:
    """How many answered each question, in how many forms, and what of it is not shown."""
    rows = [_question(t, part, found) for part in year.parts for found in part.questions]
    names = "paper-column-question", "report-column-n", "report-column-forms", "report-column-withheld"
    return Section(
        "questions",
        t("report-questions").unescape(),
        head=tuple(str(t(name)) for name in names),
        rows=tuple(rows),
        notes=(t("report-questions-note").unescape(),),
    )


def _question(t: Texts, part: Part, found: Found) -> Row:
    result, why = found.result, why_hidden(t, found, part)
    column, forms = str(t("report-column-n")), str(t("report-column-forms"))
    withheld_in = sum(one.releases for one in found.hidden) + found.unparted
    n = found.texts if result.kind is Kind.OPEN else result.n
    return Row(
        f"{part.sort}-{result.words.identity}-{result.low}-{result.high}-n",
        asked(t, result.words),
        (
            hidden(column, why) if n is None else Figure(column, number(n, t.language), n),
            Figure(forms, number(len(found.releases), t.language), len(found.releases)),
            Figure(str(t("report-column-withheld")), number(withheld_in, t.language), withheld_in),
        ),
        t("report-source-question", releases=ranges(found.releases)).unescape(),
        notes=(why,) if why else (),
        releases=found.releases,
    )


def why_hidden(t: Texts, found: Found, part: Part) -> str:
    """Why a question's figures are not shown, or are of fewer forms than were released; empty where nothing is."""
    result, threshold = found.result, max(part.thresholds, default=0)
    if result.background is not None:
        if not result.groups:
            return t("result-groups-withheld", threshold=threshold).unescape()
        return t("report-unparted", n=found.unparted).unescape() if found.unparted else ""
    if result.withheld is not None:
        return withheld(t, result, threshold).unescape()
    of = {"threshold": threshold, "least": spread_from(threshold)}
    return " ".join(t(f"report-hidden-{one.why}", n=one.releases, **of).unescape() for one in found.hidden)
