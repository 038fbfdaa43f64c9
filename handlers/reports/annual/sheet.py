"""The report as a workbook and as a manifest: each figure with its place, source, n and why it is withheld."""

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from handlers.reports.annual.sections import Report, report
from handlers.screen import File
from handlers.sections import PrintedFigure, Row, Section
from handlers.texts import Texts, texts
from handlers.workbook import CellValue, Sheet, workbook
from models.reports.annual.snapshots import SnapshotContent
from models.valid_figures import Mean, Rate

FIGURE_WIDTHS = (40, 60, 20, 12, 8, 40, 50)


def file_name(content: SnapshotContent, language: str) -> str:
    """The file's name without its ending."""
    return f"{texts(language)('report-file-name')}-{content.figures.year}"


def report_xlsx(content: SnapshotContent, language: str, version: str) -> File:
    """A workbook: every figure, exact; the groups as a table; what people said and what was done; and the method."""
    t, made = texts(language), report(content, language, version)
    names = {name: str(t(f"report-sheet-{name}")) for name in ("figures", "groups", "texts", "method")}
    sheets = (
        Sheet(names["figures"], [_columns(t), *_figures(made)], FIGURE_WIDTHS),
        Sheet(names["groups"], list(_groups(made)), (60, 14, 14, 14, 14, 22)),
        Sheet(names["texts"], list(_texts(t, made)), (40, 60, 100)),
        Sheet(names["method"], _about(made), (120,)),
    )
    at = content.made_at.astimezone(ZoneInfo(content.figures.zone))
    return workbook(f"{file_name(content, language)}.xlsx", sheets, language, at=at, title=made.title)


def _about(made: Report) -> list[list[CellValue]]:
    lines: list[str] = [line for line in (made.title, made.organisation, made.under) if line]
    return [[line] if line else [] for line in (*lines, "", *made.method)]


def _columns(t: Texts) -> list[CellValue]:
    return [str(t(f"report-sheet-{name}")) for name in ("section", "label", "figure", "value", "n", "source", "why")]


def _figures(made: Report) -> Iterator[list[CellValue]]:
    for section, row in made.rows:
        for figure in row.figures:
            where: list[CellValue] = [section.heading, row.label, figure.column]
            yield [*where, figure.exact, figure.n, row.source, figure.withheld]


def _groups(made: Report) -> Iterator[list[CellValue]]:
    section = next(section for section in made.sections if section.key == "groups")
    yield [*section.head]
    for row in section.rows:
        yield [row.label, *(figure.exact for figure in row.figures)]


def _texts(t: Texts, made: Report) -> Iterator[list[CellValue]]:
    yield [str(t(f"report-sheet-{name}")) for name in ("section", "about", "text")]
    for section in made.sections:
        for text in section.texts:
            yield [section.heading, "", text]
        for group, statement, text in section.pairs:
            yield [section.heading, f"{group}: {statement}", text]


def manifest_json(snapshot_content: SnapshotContent, language: str, version: str) -> File:
    """A JSON list of the report's figures with their places, and what the report is made from."""
    made, year = report(snapshot_content, language, version), snapshot_content.figures
    contents = {
        "title": made.title,
        "organisation": made.organisation,
        "year": year.year,
        "is_over": year.is_over,
        "language": language,
        "fingerprint": snapshot_content.fingerprint,
        "made_at": snapshot_content.made_at.isoformat(),
        "made_with": snapshot_content.version,
        "drawn_with": version,
        "method": list(made.method),
        "figures": [_entry(section, row, figure) for section, row in made.rows for figure in row.figures],
        "texts": [
            {"section": section.key, "heading": section.heading, "count": len(section.texts) + len(section.pairs)}
            for section in made.sections
            if section.key in ("highlights", "replies")
        ],
    }
    content = json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True)
    return File(f"{file_name(snapshot_content, language)}-manifest.json", content.encode() + b"\n")


def _entry(section: Section, row: Row, figure: PrintedFigure) -> dict[str, object]:
    """``exact`` is a count, or a mean or share as the two counts that it is the quotient of."""
    return {
        "key": f"{section.key}/{row.key}",
        "where": [section.heading, row.label, figure.column],
        "printed": figure.printed,
        "exact": _exact(figure.exact),
        "n": figure.n,
        "source": row.source,
        "releases": list(row.releases),
        "withheld": figure.withheld,
    }


def _exact(exact: int | Rate | Mean | None) -> object:
    if isinstance(exact, Mean):
        return {"total": exact.total, "n": exact.n, "low": exact.low, "high": exact.high}
    return {"part": exact.part, "whole": exact.whole} if isinstance(exact, Rate) else exact
