"""The keys of texts that the code computes: each f-string with the values that its placeholder can have.

A new member of an enum then fails `test_texts` until it has its texts. The values of `PROSE` are words written beside
the f-string: they have no enum, and their texts are only required to be used.
"""

from collections.abc import Iterable

from handlers import routes
from handlers.many_messages import Fate
from handlers.meetings.meeting_draft import FIELDS, MAY_BE_OPEN, MeetingStep
from handlers.meetings.meeting_questions import LENGTHS
from handlers.people.member import MemberField
from handlers.reports.annual.report import WAYS
from handlers.responses import BASES
from models.feedback.releases import Withheld
from models.forms.builtin_forms import BUILT_IN
from models.forms.items import Background, QuestionKind
from models.meetings.attendance import Attended
from models.meetings.invitations import Answer
from models.meetings.meetings import Mode
from models.operations.arrivals import MISSED, MessageKind, MessageOutcome
from models.people.access import RoleKind
from models.people.people import Reachability
from models.people.settings import Field, Organisation
from models.reports.annual.forms import Sort
from models.reports.subscriptions import Rhythm
from models.results.aggregates import ELSE

UNREACHABLE = [reach for reach in Reachability if reach is not Reachability.REACHABLE]
CHOICES = [choice for form in BUILT_IN.values() for item in form.items for choice in item.choices]
ITEMS = [item for form in BUILT_IN.values() for item in form.items]

COMPUTED: dict[str, Iterable[object]] = {
    # Many messages at once
    "many-{}": Fate,
    "correct-{}": MemberField,
    "correct-{}-how": MemberField,
    # Answers and attendances
    "answer-{}": Answer,
    "answer-{}-chosen": Answer,
    "card-you-{}": Answer,
    "toast-{}": Answer,
    "short-{}": [*Answer, "silent"],
    "turnout-{}": Answer,
    "attended-{}": Attended,
    "present-{}": [*Attended, "unknown"],
    "heads-{}": [attended for attended in Attended if attended.was_there],
    # Meetings
    "card-{}": Mode,
    "mode-{}": Mode,
    "length-{}": LENGTHS,
    "ask-{}": set(MeetingStep) - {MeetingStep.CONFIRM},
    "edit-{}": FIELDS,
    "skip-{}": MAY_BE_OPEN,
    # What became of messages
    "arrivals-{}": MessageKind,
    "phone-{}": MessageKind,
    # Of those to whom something was sent, nobody is unclaimed; what was not needed is counted apart.
    "outcome-{}": set(MessageOutcome) - {MessageOutcome.UNNEEDED, MessageOutcome.UNCLAIMED},
    "missed-{}": MISSED,
    # People and roles
    "blocked-news-{}": [Reachability.BLOCKED, Reachability.DEACTIVATED],
    "member-{}": Reachability,
    "reach-{}": Reachability,
    "roster-count-{}": Reachability,
    "survey-missed-{}": [*UNREACHABLE, "unwilling"],
    "unreached-do-{}": UNREACHABLE,
    "option-field-{}": Field,
    "option-organisation-{}": Organisation,
    "give-{}": RoleKind,
    "help-{}": [*RoleKind, "everyone"],
    "news-role-{}": RoleKind,
    "role-{}": RoleKind,
    "role-where-{}": set(RoleKind) - {RoleKind.ADMINISTRATOR},  # of the whole organisation always
    "command-{}": routes.load().menu,
    # Forms
    "form-{}": BUILT_IN,
    "forms-kind-{}": set(QuestionKind) - {QuestionKind.SCALE},
    "paper-kind-{}": QuestionKind,
    "statement-{}": {item.identity for item in ITEMS if item.text is None},
    "option-{}": {choice.identity for item in ITEMS for choice in item.choices if choice.text is None}
    | {ELSE.identity},
    # Results and reports
    "digest-rhythm-{}": Rhythm,
    "start-digest-{}": Rhythm,
    "report-answered-{}": Sort,
    "report-note-{}": Sort,
    "report-questions-{}": Sort,
    "report-hidden-{}": Withheld,
    "report-way-{}": WAYS,
    "response-of-{}": BASES,
    "trend-answered-of-{}": BASES,
    "withheld-{}": Withheld,
}
"""By f-string; each value makes a key that every language has."""

PROSE = {
    "audit-{}",
    "button-{}",
    "button-{}-{}",
    "chart-of-{}",
    "chart-{}",
    "digest-since-{}",
    "digest-to-{}",
    "join-approval-turn-{}",
    "join-approval-{}",
    "joined-{}",
    "links-column-{}",
    "paper-column-{}",
    "preview-line-{}",
    "preview-{}",
    "privacy-{}",
    "report-files{}",
    "report-meetings-line{}",
    "report-sheet-{}",
    "report-source-{}",
    "report-tile-{}",
    "report-{}",
    "report-{}-now",
    "sheet-{}",
    "sheet-{}-rate",
    "survey-edit-{}",
    "survey-lasts-{}",
    "survey-{}-sure",
    "survey-{}-yes",
}
"""F-strings whose values are words in the code."""

SEVERAL = {"report-{}": [*Sort, *Background]}
"""Values of enums among those of an f-string of `PROSE`."""


def keys_of(key: str, values: Iterable[object]) -> tuple[str, ...]:
    """The keys that an f-string comes to."""
    return tuple(key.replace("{}", str(value)) for value in values)
