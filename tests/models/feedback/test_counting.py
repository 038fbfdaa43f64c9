"""The means by cell do not reveal the answers in any cell."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.feedback.counting import are_hidden, merge_options

Spread = tuple[int, ...]


def spreads(n: int, total: int, scale: int) -> list[Spread]:
    """All combinations of n answers on a scale from 1 with this sum."""
    return [values for values in combinations_with_replacement(range(1, scale + 1), n) if sum(values) == total]


def solutions(cells: Sequence[Sequence[int]], scale: int) -> Iterator[tuple[Spread, ...]]:
    """All answers of the cells that fit the distribution of all answers and the sizes and means of the cells."""

    def fill(left: Counter[int], rest: Sequence[Sequence[int]]) -> Iterator[tuple[Spread, ...]]:
        if not rest:
            yield ()
            return
        for spread in spreads(len(rest[0]), sum(rest[0]), scale):
            if not Counter(spread) - left:
                yield from ((spread, *others) for others in fill(left - Counter(spread), rest[1:]))

    return fill(Counter(value for cell in cells for value in cell), cells)


@given(
    cells=st.lists(st.lists(st.integers(1, 4), min_size=3, max_size=5), min_size=2, max_size=3),
)
@settings(max_examples=300, deadline=None)
def test_stored_means_do_not_determine_the_answers_of_any_cell(cells: list[list[int]]) -> None:
    if not are_hidden(cells):
        return
    for number in range(len(cells)):
        assert len({solution[number] for solution in solutions(cells, 4)}) > 1


@pytest.mark.parametrize(
    "cells",
    [
        [[4, 4, 4, 4, 5], [4, 4, 4, 4, 4]],  # the one 5 is in the first: all of the second said 4
        [[1, 1, 1, 1, 2], [5, 5, 5, 5, 4]],
        [[3] * 5, [4] * 5],
    ],
)
def test_means_that_would_reveal_a_cell_are_not_stored(cells: list[list[int]]) -> None:
    assert len(set(solutions(cells, 5))) == 1
    assert not are_hidden(cells)


def test_ordinary_answers_are_hidden() -> None:
    assert are_hidden([[1, 3, 5, 4, 4], [2, 4, 3, 5, 5], [3, 3, 4, 4, 2]])


@given(counts=st.dictionaries(st.integers(1, 8), st.integers(0, 12), min_size=1), threshold=st.integers(3, 6))
def test_every_cell_has_at_least_the_threshold_and_every_option_is_in_one(
    counts: dict[int, int], threshold: int
) -> None:
    cells = merge_options(counts, threshold)
    assert all(sum(counts[value] for value in cell) >= threshold for cell in cells)
    assert len(cells) != 1
    if cells:
        assert sorted(value for cell in cells for value in cell) == sorted(counts)
