"""Evidence of anonymity in the figures: none is of too few people, and none can be calculated from others."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Cell, CellFigure, Figure, OptionCount, Release, spread_from
from models.forms.forms import DONT_KNOW, Question
from models.privacy.evidence import Finding, early_texts, finding

Violations = Iterator[tuple[str, str]]
"""Pairs of a key of `PROMISES` that is not kept and the place: the release, and the question if there is one."""

PROMISES = {
    "few": ("releases are of at least their threshold, which is at least 3", "releases of fewer than their threshold"),
    "n": ("every figure is of at least its release's threshold", "figures of fewer than the threshold"),
    "mean": ("no mean is at an end of its scale, where it would be everybody's answer", "means that tell all answers"),
    "spread": ("distributions are only of twice the threshold", "distributions of fewer than twice the threshold"),
    "agree": ("no distribution says that all chose the same", "distributions that tell all answers"),
    "cell": ("every background is of at least the threshold, and each set adds up", "backgrounds of too few"),
    "part": ("every mean of a background is of at least the threshold", "means of backgrounds of too few"),
    "rest": (
        "means of backgrounds are of all of a release's or of none, so that nothing is left by subtraction",
        "means of backgrounds that leave some by subtraction",
    ),
}
"""By rule: the text if it holds, and the text if it is broken."""


@dataclass
class _Release:
    """A release with all its rows."""

    row: Release
    questions: dict[int, Question]
    figures: dict[int, Figure] = field(default_factory=dict)
    counts: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    cells: dict[int, list[Cell]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[tuple[int, int], list[CellFigure]] = field(default_factory=lambda: defaultdict(list))


async def all_of(session: AsyncSession) -> list[Finding]:
    """Checks every release; one finding for each of `PROMISES`, and one for released texts."""
    releases = await _read(session)
    wrong: dict[str, list[str]] = defaultdict(list)
    for counted in releases:
        for what, where in _violations(counted):
            wrong[what].append(where)
    counts = {
        "few": len(releases),
        "n": sum(len(counted.figures) for counted in releases),
        "spread": sum(len(counted.counts) for counted in releases),
        "cell": sum(len(cells) for counted in releases for cells in counted.cells.values()),
        "part": sum(len(parts) for counted in releases for parts in counted.parts.values()),
    }
    findings = []
    for what, (good, bad) in PROMISES.items():
        number = f" ({counts[what]} looked at)" if what in counts else ""
        findings.append(finding(good + number, wrong[what], bad))
    return [*findings, await early_texts(session)]


async def _read(session: AsyncSession) -> list[_Release]:
    questions = {question.id: question for question in (await session.execute(select(Question))).scalars()}
    rows = (await session.execute(select(Release).order_by(Release.id))).scalars()
    by_id = {row.id: _Release(row, questions) for row in rows}
    for figure in (await session.execute(select(Figure))).scalars():
        by_id[figure.release_id].figures[figure.question_id] = figure
    for count in (await session.execute(select(OptionCount))).scalars():
        by_id[count.release_id].counts[count.question_id][count.value] = count.chosen
    for cell in (await session.execute(select(Cell))).scalars():
        by_id[cell.release_id].cells[cell.question_id].append(cell)
    for part in (await session.execute(select(CellFigure))).scalars():
        by_id[part.release_id].parts[part.background_id, part.question_id].append(part)
    return list(by_id.values())


def _violations(counted: _Release) -> Violations:
    release = counted.row
    if release.people_at_most < release.threshold or release.threshold < 3:
        yield "few", f"release {release.id}"
    for question_id, figure in counted.figures.items():
        where = f"release {release.id}, question {question_id}"
        yield from _of_figure(figure, counted.questions[question_id], release, where)
    for question_id, counts in counted.counts.items():
        where = f"release {release.id}, question {question_id}"
        yield from _of_counts(counts, counted.figures.get(question_id), counted.questions[question_id], release, where)
    for question_id, cells in counted.cells.items():
        sizes = [cell.n for cell in cells]
        if min(sizes) < release.threshold or sum(sizes) != release.answered or len(sizes) < 2:
            yield "cell", f"release {release.id}, question {question_id}"
    yield from _of_parts(counted)


def _of_figure(figure: Figure, question: Question, release: Release, where: str) -> Violations:
    if figure.n is not None and not release.threshold <= figure.n <= release.answered:
        yield "n", where
    if figure.total is not None and (figure.n is None or _is_at_an_end(figure.total, figure.n, question)):
        yield "mean", where


def _is_at_an_end(total: int, n: int, question: Question) -> bool:
    """Whether the mean is an end of the scale: then everybody gave that answer."""
    return total in ((question.low or 0) * n, (question.high or 0) * n)


def _of_counts(
    counts: dict[int, int], figure: Figure | None, question: Question, release: Release, where: str
) -> Violations:
    n = (figure.n if figure is not None else None) or 0
    if min(n, release.people_at_most) < spread_from(release.threshold):
        yield "spread", where
    counts_told = [people for value, people in counts.items() if value != DONT_KNOW]
    if n in counts_told or (not question.kind.takes_several and sum(counts_told) != n):
        yield "agree", where


def _of_parts(counted: _Release) -> Violations:
    release = counted.row
    if len({background for background, _ in counted.parts}) > 1:
        yield "rest", f"release {release.id}: by more than one background"
    for (background, question_id), parts in counted.parts.items():
        where = f"release {release.id}, question {question_id} by {background}"
        if any(_is_too_small(part, counted) for part in parts):
            yield "part", where
        if not _is_whole(parts, counted.figures.get(question_id), counted.cells[background]):
            yield "rest", where


def _is_too_small(part: CellFigure, counted: _Release) -> bool:
    return part.n < counted.row.threshold or _is_at_an_end(part.total, part.n, counted.questions[part.question_id])


def _is_whole(parts: Sequence[CellFigure], figure: Figure | None, cells: Sequence[Cell]) -> bool:
    """Whether the means of all backgrounds are there and add up to the figure, so that subtraction leaves nobody."""
    if figure is None or {part.number for part in parts} != {cell.number for cell in cells}:
        return False
    return (sum(part.n for part in parts), sum(part.total for part in parts)) == (figure.n, figure.total)
