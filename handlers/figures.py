"""Figures as people here read them: means half up to one decimal, whole percents, decimal comma, n beside.

Text and picture take theirs from here, so that they cannot differ.
"""

from dataclasses import dataclass
from fractions import Fraction

from models.funnel import Funnel
from models.possible import Mean


def decimal(value: Fraction, language: str) -> str:
    """One decimal, rounded half up from the exact value: 3.65 is 3,7 in Finnish."""
    tenths = _tenths(abs(value))
    text = f"{tenths // 10}.{tenths % 10}"
    if value < 0 and tenths:
        text = f"−{text}"
    return text if language == "en" else text.replace(".", ",")


def number(count: int, language: str) -> str:
    """A count, its thousands apart: "1 240", "1,240"."""
    return f"{count:,}" if language == "en" else f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def percent(part: int, whole: int, language: str) -> str:
    """A whole percent, half up; "–" of nothing. Finnish and Swedish put a space before the sign."""
    if whole == 0:
        return "–"
    share = (200 * part + whole) // (2 * whole)
    return f"{share}%" if language == "en" else f"{share}\N{NO-BREAK SPACE}%"


def change(now: Mean, earlier: Mean | None, language: str) -> str:
    """The difference of two means as printed, with its sign; empty without an earlier one."""
    if earlier is None:
        return ""
    difference = _tenths(now.value) - _tenths(earlier.value)
    if difference == 0:
        return f"±{decimal(Fraction(0), language)}"
    return ("+" if difference > 0 else "") + decimal(Fraction(difference, 10), language)


def _tenths(value: Fraction) -> int:
    """As printed, so that a change is that of the printed figures."""
    return int((value * 20 + 1) // 2)


def bar(mean: Mean, width: int = 10) -> str:
    """A bar in text from the low end of the scale to the high."""
    filled = int((mean.value - mean.low) / (mean.high - mean.low) * width + Fraction(1, 2))
    return "█" * filled + "░" * (width - filled)


@dataclass(frozen=True)
class Step:
    """One step of the funnel, printed: ``whole`` names the step that its rate is of."""

    name: str
    figure: str
    rate: str
    whole: str
    share: Fraction
    """Of the largest count drawn on the same scale."""


WHOLES = {"reachable": "roster", "yes": "invited", "attended": "invited", "answered": "asked"}
PEOPLE = ("roster", "reachable")
TIMES = ("invited", "yes", "attended", "asked", "answered")


def steps(funnel: Funnel, language: str) -> dict[str, Step]:
    """The funnel from roster to answers: people on one scale, times invited, there and asked on another."""
    found = {}
    for names in (PEOPLE, TIMES):
        counts: dict[str, int] = {name: getattr(funnel, name) for name in names}
        largest = max(*counts.values(), 1)
        for name, count in counts.items():
            whole = WHOLES.get(name, "")
            rate = percent(count, counts[whole], language) if whole else ""
            found[name] = Step(name, number(count, language), rate, whole, Fraction(count, largest))
    return found
