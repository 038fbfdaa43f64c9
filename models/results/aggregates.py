"""The results of forms, read from releases only: of one release, or of several together.

Totals are sums of releases. Subtracting one view from another never leaves fewer people than one release has.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Cell, CellFigure, Figure, OpenAnswer, OptionCount, Release, Withheld
from models.feedback.response import Response, response, together
from models.forms import forms
from models.forms.forms import UNTOLD, Question
from models.forms.items import Background, QuestionKind
from models.valid_figures import Mean


@dataclass(frozen=True)
class Label:
    """The name of a question or option: its own ``text``; if None, the catalogues have the text under its identity."""

    identity: str
    text: str | None = None


ELSE = Label("else")
"""The label of the option "other, what?"."""


@dataclass(frozen=True)
class OptionTotal:
    """The number of people who chose a value of a scale, or an option. None if everybody did, which is not shown."""

    value: int
    words: Label | None
    """The label of an option; None for a value of a scale."""
    people: int | None


@dataclass(frozen=True)
class Segment:
    """Respondents of one background, or of several small backgrounds together."""

    backgrounds: tuple[Label, ...]
    untold: bool
    """Whether it includes those who did not tell their background."""
    n: int
    means: tuple[tuple[str, Mean], ...] = ()
    """Pairs of a statement's identity and its mean, for the statements that are split by this background."""


@dataclass(frozen=True)
class Comment:
    """A released text."""

    id: int
    text: str
    highlighted: bool = False


@dataclass(frozen=True)
class Earlier:
    """The same statement's mean in an earlier release or period."""

    mean: Mean
    at: datetime


@dataclass(frozen=True)
class Result:
    """What may be shown of the answers to one question."""

    words: Label
    kind: QuestionKind
    low: int = 0
    high: int = 0
    low_name: str | None = None
    high_name: str | None = None
    background: Background | None = None
    mean: Mean | None = None
    n: int | None = None
    """The number of respondents in the figures that are shown; None below the threshold."""
    withheld: Withheld | None = None
    spread: tuple[OptionTotal, ...] = ()
    """The counts of each value from low to high, or of each option in order; empty if not released."""
    spread_n: int = 0
    """The number of respondents in ``spread``: fewer than ``n`` if some of the releases were too small for one."""
    groups: tuple[Segment, ...] = ()
    """Only for a background question."""
    texts: tuple[Comment, ...] = ()
    earlier: Earlier | None = None
    question_id: int = 0
    """The question's id in the newest version of the form; buttons carry it."""

    @property
    def is_drawn(self) -> bool:
        """Whether there is something to draw: a figure, or the reason why there is none."""
        return self.mean is not None or self.withheld is not None or bool(self.spread or self.groups)


@dataclass(frozen=True)
class Aggregate:
    """The results of one release, or of several together."""

    response: Response
    threshold: int
    results: tuple[Result, ...]
    pooled: bool = False
    """Whether it includes a pool: the answers of several meetings that each had too few."""
    forms: int = 1
    """The number of releases in it."""

    @property
    def is_pool(self) -> bool:
        """Whether these are the results of one pool."""
        return self.pooled and self.forms == 1

    @property
    def answered(self) -> int:
        return self.response.answered

    @property
    def texts(self) -> tuple[Comment, ...]:
        return tuple(text for result in self.results for text in result.texts)

    @property
    def has_figures(self) -> bool:
        return any(result.is_drawn for result in self.results)

    def result(self, question_id: int) -> Result:
        """The result of a question. Raises NotFound if there is none."""
        for result in self.results:
            if result.question_id == question_id:
                return result
        raise NotFound


@dataclass
class _Rows:
    """The rows of several releases, by release id and question id."""

    questions: dict[int, Question]
    figures: dict[tuple[int, int], Figure]
    counts: dict[tuple[int, int], dict[int, int]]
    cells: dict[tuple[int, int], list[Cell]]
    parts: dict[tuple[int, int, int], list[CellFigure]]
    texts: dict[tuple[int, int], list[OpenAnswer]]

    @property
    def question_ids(self) -> set[int]:
        return {question_id for _, question_id in (*self.figures, *self.cells, *self.texts)}


async def aggregate_of(session: AsyncSession, releases: Sequence[Release]) -> Aggregate:
    """The results of several releases together, by question. Versions of one statement are put together."""
    rows = await _rows(session, [release.id for release in releases])
    newest = max((release.form_version_id for release in releases), default=0)
    own = await forms.questions(session, newest)
    older = await forms.some_questions(session, rows.question_ids - {question.id for question in own})
    same: dict[object, list[Question]] = defaultdict(list)
    for question in (*own, *older):
        rows.questions[question.id] = question
        same[question.same_as].append(question)
    ids = [release.id for release in releases]
    results = [_result(questions, ids, rows) for questions in same.values()]
    of_texts = await _pools_of_texts(session, releases)
    counted = [release for release in releases if release.pool_id not in of_texts]
    return Aggregate(
        response=together(
            response(release.answered, asked=release.asked, present=release.present, threshold=release.threshold)
            for release in counted
        ),
        threshold=max((release.threshold for release in releases), default=0),
        results=tuple(result for result in results if result is not None),
        pooled=any(release.pool_id is not None for release in releases),
        forms=len(releases),
    )


async def _pools_of_texts(session: AsyncSession, releases: Sequence[Release]) -> set[int | None]:
    """The ids of the pools of texts. Their respondents are already counted in the releases of their figures."""
    pools = [release.pool_id for release in releases if release.pool_id is not None]
    if not pools:
        return set()
    return set(await session.scalars(select(Pool.id).where(Pool.id.in_(pools), Pool.kind == PoolKind.TEXTS)))


async def _rows(session: AsyncSession, ids: list[int]) -> _Rows:
    rows = _Rows({}, {}, defaultdict(dict), defaultdict(list), defaultdict(list), defaultdict(list))
    for figure in (await session.execute(select(Figure).where(Figure.release_id.in_(ids)))).scalars():
        rows.figures[figure.release_id, figure.question_id] = figure
    for row in (await session.execute(select(OptionCount).where(OptionCount.release_id.in_(ids)))).scalars():
        rows.counts[row.release_id, row.question_id][row.value] = row.chosen
    for cell in (await session.execute(select(Cell).where(Cell.release_id.in_(ids)).order_by(Cell.number))).scalars():
        rows.cells[cell.release_id, cell.question_id].append(cell)
    for part in (await session.execute(select(CellFigure).where(CellFigure.release_id.in_(ids)))).scalars():
        rows.parts[part.release_id, part.background_id, part.number].append(part)
    texts = select(OpenAnswer).where(OpenAnswer.release_id.in_(ids)).order_by(OpenAnswer.id)
    for text in (await session.execute(texts)).scalars():
        rows.texts[text.release_id, text.question_id].append(text)
    return rows


def _result(questions: list[Question], release_ids: list[int], rows: _Rows) -> Result | None:
    """The result of one question over all releases and versions that include it; None if there are none."""
    first = questions[0]
    where = [(release_id, q.id) for release_id in release_ids for q in questions]
    texts = sorted((text for key in where for text in rows.texts[key]), key=lambda text: text.id)
    figures = [rows.figures[key] for key in where if key in rows.figures]
    groups = _groups(where, rows)
    asks = first.kind.is_typed or first.background is not None
    if not (figures or texts or groups or (asks and rows.figures)):
        return None
    shown = [figure for figure in figures if figure.withheld is None]
    reasons = [figure.withheld for figure in figures if figure.withheld is not None]
    spread, spread_n = _spread(where, rows)
    counted = [figure for figure in shown or figures if figure.n is not None]
    return Result(
        words=Label(first.identity, first.text),
        kind=first.kind,
        low=first.low or 0,
        high=first.high or 0,
        low_name=first.low_name,
        high_name=first.high_name,
        background=first.background,
        mean=_mean(first, shown),
        n=sum(figure.n or 0 for figure in counted) if counted else sum(group.n for group in groups) or None,
        withheld=None if shown else (reasons[0] if reasons else None),
        spread=spread,
        spread_n=spread_n,
        groups=groups,
        texts=tuple(Comment(text.id, text.text, text.highlighted) for text in texts),
        question_id=first.id,
    )


def _mean(question: Question, shown: list[Figure]) -> Mean | None:
    counted = [figure for figure in shown if figure.total is not None]
    if not question.kind.has_mean or not counted:
        return None
    total, n = sum(figure.total or 0 for figure in counted), sum(figure.n or 0 for figure in counted)
    return Mean(total, n, question.low or 0, question.high or 0)


def _spread(where: list[tuple[int, int]], rows: _Rows) -> tuple[tuple[OptionTotal, ...], int]:
    """The distribution over the releases that have one, and the number of its respondents.

    Options are matched by identity: their numbers differ between versions.
    """
    keys = [key for key in where if rows.counts.get(key)]
    totals: dict[str | int, OptionTotal] = {}
    for key in keys:
        for value, label in options_of(rows.questions[key[1]]).items():
            same = label.identity if label else value
            here, before = rows.counts[key].get(value), totals.get(same, OptionTotal(value, label, 0))
            people = None if here is None or before.people is None else before.people + here
            totals[same] = OptionTotal(before.value, before.words, people)
    return tuple(totals.values()), sum(rows.figures[key].n or 0 for key in keys)


def options_of(question: Question) -> dict[int, Label | None]:
    """The labels of all values that can be chosen; None for the values of a scale."""
    if not question.has_options:
        return dict.fromkeys(question.values)
    named = {option.number: Label(option.identity, option.text) for option in question.options}
    return {value: named.get(value, ELSE) for value in question.values}


def _groups(where: list[tuple[int, int]], rows: _Rows) -> tuple[Segment, ...]:
    """The backgrounds of one release. Those of several are left out: each release has merged small ones differently."""
    keys = [key for key in where if rows.cells.get(key)]
    if len(keys) != 1:
        return ()
    (release_id, question_id), named = keys[0], options_of(rows.questions[keys[0][1]])
    return tuple(
        Segment(
            backgrounds=tuple(label for value in cell.backgrounds if (label := named.get(value)) is not None),
            untold=UNTOLD in cell.backgrounds,
            n=cell.n,
            means=tuple(_part(part, rows) for part in rows.parts[release_id, question_id, cell.number]),
        )
        for cell in rows.cells[keys[0]]
    )


def _part(part: CellFigure, rows: _Rows) -> tuple[str, Mean]:
    statement = rows.questions[part.question_id]
    return statement.identity, Mean(part.total, part.n, statement.low or 0, statement.high or 0)
