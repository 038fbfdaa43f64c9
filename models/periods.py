"""Years, quarters and all time, over which results are put together; months and quarters, which digests report.

`Scope` is such a period with the groups whose figures are wanted.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select

from models.errors import NotFound
from models.months import Month

Columns = TypeVarTuple("Columns")

YEARS = range(2000, 2200)
"""The years that may be asked about."""


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
        """Reads what ``str`` writes. Raises NotFound for anything else."""
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
        """Its first and last month; None for all time."""
        if self.year is None:
            return None
        first = Month(self.year, 3 * self.quarter - 2 if self.quarter else 1)
        return first, first.shifted(2 if self.quarter else 11)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Its first moment and the first after it; None for all time."""
        if self.months is None:
            return None
        first, last = self.months
        return first.span(zone)[0], last.span(zone)[1]

    @property
    def last(self) -> Month:
        """Its last month. Not for all time."""
        assert self.months is not None
        return self.months[1]

    def shifted(self, periods: int) -> "Period":
        """So many years (of a year) or quarters (of a quarter) later. Not for all time."""
        assert self.year is not None
        if self.quarter is None:
            return Period(self.year + periods)
        index = 4 * self.year + self.quarter - 1 + periods
        return Period(index // 4, index % 4 + 1)

    @property
    def before(self) -> "Period | None":
        """The year or quarter before; None for all time."""
        return None if self.year is None else self.shifted(-1)

    @property
    def year_before(self) -> "Period":
        """The same period of the year before."""
        return self.shifted(-1 if self.quarter is None else -4)

    def holding(self, moment: datetime, zone: ZoneInfo) -> "Period":
        """The year or quarter (of the same length as this) that contains a moment."""
        quarter = Period.quarter_of(moment, zone)
        return quarter if self.quarter else Period(quarter.year)


Span = Month | Period
"""What figures are counted over. Never all time."""


@dataclass(frozen=True)
class Scope:
    """Which period, in which zone, of which groups (None: the organisation's)."""

    period: Span
    zone: ZoneInfo
    group_ids: list[int] | None

    @property
    def first(self) -> datetime:
        return self._span[0]

    @property
    def after(self) -> datetime:
        return self._span[1]

    @property
    def _span(self) -> tuple[datetime, datetime]:
        span = self.period.span(self.zone)
        assert span is not None, "all time is nobody's scope"
        return span

    def of(self, period: Span) -> "Scope":
        """The same groups in another period."""
        return Scope(period, self.zone, self.group_ids)

    def shifted(self, by: int) -> "Scope":
        """So many lengths of its period later."""
        return self.of(self.period.shifted(by))

    def of_groups(self, wanted: "Select[*Columns]", column: "ColumnElement[int]") -> "Select[*Columns]":
        """Narrows a query to the scope's groups."""
        return wanted if self.group_ids is None else wanted.where(column.in_(self.group_ids))


def parse(text: str) -> Span:
    """Reads a month, a quarter or a year that ``str`` wrote. Raises NotFound for anything else, and for all time."""
    if text == "all":
        raise NotFound
    span = Month.parse(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else Period.parse(text)
    if span.year not in YEARS:
        raise NotFound
    return span
