"""Figures as people here read them: means half up to one decimal, whole percents, decimal comma, n beside.

Text and picture take theirs from here, so that they cannot differ; and here they come from `models.possible`, so that
none is printed that cannot be true.
"""

from dataclasses import dataclass
from fractions import Fraction

from handlers.locale_table import LOCALE_TABLE
from models.reports.funnel import Funnel
from models.valid_figures import Claim, Mean, Rate, Share


def decimal(mean: Mean, language: str) -> str:
    """One decimal, rounded half up from the exact value: 3.65 is 3,7 in Finnish."""
    return _decimal(_tenths(mean.value), 1, language)


def _decimal(digits: int, places: int, language: str) -> str:
    """A number by its digits, the last ``places`` of which are decimals."""
    whole, decimals = divmod(digits, 10**places)
    return f"{whole}{LOCALE_TABLE[language].decimal_point}{decimals:0{places}}" if places else str(whole)


def number(count: int, language: str) -> str:
    """A count, its thousands apart: "1 240", "1,240"."""
    return f"{count:,}".replace(",", LOCALE_TABLE[language].thousands_separator)


def percent(rate: Rate, language: str) -> str:
    """A whole percent, half up; "–" of nothing."""
    return "–" if rate.percent is None else _percents(str(rate.percent), language)


def share_format(language: str) -> str:
    """How a workbook prints a share, as `percent` does."""
    return LOCALE_TABLE[language].percent_cell


def _percents(number: str, language: str) -> str:
    return LOCALE_TABLE[language].percent.format(number)


def claimed(claim: Claim, language: str) -> str:
    """A figure that somebody else has printed, with the decimals that it had."""
    text = _decimal(claim.digits, claim.places, language)
    return _percents(text, language) if claim.is_percentage else text


def change(now: Mean, earlier: Mean | None, language: str) -> str:
    """The difference of two means as printed, with its sign; empty without an earlier one."""
    if earlier is None:
        return ""
    difference = _tenths(now.value) - _tenths(earlier.value)
    sign = "+" if difference > 0 else "−" if difference else "±"
    return sign + _decimal(abs(difference), 1, language)


def _tenths(value: Fraction) -> int:
    """As printed, so that a change is that of the printed figures."""
    return int((value * 20 + 1) // 2)


def bar(mean: Mean, width: int = 10) -> str:
    """A bar in text from the low end of the scale to the high."""
    filled = int(mean.along * width + Fraction(1, 2))
    return "█" * filled + "░" * (width - filled)


@dataclass(frozen=True)
class Step:
    """One step of the funnel, printed: ``whole`` names the step that its rate is of."""

    name: str
    figure: str
    rate: str
    whole: str
    share: Fraction
    """Of that whole, as its bar is drawn: one that is no part of another is whole, and none is longer."""


WHOLES = {"reachable": "roster", "yes": "invited", "named": "invited", "answered": "asked"}
STEPS = ("roster", "reachable", "invited", "yes", "named", "asked", "answered")


def steps(funnel: Funnel, language: str) -> dict[str, Step]:
    """The funnel from roster to answers, each count as a share of what stands beside it."""
    found = {}
    for name in STEPS:
        count, whole = getattr(funnel, name), WHOLES.get(name, "")
        of = getattr(funnel, whole) if whole else count
        kind = Rate if name == "named" else Share  # people come uninvited, too
        rate = percent(kind(count, of), language) if whole else ""
        share = min(Fraction(count, of), Fraction(1)) if of else Fraction(0)
        found[name] = Step(name, number(count, language), rate, whole, share)
    return found
