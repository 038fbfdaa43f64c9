"""The result of parsing a date (``When``), or the question to ask about it first (``Doubt``)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.dates.clock_grammar import Clock
from handlers.dates.printing import example_text
from models.calendar import DAY, to_utc
from models.errors import Refused

FARTHEST = timedelta(days=732)
"""How far ahead a date may be: two years, one of them a leap year, and a day."""


@dataclass(frozen=True)
class When:
    """A local day and its hours. ``end_day`` is set only if it ends on another day.

    The folds choose the first (0) or the second (1) occurrence of an hour that the end of summer time repeats.
    """

    day: date
    start: time | None = None
    end: time | None = None
    end_day: date | None = None
    fold: int = 0
    end_fold: int = 0


class Doubt(Refused):
    """A date that is not clear or not possible, with the readings (``choices``) that may have been meant, for buttons.

    ``before`` and ``after`` are the rest of the line, if the date was in a line.
    """

    before = after = ""

    def __init__(self, key: str, choices: Iterable[When] = (), **values: Any) -> None:
        super().__init__(key, **values)
        self.choices = list(choices)


@dataclass(frozen=True)
class Reader:
    """The reader's time, time zone and language, on which a date without a year and a doubt's text depend."""

    now: datetime
    zone: ZoneInfo
    language: str

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def doubt(self, key: str, choices: Iterable[When] = (), **values: Any) -> Doubt:
        return Doubt(key, choices, example=example_text(self.now, self.zone, self.language), **values)

    def is_past(self, when: When) -> bool:
        """Whether its start is past; today without an hour is not."""
        if when.start is None or abs(when.day - self.today) > DAY:
            return when.day < self.today
        return max(to_utc(when.day, when.start, self.zone).moments) <= self.now

    def offers(self, when: When, days: Iterable[date]) -> list[When]:
        """The same hours on these days, without repeated days and impossible ones."""
        in_range = (day for day in dict.fromkeys(days) if self.today <= day <= self.today + FARTHEST)
        moved = (to_midnight(replace(when, day=day)) for day in in_range)
        return [other for other in moved if not self.is_past(other) and self._is_ordered(other)]

    def _is_ordered(self, when: When) -> bool:
        if when.start is None or when.end is None:
            return True
        first = to_utc(when.day, when.start, self.zone).moments[0]
        return first < to_utc(when.end_day or when.day, when.end, self.zone).moments[-1]


def to_midnight(when: When) -> When:
    """Moves an end at 0:00 to the midnight after the start."""
    ends_at_midnight = when.end == time(0) != when.start and when.end_day is None
    return replace(when, end_day=when.day + DAY) if ends_at_midnight else when


def hours(start: Clock, end: Clock | None) -> tuple[time, time | None]:
    """The times, in any order: when the clock is set back, 3.45 may be before 3.15. Raises Doubt for 25.00 or 9.61."""
    return _time(start), _time((0, 0) if end == (24, 0) else end) if end else None


def ordered_hours(start: Clock, end: Clock | None) -> tuple[time, time | None]:
    """The times, of a day yet unknown. Raises Doubt if the end is not after the start, except at midnight."""
    first, last = hours(start, end)
    if last is not None and (last == first or time(0) < last < first):
        raise Doubt("date-end-first", start=first, end=last)
    return first, last


def _time(clock: Clock) -> time:
    try:
        return time(*clock)
    except ValueError:
        raise Doubt("date-no-such-time", hour=clock[0], minute=clock[1]) from None
