"""A person's own settings: language, background, reminders, feedback, quiet hours."""

import enum
from datetime import datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from models.people import audit
from models.people.people import Person, parse_name


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


def call_oneself(session: AsyncSession, person: Person, typed: str, *, now: datetime) -> bool:
    """Sets the person's own name. Returns whether it was another. Raises Refused if it has no letter or is too long."""
    name = parse_name(typed)
    if name == person.name:
        return False
    person.name = name
    audit.note(session, person, "name-changed", now=now, person_id=person.id)
    return True


def speak(person: Person, language: str) -> None:
    """Sets the language of the bot for the person. It replaces that of their Telegram."""
    person.language = language


UNTOLD = "untold"
"""Stored in place of a background organisation by somebody who does not want to tell it, whatever a roster says."""


def belong(person: Person, organisation: Organisation | None) -> None:
    """Sets the background organisation. None: they do not want to tell it."""
    person.organisation = organisation or UNTOLD


def work_in(person: Person, field: Field | None) -> None:
    """Sets the field of work. None clears it."""
    person.field = field


def be_reminded(person: Person, wanted: bool) -> None:
    """Turns reminders of meetings and of forms on or off."""
    person.wants_reminders = wanted


def be_asked(person: Person, wanted: bool) -> None:
    """Turns feedback forms on or off. A person who is not asked is in no count of asked people."""
    person.wants_feedback = wanted


def keep_quiet(person: Person, start: time | None, end: time | None) -> None:
    """Sets the person's own quiet hours. Equal times mean none on working days. None means the organisation's."""
    person.quiet_start, person.quiet_end = (start, end) if start is not None and end is not None else (None, None)
