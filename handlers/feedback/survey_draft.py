"""What is known of a survey while it is planned, and the times that follow from it."""

import enum
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal
from zlib import crc32

from dateutil.relativedelta import relativedelta

from handlers import dates
from handlers.dates import When, moment_text
from handlers.routes import Context
from models.calendar import DAY, is_day_off, to_utc
from models.codec import to_json
from models.delivery.drafts import DraftKind, DraftState, Fields
from models.errors import Refused
from models.feedback import survey_plan
from models.feedback.survey_plan import Timing

MORNING, AFTERNOON = time(9), time(16)
"""When a survey opens, and when it closes, on a day without an hour."""
LASTS = {"week": relativedelta(weeks=1), "fortnight": relativedelta(weeks=2), "month": relativedelta(months=1)}
NOW: Literal["now"] = "now"


class SurveyStep(enum.StrEnum):
    """The questions, in order; after them the card to confirm."""

    GROUP = "group"
    OPENS = "opens"
    CLOSES = "closes"
    REMINDERS = "reminders"
    CONFIRM = "confirm"


QUESTIONS = (SurveyStep.GROUP, SurveyStep.OPENS, SurveyStep.CLOSES, SurveyStep.REMINDERS)
"""The steps that fill the field of the same name."""


@dataclass(frozen=True, kw_only=True)
class SurveyDraft(DraftState, subject=DraftKind.SURVEY):
    """A survey as far as it is known."""

    awaits: SurveyStep = SurveyStep.GROUP
    form: int = 0
    group: int | None = None
    chose: bool = False
    """Whether there were several groups to choose from."""
    opens: Literal["now"] | datetime | None = None
    closes: datetime | None = None
    reminders: int | None = None
    offers: tuple[When, ...] = ()
    """The readings of a doubtful date that were offered."""
    undo: "SurveyDraft | None" = None
    """The field that is asked again, as it was."""

    @property
    def gap(self) -> SurveyStep | None:
        """The next question; None when all is known."""
        return next((step for step in QUESTIONS if getattr(self, step) is None), None)

    def is_answered(self, step: SurveyStep) -> bool:
        """Whether the person has answered a question, and could answer it otherwise."""
        return step in QUESTIONS and getattr(self, step) is not None and (step is not SurveyStep.GROUP or self.chose)

    def asked_again(self, step: SurveyStep) -> "SurveyDraft":
        """With a step's field to be asked again; `undone` puts it back."""
        before: Fields = {step.value: getattr(self, step)}
        return replace(self.without(step), undo=SurveyDraft(**before))

    def undone(self) -> "SurveyDraft":
        """With the field that was asked again as it was."""
        return replace(self, **self.undo.known_fields) if self.undo else self


def at_clock(context: Context, day: date, at: time) -> datetime:
    """The moment of a wall-clock time here."""
    return to_utc(day, at, context.zone).moments[0]


def today(context: Context) -> date:
    return context.now.astimezone(context.zone).date()


def example(context: Context) -> str:
    """An example of what to type: Wednesday of next week."""
    day = today(context)
    return moment_text(at_clock(context, day + (9 - day.weekday()) * DAY, MORNING), context.zone, context.language)


def opens_at(context: Context, known: SurveyDraft) -> datetime:
    """When the survey will open: at the moment chosen, or at the next outside quiet time."""
    chosen = known.opens if isinstance(known.opens, datetime) else None
    return survey_plan.opening(context.now, context.policy, at=chosen)


def timing_of(context: Context, known: SurveyDraft) -> Timing | None:
    """The times of a survey, if all are known."""
    if known.opens is None or known.closes is None or known.reminders is None:
        return None
    return Timing(opens_at(context, known), known.closes, known.reminders)


def closes_at(context: Context, known: SurveyDraft, length: str) -> datetime:
    """The end of the first working day so long (a key of `LASTS`) after the opening."""
    day = opens_at(context, known).astimezone(context.zone).date() + LASTS[length]
    while is_day_off(day, context.policy.quiet):
        day += DAY
    return at_clock(context, day, AFTERNOON)


def with_moment(context: Context, known: SurveyDraft, when: When) -> SurveyDraft:
    """With the awaited moment (opening or closing) on that day, at its or the usual hour. Raises Refused for a span."""
    if when.end is not None or when.end_day is not None:
        raise Refused("survey-one-moment", example=example(context))
    if known.awaits is SurveyStep.OPENS and when.start is None and when.day == today(context):
        return replace(known, opens=NOW)
    usual = MORNING if known.awaits is SurveyStep.OPENS else AFTERNOON
    at = dates.when_to_utc(when, context.zone)[0] if when.start else at_clock(context, when.day, usual)
    return replace(known, opens=at) if known.awaits is SurveyStep.OPENS else replace(known, closes=at)


def stamp(known: SurveyDraft) -> str:
    """A checksum of what the card shows: its button is refused if the draft has changed since."""
    shown = [to_json(getattr(known, name)) for name in ("form", *QUESTIONS)]
    return f"{crc32(repr(shown).encode()):08x}"
