"""A figure that cannot be is never made; and of a claimed one it is known what could be behind it."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import valid_figures
from models.valid_figures import Claim, Mean, Parts, Rate, Share, Sizes, are_possible, percentage, sizes_for, unsaid


def percentages(typed: str) -> list[Claim]:
    return [percentage(one) for one in typed.split()]


def printed(value: Fraction, places: int) -> str:
    """Rounded half up by decimal arithmetic, which is exact enough: no count here has 40 digits."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


# What is made


@pytest.mark.parametrize(("total", "n", "low", "high"), [(0, 0, 1, 5), (4, 1, 5, 1), (4, 5, 1, 5), (26, 5, 1, 5)])
def test_a_mean_that_cannot_be_is_never_made(total: int, n: int, low: int, high: int) -> None:
    with pytest.raises(ValueError):
        Mean(total, n, low, high)


@given(n=st.integers(1, 500), low=st.integers(0, 2), width=st.integers(1, 9), data=st.data())
def test_every_mean_of_answers_is_made(n: int, low: int, width: int, data: st.DataObject) -> None:
    mean = Mean(data.draw(st.integers(low * n, (low + width) * n)), n, low, low + width)
    assert mean.value == Fraction(mean.total, n)
    assert 0 <= mean.along <= 1
    assert mean.low + mean.along * width == mean.value


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3), (0, -1), (1, 0)])
def test_a_share_that_cannot_be_is_never_made(part: int, whole: int) -> None:
    with pytest.raises(ValueError):
        Share(part, whole)


def test_head_counts_may_exceed_the_invited() -> None:
    assert Rate(9, 6).percent == 150
    assert Rate(9, 0).percent is Share(0, 0).percent is None
    with pytest.raises(ValueError):
        Rate(-1, 6)


@pytest.mark.parametrize("counts", [(17, 17), (34,), (-1, 2)])
def test_parts_of_more_than_the_whole_are_never_made(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        Parts(counts, 33)


def test_parts_tell_how_many_they_leave_unsaid() -> None:
    fields = Parts((9, 5, 3, 2, 9), 33)
    assert [share.percent for share in fields.shares] == [27, 15, 9, 6, 27]
    assert fields.unsaid == Share(5, 33)
    assert Parts((23, 3, 3, 1, 3), 33).unsaid == Share(0, 33)


# What is claimed


@pytest.mark.parametrize(
    ("typed", "n", "counts"),
    [
        ("69", 33, []),
        ("31", 33, []),
        ("69", 32, [22]),
        ("31", 32, [10]),
        ("82", 33, [27]),
        ("30", 33, [10]),
        ("94", 33, [31]),
        ("53", 33, []),
        ("34", 33, []),
        ("13", 33, []),
        ("53", 32, [17]),
        ("34", 32, [11]),
        ("13", 32, [4]),  # 12.5
        ("12", 32, []),
        ("12,5", 32, [4]),
        ("12.50", 32, [4]),
        ("100", 33, [33]),
        ("0", 33, [0]),
        ("0", 1000, [0, 1, 2, 3, 4]),
        ("101", 33, []),
        ("400", 100_000, []),
    ],
)
def test_the_counts_behind_a_percentage(typed: str, n: int, counts: list[int]) -> None:
    assert list(percentage(typed).counts_for(n)) == counts


@pytest.mark.parametrize(
    ("typed", "scale", "n", "totals"),
    [
        ("4,8", (1, 5), 33, [157, 158, 159, 160]),
        ("3,65", (1, 4), 20, [73]),
        ("3,66", (1, 4), 20, []),
        ("5,0", (1, 5), 33, [164, 165]),
        ("1", (1, 5), 3, [3, 4]),
        ("0,9", (1, 5), 33, []),
        ("5,1", (1, 5), 33, []),
        ("4,5", (1, 4), 2, []),
    ],
)
def test_the_sums_behind_a_mean(typed: str, scale: tuple[int, int], n: int, totals: list[int]) -> None:
    assert list(valid_figures.mean(typed, *scale).counts_for(n)) == totals


def test_the_published_means_are_possible() -> None:
    assert are_possible(
        [valid_figures.mean(typed, 1, 5) for typed in ["4", "4,8", "4,2", "4,5", "4,4", "3,6", "4,4"]], 33
    )


@pytest.mark.parametrize(
    ("typed", "n", "sizes"),
    [
        ("69 31", 33, Sizes(13, 32, 35)),
        ("69 31", None, Sizes(13)),
        ("53 34 13", 33, Sizes(32, 32, 38)),
        ("70 9 9 3 9", 33, Sizes(33, None, 64)),
        ("82 30", 3, Sizes(33, None, 33)),
        ("50", 1, Sizes(2, None, 2)),
        ("33,33", 99_999, Sizes(3, 99_998, 100_000)),
        ("101", 33, None),
        ("69 400", None, None),
    ],
)
def test_the_sizes_at_which_percentages_are_possible_together(typed: str, n: int | None, sizes: Sizes | None) -> None:
    assert sizes_for(percentages(typed), n) == sizes


@pytest.mark.parametrize(
    ("typed", "n", "rest", "fewest", "most"),
    [
        ("27 15 9 6 27", 33, percentage("16"), 5, 5),
        ("70 9 9 3 9", 33, None, 0, 0),
        ("53 34 13", 32, None, 0, 0),
        ("100 82 30", 33, None, -37, -37),
        ("50,0 25", 400, percentage("25,0"), 99, 102),
        ("33 33 33", 3, percentage("1"), 0, 0),
    ],
)
def test_what_percentages_leave_unsaid(typed: str, n: int, rest: Claim | None, fewest: int, most: int) -> None:
    left = unsaid(percentages(typed), n)
    assert (left.rest, left.fewest, left.most) == (rest, fewest, most)


@pytest.mark.parametrize(
    "claim",
    [
        lambda: percentage("1,234"),
        lambda: valid_figures.mean("3", 5, 1),
        lambda: Claim(-1, 0, 100, 0, 1),
        lambda: percentage("x"),
    ],
)
def test_what_nobody_prints_is_no_claim(claim: object) -> None:
    assert callable(claim)
    with pytest.raises(ValueError):
        claim()


SIZES = st.integers(1, 400)
PLACES = st.integers(0, 2)


@given(n=SIZES, places=PLACES, data=st.data())
def test_what_is_really_there_is_found_possible(n: int, places: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, n))
    assert part in percentage(printed(Fraction(100 * part, n), places)).counts_for(n)


@given(n=SIZES, places=PLACES, low=st.integers(0, 2), width=st.integers(1, 9), data=st.data())
def test_a_mean_that_is_really_there_is_found_possible(
    n: int, places: int, low: int, width: int, data: st.DataObject
) -> None:
    total = data.draw(st.integers(low * n, (low + width) * n))
    claim = valid_figures.mean(printed(Fraction(total, n), places), low, low + width)
    assert total in claim.counts_for(n)


@given(n=st.integers(1, 60), digits=st.integers(0, 1100), places=st.integers(0, 1))
def test_the_counts_are_those_that_are_printed_so(n: int, digits: int, places: int) -> None:
    typed = printed(Fraction(digits, 10**places), places)
    behind = [part for part in range(n + 1) if printed(Fraction(100 * part, n), places) == typed]
    assert list(percentage(typed).counts_for(n)) == behind


@given(n=st.integers(1, 400), part=st.integers(0, 400))
def test_a_percentage_rounded_half_to_even_is_possible(n: int, part: int) -> None:
    part = min(part, n)
    assert are_possible([percentage(str(round(Fraction(100 * part, n))))], n)  # Python rounds half to even


@given(n=st.integers(1, 400), digits=st.integers(0, 100))
def test_only_a_count_exactly_halfway_is_printed_lower_by_rounding_half_to_even(n: int, digits: int) -> None:
    claim = percentage(str(digits))
    count = claim.count_at_half(n)
    halves = [part for part in range(n + 1) if Fraction(100 * part, n) == digits + Fraction(1, 2) and digits % 2 == 0]
    assert ([] if count is None else [count]) == halves


@given(claimed=st.lists(st.integers(0, 101), min_size=1, max_size=3), n=st.integers(1, 130))
def test_the_sizes_are_those_that_trying_each_finds(claimed: list[int], n: int) -> None:
    claims = [percentage(str(one)) for one in claimed]
    fitting = [size for size in range(1, 300) if all(claim.counts_for(size) for claim in claims)]
    if max(claimed) > 100:
        assert not fitting
        assert sizes_for(claims, n) is None
        return
    below, above = [size for size in fitting if size < n], [size for size in fitting if size > n]
    assert sizes_for(claims, n) == Sizes(fitting[0], below[-1] if below else None, above[0])


@given(counts=st.lists(st.integers(0, 60), min_size=1, max_size=6), unheard=st.integers(0, 40), places=PLACES)
def test_the_people_unsaid_are_in_the_range(counts: list[int], unheard: int, places: int) -> None:
    n = sum(counts) + unheard
    if n:
        left = unsaid([percentage(printed(Fraction(100 * count, n), places)) for count in counts], n)
        assert left.fewest <= Parts(tuple(counts), n).unsaid.part == unheard <= left.most
