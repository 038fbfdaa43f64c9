"""Results on paper: a tagged PDF, and the buttons under which it and the sheets are made; from releases alone."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from string import ascii_uppercase
from zoneinfo import ZoneInfo

from handlers.dates import day_text
from handlers.drawing import MARK, Inputs, missing_characters, pdf, printable
from handlers.figures import change, decimal, number, percent
from handlers.forms.labels import asked, ends, option
from handlers.results.captions import facts, head, method, response, why_no_groups, why_no_texts, why_withheld
from handlers.results.result_text import choices, group_name, listed_name
from handlers.results.sheets import results_csv, results_xlsx
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, File, Screen
from handlers.texts import Texts, texts
from models.errors import NotFound
from models.forms.forms import DONT_KNOW
from models.forms.items import Kind
from models.results import results
from models.results.aggregates import Chosen, Outcome, Result
from models.results.results import Listed
from models.valid_figures import Parts, Share

__all__ = ["results_csv", "results_pdf", "results_xlsx"]

Make = Callable[[str, Listed, Outcome, str, ZoneInfo], File]


def paper_buttons(release_id: int) -> tuple[Button, ...]:
    """A release as a file, in each of the ways."""
    return tuple(Button(label, data("paper", release_id, way)) for way, (label, _) in ways().items())


def ways() -> dict[str, tuple[str, Make]]:
    """The kinds of files: what people call them in every language, and how they are made."""
    return {"pdf": ("PDF", results_pdf), "xlsx": ("Excel", results_xlsx), "csv": ("CSV", results_csv)}


@tap("paper")
async def on_paper(context: Context, tap: Tap) -> Screen:
    """A release as a file, in a message of its own."""
    if tap.word(1) not in ways():
        raise NotFound
    _, make = ways()[tap.word(1)]
    listed, found = await results.access_release(context.session, context.person, tap.id)
    title = listed_name(context.t, listed).unescape()
    draws = partial(make, title, listed, found, context.language, context.zone)
    back = Button(context.t("paper-back"), data("result", tap.id))
    return Screen(context.t("paper-here", name=title), ((back,),), draws=draws, new_message=True)


def results_pdf(title: str, listed: Listed, found: Outcome, language: str, zone: ZoneInfo) -> File:
    """All that a release tells, on A4: tagged as PDF/UA-1 asks, and the same bytes each time."""
    name = head(title, listed, language, zone).file_name
    inputs = paper_inputs(title, listed, found, language, zone)
    return File(f"{name}.pdf", pdf("results-paper", inputs, at=listed.day))


def paper_inputs(title: str, listed: Listed, found: Outcome, language: str, zone: ZoneInfo) -> Inputs:
    """What the paper shows: every figure as printed, every bar as a share of its length."""
    t, paper = texts(language), head(title, listed, language, zone)
    told = {
        "title": paper.title,
        "facts": facts(t, paper),
        "response": [(name, _figure(t, figure)) for name, figure in response(t, listed, found)],
        "sections": [*_sections(t, found, zone)],
    }
    missing = missing_characters(told)
    how = method(t, listed, found) + ([str(t("paper-method-missing", mark=MARK))] if missing else [])
    shown = printable(told, missing)
    return {**shown, "language": language, "method": {"heading": str(t("paper-method")), "lines": how}}


def _figure(t: Texts, figure: int | Share) -> str:
    return percent(figure, t.language) if isinstance(figure, Share) else number(figure, t.language)


def _sections(t: Texts, found: Outcome, zone: ZoneInfo) -> Iterator[Inputs]:
    """The questions in their order; statements on one scale that follow each other share a table."""
    for scale, some in groupby(found.results, key=_scale):
        if scale is not None:
            yield _statements(t, [*some], found, zone)
            continue
        for one in some:
            if one.kind is Kind.OPEN:
                yield {"is": "texts", "level": 1, "heading": asked(t, one.words), **_texts(t, one, found)}
                continue
            yield _backgrounds(t, one, found) if one.background else _choices(t, one, found)
            if any(group.means for group in one.groups):
                yield _means(t, one, found)
            if one.texts:
                yield {"is": "texts", "level": 2, "heading": str(t("paper-else")), **_texts(t, one, found)}


def _scale(one: Result) -> tuple[object, ...] | None:
    return (one.low, one.high, one.low_name, one.high_name) if one.kind is Kind.SCALE else None


def _statements(t: Texts, some: Sequence[Result], found: Outcome, zone: ZoneInfo) -> Inputs:
    values = [str(value) for value in range(some[0].low, some[0].high + 1)] if any(one.spread for one in some) else []
    return {
        "is": "statements",
        "level": 1,
        "heading": str(t("paper-statements", low=some[0].low, high=some[0].high)),
        "ends": [*ends(t, some[0])],
        "header": [*(str(t(key)) for key in ("paper-statement", "paper-mean")), "n", *values],
        "spread": str(t("paper-spread", n=len(values))) if values else "",
        "rows": [_statement(t, one, found, zone) for one in some],
    }


def _statement(t: Texts, one: Result, found: Outcome, zone: ZoneInfo) -> Inputs:
    on_scale = [each for each in one.spread if each.value != DONT_KNOW]
    notes = [why_withheld(t, one, found)]
    notes += [f"{option(t, None, each.value)}: {_people(t, each)}" for each in one.spread if each.value == DONT_KNOW]
    if one.mean is not None and one.earlier is not None:
        day = day_text(one.earlier.at.astimezone(zone).date(), t.language)
        moved = change(one.mean, one.earlier.mean, t.language)
        notes.append(t("paper-changed", change=moved, day=day).unescape())
    return {
        "statement": asked(t, one.words),
        "mean": "" if one.mean is None else decimal(one.mean, t.language),
        "n": "" if one.n is None else number(one.n, t.language),
        "share": 0.0 if one.mean is None else float(one.mean.along),
        "earlier": None if one.earlier is None else float(one.earlier.mean.along),
        "points": one.high - one.low + 1,
        "counts": [_people(t, each) for each in on_scale],
        "notes": [note for note in notes if note],
    }


def _people(t: Texts, each: Chosen) -> str:
    return "–" if each.people is None else number(each.people, t.language)


def _choices(t: Texts, one: Result, found: Outcome) -> Inputs:
    drawn = [(name, share) for name, _, share in choices(t, one)] if one.spread else []
    notes = [why_withheld(t, one, found)]
    notes += [t("paper-several").unescape()] if one.kind is Kind.SEVERAL and drawn else []
    notes += [t("paper-not-shown").unescape()] if any(share is None for _, share in drawn) else []
    return _table(t, one, "paper-column-option", drawn, notes)


def _backgrounds(t: Texts, one: Result, found: Outcome) -> Inputs:
    parts = Parts(tuple(group.n for group in one.groups), one.n or 0)
    names = [letter + group_name(t, group) for letter, group in zip(_letters(one), one.groups, strict=True)]
    notes = [t("paper-merged").unescape()] if any(len(g.backgrounds) + g.untold > 1 for g in one.groups) else []
    notes += [] if one.groups else [why_no_groups(t, found)]
    return _table(t, one, "paper-column-background", [*zip(names, parts.shares, strict=True)], notes)


def _letters(one: Result) -> list[str]:
    """Before the names of groups whose means are in a table of their own: there is no room for names over columns."""
    parted = any(group.means for group in one.groups)
    return [f"{letter}. " if parted else "" for letter, _ in zip(ascii_uppercase, one.groups, strict=False)]


def _table(t: Texts, one: Result, first: str, drawn: Sequence[tuple[str, Share | None]], notes: list[str]) -> Inputs:
    of = one.spread_n or one.n
    return {
        "is": "choices",
        "level": 1,
        "heading": asked(t, one.words),
        "n": "" if of is None else str(t("chart-n", n=of)),
        "header": [str(t(key)) for key in (first, "paper-column-people", "paper-share")],
        "rows": [_row(t, label, share) for label, share in drawn],
        "notes": [note for note in notes if note],
    }


def _row(t: Texts, label: str, share: Share | None) -> Inputs:
    if share is None:
        return {"label": label, "people": "–", "percent": "–", "share": 0.0}
    along = share.part / share.whole if share.whole else 0.0
    return {
        "label": label,
        "people": number(share.part, t.language),
        "percent": percent(share, t.language),
        "share": along,
    }


def _means(t: Texts, one: Result, found: Outcome) -> Inputs:
    """The statements' means by background, under the groups' letters."""
    of = {statement.words.identity: asked(t, statement.words) for statement in found.results}
    parted = [identity for identity, _ in one.groups[0].means]
    means = [dict(group.means) for group in one.groups]
    return {
        "is": "means",
        "level": 2,
        "heading": str(t("paper-means-by")),
        "header": [str(t("paper-statement")), *(letter[0] for letter in _letters(one))],
        "rows": [
            [of[identity], *([decimal(m[identity], t.language), str(t("chart-n", n=m[identity].n))] for m in means)]
            for identity in parted
        ],
    }


def _texts(t: Texts, one: Result, found: Outcome) -> Inputs:
    return {"texts": [text.text for text in one.texts], "note": "" if one.texts else why_no_texts(t, found)}
