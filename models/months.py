"""Calendar months in the organisation's time zone."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from models.errors import NotFound


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in the organisation's zone, written "2027-04"."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Reads what ``str`` writes. Raises NotFound for anything else."""
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
            raise NotFound
        return cls(int(text[:4]), int(text[5:]))

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    def shifted(self, months: int) -> "Month":
        """So many months later; earlier if negative."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def last(self) -> "Month":
        """Itself: the last month, as of a longer `Period`."""
        return self

    @property
    def year_before(self) -> "Month":
        """The same month of the year before."""
        return self.shifted(-12)

    def holding(self, moment: datetime, zone: ZoneInfo) -> "Month":
        """The month that contains a moment."""
        return Month.of(moment, zone)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment of the month and of the next."""
        after = self.shifted(1)
        return datetime(self.year, self.month, 1, tzinfo=zone), datetime(after.year, after.month, 1, tzinfo=zone)
