"""The built-in forms. Their texts are in the catalogues, under the identities of questions and options."""

from dataclasses import dataclass

from models.forms.items import Background, Choice, Item, QuestionKind
from models.people.settings import Field, Organisation


@dataclass(frozen=True)
class BuiltIn:
    """A form that every installation has. The catalogues have its texts in every language."""

    key: str
    items: tuple[Item, ...]

    @property
    def statements(self) -> tuple[str, ...]:
        """The identities of the questions with a scale."""
        return tuple(item.identity for item in self.items if item.kind is QuestionKind.SCALE)


def _statements(high: int, *identities: str) -> tuple[Item, ...]:
    return tuple(Item(QuestionKind.SCALE, identity=identity, low=1, high=high) for identity in identities)


def _choices(*identities: str) -> tuple[Choice, ...]:
    return tuple(Choice(identity=identity) for identity in identities)


YES_OR_NO = _choices("yes", "no")
ORGANISATIONS = _choices(*(f"organisation-{organisation}" for organisation in Organisation))
FIELDS = _choices(*(f"field-{field}" for field in Field))
ORGANISATION = Item(
    QuestionKind.SINGLE, identity="organisation", choices=ORGANISATIONS, background=Background.ORGANISATION
)
FIELD = Item(QuestionKind.SINGLE, identity="field", choices=FIELDS, background=Background.FIELD)
OPEN_FEEDBACK = Item(QuestionKind.OPEN, identity="open-feedback")

MEETING_FORM = BuiltIn(
    "meeting",
    (
        *_statements(
            5, "content-met-expectations", "content-useful-in-work", "enough-time-to-discuss", "own-input-satisfies"
        ),
        OPEN_FEEDBACK,
    ),
)
WORKSHOP_FORM = BuiltIn(
    "workshop",
    _statements(
        4, "content-met-expectations", "content-useful-in-work", "group-work-succeeded", "arrangements-went-well"
    ),
)
ANNUAL_FORM = BuiltIn(
    "annual",
    (
        *_statements(
            5,
            "influence-on-agenda",
            "informed-in-time",
            "group-met-expectations",
            "information-usable",
            "group-enough-time",
            "own-contribution",
            "memo-important",
        ),
        Item(
            QuestionKind.SINGLE,
            identity="coordinator-role",
            choices=_choices("very-well", "well", "satisfactorily", "poorly"),
        ),
        Item(
            QuestionKind.SEVERAL,
            identity="most-important-yield",
            choices=_choices("sharing-information", "regional-development", "networking"),
            other=True,
        ),
        Item(QuestionKind.YES_NO, identity="group-should-continue", choices=YES_OR_NO),
        Item(QuestionKind.SINGLE, identity="preferred-mode", choices=_choices("remote", "hybrid", "on_site")),
        ORGANISATION,
        FIELD,
        OPEN_FEEDBACK,
    ),
)
BUILT_IN = {form.key: form for form in (MEETING_FORM, WORKSHOP_FORM, ANNUAL_FORM)}
