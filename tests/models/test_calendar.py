"""Working days, quiet time and the nights on which the clock is moved."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import (
    Quiet,
    first_working_day,
    holidays,
    is_day_off,
    is_quiet,
    last_waking,
    next_waking,
    to_utc,
    working_morning,
)

HELSINKI = ZoneInfo("Europe/Helsinki")
OFFICE = Quiet()
ALWAYS_AWAKE = Quiet(start=time(0), end=time(0), weekends=False, holidays=False)
WEEKENDS_ONLY = Quiet(start=time(0), end=time(0), holidays=False)
SIESTA = Quiet(start=time(12), end=time(14))
SHORT_DAY = Quiet(start=time(8, 30), end=time(8))


def at(text: str, zone: ZoneInfo = HELSINKI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_the_holidays_of_2027() -> None:
    assert sorted(f"{day:%d.%m}" for day in holidays(2027)) == sorted(
        [
            *("01.01", "06.01", "26.03", "28.03", "29.03", "01.05", "06.05", "16.05"),
            *("25.06", "26.06", "06.11", "06.12", "24.12", "25.12", "26.12"),
        ]
    )


@pytest.mark.parametrize(
    ("year", "midsummer", "all_saints"),
    [
        (2020, date(2020, 6, 20), date(2020, 10, 31)),
        (2021, date(2021, 6, 26), date(2021, 11, 6)),
        (2028, date(2028, 6, 24), date(2028, 11, 4)),
    ],
)
def test_the_holidays_that_wander(year: int, midsummer: date, all_saints: date) -> None:
    assert {midsummer - timedelta(days=1), midsummer, all_saints} <= holidays(year)


@pytest.mark.parametrize(
    ("quiet", "moment", "asleep"),
    [
        (OFFICE, "2027-04-07 07:59", True),
        (OFFICE, "2027-04-07 08:00", False),
        (OFFICE, "2027-04-07 19:59", False),
        (OFFICE, "2027-04-07 20:00", True),
        (OFFICE, "2027-04-10 12:00", True),  # Saturday
        (OFFICE, "2027-03-26 12:00", True),  # Good Friday
        (Quiet(weekends=False), "2027-04-10 12:00", False),
        (Quiet(holidays=False), "2027-03-26 12:00", False),
        (ALWAYS_AWAKE, "2027-04-10 03:00", False),
        (WEEKENDS_ONLY, "2027-04-09 23:59", False),
        (WEEKENDS_ONLY, "2027-04-10 00:00", True),
        (SIESTA, "2027-04-07 13:59", True),
        (SIESTA, "2027-04-07 03:00", False),
        (Quiet(zone=ZoneInfo("America/New_York")), "2027-04-07 14:00", True),
    ],
)
def test_what_is_quiet(quiet: Quiet, moment: str, asleep: bool) -> None:
    assert is_quiet(at(moment), quiet) is asleep


@pytest.mark.parametrize(
    ("quiet", "moment", "earlier", "later"),
    [
        (OFFICE, "2027-04-07 12:00", "2027-04-07 12:00", "2027-04-07 12:00"),
        (OFFICE, "2027-04-07 06:00", "2027-04-06 19:00", "2027-04-07 08:00"),
        (OFFICE, "2027-04-07 22:00", "2027-04-07 19:00", "2027-04-08 08:00"),
        (OFFICE, "2027-04-10 10:00", "2027-04-09 19:00", "2027-04-12 08:00"),
        # Maundy Thursday to the Tuesday after Easter, over the night on which summer time begins.
        (OFFICE, "2027-03-28 03:00", "2027-03-25 19:00", "2027-03-30 08:00"),
        # Christmas 2026: Thursday's eve to Monday; the autumn night of the year after.
        (OFFICE, "2026-12-24 09:00", "2026-12-23 19:00", "2026-12-28 08:00"),
        (OFFICE, "2027-10-31 03:30", "2027-10-29 19:00", "2027-11-01 08:00"),
        (Quiet(weekends=False), "2027-04-09 21:00", "2027-04-09 19:00", "2027-04-10 08:00"),
        (WEEKENDS_ONLY, "2027-04-10 10:00", "2027-04-09 23:00", "2027-04-12 00:00"),
        (SIESTA, "2027-04-07 13:00", "2027-04-07 11:00", "2027-04-07 14:00"),
        (SIESTA, "2027-04-10 13:00", "2027-04-09 23:00", "2027-04-12 14:00"),
        (SHORT_DAY, "2027-04-07 12:00", "2027-04-07 08:00", "2027-04-08 08:00"),
        (ALWAYS_AWAKE, "2027-04-10 03:00", "2027-04-10 03:00", "2027-04-10 03:00"),
    ],
)
def test_what_is_due_in_quiet_time_moves(quiet: Quiet, moment: str, earlier: str, later: str) -> None:
    assert last_waking(at(moment), quiet) == at(earlier)
    assert next_waking(at(moment), quiet) == at(later)


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2027, 1, 4), (2027, 4, 1), (2027, 5, 3), (2027, 8, 2), (2026, 11, 2), (2027, 12, 1)]
)
def test_the_first_working_day(year: int, month: int, day: int) -> None:
    assert first_working_day(year, month, OFFICE) == date(year, month, day)


def test_the_working_morning_after_easter() -> None:
    assert working_morning(date(2027, 3, 26), OFFICE) == at("2027-03-30 08:00")
    assert working_morning(date(2027, 3, 25), OFFICE) == at("2027-03-25 08:00")


def test_the_wall_clock_on_the_nights_that_change_it() -> None:
    plain = to_utc(date(2027, 4, 7), time(9), HELSINKI)
    assert plain.moments == (datetime(2027, 4, 7, 6, tzinfo=UTC),)
    assert not plain.missing
    skipped = to_utc(date(2027, 3, 28), time(3, 30), HELSINKI)
    assert skipped.missing
    assert [moment.astimezone(HELSINKI).time() for moment in skipped.moments] == [time(2, 30), time(4, 30)]
    twice = to_utc(date(2027, 10, 31), time(3, 30), HELSINKI)
    assert twice.doubled
    assert twice.moments[1] - twice.moments[0] == timedelta(hours=1)


zones = st.sampled_from(
    ["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "UTC"]
).map(ZoneInfo)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
quiets = st.builds(Quiet, st.times(), st.times(), st.booleans(), st.booleans(), zones)


@given(moments, quiets)
def test_waking_moments_lie_on_their_side_and_are_awake(moment: datetime, quiet: Quiet) -> None:
    earlier, later = last_waking(moment, quiet), next_waking(moment, quiet)
    assert earlier <= moment <= later
    assert not is_quiet(earlier, quiet)
    assert not is_quiet(later, quiet)
    assert earlier.tzinfo is later.tzinfo is UTC


@given(moments)
def test_office_hours_move_at_most_over_the_longest_holidays(moment: datetime) -> None:
    later = next_waking(moment, OFFICE)
    assert later - moment < timedelta(days=6)
    assert later == moment or later.astimezone(HELSINKI).time() == time(8)
    assert not is_day_off(later.astimezone(HELSINKI).date(), OFFICE)


@given(moments, zones)
def test_every_moment_is_among_what_its_wall_clock_can_mean(moment: datetime, zone: ZoneInfo) -> None:
    local = moment.astimezone(zone)
    clock = to_utc(local.date(), local.time(), zone)
    assert not clock.missing
    assert moment in clock.moments
