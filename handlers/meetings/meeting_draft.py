"""What is known of a meeting while it is written or changed, and what is asked next."""

import enum
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Final

from handlers.dates import When, when_to_utc
from handlers.routes import Context
from models.delivery.drafts import DraftKind, DraftState, Fields
from models.meetings.meetings import MeetingPlan, Mode


class Unasked(enum.Enum):
    """The value of a field that may be left open, while it has not been asked; None once it was left open."""

    UNASKED = "unasked"


UNASKED: Final = Unasked.UNASKED


class MeetingStep(enum.StrEnum):
    """The questions, in order; after them the card to confirm."""

    GROUP = "group"
    TITLE = "title"
    DAY = "day"
    TIME = "time"
    LENGTH = "length"
    MODE = "mode"
    PLACE = "place"
    LINK = "link"
    DESCRIPTION = "description"
    CONFIRM = "confirm"


FIELDS: dict[MeetingStep, tuple[str, ...]] = {
    MeetingStep.GROUP: ("group",),
    MeetingStep.TITLE: ("title",),
    MeetingStep.DAY: ("day",),
    MeetingStep.TIME: ("start", "end"),
    MeetingStep.MODE: ("mode",),
    MeetingStep.PLACE: ("place",),
    MeetingStep.LINK: ("link",),
    MeetingStep.DESCRIPTION: ("description",),
}
"""The fields that are asked again when a coordinator changes them on the card."""
MAY_BE_OPEN = (MeetingStep.TITLE, MeetingStep.PLACE, MeetingStep.LINK, MeetingStep.DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class MeetingDraft(DraftState, subject=DraftKind.MEETING):
    """A meeting as far as it is known. The day and hours are wall-clock times here."""

    awaits: MeetingStep = MeetingStep.DAY
    group: int | None = None
    title: str | Unasked | None = UNASKED
    day: date | None = None
    start: time | None = None
    end: time | None = None
    end_day: date | None = None
    fold: int = 0
    end_fold: int = 0
    mode: Mode | None = None
    place: str | Unasked | None = UNASKED
    link: str | Unasked | None = UNASKED
    description: str | Unasked | None = UNASKED
    meeting: int | None = None
    """The meeting that is changed, and the state that it was in; None while a new one is written."""
    sequence: int = 0
    month: date | None = None
    """The month that the calendar shows."""
    offers: tuple[When, ...] = ()
    """The readings of a doubtful date that were offered."""
    undo: "MeetingDraft | None" = None
    """The fields that are asked again, as they were."""

    @property
    def when(self) -> When | None:
        """The day with its hours, as far as they are known."""
        if self.day is None:
            return None
        return When(self.day, self.start, self.end, self.end_day, self.fold, self.end_fold)

    def at(self, when: When) -> "MeetingDraft":
        """With a day, and its hours if they are known."""
        return replace(
            self,
            day=when.day,
            start=when.start or self.start,
            end=when.end or self.end,
            end_day=when.end_day,
            fold=when.fold,
            end_fold=when.end_fold,
            offers=(),
        )

    def asked_again(self, step: MeetingStep) -> "MeetingDraft":
        """With a step's fields to be asked again; `undone` puts them back."""
        before: Fields = {name: getattr(self, name) for name in FIELDS[step]}
        return replace(self.without(*FIELDS[step]), undo=MeetingDraft(**before))

    def undone(self) -> "MeetingDraft":
        """With the fields that were asked again as they were."""
        return replace(self, **self.undo.known_fields) if self.undo else self

    @property
    def gap(self) -> MeetingStep | None:
        """The next question; None when all is known."""
        is_gap = {
            MeetingStep.GROUP: self.group is None,
            MeetingStep.TITLE: self.title is UNASKED,
            MeetingStep.DAY: self.day is None,
            MeetingStep.TIME: self.start is None,
            MeetingStep.LENGTH: self.end is None,
            MeetingStep.MODE: self.mode is None,
            MeetingStep.PLACE: self.place is UNASKED and self.mode is not None and self.mode.has_place,
            MeetingStep.LINK: self.link is UNASKED and self.mode is not None and self.mode.has_link,
            MeetingStep.DESCRIPTION: self.description is UNASKED,
        }
        return next((step for step, is_missing in is_gap.items() if is_missing), None)


def plan_of(context: Context, known: MeetingDraft) -> MeetingPlan | None:
    """The plan of a meeting of which all is known, else None."""
    if known.gap is not None or known.when is None or known.mode is None:
        return None
    start, end = when_to_utc(known.when, context.zone)
    assert end is not None
    return MeetingPlan(
        title=_settled(known.title),
        starts_at=start,
        ends_at=end,
        zone=context.zone,
        mode=known.mode,
        place=_settled(known.place) if known.mode.has_place else None,
        link=_settled(known.link) if known.mode.has_link else None,
        description=_settled(known.description),
    )


def _settled(value: str | Unasked | None) -> str | None:
    return None if value is UNASKED else value
