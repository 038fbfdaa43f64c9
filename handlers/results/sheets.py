"""A release as rows of figures, and the rows as a workbook and as CSV."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never
from zoneinfo import ZoneInfo

from handlers.figures import decimal
from handlers.forms.labels import asked, option
from handlers.locale_table import LOCALE_TABLE
from handlers.results.captions import (
    Head,
    facts,
    method,
    paper_head,
    response,
    why_no_groups,
    why_no_texts,
    why_withheld,
)
from handlers.results.result_text import choices, group_name
from handlers.screen import File
from handlers.texts import Texts, texts
from handlers.workbook import CellValue, Sheet, csv_table, workbook
from models.forms.forms import DONT_KNOW
from models.forms.items import QuestionKind
from models.results.aggregates import Aggregate, Result
from models.results.results import ListedResult
from models.valid_figures import Mean, Share


@dataclass(frozen=True)
class SheetRow:
    """A row of figures about a question, about an option, or about a statement among the people of one background."""

    question: str
    kind: str
    option: str = ""
    group: str = ""
    people: int | None = None
    n: int | None = None
    share: Share | None = None
    mean: Mean | None = None
    withheld: str = ""
    text: str = ""


def rows(t: Texts, aggregate: Aggregate) -> Iterator[SheetRow]:
    """A row for every figure, with the reason if it is withheld."""
    statements = {result.words.identity: asked(t, result.words) for result in aggregate.results if result.kind.has_mean}
    for result in aggregate.results:
        about = SheetRow(asked(t, result.words), str(t(f"paper-kind-{result.kind}")))
        why = why_withheld(t, result, aggregate)
        if result.background is not None:
            yield from _backgrounds(t, result, about, aggregate)
            yield from _parted(t, result, statements)
        elif result.kind.has_mean or why:
            yield replace(about, n=result.n, mean=result.mean, withheld=why)
        match result.kind:
            case QuestionKind.SCALE:
                yield from _values(t, result, about)
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                yield from _options(t, result, about)
            case QuestionKind.OPEN:
                pass  # open answers have rows of their own: `said`
            case _:
                assert_never(result.kind)


def _values(t: Texts, result: Result, about: SheetRow) -> Iterator[SheetRow]:
    """How many chose each value of a scale. "Cannot say" has no share: it is not part of the mean's n."""
    for each in result.spread:
        row = replace(about, option=option(t, each.words, each.value), people=each.people)
        part = each.people is not None and each.value != DONT_KNOW
        yield replace(row, n=result.spread_n, share=Share(each.people or 0, result.spread_n)) if part else row


def _options(t: Texts, result: Result, about: SheetRow) -> Iterator[SheetRow]:
    """How many chose each option."""
    for name, _, share in choices(t, result) if result.spread else ():
        row = replace(about, option=name, n=result.spread_n, share=share)
        yield replace(row, people=share.part) if share else replace(row, withheld=str(t("paper-everybody")))


def _backgrounds(t: Texts, result: Result, about: SheetRow, aggregate: Aggregate) -> Iterator[SheetRow]:
    if not result.groups:
        yield replace(about, withheld=why_no_groups(t, aggregate))
    for group in result.groups:
        of_all = Share(group.n, result.n or 0)
        yield replace(about, option=group_name(t, group), people=group.n, n=result.n, share=of_all)


def _parted(t: Texts, result: Result, statements: dict[str, str]) -> Iterator[SheetRow]:
    """The statements' means by background."""
    kind = str(t("paper-kind-scale"))
    for group in result.groups:
        for identity, mean in group.means:
            yield SheetRow(statements[identity], kind, group=group_name(t, group), n=mean.n, mean=mean)


def said(t: Texts, aggregate: Aggregate) -> Iterator[SheetRow]:
    """Every open answer, in the random order of the release."""
    kind = str(t("paper-kind-open"))
    for result in aggregate.results:
        for text in result.texts:
            yield SheetRow(asked(t, result.words), kind, text=text.text)


def results_csv(title: str, listed: ListedResult, aggregate: Aggregate, language: str, zone: ZoneInfo) -> File:
    """Figures and open answers in one table, as printed, with the list and decimal signs of the reader's language."""
    t, paper = texts(language), paper_head(title, listed, language, zone)
    header = [str(t(key)) for key in ("paper-form", "paper-group")] + [paper.about] + _columns(t)
    about = paper.form, paper.group, paper.when
    lines = [[*about, *_printed(row, language)] for row in (*rows(t, aggregate), *said(t, aggregate))]
    return File(f"{paper.file_name}.csv", csv_table([header, *lines], LOCALE_TABLE[language].list_separator))


def _columns(t: Texts) -> list[str]:
    names = ("question", "kind", "option", "background", "people", "n", "percent", "mean", "withheld", "text")
    return [str(t(f"paper-column-{name}")) for name in names]


def _printed(row: SheetRow, language: str) -> list[object]:
    counts = ["" if count is None else count for count in (row.people, row.n)]
    percents = "" if row.share is None or row.share.percent is None else row.share.percent
    mean = "" if row.mean is None else decimal(row.mean, language)
    return [row.question, row.kind, row.option, row.group, *counts, percents, mean, row.withheld, row.text]


def results_xlsx(title: str, listed: ListedResult, aggregate: Aggregate, language: str, zone: ZoneInfo) -> File:
    """A workbook: the figures, exact and printed as elsewhere; the open answers; and what it is all about."""
    t, paper = texts(language), paper_head(title, listed, language, zone)
    sheets = (
        Sheet(str(t("paper-sheet-figures")), [_columns(t)[:-1], *map(_exact, rows(t, aggregate))], FIGURE_WIDTHS),
        Sheet(str(t("paper-sheet-texts")), _texts(t, aggregate), (52, 100)),
        Sheet(str(t("paper-sheet-about")), _about(t, paper, listed, aggregate), (60, 60)),
    )
    name = f"{paper.file_name}.xlsx"
    return workbook(name, sheets, language, at=paper.at, title=paper.title, subject=paper.form)


FIGURE_WIDTHS = (52, 18, 40, 30, 11, 8, 9, 11, 44)


def _exact(row: SheetRow) -> list[CellValue]:
    return [row.question, row.kind, row.option, row.group, row.people, row.n, row.share, row.mean, row.withheld]


def _texts(t: Texts, aggregate: Aggregate) -> list[list[CellValue]]:
    columns: list[CellValue] = [str(t(f"paper-column-{name}")) for name in ("question", "text")]
    rows: list[list[CellValue]] = [[row.question, row.text] for row in said(t, aggregate)]
    return [columns, *(rows or [[why_no_texts(t, aggregate)]])]


def _about(t: Texts, paper: Head, listed: ListedResult, aggregate: Aggregate) -> list[list[CellValue]]:
    lines: list[list[CellValue]] = [[paper.title]]
    lines += [[name, words] for name, words in facts(t, paper)]
    lines += [[name, figure] for name, figure in response(t, listed, aggregate)]
    lines += [[str(t("paper-threshold")), aggregate.threshold], [], [str(t("paper-method"))]]
    return lines + [[sentence] for sentence in method(t, listed, aggregate)]
