"""Dates as people here write them: fi "ke 7.4.2027 klo 9.00–12.00", sv "ons 7.4.2027 kl. 9.00–12.00",
en "Wed 7 Apr 2027, 9:00–12:00"."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.dates.words import MONTHS, SHORT_WEEKDAYS, WEEKDAYS

AT = {"fi": " klo ", "sv": " kl. ", "en": ", "}


def weekday_short(language: str) -> tuple[str, ...]:
    """Seven names from Monday on, for the heads of a calendar."""
    return SHORT_WEEKDAYS[language]


def weekday_name(day: date, language: str) -> str:
    return WEEKDAYS[language][day.weekday()]


def month_title(year: int, month: int, language: str) -> str:
    return f"{MONTHS[language][month - 1]} {year}"


def months_title(year: int, first: int, last: int, language: str) -> str:
    """ "tammi–maaliskuu 2027", "January–March 2027"."""
    begins = MONTHS[language][first - 1].removesuffix("kuu")
    return f"{begins}–{month_title(year, last, language)}"


def bare_day_text(day: date, language: str) -> str:
    """Without the weekday: "7.4.2027", "7 Apr 2027"."""
    if language == "en":
        return f"{day.day} {MONTHS['en'][day.month - 1][:3]} {day.year}"
    return f"{day.day}.{day.month}.{day.year}"


def day_text(day: date, language: str) -> str:
    return f"{SHORT_WEEKDAYS[language][day.weekday()]} {bare_day_text(day, language)}"


def near_day_text(day: date, language: str) -> str:
    """Without the year: "ke 7.4.", "Wed 7 Apr"."""
    months = MONTHS["en"]
    short = f"{day.day} {months[day.month - 1][:3]}" if language == "en" else f"{day.day}.{day.month}."
    return f"{SHORT_WEEKDAYS[language][day.weekday()]} {short}"


def time_text(at: time, language: str) -> str:
    return f"{at.hour}{':' if language == 'en' else '.'}{at.minute:02}"


def hours_text(start: time, end: time | None, language: str) -> str:
    """The hours alone, as they follow a day: "klo 9.00–12.00", "kl. 9.00–12.00", "9:00–12:00"."""
    hours = time_text(start, language) + (f"–{time_text(end, language)}" if end is not None else "")
    return AT[language].removeprefix(",").lstrip() + hours


def moment_text(at: datetime, zone: ZoneInfo, language: str) -> str:
    local = at.astimezone(zone)
    return day_text(local.date(), language) + AT[language] + time_text(local.time(), language)


def span_text(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """A span within one local day names the day once; over midnight both ends are written out."""
    until = end.astimezone(zone)
    if start.astimezone(zone).date() == until.date():
        return f"{moment_text(start, zone, language)}–{time_text(until.time(), language)}"
    return f"{moment_text(start, zone, language)} – {moment_text(end, zone, language)}"


def example_text(now: datetime, zone: ZoneInfo, language: str) -> str:
    """Something to type, true in any year: Wednesday of next week from nine to twelve."""
    today = now.astimezone(zone).date()
    day = today + timedelta(days=9 - today.weekday())
    weekday = SHORT_WEEKDAYS[language][2]
    if language == "en":
        return f"{weekday} {day.day} {MONTHS['en'][day.month - 1][:3]} 9–12"
    return f"{weekday} {day.day}.{day.month}.{AT[language]}9–12"
