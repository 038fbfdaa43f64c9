"""Working days, quiet hours and local time. Arguments and results: datetimes are aware UTC, dates and times local."""

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
    """Finland's public holidays, and the eves of midsummer and Christmas, which are days off, too."""
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
    """When the bot sends nothing unasked: daily from ``start`` to ``end`` (local), on weekends, on holidays.

    If start and end are equal there are no daily quiet hours. If the start is before the end they lie within one day.
    """

    start: time = time(20)
    end: time = time(8)
    weekends: bool = True
    holidays: bool = True
    zone: ZoneInfo = HELSINKI


def is_day_off(day: date, quiet: Quiet) -> bool:
    """Whether the whole day is quiet."""
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
    """The moment itself outside quiet time, otherwise the next morning of a working day at ``quiet.end``."""
    if not is_quiet(moment, quiet):
        return moment
    day = moment.astimezone(quiet.zone).date()
    morning = working_morning(day, quiet)
    while morning < moment or is_quiet(morning, quiet):
        day += DAY
        morning = working_morning(day, quiet)
    return morning


def working_morning(day: date, quiet: Quiet) -> datetime:
    """``quiet.end`` on this day or, if it is a day off, on the first working day after it."""
    while is_day_off(day, quiet):
        day += DAY
    return to_utc(day, quiet.end, quiet.zone).moments[0]


def last_waking(moment: datetime, quiet: Quiet) -> datetime:
    """The moment itself outside quiet time, otherwise the start of the last hour before it that is not quiet."""
    if not is_quiet(moment, quiet):
        return moment
    day = moment.astimezone(quiet.zone).date()
    while True:
        for start in _last_hours(day, quiet):
            if start < moment and not is_quiet(start, quiet):
                return start
        day -= DAY


def _last_hours(day: date, quiet: Quiet) -> Iterator[datetime]:
    """For each waking period of a day, the latest first: the start of its last hour (or of all, if it is shorter)."""
    midnight = datetime.combine(day, time.min)
    start, end = datetime.combine(day, quiet.start), datetime.combine(day, quiet.end)
    if quiet.start == quiet.end:
        periods = [(midnight, midnight + DAY)]
    elif quiet.start < quiet.end:
        periods = [(end, midnight + DAY), (midnight, start)]
    else:
        periods = [(end, start)]
    for first, last in periods:
        local = max(first, last - HOUR)
        yield to_utc(local.date(), local.time(), quiet.zone).moments[0]


def first_working_day(year: int, month: int, quiet: Quiet) -> date:
    day = date(year, month, 1)
    while is_day_off(day, quiet):
        day += DAY
    return day


@dataclass(frozen=True)
class WallClock:
    """The moments (UTC) that a local date and time can mean: one, or two when the clock is set back in autumn.

    A time that is skipped in spring is ``missing``: ``moments`` then holds one on each side of the gap.
    """

    moments: tuple[datetime, ...]
    missing: bool = False

    @property
    def doubled(self) -> bool:
        return len(self.moments) == 2 and not self.missing


def to_utc(day: date, at: time, zone: ZoneInfo) -> WallClock:
    """The moments of a local time; never raises for a skipped or doubled one."""
    local = datetime.combine(day, at, tzinfo=zone)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return WallClock((first,))
    if first < second:
        return WallClock((first, second))
    # A skipped time: the offset before the change (fold 0) leads past the gap, the one after it leads before.
    return WallClock((second, first), missing=True)
