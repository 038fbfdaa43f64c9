"""Working days, quiet time and the wall clock. Moments in and out are aware and UTC; days and times are local."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.easter import easter

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SATURDAY = 5
HELSINKI = ZoneInfo("Europe/Helsinki")


@functools.cache
def holidays(year: int) -> frozenset[date]:
    """Finland's public holidays, and the two eves (juhannus, joulu) on which nobody works."""
    return frozenset({*_fixed(year), *_by_easter(year), *_by_weekday(year)})


def _fixed(year: int) -> Iterator[date]:
    for month, day in ((1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26)):
        yield date(year, month, day)


def _by_easter(year: int) -> Iterator[date]:
    """Good Friday, Easter and its Monday, Ascension, Whit Sunday."""
    for days in (-2, 0, 1, 39, 49):
        yield easter(year) + days * DAY


def _by_weekday(year: int) -> Iterator[date]:
    """Midsummer's eve and day (the Saturday of 20-26 June), All Saints' (the Saturday of 31 October-6 November)."""
    midsummer = _on_or_after(date(year, 6, 20), SATURDAY)
    yield from (midsummer - DAY, midsummer, _on_or_after(date(year, 10, 31), SATURDAY))


def _on_or_after(day: date, weekday: int) -> date:
    return day + (weekday - day.weekday()) % 7 * DAY


@dataclass(frozen=True)
class Quiet:
    """When nothing unasked is sent: daily from ``start`` to ``end``, on weekends, on holidays.

    Equal start and end mean no daily quiet time; a start before the end means a pause within the day.
    """

    start: time = time(20)
    end: time = time(8)
    weekends: bool = True
    holidays: bool = True
    zone: ZoneInfo = HELSINKI


def is_day_off(day: date, quiet: Quiet) -> bool:
    return (quiet.weekends and day.weekday() >= SATURDAY) or (quiet.holidays and day in holidays(day.year))


def is_quiet(moment: datetime, quiet: Quiet) -> bool:
    local = moment.astimezone(quiet.zone)
    if is_day_off(local.date(), quiet):
        return True
    now = local.time()
    if quiet.start <= quiet.end:
        return quiet.start <= now < quiet.end
    return now >= quiet.start or now < quiet.end


def next_waking(moment: datetime, quiet: Quiet) -> datetime:
    """The moment itself outside quiet time, otherwise the next working morning at the quiet's end."""
    if not is_quiet(moment, quiet):
        return moment
    day = moment.astimezone(quiet.zone).date()
    morning = working_morning(day, quiet)
    while morning < moment or is_quiet(morning, quiet):
        day += DAY
        morning = working_morning(day, quiet)
    return morning


def working_morning(day: date, quiet: Quiet) -> datetime:
    """When the quiet ends on this day, or on the first working day after it."""
    while is_day_off(day, quiet):
        day += DAY
    return to_utc(day, quiet.end, quiet.zone).moments[0]


def last_waking(moment: datetime, quiet: Quiet) -> datetime:
    """The moment itself outside quiet time, otherwise the start of the last waking hour before it."""
    if not is_quiet(moment, quiet):
        return moment
    day = moment.astimezone(quiet.zone).date()
    while True:
        for start in _last_hours(day, quiet):
            if start < moment and not is_quiet(start, quiet):
                return start
        day -= DAY


def _last_hours(day: date, quiet: Quiet) -> Iterator[datetime]:
    """Starts of the last waking hour of a day's waking stretches, the latest first; shorter stretches start later."""
    dawn = datetime.combine(day, time.min)
    start, end = datetime.combine(day, quiet.start), datetime.combine(day, quiet.end)
    if quiet.start == quiet.end:
        stretches = [(dawn, dawn + DAY)]
    elif quiet.start < quiet.end:
        stretches = [(end, dawn + DAY), (dawn, start)]
    else:
        stretches = [(end, start)]
    for first, last in stretches:
        local = max(first, last - HOUR)
        yield to_utc(local.date(), local.time(), quiet.zone).moments[0]


def first_working_day(year: int, month: int, quiet: Quiet) -> date:
    day = date(year, month, 1)
    while is_day_off(day, quiet):
        day += DAY
    return day


@dataclass(frozen=True)
class WallClock:
    """What a local date and time can mean: one moment; two on the autumn night, when the hour comes twice;
    none on the spring night, when it is skipped: then ``moments`` holds the same distance before and after."""

    moments: tuple[datetime, ...]
    missing: bool = False

    @property
    def doubled(self) -> bool:
        return len(self.moments) == 2 and not self.missing


def to_utc(day: date, at: time, zone: ZoneInfo) -> WallClock:
    local = datetime.combine(day, at, tzinfo=zone)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return WallClock((first,))
    if first < second:
        return WallClock((first, second))
    # A skipped time: the offset before the change (fold 0) leads past the gap, the one after it leads before.
    return WallClock((second, first), missing=True)
