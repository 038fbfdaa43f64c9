"""Prints figures: means with one decimal, whole percents, both rounded half up, with the language's separators.

Texts, pictures and papers all print through these functions, so that they show the same figure. The arguments are from
`models.valid_figures`, so that no impossible figure is printed.
"""

from dataclasses import dataclass
from fractions import Fraction

from handlers.locale_table import LOCALE_TABLE
from models.reports.funnel import Flow, Funnel
from models.valid_figures import Claim, Mean, Rate, Share


def decimal(mean: Mean, language: str) -> str:
    """One decimal, rounded half up from the exact value: 3.65 is "3,7" in Finnish."""
    return _decimal(_tenths(mean.value), 1, language)


def _decimal(digits: int, places: int, language: str) -> str:
    """A number given by its digits, of which the last ``places`` are decimals."""
    whole, decimals = divmod(digits, 10**places)
    return f"{whole}{LOCALE_TABLE[language].decimal_point}{decimals:0{places}}" if places else str(whole)


def number(count: int, language: str) -> str:
    """A count with its thousands separated: "1 240", "1,240"."""
    return f"{count:,}".replace(",", LOCALE_TABLE[language].thousands_separator)


def percent(rate: Rate, language: str) -> str:
    """A whole percent, rounded half up; "–" if the whole is 0."""
    return "–" if rate.percent is None else _percents(str(rate.percent), language)


def share_format(language: str) -> str:
    """The number format with which a workbook prints a share as `percent` does."""
    return LOCALE_TABLE[language].percent_cell


def _percents(number: str, language: str) -> str:
    return LOCALE_TABLE[language].percent.format(number)


def claimed(claim: Claim, language: str) -> str:
    """A figure that somebody else printed, with its own number of decimals."""
    text = _decimal(claim.digits, claim.places, language)
    return _percents(text, language) if claim.is_percentage else text


def change(now: Mean, earlier: Mean | None, language: str) -> str:
    """The signed difference of two means as printed; empty without an earlier one."""
    if earlier is None:
        return ""
    difference = _tenths(now.value) - _tenths(earlier.value)
    sign = "+" if difference > 0 else "−" if difference else "±"
    return sign + _decimal(abs(difference), 1, language)


def _tenths(value: Fraction) -> int:
    """Tenths, rounded half up: a change is the difference of the printed figures, not of the exact ones."""
    return int((value * 20 + 1) // 2)


def bar(mean: Mean, width: int = 10) -> str:
    """A bar of text characters, filled in proportion to the position on the scale."""
    filled = int(mean.along * width + Fraction(1, 2))
    return "█" * filled + "░" * (width - filled)


@dataclass(frozen=True)
class Step:
    """One printed step of the funnel. ``whole`` names the step of which ``rate`` is a share; empty for none."""

    name: str
    figure: str
    rate: str
    whole: str
    share: Fraction
    """The length of its bar, from 0 to 1: 1 for a step without a whole, and at most 1 for a rate above 100 %."""


WHOLES = {
    "reachable": "roster",
    "yes": "invited",
    "named": "called",
    "answered_of_asked": "asked",
    "answered_of_present": "present",
}
FUNNEL_STEPS = (
    "roster",
    "reachable",
    "invited",
    "yes",
    "named",
    "asked",
    "answered_of_asked",
    "present",
    "answered_of_present",
)


def count_of(flow: Flow, name: str) -> int:
    """A count of a flow, or of its response, by name."""
    count: int = getattr(flow if hasattr(flow, name) else flow.response, name)
    return count


def steps(funnel: Funnel, language: str) -> dict[str, Step]:
    """The funnel from roster to answers: each count with its rate of the step in `WHOLES`."""
    printed = {}
    for name in FUNNEL_STEPS:
        count, whole = count_of(funnel, name), WHOLES.get(name, "")
        total = count_of(funnel, whole) if whole else count
        kind = Rate if name == "named" else Share  # people may come uninvited
        rate = percent(kind(count, total), language) if whole else ""
        share = min(Fraction(count, total), Fraction(1)) if total else Fraction(0)
        printed[name] = Step(name, number(count, language), rate, whole, share)
    return printed
