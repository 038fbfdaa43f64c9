"""What people choose for themselves: language, background, quiet hours."""

import enum
from datetime import time

from models.people.people import Person


class Organisation(enum.StrEnum):
    """The background organisation."""

    MUNICIPALITY = "municipality"
    COUNTY = "county"  # a wellbeing services county
    NGO = "ngo"
    COMPANY = "company"
    SCHOOL = "school"
    OTHER = "other"


class Field(enum.StrEnum):
    """The field of work."""

    CHILD_WELFARE = "child_welfare"
    FAMILIES = "families"
    WORKING_AGE = "working_age"
    DISABILITY = "disability"
    DEVELOPMENT = "development"  # research, teaching, development
    OTHER = "other"


QUIET_FROM = tuple(time(hour) for hour in range(16, 24))
QUIET_UNTIL = tuple(time(hour) for hour in range(5, 11))


def speak(person: Person, language: str) -> None:
    """From now on the bot speaks this language to the person, whatever their Telegram speaks."""
    person.language = language


def belong(person: Person, organisation: Organisation | None) -> None:
    """Sets or (None) forgets the background organisation."""
    person.organisation = organisation


def work_in(person: Person, field: Field | None) -> None:
    """Sets or (None) forgets the field."""
    person.field = field


def be_reminded(person: Person, wanted: bool) -> None:
    """Turns reminders on or off: those before a meeting, and those to answer a form."""
    person.wants_reminders = wanted


def be_asked(person: Person, wanted: bool) -> None:
    """Turns feedback forms on or off; who is not asked counts neither as asked nor as silent."""
    person.wants_feedback = wanted


def keep_quiet(person: Person, start: time | None, end: time | None) -> None:
    """Sets one's own quiet hours; equal ones mean none on working days, None the organisation's."""
    person.quiet_start, person.quiet_end = (start, end) if start is not None and end is not None else (None, None)
