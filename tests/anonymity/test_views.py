"""In random sequences of answers, edits and erasures no figure is of fewer people than the threshold."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.forms.forms import DONT_KNOW
from tests.anonymity.views import Sum, Values, Watch, items, small_sets, watched

Step = Callable[[Watch], Coroutine[Any, Any, None]]

SCALE = st.sampled_from([None, DONT_KNOW, 1, 2, 3, 4, 4, 4])
ANSWERS = st.fixed_dictionaries(
    {
        "one": SCALE,
        "two": st.sampled_from([3, 4]) | SCALE,
        "three": SCALE,
        "ticks": st.lists(st.integers(1, 3), max_size=3, unique=True),
        "yes": st.sampled_from([None, 1, 1, 2]),
        "house": st.sampled_from([None, 1, 1, 2, 3]),
        "field": st.sampled_from([None, 1, 2]),
        "open": st.sampled_from([None, None, "Ajatus", "Toinen"]),
    }
)


def _runs(answers: list[Values], threshold: int, named: bool, shift: int, gone: int) -> Step:
    async def step(watch: Watch) -> None:
        people = watch.people[shift % len(watch.people) :] + watch.people[: shift % len(watch.people)]
        answered = dict(zip(people, answers, strict=False))
        left = list(answered)[:gone] if len(watch.people) > 8 else []
        await watch.run(answered, threshold=threshold, named=named, gone=left)

    return step


def _small_runs(of_runs: list[list[Values]], threshold: int, shift: int) -> Step:
    """Several forms, each with too few answers, that different people answer: their pools open."""

    async def step(watch: Watch) -> None:
        for number, answers in enumerate(of_runs):
            await _runs(answers[: threshold - 1], threshold, False, shift + 2 * number, 0)(watch)

    return step


def _edits(statements: list[str]) -> Step:
    async def step(watch: Watch) -> None:
        watch.version = await watch.room.form(items(statements), of=watch.version.form_id)

    return step


async def _joins(watch: Watch) -> None:
    async with watch.room.sessions.begin() as session:
        watch.people.append(await watch.room.member(watch.group, session=session))


STEPS = st.lists(
    st.one_of(
        st.builds(
            _runs,
            # pools of one to four answers, plain releases, and crowds
            st.lists(ANSWERS, min_size=1, max_size=4) | st.lists(ANSWERS, min_size=3, max_size=14),
            st.sampled_from([3, 3, 4, 5]),
            st.sampled_from([False, False, False, True]),
            st.integers(0, 13),
            st.sampled_from([0, 0, 0, 1]),
        ),
        st.builds(
            _small_runs,
            st.lists(st.lists(ANSWERS, min_size=2, max_size=4), min_size=2, max_size=5),
            st.sampled_from([3, 4, 5]),
            st.integers(0, 13),
        ),
        st.builds(_edits, st.sampled_from([["one"], ["one", "two"], ["two", "three"], ["one", "two", "three"]])),
        st.just(_joins),
    ),
    min_size=3,
    max_size=8,
)


class Counts:
    """Totals over all sequences that were played."""

    sequences = runs = releases = pools = views = 0

    def add(self, watch: Watch) -> None:
        self.sequences += 1
        self.runs += len({run for run, _ in watch.truth})
        self.releases += len(watch.of_release)
        self.pools += watch.opened
        self.views += watch.views

    def __str__(self) -> str:
        return (
            f"{self.sequences} sequences of views tried: {self.runs} forms closed, "
            f"{self.releases} releases ({self.pools} of pools), {self.views} sums looked at; "
            "none is of fewer people than the threshold"
        )


def try_sequences(examples: int) -> Counts:
    """Plays this number of random sequences; raises AssertionError if one reveals too much. Returns the totals."""
    counted = Counts()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def play(steps: list[Step]) -> None:
        counted.add(asyncio.run(watched(steps)))

    play()
    return counted


def test_no_view_is_of_a_few() -> None:
    counted = try_sequences(10)
    print(counted)
    assert counted.releases > 2  # whatever is drawn, some are told


@pytest.mark.slow
def test_no_view_is_of_a_few_in_many_sequences() -> None:
    counted = try_sequences(40)
    print(counted)
    assert counted.releases > 10


def test_the_algebra_finds_what_subtraction_isolates() -> None:
    everyone = frozenset((1, person) for person in range(8))
    but_two = everyone - {(1, 0), (1, 1)}
    mean = ((1, 1), (2, 2), (3, 3))
    assert small_sets([Sum(everyone, mean), Sum(but_two, mean)], 5) == [frozenset({(1, 0), (1, 1)})]
    assert small_sets([Sum(everyone, mean), Sum(but_two, ((1, 1),))], 5) == []
    third = ((2, 2), (3, 3))
    isolated = small_sets([Sum(everyone, mean), Sum(but_two, ((1, 1),)), Sum(but_two, third)], 5)
    assert isolated == [frozenset({(1, 0), (1, 1)})]
