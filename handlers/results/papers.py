"""A release as a tagged PDF, and the buttons that make it, the workbook and the CSV."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import groupby
from string import ascii_uppercase
from typing import assert_never
from zoneinfo import ZoneInfo

from handlers.dates import day_text
from handlers.drawing import MARK, Inputs, missing_characters, pdf, printable
from handlers.figures import change, decimal, number, percent
from handlers.forms.labels import asked, ends, option
from handlers.results.captions import facts, method, paper_head, response, why_no_groups, why_no_texts, why_withheld
from handlers.results.result_text import choices, group_name, listed_name
from handlers.results.sheets import results_csv, results_xlsx
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, File, Screen
from handlers.sections import DASH, PrintedFigure, Row, Section, head, hidden
from handlers.texts import Texts, texts
from models.errors import NotFound
from models.forms.forms import DONT_KNOW
from models.forms.items import QuestionKind
from models.results import results
from models.results.aggregates import Aggregate, OptionTotal, Result
from models.results.results import ListedResult
from models.valid_figures import Mean, Parts, Share

__all__ = ["results_csv", "results_pdf", "results_xlsx"]

Make = Callable[[str, ListedResult, Aggregate, str, ZoneInfo], File]


def paper_buttons(release_id: int) -> tuple[Button, ...]:
    """A button for each kind of file."""
    return tuple(Button(label, data("paper", release_id, way)) for way, (label, _) in ways().items())


def ways() -> dict[str, tuple[str, Make]]:
    """The kinds of files, each with its label (the same in every language) and what makes it."""
    return {"pdf": ("PDF", results_pdf), "xlsx": ("Excel", results_xlsx), "csv": ("CSV", results_csv)}


@tap("paper")
async def on_paper(context: Context, tap: Tap) -> Screen:
    """A release as a file, in a message of its own."""
    if tap.word(1) not in ways():
        raise NotFound
    _, make = ways()[tap.word(1)]
    listed, aggregate = await results.access_release(context.session, context.person, tap.id)
    title = listed_name(context.t, listed).unescape()
    draws = partial(make, title, listed, aggregate, context.language, context.zone)
    back = Button(context.t("paper-back"), data("result", tap.id))
    return Screen(context.t("paper-here", name=title), ((back,),), draws=draws, new_message=True)


def results_pdf(title: str, listed: ListedResult, aggregate: Aggregate, language: str, zone: ZoneInfo) -> File:
    """All figures and texts of a release on A4, tagged as PDF/UA-1. The same release makes the same bytes."""
    name = paper_head(title, listed, language, zone).file_name
    inputs = paper_inputs(title, listed, aggregate, language, zone)
    return File(f"{name}.pdf", pdf("results-paper", inputs, at=listed.day))


def paper_inputs(title: str, listed: ListedResult, aggregate: Aggregate, language: str, zone: ZoneInfo) -> Inputs:
    """The template's inputs: figures as printed, bars as shares of their length."""
    t, paper = texts(language), paper_head(title, listed, language, zone)
    contents = {
        "title": paper.title,
        "facts": facts(t, paper),
        "response": [
            (name, percent(figure, language) if isinstance(figure, Share) else number(figure, language))
            for name, figure in response(t, listed, aggregate)
        ],
        "sections": [section.inputs for section in _sections(t, aggregate, zone)],
    }
    missing = missing_characters(contents)
    how = method(t, listed, aggregate) + ([str(t("paper-method-missing", mark=MARK))] if missing else [])
    shown = printable(contents, missing)
    return {**shown, "language": language, "method": {"heading": str(t("paper-method")), "lines": how}}


def _sections(t: Texts, aggregate: Aggregate, zone: ZoneInfo) -> Iterator[Section]:
    """The questions in their order; statements on one scale that follow each other share a table."""
    for (kind, _scale), group in groupby(aggregate.results, key=_kind_and_scale):
        match kind:
            case QuestionKind.SCALE:
                yield _statements(t, [*group], aggregate, zone)
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                for result in group:
                    yield from _choice_sections(t, result, aggregate)
            case QuestionKind.OPEN:
                for result in group:
                    yield _texts(t, result, aggregate, asked(t, result.words), level=1)
            case _:
                assert_never(kind)


def _kind_and_scale(result: Result) -> tuple[QuestionKind, tuple[object, ...]]:
    return result.kind, (result.low, result.high, result.low_name, result.high_name)


def _choice_sections(t: Texts, result: Result, aggregate: Aggregate) -> Iterator[Section]:
    """The shares of the options or of the groups of respondents, their means, and what was typed as "other"."""
    yield _backgrounds(t, result, aggregate) if result.background else _choices(t, result, aggregate)
    if any(group.means for group in result.groups):
        yield _means(t, result, aggregate)
    if result.texts:
        yield _texts(t, result, aggregate, str(t("paper-else")), level=2)


def _statements(t: Texts, results: Sequence[Result], aggregate: Aggregate, zone: ZoneInfo) -> Section:
    """Statements on one scale, with the distribution of their answers if any may be shown."""
    first = results[0]
    has_spread = any(result.spread for result in results)
    values = [str(value) for value in range(first.low, first.high + 1)] if has_spread else []
    return Section(
        "statements",
        str(t("paper-statements", low=first.low, high=first.high)),
        head=(*head(t, "paper-statement", "paper-mean"), "n", *values),
        lead=" · ".join(ends(t, first)),
        rows=tuple(_statement(t, result, values, aggregate, zone) for result in results),
        notes=(str(t("paper-spread", n=len(values))),) if values else (),
    )


def _statement(t: Texts, result: Result, values: Sequence[str], aggregate: Aggregate, zone: ZoneInfo) -> Row:
    why, mean, column = why_withheld(t, result, aggregate), result.mean, str(t("paper-mean"))
    chosen = {str(each.value): each for each in result.spread}
    notes = [why] if why else []
    notes += [f"{option(t, None, each.value)}: {_people(t, each)}" for each in result.spread if each.value == DONT_KNOW]
    if mean is not None and result.earlier is not None:
        day = day_text(result.earlier.at.astimezone(zone).date(), t.language)
        moved = change(mean, result.earlier.mean, t.language)
        notes.append(t("paper-changed", change=moved, day=day).unescape())
    figures = [
        hidden(column, why) if mean is None else PrintedFigure(column, decimal(mean, t.language), mean),
        hidden("n", why) if result.n is None else PrintedFigure("n", number(result.n, t.language), result.n),
    ]
    figures += [
        PrintedFigure(value, _people(t, chosen[value]), chosen[value].people) if value in chosen else hidden(value, why)
        for value in values
    ]
    return Row(
        result.words.identity,
        asked(t, result.words),
        (replace(figures[0], is_main=True), *figures[1:]),
        along=None if mean is None else mean.along,
        earlier=None if result.earlier is None else result.earlier.mean.along,
        points=result.high - result.low + 1,
        notes=tuple(notes),
    )


def _people(t: Texts, each: OptionTotal) -> str:
    return DASH if each.people is None else number(each.people, t.language)


def _choices(t: Texts, result: Result, aggregate: Aggregate) -> Section:
    options = [(name, share) for name, _, share in choices(t, result)] if result.spread else []
    notes = [why_withheld(t, result, aggregate)]
    notes += [t("paper-several").unescape()] if result.kind.takes_several and options else []
    notes += [t("paper-not-shown").unescape()] if any(share is None for _, share in options) else []
    return _shares(t, result, "paper-column-option", options, notes)


def _backgrounds(t: Texts, result: Result, aggregate: Aggregate) -> Section:
    parts = Parts(tuple(group.n for group in result.groups), result.n or 0)
    names = [letter + group_name(t, group) for letter, group in zip(_letters(result), result.groups, strict=True)]
    merged = any(len(group.backgrounds) + group.untold > 1 for group in result.groups)
    notes = [t("paper-merged").unescape()] if merged else []
    notes += [] if result.groups else [why_no_groups(t, aggregate)]
    return _shares(t, result, "paper-column-background", [*zip(names, parts.shares, strict=True)], notes)


def _letters(result: Result) -> list[str]:
    """Letters before the names of groups with means, which head the columns of means, where names have no room."""
    has_means = any(group.means for group in result.groups)
    return [f"{letter}. " if has_means else "" for letter, _ in zip(ascii_uppercase, result.groups, strict=False)]


Shares = Sequence[tuple[str, Share | None]]


def _shares(t: Texts, result: Result, column: str, rows: Shares, notes: list[str]) -> Section:
    """A table of options or groups, each with its people and their share; None where they may not be shown."""
    n = result.spread_n or result.n
    return Section(
        result.words.identity,
        asked(t, result.words),
        head=head(t, column, "paper-column-people", "paper-share"),
        lead="" if n is None else str(t("chart-n", n=n)),
        rows=tuple(_share(t, label, share) for label, share in rows),
        notes=tuple(note for note in notes if note),
    )


def _share(t: Texts, label: str, share: Share | None) -> Row:
    names = head(t, "paper-column-people", "paper-share")
    if share is None:
        why = str(t("paper-everybody"))
        people, part = hidden(names[0], why), hidden(names[1], why)
    else:
        people = PrintedFigure(names[0], number(share.part, t.language), share.part, share.whole)
        part = PrintedFigure(names[1], percent(share, t.language), share, share.whole)
    along = None if share is None else Fraction(share.part, share.whole or 1)
    return Row(label, label, (people, replace(part, is_main=True)), along=along)


def _means(t: Texts, result: Result, aggregate: Aggregate) -> Section:
    """The statements' means by background, under the groups' letters."""
    statements = {each.words.identity: asked(t, each.words) for each in aggregate.results}
    letters = [letter[0] for letter in _letters(result)]
    means = [dict(group.means) for group in result.groups]

    def figure(letter: str, mean: Mean) -> PrintedFigure:
        n = str(t("chart-n", n=mean.n))
        return PrintedFigure(letter, decimal(mean, t.language), mean, mean.n, note=n, is_main=True)

    return Section(
        f"{result.words.identity}-means",
        str(t("paper-means-by")),
        level=2,
        head=(str(t("paper-statement")), *letters),
        rows=tuple(
            Row(
                identity,
                statements[identity],
                tuple(figure(letter, each[identity]) for letter, each in zip(letters, means, strict=True)),
            )
            for identity, _ in result.groups[0].means
        ),
    )


def _texts(t: Texts, result: Result, aggregate: Aggregate, heading: str, level: int) -> Section:
    """What people wrote, or why it is not shown."""
    return Section(
        f"{result.words.identity}-texts",
        heading,
        level=level,
        texts=tuple(text.text for text in result.texts),
        notes=() if result.texts else (why_no_texts(t, aggregate),),
    )
