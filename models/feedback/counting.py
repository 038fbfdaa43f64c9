"""Counting ballots: what of them is kept, and nothing else. What may not be shown is not stored.

Every set of people of whom a figure is kept, and every difference of two such sets, holds at least the threshold:
a release is of all who answered, and its cells part them once, by the first background question alone.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.answers import Ballot
from models.feedback.releases import OFF, Cell, CellFigure, Figure, OptionCount, Release, Withheld, spread_from
from models.forms.forms import DONT_KNOW, UNTOLD, Question
from models.forms.items import QuestionKind


def count(session: AsyncSession, release: Release, questions: Sequence[Question], ballots: Sequence[Ballot]) -> None:
    """Keeps of a release's ballots what may be shown."""
    shown = []
    for question in questions:
        match question.kind:
            case QuestionKind.SCALE:
                shown += [question] if _scale(session, release, question, ballots) else []
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                if question.background is None:
                    _choices(session, release, question, ballots)
            case QuestionKind.OPEN:
                pass  # texts are kept by `releases.publish`
            case _:
                assert_never(question.kind)
    parted = False
    for question in (q for q in questions if q.background is not None):
        cells = _cells(session, release, question, ballots)
        if cells and not parted:
            parted = True
            for statement in shown:
                _part(session, release, statement, cells)


def _scale(session: AsyncSession, release: Release, question: Question, ballots: Sequence[Ballot]) -> bool:
    """Keeps a statement's mean and distribution; returns whether there is a mean."""
    chosen = [ballot[question.id] for ballot in ballots if question.id in ballot]
    values = [value for value in chosen if value != DONT_KNOW]
    withheld = _why_no_mean(question, values, release.threshold)
    n, total = (None if withheld is Withheld.FEW else len(values)), (None if withheld else sum(values))
    session.add(Figure(release_id=release.id, question_id=question.id, n=n, total=total, withheld=withheld))
    if len(values) >= spread_from(release.threshold) and (len(set(values)) > 1 or release.threshold == OFF):
        _keep(session, release, question, Counter(chosen))
    return withheld is None


def _why_no_mean(question: Question, values: Sequence[int], threshold: int) -> Withheld | None:
    """A mean without a distribution, where others have theirs, would tell that all agree on it."""
    if len(values) < threshold:
        return Withheld.FEW
    if threshold == OFF or len(set(values)) > 1:
        return None
    is_at_an_end = values[0] in (question.low, question.high)
    return Withheld.AGREE if is_at_an_end or len(values) >= spread_from(threshold) else None


def _choices(session: AsyncSession, release: Release, question: Question, ballots: Sequence[Ballot]) -> None:
    chosen = [ballot[question.id] for ballot in ballots if question.id in ballot]
    withheld = _why_no_spread(chosen, release.threshold)
    n = None if withheld is Withheld.FEW else len(chosen)
    session.add(Figure(release_id=release.id, question_id=question.id, n=n, withheld=withheld))
    if withheld is None:
        _keep(session, release, question, Counter(value for values in chosen for value in values), of=len(chosen))


def _why_no_spread(chosen: Sequence[Sequence[int]], threshold: int) -> Withheld | None:
    if len(chosen) < threshold:
        return Withheld.FEW
    if len(chosen) < spread_from(threshold):
        return Withheld.SPREAD
    if threshold != OFF and len({frozenset(values) for values in chosen}) == 1:
        return Withheld.AGREE
    return None


def _keep(
    session: AsyncSession, release: Release, question: Question, counted: Counter[int], *, of: int | None = None
) -> None:
    for value in question.values:
        if counted[value] != of or release.threshold == OFF:
            row = OptionCount(release_id=release.id, question_id=question.id, value=value, chosen=counted[value])
            session.add(row)


def _cells(
    session: AsyncSession, release: Release, question: Question, ballots: Sequence[Ballot]
) -> list[tuple[Cell, list[Ballot]]]:
    """Keeps how many have which background; returns the cells with their ballots, none if they cannot be told apart."""
    of: dict[int, list[Ballot]] = {value: [] for value in [*question.values, UNTOLD]}
    for ballot in ballots:
        of[ballot[question.id][0] if question.id in ballot else UNTOLD].append(ballot)
    cells = []
    for number, values in enumerate(merged({value: len(group) for value, group in of.items()}, release.threshold), 1):
        theirs = [ballot for value in values for ballot in of[value]]
        cell = Cell(release_id=release.id, question_id=question.id, number=number, backgrounds=values, n=len(theirs))
        session.add(cell)
        cells.append((cell, theirs))
    return cells


def merged(counts: dict[int, int], threshold: int) -> list[list[int]]:
    """Options put together so that no cell has fewer people than the threshold; none if only one would be left.

    The small ones make one cell, last; if it is too small still, the smallest of the others goes into it. An option
    that nobody has is small, too: that nobody has it tells of everyone who does that they did not answer.
    """
    if threshold == OFF:
        return [[value] for value in counts]
    large = sorted((value for value in counts if counts[value] >= threshold), key=lambda value: -counts[value])
    small = [value for value in counts if counts[value] < threshold]
    while small and large and sum(counts[value] for value in small) < threshold:
        small.append(large.pop())
    cells = [*([value] for value in large), *([small] if small else [])]
    return cells if len(cells) > 1 else []


def _part(session: AsyncSession, release: Release, statement: Question, cells: list[tuple[Cell, list[Ballot]]]) -> None:
    """Keeps a statement's means by cell, all of them or none: one that is missing could be told by subtraction.

    None, too, if with the whole's distribution they would tell a cell's, or that all in it agree.
    """
    rows, cell_values = [], []
    for cell, ballots in cells:
        values = [ballot[statement.id] for ballot in ballots if ballot.get(statement.id, DONT_KNOW) != DONT_KNOW]
        if _why_no_mean(statement, values, release.threshold) is not None:
            return
        cell_values.append(values)
        rows.append(
            CellFigure(
                release_id=release.id,
                background_id=cell.question_id,
                number=cell.number,
                question_id=statement.id,
                n=len(values),
                total=sum(values),
            )
        )
    if release.threshold == OFF or are_hidden(cell_values):
        session.add_all(rows)


def are_hidden(cells: Sequence[Sequence[int]]) -> bool:
    """Whether no cell's answers can be computed from the whole's distribution and the cells' means.

    They cannot if of each cell two or three could be exchanged with as many of another, other ones with the same sum.
    """
    sums = [[_sums(values, size) for size in (2, 3)] for values in cells]
    return all(any(_may_swap(cell, other) for other in sums if other is not cell) for cell in sums)


Sums = dict[int, set[tuple[int, ...]]]


def _sums(values: Sequence[int], size: int) -> Sums:
    """What so many of the answers can be, by their sum."""
    sums: Sums = defaultdict(set)
    few = sorted(value for value, times in Counter(values).items() for _ in range(min(times, size)))
    for chosen in combinations(few, size):
        sums[sum(chosen)].add(chosen)
    return sums


def _may_swap(left: list[Sums], right: list[Sums]) -> bool:
    return any(
        len(mine[total] | theirs[total]) > 1
        for mine, theirs in zip(left, right, strict=True)
        for total in mine.keys() & theirs.keys()
    )
