"""A day with its time, as a whole text or somewhere in a line. Parsed, not checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.dates.clock_grammar import ParsedTime, match_time
from handlers.dates.day_grammar import ParsedDay, match_day

_DASH = re.compile(r"\s*[-–—]\s*")
_BETWEEN = re.compile(r"\s*,?\s+|\s*,\s*|T(?=\d)|(?<=\.)")
# Not inside a word, a number, an address or a span: "7.-8.4." are two days, and reading one of them would be wrong.
_START = re.compile(r"(?<![\w/@#.\-–—+])(?<!\d:)(?=\w)")
_DAYS = re.compile(r"(?<![\w.])\d{1,2}\.(?:\d{1,2}\.)?(?:\d{4})?\s*[-–—]\s*\d{1,2}\.\s?\d{1,2}\.")
_STOP = re.compile(r"\s*(?:$|[,;)\n])")


@dataclass(frozen=True)
class ParsedDate:
    day: ParsedDay
    time: ParsedTime | None
    start: int
    stop: int
    until: "ParsedDate | None" = None  # the end, if it has a day of its own


def whole(text: str, language: str) -> ParsedDate | None:
    """The reading that covers all of the text."""
    complete = (parsed for parsed in _at(text, 0, language, lone=True) if parsed.stop == len(text))
    return next(complete, None)


def inside(line: str, language: str) -> ParsedDate | None:
    """The clearest reading in the line; the first of several that are equally clear."""
    readings = [parsed for start in _START.finditer(line) for parsed in _at(line, start.start(), language, lone=False)]
    return max((parsed for parsed in readings if _is_meant(parsed)), key=_clarity, default=None)


def several_days(text: str) -> bool:
    return bool(_DAYS.search(text))


def _is_meant(parsed: ParsedDate) -> bool:
    """A weekday alone counts if it is written out or has a time: "la" and "sun" are also words."""
    day = parsed.day
    if not day.is_weekday_only or day.which:
        return True
    return not day.is_ambiguous and (day.is_written_out or parsed.time is not None)


def _clarity(parsed: ParsedDate) -> tuple[bool, bool, bool]:
    return parsed.time is not None, not parsed.day.is_weekday_only, parsed.day.is_clear


def _at(text: str, start: int, language: str, *, lone: bool) -> Iterator[ParsedDate]:
    """The readings that begin at this position. ``lone``: a number alone is an hour whatever follows it."""
    day = match_day(text, start, language)
    if day:
        yield from _spans(text, _with_time(text, start, day, lone=lone), language, lone=lone)
        if not day.is_weekday_only and day.weekday is None and not day.is_clear:
            yield from _time_first(text, start, language)
        return
    yield from _time_first(text, start, language)


def _with_time(text: str, start: int, day: ParsedDay, *, lone: bool) -> ParsedDate:
    gap = _BETWEEN.match(text, day.stop)
    time = match_time(text, gap.end()) if gap else None
    if time and (time.explicit or lone or _STOP.match(text, time.stop)):
        return ParsedDate(day, time, start, time.stop)
    return ParsedDate(day, None, start, day.stop)


def _spans(text: str, parsed: ParsedDate, language: str, *, lone: bool) -> Iterator[ParsedDate]:
    """First the span to an hour of another day, as the bot prints it, then the reading without its end."""
    dash = _DASH.match(text, parsed.stop)
    day = match_day(text, dash.end(), language) if dash and parsed.time and not parsed.time.end else None
    if dash and day and not day.is_weekday_only:
        until = _with_time(text, dash.end(), day, lone=lone)
        if until.time and not until.time.end:
            yield ParsedDate(parsed.day, parsed.time, parsed.start, until.stop, until)
    yield parsed


def _time_first(text: str, start: int, language: str) -> Iterator[ParsedDate]:
    """ "klo 9-12 ke 7.4.", "at 2 pm tomorrow": only if the time cannot be a count."""
    time = match_time(text, start)
    gap = _BETWEEN.match(text, time.stop) if time and time.explicit else None
    day = match_day(text, gap.end(), language) if gap else None
    if day:
        yield ParsedDate(day, time, start, day.stop)
