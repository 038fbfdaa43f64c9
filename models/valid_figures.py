"""Means, percentages and shares that cannot be impossible. Everything printed as one of them is made here.

An impossible figure is a bug of ours: its class raises ValueError. A `Claim` is a figure that somebody else printed,
rounded half up. The functions tell which counts, of how many people, can be behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

HUNDREDTHS = 2
"""The largest number of decimals of a claim; it bounds the search in `sizes_for`."""


@dataclass(frozen=True)
class Mean:
    """The exact mean ``total / n`` of n answers on a scale from ``low`` to ``high``."""

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
        """Its position on the scale, from 0 to 1."""
        return (self.value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Rate:
    """A ratio that may exceed 1: more people may attend than were invited."""

    part: int
    whole: int

    def __post_init__(self) -> None:
        if self.part < 0 or self.whole < 0:
            raise ValueError(f"no rate: {self}")

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded half up; None if the whole is 0."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True)
class Share(Rate):
    """A ratio of a part to its whole: at most 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.part > self.whole:
            raise ValueError(f"no share: {self}")


@dataclass(frozen=True)
class Parts:
    """How many chose each option of a question in which each of ``whole`` people could choose one."""

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
        """The share of people whom no part counts."""
        return Share(self.whole - sum(self.counts), self.whole)


@dataclass(frozen=True)
class Claim:
    """A printed figure: "12,5" has the ``digits`` 125 and 1 decimal (``places``).

    Its value is ``times * k / n`` for n people and an unknown k from ``low * n`` to ``high * n``: of a percentage k is
    a number of people, of a mean the sum of their answers.
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
    def full_digits(self) -> int:
        """The digits of the figure if k = n."""
        return self.times * int(10**self.places)

    @property
    def is_ever_possible(self) -> bool:
        return self.low * self.full_digits <= self.digits <= self.high * self.full_digits

    def counts_for(self, n: int) -> range:
        """The k that are printed like this claim at n people; empty if there is none."""
        first, after = (_ceiling(n * (2 * self.digits + half), 2 * self.full_digits) for half in (-1, 1))
        return range(max(first, self.low * n), min(after, self.high * n + 1))

    def count_at_half(self, n: int) -> int | None:
        """The k whose exact figure at n people is halfway above this claim, if rounding half to even gives this claim.

        Spreadsheets and statistics programs round so; this product rounds half up.
        """
        count, rest = divmod(n * (2 * self.digits + 1), 2 * self.full_digits)
        is_in_range = self.low * n <= count <= self.high * n
        return count if rest == 0 and self.digits % 2 == 0 and is_in_range else None

    @property
    def next_up(self) -> "Claim":
        """The next higher figure with as many decimals."""
        return replace(self, digits=self.digits + 1)

    def printed_for(self, n: int) -> range:
        """The k that are printed like this claim at n people, rounded half up or half to even."""
        half = self.count_at_half(n)
        return self.counts_for(n) or (range(half, half + 1) if half is not None else range(0))


def _ceiling(numerator: int, denominator: int) -> int:
    """The quotient, rounded up."""
    return -(-numerator // denominator)


def percentage(typed: str) -> Claim:
    """A claimed percentage, such as "69" or "12,5". Raises ValueError for more decimals than are allowed."""
    return Claim(*_digits(typed), times=100, low=0, high=1)


def mean(typed: str, low: int, high: int) -> Claim:
    """A claimed mean, such as "4,8". Raises ValueError for more decimals than are allowed."""
    return Claim(*_digits(typed), times=1, low=low, high=high)


def _digits(typed: str) -> tuple[int, int]:
    """The digits and the number of decimals."""
    whole, _, decimals = typed.replace(",", ".").partition(".")
    return int(whole + decimals), len(decimals)


def are_possible(claims: Sequence[Claim], n: int) -> bool:
    """Whether each claim, by itself, can be true of n people, rounded half up or half to even."""
    return all(claim.printed_for(n) for claim in claims)


@dataclass(frozen=True)
class Sizes:
    """Numbers of people at which claims are possible: the smallest, and the nearest below and above a claimed n."""

    smallest: int
    below: int | None = None
    above: int | None = None


def sizes_for(claims: Sequence[Claim], n: int | None = None) -> Sizes | None:
    """The numbers of people at which all claims are possible together; None if there is none.

    From n = ``claim.full_digits`` on, the figures of neighbouring counts differ by at most one digit in the last place,
    so that every figure in range is possible. This bounds the search.
    """
    if not all(claim.is_ever_possible for claim in claims):
        return None
    always_possible = max(claim.full_digits for claim in claims)

    def first(sizes: range) -> int | None:
        return next((size for size in sizes if all(claim.counts_for(size) for claim in claims)), None)

    smallest = first(range(1, always_possible + 1))
    assert smallest is not None
    if n is None:
        return Sizes(smallest)
    return Sizes(smallest, first(range(n - 1, 0, -1)), first(range(n + 1, max(n + 1, always_possible) + 1)))


@dataclass(frozen=True)
class Unsaid:
    """What the percentages of one single-choice question leave open."""

    rest: Claim | None
    """100 minus the printed percentages; None if they reach 100."""
    fewest: int
    most: int
    """The fewest and most people behind the rest. Negative: there are more answers than people, so that several options
    could be chosen."""


def unsaid(percentages: Sequence[Claim], n: int) -> Unsaid:
    """The rest of n people beside percentages that are possible at n."""
    counts = [claim.printed_for(n) for claim in percentages]
    places = max(claim.places for claim in percentages)
    rest = 100 * 10**places - sum(claim.digits * 10 ** (places - claim.places) for claim in percentages)
    return Unsaid(
        rest=Claim(rest, places, times=100, low=0, high=1) if rest > 0 else None,
        fewest=n - sum(count[-1] for count in counts),
        most=n - sum(count[0] for count in counts),
    )
