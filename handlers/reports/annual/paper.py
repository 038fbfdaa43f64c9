"""The report as PDF, and its pages as pictures, each with a caption."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup

from handlers.drawing import MARK, Inputs, metadata, missing_characters, pages, pdf, printable
from handlers.layout import CAPTION_LENGTH, cut, shown_length
from handlers.reports.annual.sections import report
from handlers.reports.annual.sheet import file_name
from handlers.screen import File
from handlers.sections import Section
from handlers.texts import Texts, texts
from models.reports.annual.snapshots import SnapshotContent

HEADING = 90
"""Units of a heading in a caption, at most."""
KEPT_REPORTS = 4
"""Reports whose drawn pages are cached, at 1 to 2 megabytes each: a reader who turns one page turns the next."""


def report_pdf(content: SnapshotContent, language: str, drawn_with: str) -> File:
    """The report on A4, tagged as PDF/UA-1. The same snapshot makes the same bytes."""
    inputs = report_inputs(content, language, drawn_with)
    return File(f"{file_name(content, language)}.pdf", pdf("report", inputs, at=content.made_at))


def report_pages(content: SnapshotContent, language: str, drawn_with: str) -> list[File]:
    """Each page of the report as a picture with its caption."""
    inputs = report_inputs(content, language, drawn_with)
    drawn, name = _drawn(json.dumps(inputs), content.made_at), file_name(content, language)
    return [
        File(
            f"{name}-{number}.png", picture, is_picture=True, caption=_caption(content, language, inputs, drawn, number)
        )
        for number, picture in enumerate(drawn.pages, 1)
    ]


def report_page(content: SnapshotContent, language: str, drawn_with: str, page: int) -> File:
    """One page as a picture. Numbers past the last page begin again: only drawing tells how many pages there are."""
    drawn = report_pages(content, language, drawn_with)
    return drawn[page % len(drawn)]


@dataclass(frozen=True)
class _Drawn:
    pages: tuple[bytes, ...]
    begins: tuple[int, ...]
    """The page numbers of the headings: contents, sections, method."""


@lru_cache(KEPT_REPORTS)
def _drawn(inputs: str, at: datetime) -> _Drawn:
    """The pages of a report. The cache's key is everything drawn, so that no other report can be taken for it."""
    contents = json.loads(inputs)
    return _Drawn(tuple(pages("report", contents, at=at)), tuple(metadata("report", contents, "<begins>")))


def _caption(content: SnapshotContent, language: str, inputs: Inputs, drawn: _Drawn, page: int) -> Markup:
    """Which page it is and which sections begin on it; on the first page also the main figures."""
    t = texts(language)
    lines = [t("report-page", year=str(content.figures.year)), t("report-page-of", page=page, pages=len(drawn.pages))]
    lines += [t("report-page-figure", what=what, figure=figure) for what, figure in inputs["tiles"] if page == 1]
    names = inputs["names"]
    headings = [names["contents"], *(section["heading"] for section in inputs["sections"]), names["method"]]
    here = [heading for heading, begins in zip(headings, drawn.begins, strict=True) if begins == page]
    before = [heading for heading, begins in zip(headings, drawn.begins, strict=True) if begins < page]
    if not here:
        return Markup("\n").join([*lines, t("report-page-goes-on", heading=cut(before[-1], HEADING))])
    return _with_headings(t, lines, [cut(heading, HEADING) for heading in here])


def _with_headings(t: Texts, lines: Sequence[Markup], headings: Sequence[str]) -> Markup:
    """The lines with as many headings as a caption holds."""
    for shown in range(len(headings), -1, -1):
        begins = [t("report-page-has")] if shown else []
        begins += [t("report-page-heading", heading=heading) for heading in headings[:shown]]
        rest = [t("report-page-more", n=len(headings) - shown)] if shown < len(headings) else []
        caption = Markup("\n").join([*lines, *begins, *rest])
        if shown_length(caption) <= CAPTION_LENGTH:
            break
    return caption


def report_inputs(content: SnapshotContent, language: str, drawn_with: str) -> Inputs:
    """The template's inputs: figures as printed, bars as shares of their length."""
    t, made = texts(language), report(content, language, drawn_with)
    contents = {
        "title": made.title,
        "organisation": made.organisation,
        "under": made.under,
        "tiles": made.tiles,
        "sections": [_section(t, section) for section in made.sections],
    }
    missing = missing_characters(contents)
    contents = _told_apart(t, contents, [group.name for group in content.figures.groups], missing)
    how = [*made.method, *([str(t("paper-method-missing", mark=MARK))] if missing else [])]
    names = {name: str(t(f"report-{name}")) for name in ("contents", "method")}
    return {**printable(contents, missing), "names": names, "language": language, "how": how}


def _told_apart(t: Texts, contents: Inputs, names: Sequence[str], missing: frozenset[str]) -> Inputs:
    """The same contents, with a number beside each group whose name has no letter that can be drawn."""
    unseen = {
        name: t("report-group-numbered", number=number, name=name).unescape()
        for number, name in enumerate(names, 1)
        if not any(character.isalnum() and character not in missing for character in name)
    }

    def of_section(section: Inputs) -> Inputs:
        pairs = [(unseen.get(group, group), *rest) for group, *rest in section["pairs"]]
        if section["key"] != "groups":
            return {**section, "pairs": pairs}
        listed = zip(section["rows"], [*names, ""], strict=False)  # below the groups stands what they are together
        return {
            **section,
            "rows": [{**row, "label": row["label"].replace(name, unseen.get(name, name))} for row, name in listed],
        }

    return {**contents, "sections": [of_section(section) for section in contents["sections"]]} if unseen else contents


def _section(t: Texts, section: Section) -> Inputs:
    """A section's inputs. Replies are pairs, which have their figures in the statement's words."""
    if not section.pairs:
        return section.inputs
    pairs = [(group, about, t("report-done", line=line).unescape()) for group, about, line in section.pairs]
    return {**section.inputs, "rows": [], "pairs": pairs}
