"""Calendar files: one event with a stable UID, SEQUENCE on change, METHOD:CANCEL when it is called off."""

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from handlers.screen import File
from handlers.texts import Texts
from models.meetings import Meeting, MeetingState, Mode

if TYPE_CHECKING:
    from icalendar import Alarm, Event


def calendar_file(t: Texts, meeting: Meeting) -> File:
    """The meeting as a file that any calendar takes."""
    from icalendar import Calendar

    cancelled = meeting.state is MeetingState.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", "-//Koolla//FI")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(_event(t, meeting, cancelled=cancelled))
    calendar.add_missing_timezones()
    return File(t("calendar-file-name"), calendar.to_ical())


def _event(t: Texts, meeting: Meeting, *, cancelled: bool) -> "Event":
    from icalendar import Event

    zone = ZoneInfo(meeting.zone)
    event = Event()
    event.add("uid", f"meeting-{meeting.id}@koolla")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", meeting.created_at)
    event.add("dtstart", meeting.starts_at.astimezone(zone))
    event.add("dtend", meeting.ends_at.astimezone(zone))
    event.add("summary", f"{meeting.workgroup.name}: {meeting.title or t('topic-later').striptags()}")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if where := _where(meeting):
        event.add("location", where)
    if meeting.description:
        event.add("description", meeting.description)
    if not cancelled:
        event.add_component(_alarm(meeting))
    return event


def _where(meeting: Meeting) -> str:
    place = meeting.place if meeting.mode is not Mode.REMOTE else None
    link = meeting.link if meeting.mode is not Mode.ON_SITE else None
    return ", ".join(part for part in (place, link) if part)


def _alarm(meeting: Meeting) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(minutes=-15))
    alarm.add("description", meeting.title or meeting.workgroup.name)
    return alarm
