"""When a form closes, and when people are reminded of it. Every moment is in UTC."""

from datetime import datetime, timedelta

from models.calendar import Quiet, next_waking
from models.policy import Policy

REMINDER_INTERVAL = timedelta(hours=20)
"""The shortest time between two messages about one form to a person: the next morning is possible, the same is not."""


def meeting_form_closes_at(opens_at: datetime, policy: Policy) -> datetime:
    """When a form about a meeting closes. A survey closes when its coordinator says (`survey_plan.Timing`), and
    later only if it opened late (`surveys.open_planned`)."""
    return opens_at + policy.feedback_open_for


def reminder_times(
    opens_at: datetime,
    closes_at: datetime,
    count: int,
    *,
    asked_at: datetime,
    quiet: Quiet,
    interval: timedelta | None = None,
) -> list[tuple[int, datetime]]:
    """When a person who was asked at ``asked_at`` is reminded, with the numbers of the reminders from 1.

    About a meeting ``interval`` is the time from the asking to the first reminder, and from each to the next. A survey
    has none: its reminders divide the time between opening and closing evenly. All are moved to the person's waking
    hours and `REMINDER_INTERVAL` after the message before; those at or after the closing are left out.
    """
    if interval is not None:
        moments = [asked_at + number * interval for number in range(1, count + 1)]
    else:
        step = (closes_at - opens_at) / (count + 1)
        moments = [opens_at + number * step for number in range(1, count + 1)]
    moved, last = [], asked_at
    for number, moment in enumerate(moments, 1):
        at = next_waking(max(moment, last + REMINDER_INTERVAL), quiet)
        if asked_at < moment and at < closes_at:
            moved.append((number, at))
            last = at
    return moved
