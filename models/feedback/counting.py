"""Counting ballots. Stores only the figures that may be shown.

Every set of people that has a stored figure, and every difference of two such sets, has at least ``threshold`` people:
a release covers all who answered, and means by cell divide them only once, by the first background question with cells.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.answers import Ballot
from models.feedback.releases import OFF, Cell, CellFigure, Figure, OptionCount, Release, Withheld, spread_from
from models.forms.forms import DONT_KNOW, UNTOLD, Question
from models.forms.items import QuestionKind


def count(
    session: AsyncSession,
    release: Release,
    questions: Sequence[Question],
    ballots: Sequence[Ballot],
    people: Mapping[int, int] | None = None,
) -> None:
    """Stores the figures of a release that may be shown.

    ``people`` has, by question id, how many different people gave the answers, for a pool, where one person may have
    given several. The rules are about people.
    """
    people = people or {}
    with_mean = []
    for question in questions:
        match question.kind:
            case QuestionKind.SCALE:
                with_mean += [question] if _count_scale(session, release, question, ballots, people) else []
            case QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                if question.background is None:
                    _count_choice(session, release, question, ballots, people)
            case QuestionKind.OPEN:
                pass  # `releases.publish` stores texts
            case _:
                assert_never(question.kind)
    has_means_by_cell = False
    for question in (q for q in questions if q.background is not None):
        cells = _count_cells(session, release, question, ballots)
        if cells and not has_means_by_cell:
            has_means_by_cell = True
            for statement in with_mean:
                _store_means_by_cell(session, release, statement, cells)


def _count_scale(
    session: AsyncSession,
    release: Release,
    question: Question,
    ballots: Sequence[Ballot],
    people: Mapping[int, int],
) -> bool:
    """Stores a statement's mean and distribution, or why the mean is withheld. Returns whether there is a mean."""
    chosen = [ballot[question.id] for ballot in ballots if question.id in ballot]
    values = [value for value in chosen if value != DONT_KNOW]
    of_people = people.get(question.id, len(values))
    withheld = _mean_withheld(question, values, of_people, release.threshold)
    n, total = (None if withheld is Withheld.FEW else len(values)), (None if withheld else sum(values))
    session.add(Figure(release_id=release.id, question_id=question.id, n=n, total=total, withheld=withheld))
    if of_people >= spread_from(release.threshold) and (len(set(values)) > 1 or release.threshold == OFF):
        _store_option_counts(session, release, question, Counter(chosen))
    return withheld is None


def _mean_withheld(question: Question, values: Sequence[int], people: int, threshold: int) -> Withheld | None:
    """Why the mean is withheld; None if it may be shown.

    If all gave the same value, a mean at an end of the scale reveals each answer. From `spread_from` people on, any
    mean does: other statements have a distribution then, and a missing one would show that all agree.
    """
    if people < threshold:
        return Withheld.FEW
    if threshold == OFF or len(set(values)) > 1:
        return None
    is_at_an_end = values[0] in (question.low, question.high)
    return Withheld.AGREE if is_at_an_end or people >= spread_from(threshold) else None


def _count_choice(
    session: AsyncSession,
    release: Release,
    question: Question,
    ballots: Sequence[Ballot],
    people: Mapping[int, int],
) -> None:
    """Stores how many chose each option, or why that is withheld."""
    chosen = [ballot[question.id] for ballot in ballots if question.id in ballot]
    withheld = _distribution_withheld(chosen, people.get(question.id, len(chosen)), release.threshold)
    n = None if withheld is Withheld.FEW else len(chosen)
    session.add(Figure(release_id=release.id, question_id=question.id, n=n, withheld=withheld))
    if withheld is None:
        _store_option_counts(
            session, release, question, Counter(value for values in chosen for value in values), respondents=len(chosen)
        )


def _distribution_withheld(chosen: Sequence[Sequence[int]], people: int, threshold: int) -> Withheld | None:
    """Why the distribution of a choice is withheld; None if it may be shown."""
    if people < threshold:
        return Withheld.FEW
    if people < spread_from(threshold):
        return Withheld.SPREAD
    if threshold != OFF and len({frozenset(values) for values in chosen}) == 1:
        return Withheld.AGREE
    return None


def _store_option_counts(
    session: AsyncSession,
    release: Release,
    question: Question,
    counted: Counter[int],
    *,
    respondents: int | None = None,
) -> None:
    """Stores how many chose each value. Leaves out an option that all of the ``respondents`` chose: the count would
    reveal each one's answer."""
    for value in question.values:
        if counted[value] != respondents or release.threshold == OFF:
            row = OptionCount(release_id=release.id, question_id=question.id, value=value, chosen=counted[value])
            session.add(row)


def _count_cells(
    session: AsyncSession, release: Release, question: Question, ballots: Sequence[Ballot]
) -> list[tuple[Cell, list[Ballot]]]:
    """Stores how many have which background. Returns the cells with their ballots, none if only one would be left."""
    by_option: dict[int, list[Ballot]] = {value: [] for value in [*question.values, UNTOLD]}
    for ballot in ballots:
        by_option[ballot[question.id][0] if question.id in ballot else UNTOLD].append(ballot)
    cells = []
    counts = {value: len(group) for value, group in by_option.items()}
    for number, values in enumerate(merge_options(counts, release.threshold), 1):
        in_cell = [ballot for value in values for ballot in by_option[value]]
        cell = Cell(release_id=release.id, question_id=question.id, number=number, backgrounds=values, n=len(in_cell))
        session.add(cell)
        cells.append((cell, in_cell))
    return cells


def merge_options(counts: dict[int, int], threshold: int) -> list[list[int]]:
    """Merges options into cells of at least ``threshold`` people; returns no cells if only one would be left.

    ``counts`` is the number of people by option. All options below the threshold form one cell, the last; while it is
    too small, the smallest other option is merged into it. An option that nobody chose is merged, too: a count of 0
    would reveal that nobody with this background answered.
    """
    if threshold == OFF:
        return [[value] for value in counts]
    large = sorted((value for value in counts if counts[value] >= threshold), key=lambda value: -counts[value])
    small = [value for value in counts if counts[value] < threshold]
    while small and large and sum(counts[value] for value in small) < threshold:
        small.append(large.pop())
    cells = [*([value] for value in large), *([small] if small else [])]
    return cells if len(cells) > 1 else []


def _store_means_by_cell(
    session: AsyncSession, release: Release, statement: Question, cells: list[tuple[Cell, list[Ballot]]]
) -> None:
    """Stores a statement's means for all cells or for none: a single missing mean could be computed by subtraction.

    Stores none if one of them is withheld, or if together with the distribution of all answers they would reveal the
    answers in a cell.
    """
    rows, cell_values = [], []
    for cell, ballots in cells:
        values = [ballot[statement.id] for ballot in ballots if ballot.get(statement.id, DONT_KNOW) != DONT_KNOW]
        if _mean_withheld(statement, values, len(values), release.threshold) is not None:
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
    """Whether no cell's answers can be computed from the distribution of all answers and the means of the cells.

    True if in every cell two or three answers can be exchanged for as many different answers of another cell with the
    same sum: then other answers would give the same figures.
    """
    sums = [[_combinations_by_sum(values, size) for size in (2, 3)] for values in cells]
    return all(any(_can_exchange(cell, other) for other in sums if other is not cell) for cell in sums)


CombinationsBySum = dict[int, set[tuple[int, ...]]]
"""The sorted combinations of answers, by their sum."""


def _combinations_by_sum(values: Sequence[int], size: int) -> CombinationsBySum:
    """The different combinations of ``size`` of the answers, by their sum."""
    sums: CombinationsBySum = defaultdict(set)
    candidates = sorted(value for value, times in Counter(values).items() for _ in range(min(times, size)))
    for chosen in combinations(candidates, size):
        sums[sum(chosen)].add(chosen)
    return sums


def _can_exchange(left: list[CombinationsBySum], right: list[CombinationsBySum]) -> bool:
    """Whether two cells have different combinations of the same size with the same sum."""
    return any(
        len(by_sum[total] | other[total]) > 1
        for by_sum, other in zip(left, right, strict=True)
        for total in by_sum.keys() & other.keys()
    )
