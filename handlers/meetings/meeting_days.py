"""The calendar of a month in which a coordinator taps a meeting's day."""

import calendar
from datetime import date, timedelta

from handlers.dates import month_title, weekday_short
from handlers.routes import Context, data
from handlers.screen import Button

Rows = tuple[tuple[Button, ...], ...]
BLANK = "\u2800"
"""A label that looks empty: Telegram refuses spaces, but takes the blank of braille."""


def month_buttons(context: Context, number: int, month: date | None) -> Rows:
    """The days of a month (None: of this month) and a row that turns to the month before or after. Past days are blank.

    ``number`` is the dialogue's.
    """
    today = context.now.astimezone(context.zone).date()
    first = max(month or today, today).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    same_month = data("nm-month", number, first.isoformat())
    rows = [
        (Button(month_title(first.year, first.month, context.language), same_month),),
        tuple(Button(name, same_month) for name in weekday_short(context.language)),
    ]
    for week in calendar.Calendar().monthdatescalendar(first.year, first.month):
        rows.append(tuple(_day_button(number, day, first, today) for day in week))
    turns = [(before, "‹ {}")] if before >= today.replace(day=1) else []
    turns.append((after, "{} ›"))
    rows.append(tuple(_turn(context, number, month, label) for month, label in turns))
    return tuple(row for row in rows if any(button.label.strip(f"{BLANK} ") for button in row))


def _turn(context: Context, number: int, month: date, label: str) -> Button:
    """A button to the month before or after, labelled with its name."""
    name = month_title(month.year, month.month, context.language).partition(" ")[0]
    return Button(label.format(name), data("nm-month", number, month.isoformat()))


def _day_button(number: int, day: date, first: date, today: date) -> Button:
    if day.month != first.month or day < today:
        return Button(BLANK, data("nm-month", number, first.isoformat()))
    return Button(str(day.day), data("nm-day", number, day.isoformat()))
