"""The month in which a coordinator taps a meeting's day."""

import calendar
from datetime import date, timedelta

from handlers.dates import month_title, weekday_short
from handlers.routes import Context, data
from handlers.screen import Button
from models.delivery.drafts import Draft

Rows = tuple[tuple[Button, ...], ...]


def month_buttons(context: Context, draft: Draft) -> Rows:
    """A month to tap in: past days are blank; the last row leads to the months beside it."""
    today = context.now.astimezone(context.zone).date()
    shown = date.fromisoformat(draft.data.get("month") or today.isoformat())
    first = max(shown, today).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    here = data("nm-month", draft.number, first.isoformat())
    title = Button(month_title(first.year, first.month, context.language), here)
    rows: list[tuple[Button, ...]] = [(title,)]
    rows.append(tuple(Button(name, here) for name in weekday_short(context.language)))
    for week in calendar.Calendar().monthdatescalendar(first.year, first.month):
        rows.append(tuple(_day_button(draft, day, first, today) for day in week))
    turns = [(before, "‹ {}")] if before >= today.replace(day=1) else []
    turns.append((after, "{} ›"))
    rows.append(tuple(_turn(context, draft, month, label) for month, label in turns))
    return tuple(row for row in rows if any(button.label.strip("\u2800 ") for button in row))


def _turn(context: Context, draft: Draft, month: date, label: str) -> Button:
    """A month beside the one shown, by its name; the year stands above the days."""
    name = month_title(month.year, month.month, context.language).partition(" ")[0]
    return Button(label.format(name), data("nm-month", draft.number, month.isoformat()))


def _day_button(draft: Draft, day: date, first: date, today: date) -> Button:
    if day.month != first.month or day < today:
        blank = "\u2800"  # Telegram takes it for a label
        return Button(blank, data("nm-month", draft.number, first.isoformat()))
    return Button(str(day.day), data("nm-day", draft.number, day.isoformat()))
