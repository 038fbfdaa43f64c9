"""A form in the making: the draft that remembers it, and what becomes of its text."""

from dataclasses import dataclass, replace
from typing import Any

from handlers.forms.form_text import words
from handlers.forms.labels import form_name
from handlers.forms.notation import own_words, read, write
from handlers.forms.notation.reading import LONGEST_LINE, NAME
from handlers.routes import Context, Tap
from handlers.texts import Texts
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import Refused, Stale
from models.forms import form_book, forms, version_diff
from models.forms.form_book import Content, OwnedForm
from models.forms.forms import FormVersion
from models.forms.items import Item
from models.forms.version_diff import Pair, Worded
from models.membership import roster_file
from models.people.people import tidy

SUBJECT = "form"


@dataclass(frozen=True)
class Work:
    """A draft read: the questions as they would be saved, and what is still to be asked about them."""

    draft: Draft
    kept: OwnedForm | None
    """The form that is edited; None if this becomes a new one."""
    version: FormVersion | None
    items: tuple[Item, ...]
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        name: str = self.draft.data["name"]
        return name

    @property
    def content(self) -> Content:
        return Content(self.items, self.draft.data["named"])

    @property
    def is_behind(self) -> bool:
        """Whether somebody else has saved a version since this one was begun."""
        return self.version is not None and self.version.number != self.draft.data["base"]

    @property
    def is_unchanged(self) -> bool:
        if self.kept is None or self.version is None:
            return False
        return self.name == self.kept.form.name and form_book.is_same(self.version, self.content)

    @property
    def undecided(self) -> int | None:
        """The place of the first pair of which it has not been said whether it is the same question."""
        same = self.draft.data["same"]
        return next((place for place, pair in enumerate(self.pairs) if pair.now.identity not in same), None)


async def begin(
    context: Context, owned: OwnedForm | None, *, copies: bool = False, group_id: int | None = None
) -> Draft:
    """Begins a new form, or the next version or (``copies``) a form of one's own out of one that there is."""
    session, person = context.session, context.person
    owners = [owner.id if owner else 0 for owner in await form_book.owners(session, person)]
    if not owners:
        raise Refused("forms-no-groups")
    whose = group_id if group_id in owners else owners[0]
    known: dict[str, Any] = {"form": 0, "base": 0, "whose": whose, "name": "", "named": False, "text": ""}
    if owned is not None:
        version = await forms.newest(session, owned.form)
        # A copy of what was written here needs a name of its own; that of a built-in one is as good as any.
        name = "" if copies and not owned.is_built_in else form_name(context.t, owned.form)
        text = write(name, [_unnamed(forms.written(question)) for question in version.questions], context.t)
        known |= {"name": name, "named": version.named, "text": text}
        if not copies:
            known |= {"form": owned.form.id, "base": version.number}
    return await context.begin(SUBJECT, "text", {**known, "same": {}, "turn": 0})


def _unnamed(item: Item) -> Item:
    """A question that is known by its words alone, as it is when they are read."""
    choices = tuple(replace(one, identity="") if one.text else one for one in item.choices)
    return replace(item, identity="" if item.text and not item.background else item.identity, choices=choices)


async def access_draft(context: Context, tap: Tap) -> tuple[Draft, OwnedForm | None]:
    """The gate of the dialogue's buttons: its draft, and the form that is edited, if this person still may."""
    draft = await drafts.of(context.session, context.person, context.chat_id, SUBJECT, tap.id)
    return draft, await edited(context, draft)


async def edited(context: Context, draft: Draft) -> OwnedForm | None:
    """The form that a draft edits; None for a new one."""
    if draft.data["form"]:
        return await form_book.access_form_to_edit(context.session, context.person, draft.data["form"])
    await form_book.require_coordinator(context.session, context.person)
    return None


def reject_old_card(draft: Draft, tap: Tap) -> None:
    """Refuses the button of a card that has changed since."""
    if tap.number(1) != draft.data["turn"]:
        raise Stale("forms-card-is-old")


def learn(context: Context, draft: Draft, awaits: str, **known: Any) -> None:
    """Notes what was told; the cards before are old from now on."""
    drafts.learn(draft, awaits, now=context.now, turn=draft.data["turn"] + 1, **known)


def typed(context: Context, text: str) -> str:
    """What was sent, from a message or a file, line by line as it can be shown."""
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


def take(context: Context, draft: Draft, text: str) -> None:
    """Reads a form's text into the draft; `Unreadable` with all that is wrong leaves the draft as it was."""
    written = read(text, own_words=own_words())
    learn(context, draft, "card", text=text, name=written.name or draft.data["name"], same={})


async def work_of(context: Context, draft: Draft, owned: OwnedForm | None) -> Work:
    """A draft's text read, its questions recognised by what they were in the version before."""
    t = context.t
    written = read(draft.data["text"], own_words=own_words())
    new = [Worded(item, words(t, item)) for item in written.items]
    if owned is None:
        return Work(draft, None, None, tuple(worded.item for worded in version_diff.keeping(new, ())), ())
    version = await forms.newest(context.session, owned.form)
    items = [forms.written(question) for question in version.questions]
    before = [Worded(item, words(t, item)) for item in items]
    new = version_diff.keeping(new, before)
    behind = version.number != draft.data["base"]
    pairs = [] if behind else version_diff.pairs(new, before)
    same = {identity for identity, is_same in draft.data["same"].items() if is_same}
    return Work(draft, owned, version, version_diff.decided(new, pairs, same), tuple(pairs))


def shown_text(t: Texts, draft: Draft) -> str:
    """A draft's text under the name that the form has by now."""
    first, _, rest = draft.data["text"].partition("\n")
    body = rest if NAME.fullmatch(first.strip()) else draft.data["text"]
    return f"{t('notation-word-name')}: {draft.data['name']}\n{body}" if draft.data["name"] else body
