"""Prints dates: fi "ke 7.4.2027 klo 9.00–12.00", sv "ons 7.4.2027 kl. 9.00–12.00",
en "Wed 7 Apr 2027, 9:00–12:00"."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.locale_table import LOCALE_TABLE


def weekday_short(language: str) -> tuple[str, ...]:
    """Seven names from Monday on."""
    return LOCALE_TABLE[language].short_weekdays


def weekday_name(weekday: int, language: str) -> str:
    """The long name; Monday is 0."""
    return LOCALE_TABLE[language].weekdays[weekday]


def month_title(year: int, month: int, language: str) -> str:
    return f"{LOCALE_TABLE[language].months[month - 1]} {year}"


def months_title(year: int, first: int, last: int, language: str) -> str:
    """ "tammi–maaliskuu 2027", "January–March 2027"."""
    locale = LOCALE_TABLE[language]
    begins = locale.months[first - 1].removesuffix(locale.shared_month_ending)
    return f"{begins}–{month_title(year, last, language)}"


def bare_day_text(day: date, language: str) -> str:
    """Without the weekday: "7.4.2027", "7 Apr 2027"."""
    return _printed(LOCALE_TABLE[language].date, day, language)


def day_text(day: date, language: str) -> str:
    return f"{weekday_short(language)[day.weekday()]} {bare_day_text(day, language)}"


def near_day_text(day: date, language: str) -> str:
    """Without the year: "ke 7.4.", "Wed 7 Apr"."""
    date_text = _printed(LOCALE_TABLE[language].date_without_year, day, language)
    return f"{weekday_short(language)[day.weekday()]} {date_text}"


def _printed(pattern: str, day: date, language: str) -> str:
    short_month = LOCALE_TABLE[language].short_months[day.month - 1]
    return pattern.format(day=day.day, month=day.month, short_month=short_month, year=day.year)


def time_text(at: time, language: str) -> str:
    return f"{at.hour}{LOCALE_TABLE[language].time_separator}{at.minute:02}"


def hours_text(start: time, end: time | None, language: str) -> str:
    """The hours alone, as they follow a day: "klo 9.00–12.00", "kl. 9.00–12.00", "9:00–12:00"."""
    hours = time_text(start, language) + (f"–{time_text(end, language)}" if end is not None else "")
    return LOCALE_TABLE[language].before_time.removeprefix(",").lstrip() + hours


def local_text(day: date, at: time, language: str) -> str:
    """A day and an hour of the local clock: "ke 7.4.2027 klo 9.00"."""
    return day_text(day, language) + LOCALE_TABLE[language].before_time + time_text(at, language)


def moment_text(at: datetime, zone: ZoneInfo, language: str) -> str:
    local = at.astimezone(zone)
    return local_text(local.date(), local.time(), language)


def span_text(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """The day once, if it is the same for both ends; else both in full."""
    until = end.astimezone(zone)
    if start.astimezone(zone).date() == until.date():
        return f"{moment_text(start, zone, language)}–{time_text(until.time(), language)}"
    return f"{moment_text(start, zone, language)} – {moment_text(end, zone, language)}"


def example_text(now: datetime, zone: ZoneInfo, language: str) -> str:
    """An example of what to type: Wednesday of next week from nine to twelve."""
    today = now.astimezone(zone).date()
    day = today + timedelta(days=9 - today.weekday())
    return near_day_text(day, language) + LOCALE_TABLE[language].example_hours
