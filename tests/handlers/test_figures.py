"""Figures are rounded half up from exact values, and read as people here read them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.figures import FUNNEL_STEPS, bar, change, claimed, count_of, decimal, number, percent, steps
from handlers.texts import LANGUAGES, catalogue
from models import valid_figures
from models.feedback.response import Response
from models.reports.funnel import Funnel
from models.valid_figures import Claim, Mean, Rate, Share


@pytest.mark.parametrize(
    ("total", "n", "fi", "en"),
    [
        (365, 100, "3,7", "3.7"),
        (73, 20, "3,7", "3.7"),
        (364999, 100000, "3,6", "3.6"),
        (4, 1, "4,0", "4.0"),
        (495, 100, "5,0", "5.0"),
        (4, 100, "0,0", "0.0"),
        (0, 1, "0,0", "0.0"),
    ],
)
def test_one_decimal(total: int, n: int, fi: str, en: str) -> None:
    mean = Mean(total, n, 0, 5)
    assert decimal(mean, "fi") == decimal(mean, "sv") == fi
    assert decimal(mean, "en") == en


@given(n=st.integers(1, 1000), data=st.data())
def test_a_mean_is_printed_as_decimal_arithmetic_has_it(n: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(0, 10 * n))
    value = Decimal(total) / Decimal(n)  # 28 digits: a tie is exact, and nothing else comes near one
    assert decimal(Mean(total, n, 0, 10), "en") == str(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


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
    rate = Rate(part, whole)
    assert percent(rate, "fi") == percent(rate, "sv") == fi
    assert percent(rate, "en") == en


@given(whole=st.integers(1, 5000), data=st.data())
def test_a_percent_is_rounded_half_up(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    wanted = (Decimal(100 * part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP)
    assert percent(Share(part, whole), "en") == f"{wanted}%"


def mean(total: int, n: int) -> Mean:
    return Mean(total, n, 1, 5)


@pytest.mark.parametrize(
    ("now", "earlier", "printed"),
    [
        (mean(365, 100), mean(36, 10), "+0,1"),  # 3,7 beside 3,6
        (mean(36, 10), mean(365, 100), "−0,1"),
        (mean(361, 100), mean(364, 100), "±0,0"),
        (mean(5, 1), mean(1, 1), "+4,0"),
        (mean(1, 1), mean(23, 10), "−1,3"),
        (mean(4, 1), None, ""),
    ],
)
def test_a_change_is_that_of_the_printed_figures(now: Mean, earlier: Mean | None, printed: str) -> None:
    assert change(now, earlier, "fi") == printed


@pytest.mark.parametrize(
    ("claim", "fi", "en"),
    [
        (valid_figures.percentage("69"), "69\N{NO-BREAK SPACE}%", "69%"),
        (valid_figures.percentage("12,05"), "12,05\N{NO-BREAK SPACE}%", "12.05%"),
        (valid_figures.mean("4.0", 1, 5), "4,0", "4.0"),
        (valid_figures.mean("0,05", 0, 5), "0,05", "0.05"),
    ],
)
def test_a_claimed_figure_keeps_its_decimals(claim: Claim, fi: str, en: str) -> None:
    assert claimed(claim, "fi") == claimed(claim, "sv") == fi
    assert claimed(claim, "en") == en


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
    unsent=10,
    response=Response(33, 60, 33, 44, 33),
)


def test_each_rate_names_its_whole_and_its_bar_is_as_long() -> None:
    shown = steps(FUNNEL, "en")
    assert list(shown) == list(FUNNEL_STEPS)
    assert {name: (step.rate, step.whole) for name, step in shown.items() if step.rate} == {
        "reachable": ("75%", "roster"),
        "yes": ("75%", "invited"),
        "named": ("46%", "called"),
        "answered_of_asked": ("55%", "asked"),
        "answered_of_present": ("75%", "present"),
    }
    assert shown["roster"].share == shown["invited"].share == shown["asked"].share == 1
    for name, step in shown.items():
        if step.rate:
            assert step.share == Fraction(count_of(FUNNEL, name), count_of(FUNNEL, step.whole))


def test_who_comes_uninvited_makes_a_rate_above_a_hundred_and_no_longer_bar() -> None:
    step = steps(replace(FUNNEL, unsent=0, invited=4, yes=2, on_site=5, remote=0, heads=0), "fi")["named"]
    assert (step.figure, step.rate, step.share) == ("5", "125\N{NO-BREAK SPACE}%", 1)
    counted = steps(replace(FUNNEL, unsent=0, invited=14, yes=2, on_site=15, remote=0, heads=5), "fi")["named"]
    assert (counted.figure, counted.rate) == ("10", "71\N{NO-BREAK SPACE}%")


# No figure is printed anywhere else

ROOT = Path(__file__).parent.parent.parent
PRINTERS = {ROOT / "handlers" / name for name in ("figures.py", "locale_table.py")}
SANDBOX = ROOT / "bot" / "sandbox"
"""Plays Telegram, and says nothing of ours."""
PRINTING = sorted(
    path
    for room in ("handlers", "bot")
    for path in (ROOT / room).rglob("*.py")
    if path not in PRINTERS and not path.is_relative_to(SANDBOX)
)
PERCENT = re.compile(r"%(?![a-zA-Z(-])|\.\d+%")
"""A sign of percents: not "%Y", "%-d" or "%(name)s"."""
OF_BYTES = {"bot/__main__.py", "bot/commands/status.py"}
"""Where the operator reads of megabytes, with a decimal."""


def _strings(tree: ast.Module) -> Iterator[str]:
    """The strings of a file that may be shown: neither docstrings nor what only reads."""
    unshown = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile")
        for inner in ast.walk(node)
        if not isinstance(node, ast.Expr) or inner is node.value
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in unshown:
            yield node.value


@pytest.mark.parametrize("path", PRINTING, ids=lambda path: str(path.relative_to(ROOT)))
def test_percentages_and_decimals_are_printed_in_one_place(path: Path) -> None:
    tree, name = ast.parse(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT))
    assert not [text for text in _strings(tree) if PERCENT.search(text)]
    formats = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)]
    assert name in OF_BYTES or not [text for text in formats if re.search(r":[^}]*\.[1-9]\d*[eEfFgGn]?\}", text)]
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"round", "format_percent", "format_decimal", "Decimal"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_makes_a_percentage_of_a_value(language: str) -> None:
    texts = {key: "".join(forms) for key, forms in catalogue(language).items()}
    assert not [key for key, text in texts.items() if re.search(r"\}(</?\w+>|\s)*(%|procent|percent|prosent)", text)]


TEMPLATES = sorted((ROOT / "handlers" / "templates").glob("*.typ"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_picture_makes_a_figure_of_its_own(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    assert not re.search(r"calc\.round", template)
    assert not re.search(r'"[^"\n]*%[^"\n]*"|\[[^\]\n]*%[^\]\n]*\]', template)


@pytest.mark.parametrize("line", ['f"{share}%"', 'f"{share} %"', 'share + " %"', '"%d%%" % share', 'f"{share:.0%}"'])
def test_a_percentage_printed_elsewhere_would_be_seen(line: str) -> None:
    assert any(PERCENT.search(text) for text in _strings(ast.parse(f"said = {line}")))
