"""From what was typed to a date that can be kept: the next such day, no contradictions, hours that exist once."""

from dataclasses import replace
from datetime import date, time, timedelta

from handlers.dates.day_grammar import DaySaid
from handlers.dates.doubts import FARTHEST, Reader, When, hours, to_midnight
from handlers.dates.grammar import Said
from handlers.dates.printing import bare_day_text, day_text, local_text, time_text, weekday_name
from models.calendar import DAY, WallClock, to_utc

WEEK = timedelta(days=7)
LATELY = timedelta(days=60)


def settle(said: Said, reader: Reader) -> When:
    """Raises Doubt."""
    start, end = hours(said.time.start, said.time.end) if said.time else (None, None)
    when = When(reader.today, start, end)
    when = replace(when, day=_day(said.day, when, reader))
    return keep(_with_end(when, said.until, reader) if said.until else when, reader)


def _with_end(when: When, until: Said, reader: Reader) -> When:
    """The end on its own day; without a year, the next such day after the start."""
    assert when.start is not None
    assert until.time is not None
    end, _ = hours(until.time.start, None)
    at_start = replace(reader, now=to_utc(when.day, when.start, reader.zone).moments[0])
    return replace(when, end=end, end_day=_day(until.day, When(when.day, end), at_start))


def keep(when: When, reader: Reader) -> When:
    """The same, if it can be kept: ahead, but not by years, in order, and unmistakable on the clock. Raises Doubt."""
    if reader.is_past(when):
        raise reader.doubt("date-past", reader.offers(when, _after_past(when, reader)), day=_said_text(when, reader))
    if when.day > reader.today + FARTHEST:
        coming = (_next_year(when, reader),)
        raise reader.doubt("date-far", reader.offers(when, coming), day=day_text(when.day, reader.language))
    if when.start is None:
        return when
    return _on_clock(to_midnight(when), reader)


def _after_past(when: When, reader: Reader) -> tuple[date, ...]:
    today = reader.today
    return (today + DAY, today + WEEK) if when.day == today else (_next_year(when, reader),)


def _next_year(when: When, reader: Reader) -> date:
    """The next time this date comes; the 29th of February comes as the 28th where it must."""
    for year in (reader.today.year, reader.today.year + 1):
        day = _made(year, when.day.month, when.day.day) or date(year, 2, 28)
        if not reader.is_past(replace(when, day=day)):
            break
    return day


def _said_text(when: When, reader: Reader) -> str:
    if when.start is None:
        return day_text(when.day, reader.language)
    return local_text(when.day, when.start, reader.language)


def _day(said: DaySaid, when: When, reader: Reader) -> date:
    if said.bare:
        return _coming_weekday(said, when, reader)
    if said.ahead is not None:
        day = reader.today + said.ahead * DAY
    elif said.year is not None:
        day = _made(said.year, said.month, said.day) or _impossible(said, when, reader)
    else:
        day = _next_date(said, when, reader)
    _agree(said, day, when, reader)
    return day


def _coming_weekday(said: DaySaid, when: When, reader: Reader) -> date:
    """Today counts only with an hour still ahead; "next Wednesday" on a Monday may be either, so it is asked."""
    assert said.weekday is not None
    today = reader.today
    in_next_week = today + (7 - today.weekday() + said.weekday) * DAY
    if said.which == "next week":
        return in_next_week
    coming = today + (said.weekday - today.weekday()) % 7 * DAY
    if coming == today and (said.which or (when.start is not None and reader.is_past(replace(when, day=today)))):
        coming += WEEK
    asked = coming != in_next_week if said.which else coming == today and when.start is None
    if asked:
        either = reader.offers(when, (coming, in_next_week))
        raise reader.doubt("date-which-week", either, weekday=weekday_name(said.weekday, reader.language))
    return coming


def _next_date(said: DaySaid, when: When, reader: Reader) -> date:
    """The next such date. One whose weekday fits a date of the last weeks is past, not next year's."""
    years = range(reader.today.year, reader.today.year + 4)
    days = [day for year in years if (day := _made(year, said.month, said.day))]
    if not days:
        _impossible(said, when, reader)
    past = [day for day in days if reader.is_past(replace(when, day=day))]
    coming = days[len(past)]
    lately = past and reader.today - past[-1] <= LATELY
    if lately and not said.weak and past[-1].weekday() == said.weekday != coming.weekday():
        values = {"day": _said_text(replace(when, day=past[-1]), reader)}
        raise reader.doubt("date-past", reader.offers(when, _nearest(coming, said.weekday)), **values)
    return coming


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _impossible(said: DaySaid, when: When, reader: Reader) -> date:
    """Always raises Doubt: there is no such day; its month's last day is offered."""
    typed = f"{said.day}.{said.month}." + (str(said.year) if said.year is not None else "")
    first = _made(said.year or reader.today.year, said.month, 1)
    lasts: list[date] = []
    if first and said.day > 28 and first.year < date.max.year:
        nearby = (first, first.replace(year=first.year + 1))
        lasts = [(month + 31 * DAY).replace(day=1) - DAY for month in nearby[: 1 if said.year else 2]]
    raise reader.doubt("date-impossible", reader.offers(when, lasts)[:1], day=typed)


def _agree(said: DaySaid, day: date, when: When, reader: Reader) -> None:
    """Raises Doubt where the weekday contradicts the date, unless none of the right dates could be kept anyway."""
    if said.weekday is None or said.weak or day.weekday() == said.weekday:
        return
    if choices := reader.offers(when, _nearest(day, said.weekday)):
        language = reader.language
        values = {"weekday": weekday_name(day.weekday(), language), "claimed": weekday_name(said.weekday, language)}
        raise reader.doubt("date-weekday", choices, day=bare_day_text(day, language), **values)


def _nearest(day: date, weekday: int) -> tuple[date, ...]:
    """The date itself, then the dates around it that fall on the weekday, the nearer first."""
    if min(day - date.min, date.max - day) < WEEK:
        return (day,)
    back = (day.weekday() - weekday) % 7
    around = (day - back * DAY, day + (7 - back) * DAY)
    return (day, *(around if back < 4 else around[::-1]))


def _on_clock(when: When, reader: Reader) -> When:
    """Raises Doubt for an hour that the spring night skips or the autumn night repeats."""
    assert when.start is not None
    start = to_utc(when.day, when.start, reader.zone)
    end = to_utc(when.end_day or when.day, when.end, reader.zone) if when.end is not None else None
    if start.missing or (end and end.missing):
        missing = when.start if start.missing else when.end
        assert missing is not None
        values = {"time": time_text(missing, reader.language), "day": day_text(when.day, reader.language)}
        raise reader.doubt("date-skipped-hour", _beside(when, start, end, reader), **values)
    readings = _passings(when, start, end)
    if not readings:
        raise reader.doubt("date-end-first", start=when.start, end=when.end)
    if len(readings) > 1:
        raise reader.doubt("date-doubled-hour", readings, day=_said_text(when, reader))
    return readings[0]


def _passings(when: When, start: WallClock, end: WallClock | None) -> list[When]:
    firsts = start.moments
    if end is None:
        return [replace(when, fold=fold) for fold in range(len(firsts))]
    pairs = [(a, b) for a in range(len(firsts)) for b in range(len(end.moments)) if firsts[a] < end.moments[b]]
    return [replace(when, fold=fold, end_fold=end_fold) for fold, end_fold in pairs]


def _beside(when: When, start: WallClock, end: WallClock | None, reader: Reader) -> list[When]:
    """The same hours on either side of the gap, as far as they stay in order."""

    def local(clock: WallClock, side: int) -> time:
        return clock.moments[min(side, len(clock.moments) - 1)].astimezone(reader.zone).time()

    sides = [
        replace(when, start=local(start, side), end=local(end, side) if end and end.missing else when.end)
        for side in (0, 1)
    ]
    return [side for side in sides if side.start and (side.end is None or side.end_day or side.start < side.end)]
