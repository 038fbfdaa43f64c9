"""Days as people type them, in any language. Parsed, not checked."""

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
class ParsedDay:
    """A date (perhaps without a year, perhaps with its weekday), a number of days from today, or only a weekday.

    ``stop`` is the position after it in the text.
    """

    stop: int
    day: int = 0
    month: int = 0
    year: int | None = None
    days_ahead: int | None = None
    weekday: int | None = None
    which: Which = ""
    is_ambiguous: bool = False  # the weekday is also a common word of the reader's language
    is_written_out: bool = False  # the weekday is a long form
    is_clear: bool = True  # "7.4" alone may be a section or a version

    @property
    def is_weekday_only(self) -> bool:
        return not self.month and self.days_ahead is None


def _alternatives(words: Iterable[str], *, then: str = r"(?!\w)") -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first) + f"){then}"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_LEAD = _compiled(
    r"(?:(?:den|the|på|nu på|this|tänä|tulevana|kommande|coming)\s+){1,2}"
    # "On" before a weekday is the English preposition, not the Swedish Wednesday.
    rf"|on\s+(?={_alternatives(set(WEEKDAY_WORDS) - {'on'})})"
)
_WHICH = _compiled(
    r"(?:(?P<week>ensi viikon|ensi viikolla|nästa veckas?|next week(?:'s|’s)?)|(?P<next>ensi|nästa|next))"
    r"\s+(?:(?:på|on)\s+)?"
)
_AFTER_WHICH = _compiled(r"\s+(?:ensi viikolla|nästa vecka|(?:of\s+)?next week)(?!\w)")
_WEEKDAY = _compiled(
    rf"(?P<word>{_alternatives(WEEKDAY_WORDS)})\.?|(?P<glued>{_alternatives(WEEKDAY_WORDS, then='(?=[0-9])')})"
)
_AFTER_WEEKDAY = _compiled(
    rf",?\s+(?P<word>{_alternatives(LONG_WEEKDAYS)})|\s*\((?P<inner>{_alternatives(WEEKDAY_WORDS)})\.?\)"
)
_GAP = _compiled(r"\s*,?\s+(?:(?:den|the|on)\s+)?|\s*,\s*|(?=[0-9])|$")
_AHEAD = _compiled(_alternatives(AHEAD_WORDS))

_END = r"(?![\w/])(?![.:-]\d)"
_YEAR = r"(?:,?\s*(?P<year>\d{4})(?![\w:/])(?!\.\d))?"
_MONTH = rf"(?P<name>{_alternatives(MONTH_WORDS)})"
_DATES = [
    _compiled(rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?=T\d|{_END})"),
    _compiled(rf"(?P<day>\d{{1,2}})\s?\.\s?(?P<month>\d{{1,2}})\s?\.\s?(?P<year>\d{{4}}){_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d\d)(?![\w/–]){_END}"),
    # After the dot a time may follow at once: "7.4.9-12".
    _compiled(r"(?P<day>\d{1,2})\s?\.\s?(?P<month>\d{1,2})\.(?![^\W\d_])"),
    _compiled(rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})(?:/(?P<year>\d{{4}}|\d\d))?{_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})-(?P<month>\d{{1,2}})-(?P<year>\d{{4}}){_END}"),
    _compiled(rf"(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|:[ea])?\s*(?:of\s+)?{_MONTH}\.?{_YEAR}"),
    _compiled(
        rf"(?P<name>{_alternatives(MONTHS_BEFORE_DAY)})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w.:/–-]){_YEAR}"
    ),
]
_UNCLEAR = _compiled(
    rf"(?P<day>0?[1-9]|[12]\d|3[01])\.(?P<month>0?[1-9]|1[0-2])(?:\s+(?P<year>20\d\d)(?![\w.:/–-]))?"
    rf"{_END}(?!\s?[-–—]\s?\d)"
)


def match_day(text: str, position: int, language: str) -> ParsedDay | None:
    """The longest day that begins at this position."""
    lead = _LEAD.match(text, position)
    start = lead.end() if lead else position
    which = _WHICH.match(text, start)
    if which:
        parsed = _bare_weekday(text, which.end(), language)
        return replace(parsed, which="next week" if which["week"] else "next") if parsed else None
    return _with_weekday(text, start, language) or _with_weekday_after(text, start)


def _bare_weekday(text: str, position: int, language: str) -> ParsedDay | None:
    match = _WEEKDAY.match(text, position)
    if match is None:
        return None
    word = word_key(match["word"] or match["glued"])
    return ParsedDay(
        match.end(),
        weekday=WEEKDAY_WORDS[word],
        is_ambiguous=word in LOCALE_TABLE[language].ambiguous_weekdays,
        is_written_out=word in LONG_WEEKDAYS,
    )


def _with_weekday(text: str, position: int, language: str) -> ParsedDay | None:
    """A weekday, alone or with a date after it."""
    weekday = _bare_weekday(text, position, language)
    if weekday is None:
        return None
    gap = _GAP.match(text, weekday.stop)
    parsed = _date(text, gap.end()) if gap else None
    if parsed:
        return replace(parsed, weekday=weekday.weekday, is_ambiguous=weekday.is_ambiguous, is_clear=True)
    after = _AFTER_WHICH.match(text, weekday.stop)
    return replace(weekday, which="next week", stop=after.end()) if after else weekday


def _with_weekday_after(text: str, position: int) -> ParsedDay | None:
    """A date, perhaps with its weekday after it: "7.4. (ke)", "huomenna keskiviikkona"."""
    parsed = _date(text, position)
    if parsed and (after := _AFTER_WEEKDAY.match(text, parsed.stop)):
        word = word_key(after["word"] or after["inner"])
        return replace(parsed, stop=after.end(), weekday=WEEKDAY_WORDS[word], is_clear=True)
    return parsed


def _date(text: str, position: int) -> ParsedDay | None:
    if ahead := _AHEAD.match(text, position):
        return ParsedDay(ahead.end(), days_ahead=AHEAD_WORDS[word_key(ahead[0])])
    for pattern in _DATES:
        if match := pattern.match(text, position):
            return _numbers(match)
    unclear = _UNCLEAR.match(text, position)
    return replace(_numbers(unclear), is_clear=unclear["year"] is not None) if unclear else None


def _numbers(match: re.Match[str]) -> ParsedDay:
    named = match.groupdict()
    month = MONTH_WORDS[word_key(named["name"])] if named.get("name") else int(named["month"])
    year = int(named["year"]) if named.get("year") else None
    if year is not None and len(named["year"]) == 2:
        year += 2000
    # In a ParsedDay month 0 means "no month"; 13 is refused as well.
    return ParsedDay(match.end(), day=int(named["day"]), month=month or 13, year=year)
