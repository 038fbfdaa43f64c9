"""A day and its time together, as a whole answer or somewhere in a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.dates.clock_grammar import TimeSaid, match_time
from handlers.dates.day_grammar import DaySaid, match_day

_DASH = re.compile(r"\s*[-–—]\s*")
_BETWEEN = re.compile(r"\s*,?\s+|\s*,\s*|T(?=\d)|(?<=\.)")
# Not inside a word, a number, an address, a span: "7.-8.4." names two days, and half of it would be a misreading.
_START = re.compile(r"(?<![\w/@#.\-–—+])(?<!\d:)(?=\w)")
_DAYS = re.compile(r"(?<![\w.])\d{1,2}\.(?:\d{1,2}\.)?(?:\d{4})?\s*[-–—]\s*\d{1,2}\.\s?\d{1,2}\.")
_STOP = re.compile(r"\s*(?:$|[,;)\n])")


@dataclass(frozen=True)
class Said:
    day: DaySaid
    time: TimeSaid | None
    start: int
    stop: int
    until: "Said | None" = None  # the end, where it names its own day


def whole(text: str, language: str) -> Said | None:
    """The reading that takes all of the text."""
    found = (said for said in _at(text, 0, language, lone=True) if said.stop == len(text))
    return next(found, None)


def inside(line: str, language: str) -> Said | None:
    """The clearest reading in the line, the first of equals."""
    found = [said for start in _START.finditer(line) for said in _at(line, start.start(), language, lone=False)]
    return max((said for said in found if _is_meant(said)), key=_clarity, default=None)


def several_days(text: str) -> bool:
    return bool(_DAYS.search(text))


def _is_meant(said: Said) -> bool:
    """A weekday alone is a day when it is written out or has a time: "la" and "sun" are words, too."""
    day = said.day
    return not day.bare or bool(day.which) or (not day.weak and (day.long or said.time is not None))


def _clarity(said: Said) -> tuple[bool, bool, bool]:
    return said.time is not None, not said.day.bare, said.day.clear


def _at(text: str, start: int, language: str, *, lone: bool) -> Iterator[Said]:
    """The readings that begin here; ``lone``: a number may be the hour whatever follows."""
    day = match_day(text, start, language)
    if day:
        yield from _spans(text, _with_time(text, start, day, lone=lone), language, lone=lone)
        if not day.bare and day.weekday is None and not day.clear:
            yield from _time_first(text, start, language)
        return
    yield from _time_first(text, start, language)


def _with_time(text: str, start: int, day: DaySaid, *, lone: bool) -> Said:
    gap = _BETWEEN.match(text, day.stop)
    time = match_time(text, gap.end()) if gap else None
    if time and (time.explicit or lone or _STOP.match(text, time.stop)):
        return Said(day, time, start, time.stop)
    return Said(day, None, start, day.stop)


def _spans(text: str, said: Said, language: str, *, lone: bool) -> Iterator[Said]:
    """First the span to another day's hour, as the bot prints it, then the reading without."""
    dash = _DASH.match(text, said.stop)
    day = match_day(text, dash.end(), language) if dash and said.time and not said.time.end else None
    if dash and day and not day.bare:
        until = _with_time(text, dash.end(), day, lone=lone)
        if until.time and not until.time.end:
            yield Said(said.day, said.time, said.start, until.stop, until)
    yield said


def _time_first(text: str, start: int, language: str) -> Iterator[Said]:
    """ "klo 9-12 ke 7.4.", "at 2 pm tomorrow": only where the time cannot be a count."""
    time = match_time(text, start)
    gap = _BETWEEN.match(text, time.stop) if time and time.explicit else None
    day = match_day(text, gap.end(), language) if gap else None
    if day:
        yield Said(day, time, start, day.stop)
