"""Figures are rounded half up from exact values, and read as people here read them."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.figures import bar, change, decimal, number, percent, steps
from models.funnel import Funnel
from models.possible import Mean


@pytest.mark.parametrize(
    ("value", "fi", "en"),
    [
        (Fraction(365, 100), "3,7", "3.7"),
        (Fraction(73, 20), "3,7", "3.7"),
        (Fraction(364999, 100000), "3,6", "3.6"),
        (Fraction(4), "4,0", "4.0"),
        (Fraction(495, 100), "5,0", "5.0"),
        (Fraction(-35, 100), "−0,4", "−0.4"),
        (Fraction(-4, 100), "0,0", "0.0"),
        (Fraction(0), "0,0", "0.0"),
    ],
)
def test_one_decimal(value: Fraction, fi: str, en: str) -> None:
    assert decimal(value, "fi") == decimal(value, "sv") == fi
    assert decimal(value, "en") == en


@given(total=st.integers(0, 5000), n=st.integers(1, 1000))
def test_a_mean_is_printed_as_decimal_arithmetic_has_it(total: int, n: int) -> None:
    value = Decimal(total) / Decimal(n)  # 28 digits: a tie is exact, and nothing else comes near one
    assert decimal(Fraction(total, n), "en") == str(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("part", "whole", "fi", "en"),
    [
        (33, 500, "7\N{NO-BREAK SPACE}%", "7%"),
        (1, 8, "13\N{NO-BREAK SPACE}%", "13%"),  # 12.5
        (1, 200, "1\N{NO-BREAK SPACE}%", "1%"),  # 0.5
        (0, 7, "0\N{NO-BREAK SPACE}%", "0%"),
        (7, 7, "100\N{NO-BREAK SPACE}%", "100%"),
        (9, 6, "150\N{NO-BREAK SPACE}%", "150%"),  # head counts may exceed the invited
        (0, 0, "–", "–"),
    ],
)
def test_percent(part: int, whole: int, fi: str, en: str) -> None:
    assert percent(part, whole, "fi") == percent(part, whole, "sv") == fi
    assert percent(part, whole, "en") == en


@given(whole=st.integers(1, 5000), data=st.data())
def test_a_percent_is_rounded_half_up(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    wanted = (Decimal(100 * part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP)
    assert percent(part, whole, "en") == f"{wanted}%"


def mean(total: int, n: int) -> Mean:
    return Mean(total, n, 1, 5)


@pytest.mark.parametrize(
    ("now", "earlier", "printed"),
    [
        (mean(365, 100), mean(36, 10), "+0,1"),  # 3,7 beside 3,6
        (mean(36, 10), mean(365, 100), "−0,1"),
        (mean(361, 100), mean(364, 100), "±0,0"),
        (mean(5, 1), mean(1, 1), "+4,0"),
        (mean(4, 1), None, ""),
    ],
)
def test_a_change_is_that_of_the_printed_figures(now: Mean, earlier: Mean | None, printed: str) -> None:
    assert change(now, earlier, "fi") == printed


def test_counts_have_their_thousands_apart() -> None:
    assert number(999, "fi") == "999"
    assert number(12345, "sv") == "12\N{NO-BREAK SPACE}345"
    assert number(12345, "en") == "12,345"


def test_a_bar_in_text_begins_at_the_low_end() -> None:
    assert bar(mean(1, 1)) == "░" * 10
    assert bar(mean(5, 1)) == "█" * 10
    assert bar(mean(3, 1)) == "█" * 5 + "░" * 5


FUNNEL = Funnel(
    groups=2,
    roster=40,
    reachable=30,
    meetings=3,
    cancelled=0,
    invited=120,
    yes=90,
    on_site=20,
    remote=40,
    people=35,
    asked=60,
    answered=33,
    waiting=0,
)


def test_each_rate_names_its_whole_and_people_have_a_scale_of_their_own() -> None:
    shown = steps(FUNNEL, "en")
    assert list(shown) == ["roster", "reachable", "invited", "yes", "attended", "asked", "answered"]
    assert {name: (step.rate, step.whole) for name, step in shown.items() if step.rate} == {
        "reachable": ("75%", "roster"),
        "yes": ("75%", "invited"),
        "attended": ("50%", "invited"),
        "answered": ("55%", "asked"),
    }
    assert shown["roster"].share == shown["invited"].share == 1
    assert shown["attended"].share == shown["asked"].share == Fraction(1, 2)
