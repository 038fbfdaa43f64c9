"""Readings and doubts: what a typed date comes to, or what must be asked about it first."""

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


@dataclass(frozen=True)
class When:
    """A local day and its hours. ``end_day`` only where it ends on another day; the folds choose the first (0) or
    second (1) passing of an hour that the autumn night repeats."""

    day: date
    start: time | None = None
    end: time | None = None
    end_day: date | None = None
    fold: int = 0
    end_fold: int = 0


class Doubt(Refused):
    """Said, not guessed: what is doubtful, and the readings that may have been meant, for buttons.

    ``before`` and ``after`` keep the rest of the line where the date stood in one.
    """

    before = after = ""

    def __init__(self, key: str, choices: Iterable[When] = (), **values: Any) -> None:
        super().__init__(key, **values)
        self.choices = list(choices)


@dataclass(frozen=True)
class Reader:
    """Who reads and when: what a date without a year, and a doubt's words, depend on."""

    now: datetime
    zone: ZoneInfo
    language: str

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def doubt(self, key: str, choices: Iterable[When] = (), **values: Any) -> Doubt:
        return Doubt(key, choices, example=example_text(self.now, self.zone, self.language), **values)

    def is_past(self, when: When) -> bool:
        """An hour that has begun is past; today without an hour is not."""
        if when.start is None or abs(when.day - self.today) > DAY:
            return when.day < self.today
        return max(to_utc(when.day, when.start, self.zone).moments) <= self.now

    def offers(self, when: When, days: Iterable[date]) -> list[When]:
        """The same hours on these days, without repeats and without what cannot be kept."""
        near = (day for day in dict.fromkeys(days) if self.today <= day <= self.today + FARTHEST)
        moved = (to_midnight(replace(when, day=day)) for day in near)
        return [other for other in moved if not self.is_past(other) and self._is_ordered(other)]

    def _is_ordered(self, when: When) -> bool:
        if when.start is None or when.end is None:
            return True
        first = to_utc(when.day, when.start, self.zone).moments[0]
        return first < to_utc(when.end_day or when.day, when.end, self.zone).moments[-1]


def to_midnight(when: When) -> When:
    """An end at 0:00 is the coming midnight."""
    ends_at_midnight = when.end == time(0) != when.start and when.end_day is None
    return replace(when, end_day=when.day + DAY) if ends_at_midnight else when


def hours(start: Clock, end: Clock | None) -> tuple[time, time | None]:
    """Times that exist, in any order: on the autumn night 3.45 may come before 3.15. Raises Doubt."""
    return _time(start), _time((0, 0) if end == (24, 0) else end) if end else None


def ordered_hours(start: Clock, end: Clock | None) -> tuple[time, time | None]:
    """Hours of some day yet unknown; an end at midnight is the end of the day. Raises Doubt."""
    first, last = hours(start, end)
    if last is not None and (last == first or time(0) < last < first):
        raise Doubt("date-end-first", start=first, end=last)
    return first, last


def _time(clock: Clock) -> time:
    try:
        return time(*clock)
    except ValueError:
        raise Doubt("date-no-such-time", hour=clock[0], minute=clock[1]) from None
