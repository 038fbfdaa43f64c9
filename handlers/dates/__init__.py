"""Reading and writing dates as people here do. Everything typed comes to a ``When``, a ``Doubt`` or another Refused.

All three languages are understood whatever the reader's own; the reader's language settles what is ambiguous.
"""

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
from handlers.dates.settling import keep, settle
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

_ASIDE = " \t\n,;"


def read_when(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> When:
    """The day, and the hours if they were typed, of an answer that is nothing but a date. Raises Doubt."""
    reader = Reader(now, zone, language)
    typed = _clean(text).strip(_ASIDE)
    said = grammar.whole(typed, language) or grammar.whole(typed.rstrip(".!?"), language)
    if said is None:
        raise _not_a_date(typed, reader)
    return settle(said, reader)


def find_when(line: str, *, now: datetime, zone: ZoneInfo, language: str) -> tuple[str, When, str]:
    """What stands before the date in a line, the date, and what stands after it. Raises Doubt."""
    reader = Reader(now, zone, language)
    line = _clean(line)
    if (said := grammar.inside(line, language)) is None:
        raise _not_a_date(line, reader)
    before, after = line[: said.start].strip(_ASIDE), line[said.stop :].strip(_ASIDE)
    try:
        return before, settle(said, reader), after
    except Doubt as doubt:
        doubt.before, doubt.after = before, after
        raise


def read_day(text: str, *, now: datetime, zone: ZoneInfo, language: str) -> date:
    return read_when(text, now=now, zone=zone, language=language).day


def read_time(text: str) -> tuple[time, time | None]:
    """The start and, if typed, the end; an end of 0:00 is the coming midnight. Raises Doubt."""
    typed = _clean(text).strip(_ASIDE + ".!")
    said = match_time(typed, 0)
    if said is None or said.stop != len(typed):
        raise Doubt("date-time-not-found")
    return ordered_hours(said.start, said.end)


def at_hours(day: date, start: time, end: time | None = None, *, now: datetime, zone: ZoneInfo, language: str) -> When:
    """A day from the calendar and hours from elsewhere, under the same doubts as if typed together. Raises Doubt."""
    return keep(When(day, start, end), Reader(now, zone, language))


def when_to_utc(when: When, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """Start and end as UTC moments. Raises Doubt if the hour is still unknown."""
    if when.start is None:
        raise Doubt("date-no-time")
    starts = to_utc(when.day, when.start, zone).moments
    if when.end is None:
        return starts[min(when.fold, len(starts) - 1)], None
    ends = to_utc(when.end_day or when.day, when.end, zone).moments
    return starts[min(when.fold, len(starts) - 1)], ends[min(when.end_fold, len(ends) - 1)]


def when_text(when: When, zone: ZoneInfo, language: str) -> str:
    """As ``day_text``, ``moment_text`` or ``span_text``, whichever says all of it."""
    if when.start is None:
        return day_text(when.day, language)
    start, end = when_to_utc(when, zone)
    return span_text(start, end, zone, language) if end else moment_text(start, zone, language)


def choice_text(when: When, zone: ZoneInfo, language: str) -> str:
    """For the button of a doubt's choice: an hour that comes twice says which passing it is."""
    ends = ((when.day, when.start, when.fold), (when.end_day or when.day, when.end, when.end_fold))
    folds = [fold for day, at, fold in ends if at is not None and to_utc(day, at, zone).doubled]
    keys = ["date-second-passing" if fold else "date-first-passing" for fold in dict.fromkeys(folds)]
    passing = "–".join(str(texts(language)(key)) for key in keys)
    return when_text(when, zone, language) + (f" ({passing})" if passing else "")


def _clean(text: str) -> str:
    """One form for each letter: some keyboards send ä as a and two dots."""
    return unicodedata.normalize("NFC", text)


def _not_a_date(text: str, reader: Reader) -> Doubt:
    if grammar.several_days(text):
        return reader.doubt("date-several-days")
    said = match_time(text, 0)
    if said is None or said.stop != len(text) or not said.explicit:
        return reader.doubt("date-not-found")
    start, end = ordered_hours(said.start, said.end)
    days = (reader.today, reader.today + DAY)
    return reader.doubt("date-only-time", reader.offers(replace(When(reader.today), start=start, end=end), days))
