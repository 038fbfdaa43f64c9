"""The organisation's rules; ``bot/config.py`` fills them from the settings."""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from models.calendar import HELSINKI, Quiet


@dataclass(frozen=True)
class Policy:
    """The values are the defaults of the settings. Leads are before a meeting's start, the feedback delay is after its
    end, the hour is local (0-23)."""

    zone: ZoneInfo = HELSINKI
    language: str = "fi"
    organisation: str = ""
    quiet: Quiet = field(default_factory=Quiet)
    reminder_leads: tuple[timedelta, ...] = (timedelta(days=1),)
    silent_lead: timedelta = timedelta(days=3)
    feedback_delay: timedelta = timedelta(minutes=15)
    feedback_open_for: timedelta = timedelta(days=7)
    feedback_reminder_after: timedelta = timedelta(days=2)
    feedback_wait_for: timedelta = timedelta(days=730)
    threshold: int = 5
    digest_hour: int = 9
