"""The screens of writing a form: the instructions, what is wrong with its text, questions, and the card to save it."""

from markupsafe import Markup

from handlers.forms.form_draft import FormDraft, FormStep, Work, edited, shown_text, work_of
from handlers.forms.form_text import questions_text
from handlers.forms.notation import Unreadable, faults_text
from handlers.routes import Context, data
from handlers.screen import Button, ButtonRow, File, Screen
from models.delivery.drafts import Draft
from models.forms import form_book
from models.forms.form_book import NAME_LENGTH
from models.people.groups import Workgroup

COPIED = 3_000
"""Characters of a form's text that are shown in a message with its instructions; a longer text is sent as a file."""
MOST_OWNERS = 90


async def show(context: Context, draft: Draft[FormDraft]) -> Screen:
    """The dialogue's current screen."""
    known = draft.state
    owned = await edited(context, known)
    if known.awaits is FormStep.NAME:
        return ask_name(context, draft)
    if known.awaits is FormStep.TEXT or not known.text:
        return ask_text(context, draft)
    try:
        work = await work_of(context, draft, owned)
    except Unreadable as wrong:
        return faults(context, draft, wrong)
    if work.undecided is not None:
        return ask_same(context, work, work.undecided)
    return await card(context, work)


def _stop(context: Context, draft: Draft[FormDraft]) -> Button:
    return Button(context.t("cancel"), data("form-stop", draft.number))


def _guide(context: Context, draft: Draft[FormDraft]) -> Button:
    return Button(context.t("forms-guide-button"), data("form-guide", draft.number))


def ask_text(context: Context, draft: Draft[FormDraft]) -> Screen:
    """How a form is written; if there is a text already, the text to be copied and changed."""
    t = context.t
    ways = (_guide(context, draft), _stop(context, draft))
    if not draft.state.text:
        return Screen(t("forms-how"), (ways,))
    text = shown_text(t, draft.state)
    rows = ((Button(t("forms-go-on"), data("form-card", draft.number)),), ways)
    if len(text) > COPIED:
        return Screen(t("forms-change-file"), rows, file=File(f"{t('forms-file')}.txt", text.encode()))
    block = Markup("<pre>{}</pre>").format(text)
    return Screen(Markup("\n\n").join([t("forms-change"), block]), rows)


def guide(context: Context, draft: Draft[FormDraft]) -> Screen:
    back = Button(context.t("back"), data("form-draft", draft.number))
    return Screen(context.t("forms-guide"), ((back,),))


def faults(context: Context, draft: Draft[FormDraft], wrong: Unreadable) -> Screen:
    """All that is wrong with a text, by line. The text that was read before stays."""
    rows: list[ButtonRow] = [(_guide(context, draft), _stop(context, draft))]
    if draft.state.text:
        rows.insert(0, (Button(context.t("back"), data("form-draft", draft.number)),))
    return Screen(faults_text(context.t, wrong.faults), tuple(rows))


def ask_name(context: Context, draft: Draft[FormDraft]) -> Screen:
    way = "form-card" if draft.state.name else "form-rewrite"
    back = Button(context.t("back"), data(way, draft.number))
    return Screen(context.t("forms-name-how", most=NAME_LENGTH), ((back, _stop(context, draft)),))


def ask_same(context: Context, work: Work, index: int) -> Screen:
    """Asks whether a new question is a removed one, reworded."""
    t, pair = context.t, work.pairs[index]
    position = f"{index + 1}/{len(work.pairs)}"
    text = t("forms-same", position=position, before=pair.before.words, now=pair.now.words)
    turn = work.known.turn
    number = work.draft.number
    return Screen(
        text,
        (
            (Button(t("forms-same-yes"), data("form-same", number, turn, index, 1)),),
            (Button(t("forms-same-no"), data("form-same", number, turn, index, 0)),),
            (Button(t("back"), data("form-rewrite", number)), _stop(context, work.draft)),
        ),
    )


async def ask_whose(context: Context, draft: Draft[FormDraft]) -> Screen:
    """Asks who will own a new form."""
    t = context.t
    owners = await form_book.owners(context.session, context.person)
    rows = tuple(
        (Button(_owner(context, group), data("form-whose", draft.number, group.id if group else 0)),)
        for group in owners[:MOST_OWNERS]
    )
    return Screen(t("forms-whose-how"), (*rows, (Button(t("back"), data("form-card", draft.number)),)))


def _owner(context: Context, owner: Workgroup | None) -> str:
    return owner.name if owner else str(context.t("forms-whole-organisation"))


async def card(context: Context, work: Work) -> Screen:
    """The form as people will see it, with buttons to save and to change it."""
    t, draft = context.t, work.draft
    owners = await form_book.owners(context.session, context.person)
    lines = [t("forms-name", form=work.name)]
    if work.owned is None:
        names = {group.id if group else 0: _owner(context, group) for group in owners}
        owner = names.get(draft.state.whose)
        lines.append(t("forms-card-whose", owner=owner) if owner else t("forms-card-whose-gone"))
    parts = [t("forms-card"), Markup("\n").join(lines), questions_text(t, work.items, named=work.content.named)]
    parts += _notes(context, work)
    return Screen(Markup("\n\n").join(parts), (*_saving(context, work), *_changing(context, work, len(owners))))


def _notes(context: Context, work: Work) -> list[Markup]:
    """What the person should know before saving."""
    t = context.t
    if work.is_unchanged:
        return [t("forms-unchanged")]
    if work.is_behind:
        return [t("forms-behind")]
    same = [pair for pair in work.pairs if work.known.same.get(pair.now.identity)]
    notes = [t("forms-reworded", n=len(same))] if same else []
    return notes + ([t("forms-runs-stay")] if work.owned is not None else [])


def _saving(context: Context, work: Work) -> tuple[ButtonRow, ...]:
    t, draft = context.t, work.draft
    if work.is_unchanged:
        return ()
    if work.is_behind:
        over = Button(t("forms-over"), data("form-over", draft.number, draft.state.turn))
        return ((over,), (Button(t("forms-show-newest"), data("form-newest", draft.number)),))
    return ((Button(t("forms-save"), data("form-save", draft.number, draft.state.turn)),),)


def _changing(context: Context, work: Work, owners: int) -> tuple[ButtonRow, ...]:
    t, draft = context.t, work.draft
    named = work.content.named
    toggle = Button(
        t("forms-make-anonymous" if named else "forms-make-named"), data("form-named", draft.number, 0 if named else 1)
    )
    whose = work.owned is None and owners > 1
    return (
        (toggle, Button(t("forms-rename"), data("form-name", draft.number))),
        (Button(t("forms-whose"), data("form-whose", draft.number)),) if whose else (),
        (Button(t("forms-same-again"), data("form-same-again", draft.number)),) if work.pairs else (),
        (Button(t("forms-rewrite"), data("form-rewrite", draft.number)), _stop(context, draft)),
    )
