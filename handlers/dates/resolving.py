"""Resolves a parsed date: to the next such day, without contradictions, in the future, to hours that occur once."""

from dataclasses import replace
from datetime import date, time, timedelta

from handlers.dates.day_grammar import ParsedDay
from handlers.dates.doubts import FARTHEST, Reader, When, hours, to_midnight
from handlers.dates.grammar import ParsedDate
from handlers.dates.printing import bare_day_text, day_text, local_text, time_text, weekday_name
from models.calendar import DAY, WallClock, to_utc

WEEK = timedelta(days=7)
RECENT = timedelta(days=60)
"""A date without a year that was this long ago, with its right weekday, is a past date and not next year's."""


def resolve(parsed: ParsedDate, reader: Reader) -> When:
    """The day and hours that were meant. Raises Doubt if that is not clear or not possible."""
    start, end = hours(parsed.time.start, parsed.time.end) if parsed.time else (None, None)
    when = When(reader.today, start, end)
    when = replace(when, day=_resolve_day(parsed.day, when, reader))
    return check(_with_end(when, parsed.until, reader) if parsed.until else when, reader)


def _with_end(when: When, until: ParsedDate, reader: Reader) -> When:
    """With an end on its own day: if it has no year, the next such day after the start."""
    assert when.start is not None
    assert until.time is not None
    end, _ = hours(until.time.start, None)
    at_start = replace(reader, now=to_utc(when.day, when.start, reader.zone).moments[0])
    return replace(when, end=end, end_day=_resolve_day(until.day, When(when.day, end), at_start))


def check(when: When, reader: Reader) -> When:
    """The same, an end at 0:00 moved to midnight.

    Raises Doubt if it is past, too far ahead (`FARTHEST`) or out of order, or if an hour does not occur exactly once.
    """
    if reader.is_past(when):
        raise reader.doubt("date-past", reader.offers(when, _after_past(when, reader)), day=_wanted_text(when, reader))
    if when.day > reader.today + FARTHEST:
        nearest = (_next_year(when, reader),)
        raise reader.doubt("date-far", reader.offers(when, nearest), day=day_text(when.day, reader.language))
    if when.start is None:
        return when
    return _on_clock(to_midnight(when), reader)


def _after_past(when: When, reader: Reader) -> tuple[date, ...]:
    today = reader.today
    return (today + DAY, today + WEEK) if when.day == today else (_next_year(when, reader),)


def _next_year(when: When, reader: Reader) -> date:
    """The next such date; 28 February instead of the 29th in a year without it."""
    for year in (reader.today.year, reader.today.year + 1):
        day = _date_or_none(year, when.day.month, when.day.day) or date(year, 2, 28)
        if not reader.is_past(replace(when, day=day)):
            break
    return day


def _wanted_text(when: When, reader: Reader) -> str:
    if when.start is None:
        return day_text(when.day, reader.language)
    return local_text(when.day, when.start, reader.language)


def _resolve_day(parsed: ParsedDay, when: When, reader: Reader) -> date:
    if parsed.is_weekday_only:
        return _resolve_weekday(parsed, when, reader)
    if parsed.days_ahead is not None:
        day = reader.today + parsed.days_ahead * DAY
    elif parsed.year is not None:
        day = _date_or_none(parsed.year, parsed.month, parsed.day) or _impossible(parsed, when, reader)
    else:
        day = _next_date(parsed, when, reader)
    _check_weekday(parsed, day, when, reader)
    return day


def _resolve_weekday(parsed: ParsedDay, when: When, reader: Reader) -> date:
    """The next such weekday; today only with an hour that is still ahead.

    Raises Doubt for "next Wednesday" on a Monday, which may mean two days, and for today's weekday without an hour.
    """
    assert parsed.weekday is not None
    today = reader.today
    in_next_week = today + (7 - today.weekday() + parsed.weekday) * DAY
    if parsed.which == "next week":
        return in_next_week
    coming = today + (parsed.weekday - today.weekday()) % 7 * DAY
    if coming == today and (parsed.which or (when.start is not None and reader.is_past(replace(when, day=today)))):
        coming += WEEK
    is_unclear = coming != in_next_week if parsed.which else coming == today and when.start is None
    if is_unclear:
        either = reader.offers(when, (coming, in_next_week))
        raise reader.doubt("date-which-week", either, weekday=weekday_name(parsed.weekday, reader.language))
    return coming


def _next_date(parsed: ParsedDay, when: When, reader: Reader) -> date:
    """The next such date. Raises Doubt if the weekday fits a recent date, which is then past, and not the next one."""
    years = range(reader.today.year, reader.today.year + 4)
    days = [day for year in years if (day := _date_or_none(year, parsed.month, parsed.day))]
    if not days:
        _impossible(parsed, when, reader)
    past = [day for day in days if reader.is_past(replace(when, day=day))]
    coming = days[len(past)]
    is_recent = past and reader.today - past[-1] <= RECENT
    if is_recent and not parsed.is_ambiguous and past[-1].weekday() == parsed.weekday != coming.weekday():
        values = {"day": _wanted_text(replace(when, day=past[-1]), reader)}
        raise reader.doubt("date-past", reader.offers(when, _nearest(coming, parsed.weekday)), **values)
    return coming


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _impossible(parsed: ParsedDay, when: When, reader: Reader) -> date:
    """Always raises Doubt: there is no such day. The last day of its month is offered."""
    typed = f"{parsed.day}.{parsed.month}." + (str(parsed.year) if parsed.year is not None else "")
    first = _date_or_none(parsed.year or reader.today.year, parsed.month, 1)
    lasts: list[date] = []
    if first and parsed.day > 28 and first.year < date.max.year:
        nearby = (first, first.replace(year=first.year + 1))
        lasts = [(month + 31 * DAY).replace(day=1) - DAY for month in nearby[: 1 if parsed.year else 2]]
    raise reader.doubt("date-impossible", reader.offers(when, lasts)[:1], day=typed)


def _check_weekday(parsed: ParsedDay, day: date, when: When, reader: Reader) -> None:
    """Raises Doubt if the weekday contradicts the date, and at least one right date could be accepted."""
    if parsed.weekday is None or parsed.is_ambiguous or day.weekday() == parsed.weekday:
        return
    if choices := reader.offers(when, _nearest(day, parsed.weekday)):
        language = reader.language
        values = {"weekday": weekday_name(day.weekday(), language), "claimed": weekday_name(parsed.weekday, language)}
        raise reader.doubt("date-weekday", choices, day=bare_day_text(day, language), **values)


def _nearest(day: date, weekday: int) -> tuple[date, ...]:
    """The date itself, then the nearest dates with this weekday before and after it, the nearer first."""
    if min(day - date.min, date.max - day) < WEEK:
        return (day,)
    back = (day.weekday() - weekday) % 7
    around = (day - back * DAY, day + (7 - back) * DAY)
    return (day, *(around if back < 4 else around[::-1]))


def _on_clock(when: When, reader: Reader) -> When:
    """Raises Doubt for an hour that summer time skips at its beginning or repeats at its end."""
    assert when.start is not None
    start = to_utc(when.day, when.start, reader.zone)
    end = to_utc(when.end_day or when.day, when.end, reader.zone) if when.end is not None else None
    if start.missing or (end and end.missing):
        missing = when.start if start.missing else when.end
        assert missing is not None
        values = {"time": time_text(missing, reader.language), "day": day_text(when.day, reader.language)}
        raise reader.doubt("date-skipped-hour", _around_gap(when, start, end, reader), **values)
    readings = _readings(when, start, end)
    if not readings:
        raise reader.doubt("date-end-first", start=when.start, end=when.end)
    if len(readings) > 1:
        raise reader.doubt("date-doubled-hour", readings, day=_wanted_text(when, reader))
    return readings[0]


def _readings(when: When, start: WallClock, end: WallClock | None) -> list[When]:
    firsts = start.moments
    if end is None:
        return [replace(when, fold=fold) for fold in range(len(firsts))]
    pairs = [(a, b) for a in range(len(firsts)) for b in range(len(end.moments)) if firsts[a] < end.moments[b]]
    return [replace(when, fold=fold, end_fold=end_fold) for fold, end_fold in pairs]


def _around_gap(when: When, start: WallClock, end: WallClock | None, reader: Reader) -> list[When]:
    """The same hours before and after the skipped hour, if they are in order."""

    def local(clock: WallClock, side: int) -> time:
        return clock.moments[min(side, len(clock.moments) - 1)].astimezone(reader.zone).time()

    sides = [
        replace(when, start=local(start, side), end=local(end, side) if end and end.missing else when.end)
        for side in (0, 1)
    ]
    return [side for side in sides if side.start and (side.end is None or side.end_day or side.start < side.end)]
