"""What is known of a form while it is written, and its text read into questions."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handlers.forms.form_text import words
from handlers.forms.labels import form_name
from handlers.forms.notation import own_words, read, write
from handlers.forms.notation.reading import LONGEST_LINE, NAME
from handlers.routes import Context, Tap
from handlers.texts import Texts
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Refused, Stale
from models.forms import form_book, forms, version_diff
from models.forms.form_book import FormContent, OwnedForm
from models.forms.forms import FormVersion
from models.forms.items import Item
from models.forms.version_diff import Pair, Worded
from models.membership import roster_file
from models.people.people import tidy


class FormStep(enum.StrEnum):
    """What a typed line is: the form's text, its name, or (on the card) a new text."""

    TEXT = "text"
    NAME = "name"
    CARD = "card"


@dataclass(frozen=True, kw_only=True)
class FormDraft(DraftState, subject=DraftKind.FORM):
    """A form as far as it is written."""

    awaits: FormStep = FormStep.TEXT
    form: int = 0
    """The form that is edited; 0 while a new one is written."""
    base: int = 0
    """The number of the version that was there when the editing began."""
    whose: int = 0
    """The group whose a new form will be; 0: the organisation's."""
    name: str = ""
    named: bool = False
    text: str = ""
    """The text that was read last, in the notation."""
    same: Mapping[str, bool] = field(default_factory=dict)
    """Of questions that resemble one that is gone, by identity: whether they are that one."""
    turn: int = 0
    """Counts the cards: a button of an older one is refused."""


@dataclass(frozen=True)
class Work:
    """A draft with its text read: the questions as they would be saved, and what is to be asked about them."""

    draft: Draft[FormDraft]
    known: FormDraft
    owned: OwnedForm | None
    """The form that is edited; None for a new one."""
    version: FormVersion | None
    items: tuple[Item, ...]
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        return self.known.name

    @property
    def content(self) -> FormContent:
        return FormContent(self.items, self.known.named)

    @property
    def is_behind(self) -> bool:
        """Whether somebody else has saved a version since the editing began."""
        return self.version is not None and self.version.number != self.known.base

    @property
    def is_unchanged(self) -> bool:
        if self.owned is None or self.version is None:
            return False
        return self.name == self.owned.form.name and form_book.is_same(self.version, self.content)

    @property
    def undecided(self) -> int | None:
        """The index of the first pair that the person has not decided on; None if all are decided."""
        indexes = (index for index, pair in enumerate(self.pairs) if pair.now.identity not in self.known.same)
        return next(indexes, None)


async def begin(
    context: Context, owned: OwnedForm | None, *, copies: bool = False, group_id: int | None = None
) -> Draft[FormDraft]:
    """Begins a new form, the next version of a form, or (``copies``) a new form from a copy."""
    session, person = context.session, context.person
    owners = [owner.id if owner else 0 for owner in await form_book.owners(session, person)]
    if not owners:
        raise Refused("forms-no-groups")
    whose = group_id if group_id in owners else owners[0]
    known = FormDraft(whose=whose)
    if owned is not None:
        version = await forms.newest(session, owned.form)
        # An own form's name is taken, so that the copy needs another; a built-in form's is not.
        name = "" if copies and not owned.is_built_in else form_name(context.t, owned.form)
        text = write(name, [_unnamed(forms.written(question)) for question in version.questions], context.t)
        known = replace(known, name=name, named=version.named, text=text)
        if not copies:
            known = replace(known, form=owned.form.id, base=version.number)
    return await context.begin(known)


def _unnamed(item: Item) -> Item:
    """A question without the identities of its own texts: when it is read again it has none, either."""
    choices = tuple(replace(choice, identity="") if choice.text else choice for choice in item.choices)
    return replace(item, identity="" if item.text and not item.background else item.identity, choices=choices)


async def access_draft(context: Context, tap: Tap) -> tuple[Draft[FormDraft], OwnedForm | None]:
    """The gate of the dialogue's buttons: its draft, and the form that is edited, if the person may still edit it."""
    draft = await context.access_draft(FormDraft, tap.id)
    return draft, await edited(context, draft.state)


async def edited(context: Context, known: FormDraft) -> OwnedForm | None:
    """The form that is edited, if the person may still edit it; None for a new one."""
    if known.form:
        return await form_book.access_form_to_edit(context.session, context.person, known.form)
    await form_book.require_coordinator(context.session, context.person)
    return None


def reject_old_card(known: FormDraft, tap: Tap) -> None:
    """Refuses the button of a card that was drawn before the last change."""
    if tap.number(1) != known.turn:
        raise Stale("forms-card-is-old")


def update(context: Context, draft: Draft[FormDraft], known: FormDraft) -> None:
    """Stores what is known now. The buttons of earlier cards are refused from now on."""
    context.update_draft(draft, replace(known, turn=known.turn + 1))


def typed(context: Context, text: str) -> str:
    """The text of a message or file, without characters that cannot be shown. Refuses what is no text."""
    if context.file == b"":
        raise Refused("forms-file-size")
    if context.file is not None:
        try:
            text = roster_file.decode(context.file)
        except Refused:
            raise Refused("forms-not-text") from None
    if not text.strip():
        raise Refused("forms-nothing")
    return "\n".join(tidy(line, LONGEST_LINE + 1) for line in text.splitlines())


def with_text(known: FormDraft, text: str) -> FormDraft:
    """With a form's text. Raises `Unreadable` with all that is wrong in it."""
    written = read(text, own_words=own_words())
    return replace(known, text=text, name=written.name or known.name, same={})


async def work_of(context: Context, draft: Draft[FormDraft], owned: OwnedForm | None) -> Work:
    """Reads a draft's text. Its questions keep the identities of the version before. Raises `Unreadable`."""
    t, known = context.t, draft.state
    written = read(known.text, own_words=own_words())
    new = [Worded(item, words(t, item)) for item in written.items]
    if owned is None:
        items = [question.item for question in version_diff.keep_identities(new, ())]
        return Work(draft, known, None, None, tuple(items), ())
    version = await forms.newest(context.session, owned.form)
    items = [forms.written(question) for question in version.questions]
    before = [Worded(item, words(t, item)) for item in items]
    new = version_diff.keep_identities(new, before)
    behind = version.number != known.base
    pairs = [] if behind else version_diff.pairs(new, before)
    same = {identity for identity, is_same in known.same.items() if is_same}
    return Work(draft, known, owned, version, version_diff.apply_decisions(new, pairs, same), tuple(pairs))


def shown_text(t: Texts, known: FormDraft) -> str:
    """A draft's text, beginning with the name that the form has now."""
    first, _, rest = known.text.partition("\n")
    body = rest if NAME.fullmatch(first.strip()) else known.text
    return f"{t('notation-word-name')}: {known.name}\n{body}" if known.name else body
