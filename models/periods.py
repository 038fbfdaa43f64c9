"""Years and quarters, and all time: what results are put together over; a digest is of a month or of a quarter."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from models.errors import NotFound
from models.months import Month

YEARS = range(2000, 2200)
"""Of which anything can be asked."""


@dataclass(frozen=True, order=True)
class Period:
    """A year ("2027"), one of its quarters ("2027-q1"), or all time ("all")."""

    year: int | None = None
    quarter: int | None = None

    @classmethod
    def quarter_of(cls, moment: datetime, zone: ZoneInfo) -> "Period":
        month = Month.of(moment, zone)
        return cls(month.year, (month.month + 2) // 3)

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Reads what `str` has written; anything else is nobody's."""
        if text == "all":
            return cls()
        year, _, quarter = text.partition("-")
        if not re.fullmatch(r"[0-9]{4}", year) or int(year) not in YEARS:
            raise NotFound
        if quarter not in ("", "q1", "q2", "q3", "q4") or text.endswith("-"):
            raise NotFound
        return cls(int(year), int(quarter[1:]) if quarter else None)

    def __str__(self) -> str:
        if self.year is None:
            return "all"
        return f"{self.year}-q{self.quarter}" if self.quarter else str(self.year)

    @property
    def months(self) -> tuple[Month, Month] | None:
        """Its first month and its last; None of all time."""
        if self.year is None:
            return None
        first = Month(self.year, 3 * self.quarter - 2 if self.quarter else 1)
        return first, first.shifted(2 if self.quarter else 11)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Its first moment and the first after it; None of all time."""
        if self.months is None:
            return None
        first, last = self.months
        return first.span(zone)[0], last.span(zone)[1]

    @property
    def last(self) -> Month:
        """Its last month; all time has none."""
        assert self.months is not None
        return self.months[1]

    def shifted(self, by: int) -> "Period":
        """The period of the same length, so many of its lengths later."""
        assert self.year is not None
        if self.quarter is None:
            return Period(self.year + by)
        index = 4 * self.year + self.quarter - 1 + by
        return Period(index // 4, index % 4 + 1)

    @property
    def before(self) -> "Period | None":
        """The period of the same length before it."""
        return None if self.year is None else self.shifted(-1)

    @property
    def year_before(self) -> "Period":
        """The same period of the year before."""
        return self.shifted(-1 if self.quarter is None else -4)

    def holding(self, moment: datetime, zone: ZoneInfo) -> "Period":
        """The period of the same length in which a moment is."""
        quarter = Period.quarter_of(moment, zone)
        return quarter if self.quarter else Period(quarter.year)


Span = Month | Period
"""What figures are counted over; never all time."""


def parse(text: str) -> Span:
    """Reads a month, a quarter or a year as `str` has written it; anything else is nobody's."""
    if text == "all":
        raise NotFound
    found = Month.parse(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else Period.parse(text)
    if found.year not in YEARS:
        raise NotFound
    return found
