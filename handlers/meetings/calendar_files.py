"""Calendar files (iCalendar, RFC 5545): one event with a stable UID, whose SEQUENCE grows with each change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from handlers.screen import File
from handlers.texts import Texts
from models.meetings.meetings import Meeting, MeetingPlan, MeetingState

if TYPE_CHECKING:
    from icalendar import Alarm, Event


@dataclass(frozen=True)
class Occasion:
    """The content of a meeting's file; the key of the cache."""

    id: int
    sequence: int
    called_at: datetime
    group: str
    title: str
    plan: MeetingPlan
    is_cancelled: bool


def calendar_file(t: Texts, meeting: Meeting) -> File:
    """The meeting as an .ics file."""
    occasion = Occasion(
        meeting.id,
        meeting.sequence,
        meeting.created_at,
        meeting.workgroup.name,
        meeting.title or t("topic-later").striptags(),
        meeting.plan,
        meeting.state is MeetingState.CANCELLED,
    )
    return File(t("calendar-file-name"), _ical(occasion))


@lru_cache(maxsize=64)
def _ical(occasion: Occasion) -> bytes:
    """Cached: everyone who is invited gets the same file."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Koolla//FI")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if occasion.is_cancelled else "PUBLISH")
    calendar.add_component(_event(occasion))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(occasion: Occasion) -> "Event":
    from icalendar import Event

    plan = occasion.plan
    event = Event()
    event.add("uid", f"meeting-{occasion.id}@koolla")
    event.add("sequence", occasion.sequence)
    event.add("dtstamp", occasion.called_at)
    event.add("dtstart", plan.starts_at.astimezone(plan.zone))
    event.add("dtend", plan.ends_at.astimezone(plan.zone))
    event.add("summary", f"{occasion.group}: {occasion.title}")
    event.add("status", "CANCELLED" if occasion.is_cancelled else "CONFIRMED")
    if location := _location(plan):
        event.add("location", location)
    if plan.description:
        event.add("description", plan.description)
    if not occasion.is_cancelled:
        event.add_component(_alarm(plan.title or occasion.group))
    return event


def _location(plan: MeetingPlan) -> str:
    place = plan.place if plan.mode.has_place else None
    link = plan.link if plan.mode.has_link else None
    return ", ".join(part for part in (place, link) if part)


def _alarm(description: str) -> "Alarm":
    """A reminder 15 minutes before the start."""
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(minutes=-15))
    alarm.add("description", description)
    return alarm
