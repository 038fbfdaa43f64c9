"""Days as people type them, in any of the three languages: what is said, before anything is checked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from handlers.dates.words import (
    AHEAD_WORDS,
    LONG_WEEKDAYS,
    MONTH_WORDS,
    MONTHS_BEFORE_DAY,
    WEEKDAY_WORDS,
    word_key,
)
from handlers.locale_table import LOCALE_TABLE

Which = Literal["", "next", "next week"]


@dataclass(frozen=True)
class DaySaid:
    """One of: a date (perhaps without a year), days ahead of today, or a weekday alone; a date may name its weekday."""

    stop: int
    day: int = 0
    month: int = 0
    year: int | None = None
    ahead: int | None = None
    weekday: int | None = None
    which: Which = ""
    weak: bool = False  # the weekday's word means something else in this language
    long: bool = False  # the weekday is written out
    clear: bool = True  # "7.4" alone might be a section or a version

    @property
    def bare(self) -> bool:
        return not self.month and self.ahead is None


def _any(words: Iterable[str], *, then: str = r"(?!\w)") -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first) + f"){then}"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_LEAD = _compiled(
    r"(?:(?:den|the|på|nu på|this|tänä|tulevana|kommande|coming)\s+){1,2}"
    # Before another weekday, "on" is no Wednesday in any language.
    rf"|on\s+(?={_any(set(WEEKDAY_WORDS) - {'on'})})"
)
_WHICH = _compiled(
    r"(?:(?P<week>ensi viikon|ensi viikolla|nästa veckas?|next week(?:'s|’s)?)|(?P<next>ensi|nästa|next))"
    r"\s+(?:(?:på|on)\s+)?"
)
_AFTER_WHICH = _compiled(r"\s+(?:ensi viikolla|nästa vecka|(?:of\s+)?next week)(?!\w)")
_WEEKDAY = _compiled(rf"(?P<word>{_any(WEEKDAY_WORDS)})\.?|(?P<glued>{_any(WEEKDAY_WORDS, then='(?=[0-9])')})")
_AFTER_WEEKDAY = _compiled(rf",?\s+(?P<word>{_any(LONG_WEEKDAYS)})|\s*\((?P<inner>{_any(WEEKDAY_WORDS)})\.?\)")
_GAP = _compiled(r"\s*,?\s+(?:(?:den|the|on)\s+)?|\s*,\s*|(?=[0-9])|$")
_AHEAD = _compiled(_any(AHEAD_WORDS))

_END = r"(?![\w/])(?![.:-]\d)"
_YEAR = r"(?:,?\s*(?P<year>\d{4})(?![\w:/])(?!\.\d))?"
_MONTH = rf"(?P<name>{_any(MONTH_WORDS)})"
_DATES = [
    _compiled(rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?=T\d|{_END})"),
    _compiled(rf"(?P<day>\d{{1,2}})\s?\.\s?(?P<month>\d{{1,2}})\s?\.\s?(?P<year>\d{{4}}){_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d\d)(?![\w/–]){_END}"),
    # After the dot a time may follow at once: "7.4.9-12".
    _compiled(r"(?P<day>\d{1,2})\s?\.\s?(?P<month>\d{1,2})\.(?![^\W\d_])"),
    _compiled(rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})(?:/(?P<year>\d{{4}}|\d\d))?{_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})-(?P<month>\d{{1,2}})-(?P<year>\d{{4}}){_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|:[ea])?\s*(?:of\s+)?{_MONTH}\.?{_YEAR}"),
    _compiled(rf"(?P<name>{_any(MONTHS_BEFORE_DAY)})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w.:/–-]){_YEAR}"),
]
_UNCLEAR = _compiled(
    rf"(?P<day>0?[1-9]|[12]\d|3[01])\.(?P<month>0?[1-9]|1[0-2])(?:\s+(?P<year>20\d\d)(?![\w.:/–-]))?"
    rf"{_END}(?!\s?[-–—]\s?\d)"
)


def match_day(text: str, position: int, language: str) -> DaySaid | None:
    """The day said from here on, as long as it reaches."""
    lead = _LEAD.match(text, position)
    start = lead.end() if lead else position
    which = _WHICH.match(text, start)
    if which:
        said = _bare_weekday(text, which.end(), language)
        return replace(said, which="next week" if which["week"] else "next") if said else None
    return _with_weekday(text, start, language) or _with_weekday_after(text, start)


def _bare_weekday(text: str, position: int, language: str) -> DaySaid | None:
    match = _WEEKDAY.match(text, position)
    if match is None:
        return None
    word = word_key(match["word"] or match["glued"])
    weak, long = word in LOCALE_TABLE[language].ambiguous_weekdays, word in LONG_WEEKDAYS
    return DaySaid(match.end(), weekday=WEEKDAY_WORDS[word], weak=weak, long=long)


def _with_weekday(text: str, position: int, language: str) -> DaySaid | None:
    """A weekday, with its date after it or alone."""
    weekday = _bare_weekday(text, position, language)
    if weekday is None:
        return None
    gap = _GAP.match(text, weekday.stop)
    said = _date(text, gap.end()) if gap else None
    if said:
        return replace(said, weekday=weekday.weekday, weak=weekday.weak, clear=True)
    after = _AFTER_WHICH.match(text, weekday.stop)
    return replace(weekday, which="next week", stop=after.end()) if after else weekday


def _with_weekday_after(text: str, position: int) -> DaySaid | None:
    """A date, perhaps with its weekday behind: "7.4. (ke)", "huomenna keskiviikkona"."""
    said = _date(text, position)
    if said and (after := _AFTER_WEEKDAY.match(text, said.stop)):
        word = word_key(after["word"] or after["inner"])
        return replace(said, stop=after.end(), weekday=WEEKDAY_WORDS[word], clear=True)
    return said


def _date(text: str, position: int) -> DaySaid | None:
    if ahead := _AHEAD.match(text, position):
        return DaySaid(ahead.end(), ahead=AHEAD_WORDS[word_key(ahead[0])])
    for pattern in _DATES:
        if match := pattern.match(text, position):
            return _numbers(match)
    unclear = _UNCLEAR.match(text, position)
    return replace(_numbers(unclear), clear=unclear["year"] is not None) if unclear else None


def _numbers(match: re.Match[str]) -> DaySaid:
    named = match.groupdict()
    month = MONTH_WORDS[word_key(named["name"])] if named.get("name") else int(named["month"])
    year = int(named["year"]) if named.get("year") else None
    if year is not None and len(named["year"]) == 2:
        year += 2000
    # Month 0 would read as "no month"; 13 is refused just as well.
    return DaySaid(match.end(), day=int(named["day"]), month=month or 13, year=year)
