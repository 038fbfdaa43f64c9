"""Parses and prints dates. A typed date becomes a ``When``, or raises ``Doubt`` or another Refused.

Words of all languages are understood. The reader's language decides between the meanings of an ambiguous word.
"""

import re
import unicodedata
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from handlers.dates import grammar
from handlers.dates.clock_grammar import match_time
from handlers.dates.doubts import Doubt, Reader, When, ordered_hours
from handlers.dates.printing import (
    day_text,
    example_text,
    hours_text,
    moment_text,
    month_title,
    months_title,
    span_text,
    time_text,
    weekday_short,
)
from handlers.dates.resolving import check, resolve
from handlers.texts import texts
from models.calendar import DAY, to_utc

__all__ = [
    "Doubt",
    "When",
    "at_hours",
    "choice_text",
    "day_text",
    "example_text",
    "find_when",
    "hours_text",
    "moment_text",
    "month_title",
    "months_title",
    "read_day",
    "read_time",
    "read_when",
    "span_text",
    "time_text",
    "weekday_short",
    "when_text",
    "when_to_utc",
]

_SEPARATORS = " \t\n,;"
_SPACES = re.compile(r"\s+")


def read_when(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> When:
    """Parses a text that is nothing but a date: the day, and the hours if they were typed. Raises Doubt."""
    reader = Reader(now, zone, language)
    typed = _clean(text).strip(_SEPARATORS)
    parsed = grammar.whole(typed, language) or grammar.whole(typed.rstrip(".!?"), language)
    if parsed is None:
        raise _not_a_date(typed, reader)
    return resolve(parsed, reader)


def find_when(line: str, *, now: datetime, zone: ZoneInfo, language: str) -> tuple[str, When, str]:
    """The text before the date in a line, the date, and the text after it. Raises Doubt."""
    reader = Reader(now, zone, language)
    line = _clean(line)
    if (parsed := grammar.inside(line, language)) is None:
        raise _not_a_date(line, reader)
    before, after = line[: parsed.start].strip(_SEPARATORS), line[parsed.stop :].strip(_SEPARATORS)
    try:
        return before, resolve(parsed, reader), after
    except Doubt as doubt:
        doubt.before, doubt.after = before, after
        raise


def read_day(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> date:
    """The day of `read_when`. Raises Doubt."""
    return read_when(text, now=now, zone=zone, language=language).day


def read_time(text: str) -> tuple[time, time | None]:
    """The start and, if typed, the end; an end at 0:00 is the midnight after the start. Raises Doubt."""
    typed = _clean(text).strip(_SEPARATORS + ".!")
    parsed = match_time(typed, 0)
    if parsed is None or parsed.stop != len(typed):
        raise Doubt("date-time-not-found")
    return ordered_hours(parsed.start, parsed.end)


def at_hours(day: date, start: time, end: time | None = None, *, now: datetime, zone: ZoneInfo, language: str) -> When:
    """A chosen day with chosen hours, checked as if they were typed together. Raises Doubt."""
    return check(When(day, start, end), Reader(now, zone, language))


def when_to_utc(when: When, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """Start and end in UTC. Raises Doubt if there is no hour yet."""
    if when.start is None:
        raise Doubt("date-no-time")
    starts = to_utc(when.day, when.start, zone).moments
    if when.end is None:
        return starts[min(when.fold, len(starts) - 1)], None
    ends = to_utc(when.end_day or when.day, when.end, zone).moments
    return starts[min(when.fold, len(starts) - 1)], ends[min(when.end_fold, len(ends) - 1)]


def when_text(when: When, zone: ZoneInfo, language: str) -> str:
    """``day_text`` without hours, ``moment_text`` without an end, else ``span_text``."""
    if when.start is None:
        return day_text(when.day, language)
    start, end = when_to_utc(when, zone)
    return span_text(start, end, zone, language) if end else moment_text(start, zone, language)


def choice_text(when: When, zone: ZoneInfo, language: str) -> str:
    """The label of a doubt's choice: for an hour that comes twice it says which one is meant."""
    ends = ((when.day, when.start, when.fold), (when.end_day or when.day, when.end, when.end_fold))
    folds = [fold for day, at, fold in ends if at is not None and to_utc(day, at, zone).doubled]
    keys = ["date-second-passing" if fold else "date-first-passing" for fold in dict.fromkeys(folds)]
    passing = "–".join(str(texts(language)(key)) for key in keys)
    return when_text(when, zone, language) + (f" ({passing})" if passing else "")


def _clean(text: str) -> str:
    """The text with composed letters, since some keyboards send ä as two characters, and with single spaces.

    A run of spaces becomes one space, or one line break if it contains one: the grammar's patterns would try a long run
    in many ways.
    """
    return _SPACES.sub(lambda run: "\n" if "\n" in run[0] else " ", unicodedata.normalize("NFC", text))


def _not_a_date(text: str, reader: Reader) -> Doubt:
    if grammar.several_days(text):
        return reader.doubt("date-several-days")
    parsed = match_time(text, 0)
    if parsed is None or parsed.stop != len(text) or not parsed.explicit:
        return reader.doubt("date-not-found")
    start, end = ordered_hours(parsed.start, parsed.end)
    days = (reader.today, reader.today + DAY)
    return reader.doubt("date-only-time", reader.offers(replace(When(reader.today), start=start, end=end), days))
