"""Which figures are possible: whatever is printed as a mean or a percentage is one of these, or it is not printed.

A false figure is a fault of the program: making one raises ValueError.
"""

from dataclasses import dataclass
from fractions import Fraction


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
