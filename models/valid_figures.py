"""Which figures are possible: whatever is printed as a mean or a percentage is made here, or it is not printed.

A false figure is a fault of the program: making one raises ValueError. A `Claim` is a figure that somebody else has
printed, rounded half up: which counts could be behind it, and of how many people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

HUNDREDTHS = 2
"""The decimals that a claim may have, at most: they bound the search for a size."""


@dataclass(frozen=True)
class Mean:
    """``total / n`` exactly; ``low`` and ``high`` are the ends of its scale."""

    total: int
    n: int
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.n < 1 or self.low >= self.high or not self.low * self.n <= self.total <= self.high * self.n:
            raise ValueError(f"no mean: {self}")

    @property
    def value(self) -> Fraction:
        return Fraction(self.total, self.n)

    @property
    def along(self) -> Fraction:
        """How far along its scale it is, from 0 to 1."""
        return (self.value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Rate:
    """So many to so many others: head counts may exceed the invited."""

    part: int
    whole: int

    def __post_init__(self) -> None:
        if self.part < 0 or self.whole < 0:
            raise ValueError(f"no rate: {self}")

    @property
    def percent(self) -> int | None:
        """Whole percents, half up; None of nothing."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True)
class Share(Rate):
    """Some of a whole."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.part > self.whole:
            raise ValueError(f"no share: {self}")


@dataclass(frozen=True)
class Parts:
    """How many chose each answer of a question of which each of ``whole`` people could choose one."""

    counts: tuple[int, ...]
    whole: int

    def __post_init__(self) -> None:
        if any(count < 0 for count in self.counts) or sum(self.counts) > self.whole:
            raise ValueError(f"no parts of one whole: {self}")

    @property
    def shares(self) -> tuple[Share, ...]:
        return tuple(Share(count, self.whole) for count in self.counts)

    @property
    def unsaid(self) -> Share:
        """Those of whom the parts tell nothing."""
        return Share(self.whole - sum(self.counts), self.whole)


@dataclass(frozen=True)
class Claim:
    """A figure as it was printed: "12,5" is 125 of one decimal (``places``).

    It claims to be ``times`` k / n, where k is from ``low`` times n to ``high`` times n: of a percentage k is people,
    of a mean the sum of their answers.
    """

    digits: int
    places: int
    times: int
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.digits < 0 or not 0 <= self.places <= HUNDREDTHS or self.low >= self.high:
            raise ValueError(f"no claim: {self}")

    @property
    def is_percentage(self) -> bool:
        return self.times == 100

    @property
    def one(self) -> int:
        """What is printed of k = n, as digits."""
        return self.times * int(10**self.places)

    @property
    def is_ever_possible(self) -> bool:
        return self.low * self.one <= self.digits <= self.high * self.one

    def counts_for(self, n: int) -> range:
        """The k that are printed so at n; empty where none is."""
        first, after = (_up(n * (2 * self.digits + half), 2 * self.one) for half in (-1, 1))
        return range(max(first, self.low * n), min(after, self.high * n + 1))


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def percentage(typed: str) -> Claim:
    """A claimed percentage, like "69" or "12,5"."""
    return Claim(*_digits(typed), times=100, low=0, high=1)


def mean(typed: str, low: int, high: int) -> Claim:
    """A claimed mean, like "4,8"."""
    return Claim(*_digits(typed), times=1, low=low, high=high)


def _digits(typed: str) -> tuple[int, int]:
    whole, _, decimals = typed.replace(",", ".").partition(".")
    return int(whole + decimals), len(decimals)


def are_possible(claims: Sequence[Claim], n: int) -> bool:
    """Whether each of the claims can be true of n people."""
    return all(claim.counts_for(n) for claim in claims)


@dataclass(frozen=True)
class Sizes:
    """How many people there must be: the fewest, and the nearest below and above a claimed n."""

    smallest: int
    below: int | None = None
    above: int | None = None


def sizes_for(claims: Sequence[Claim], n: int | None = None) -> Sizes | None:
    """The sizes at which all the claims are possible together; None where they never are.

    From n = ``claim.one`` on, neighbouring counts are printed alike or one step apart, so that everything printed is
    possible. So no search is longer than that.
    """
    if not all(claim.is_ever_possible for claim in claims):
        return None
    enough = max(claim.one for claim in claims)

    def first(sizes: range) -> int | None:
        return next((size for size in sizes if are_possible(claims, size)), None)

    smallest = first(range(1, enough + 1))
    assert smallest is not None
    if n is None:
        return Sizes(smallest)
    return Sizes(smallest, first(range(n - 1, 0, -1)), first(range(n + 1, max(n + 1, enough) + 1)))


@dataclass(frozen=True)
class Unsaid:
    """What percentages of one question, of which each person chose one, leave unsaid."""

    rest: Claim | None
    """Of the printed percentages; None where they reach 100."""
    fewest: int
    most: int
    """People; below zero, more have answered than there are: it was a question of several choices."""


def unsaid(percentages: Sequence[Claim], n: int) -> Unsaid:
    """What is left of n people by percentages that are possible at n."""
    counts = [claim.counts_for(n) for claim in percentages]
    places = max(claim.places for claim in percentages)
    rest = 100 * 10**places - sum(claim.digits * 10 ** (places - claim.places) for claim in percentages)
    return Unsaid(
        rest=Claim(rest, places, times=100, low=0, high=1) if rest > 0 else None,
        fewest=n - sum(count[-1] for count in counts),
        most=n - sum(count[0] for count in counts),
    )
