"""Writing or editing a form in chat: its text is typed or sent as a file, then a card is shown, which saves it.

`FormDraft` keeps the text that was read last, and every screen is drawn from it.
"""

from dataclasses import replace

from handlers.forms import form_card, form_draft
from handlers.forms.form_draft import FormDraft, FormStep, access_draft
from handlers.forms.forms import form_list, form_page
from handlers.forms.notation import Unreadable
from handlers.forms.notation.reading import NAME
from handlers.routes import Context, Tap, command_button, tap, text_input
from handlers.screen import Screen
from models.delivery.drafts import Draft
from models.errors import NotFound, Refused, Stale
from models.forms import form_book
from models.forms.form_book import OwnedForm
from models.people import access
from models.people.access import RoleKind


async def show(context: Context, tap: Tap) -> Screen:
    """The dialogue's current screen."""
    return await form_card.show(context, (await access_draft(context, tap))[0])


@tap("form-new")
async def on_new(context: Context, tap: Tap) -> Screen:
    """Asks for a form's text; from a group's card the form will be that group's."""
    await form_book.require_coordinator(context.session, context.person)
    draft = await form_draft.begin(context, None, group_id=tap.number(0) if tap.args else None)
    return form_card.ask_text(context, draft)


@tap("form-edit")
async def on_edit(context: Context, tap: Tap) -> Screen:
    owned = await form_book.access_form_to_edit(context.session, context.person, tap.id)
    return form_card.ask_text(context, await form_draft.begin(context, owned))


@tap("form-copy")
async def on_copy(context: Context, tap: Tap) -> Screen:
    """Begins a new form from a copy of another."""
    owned = await form_book.access_form(context.session, context.person, tap.id)
    draft = await form_draft.begin(context, owned, copies=True, group_id=owned.form.workgroup_id)
    return form_card.ask_text(context, draft)


@tap("form-draft", on_refusal=show)
async def on_draft(context: Context, tap: Tap) -> Screen:
    return await show(context, tap)


@tap("form-guide", on_refusal=show)
async def on_guide(context: Context, tap: Tap) -> Screen:
    draft, _ = await access_draft(context, tap)
    return form_card.guide(context, draft)


@tap("form-stop")
async def on_stop(context: Context, tap: Tap) -> Screen:
    """Ends the dialogue, even if the form is gone or the person has lost their role meanwhile."""
    session, person = context.session, context.person
    form_id = (await context.access_draft(FormDraft, tap.id)).state.form
    await context.end_draft()
    if not await access.holds(session, person, RoleKind.COORDINATOR):
        return Screen(context.t("cancelled-dialogue"), ((command_button(context, "help"),),))
    toast = context.t("toast-nothing-changed")
    if not form_id:
        return (await form_list(context)).toasting(toast)
    try:
        return (await form_page(context, await form_book.access_form(session, person, form_id))).toasting(toast)
    except NotFound:
        return (await form_list(context)).toasting(toast)


@text_input(FormDraft, on_refusal=form_card.show, takes_files=True)
async def on_text(context: Context, draft: Draft[FormDraft], text: str) -> Screen:
    """A form's text, or its name if that was asked for. Several lines are always a text."""
    known = draft.state
    await form_draft.edited(context, known)
    text = form_draft.typed(context, text)
    if known.awaits is FormStep.NAME and "\n" not in text.strip() and context.file is None:
        match = NAME.fullmatch(text)
        name = form_book.parse_name(match[1] if match else text)
        return await _show(context, draft, replace(known, awaits=FormStep.CARD, name=name))
    try:
        known = form_draft.with_text(known, text)
    except Unreadable as wrong:
        return form_card.faults(context, draft, wrong)
    return await _go_on(context, draft, known)


async def _show(context: Context, draft: Draft[FormDraft], known: FormDraft) -> Screen:
    """Stores what is known now, and shows it."""
    form_draft.update(context, draft, known)
    return await form_card.show(context, draft)


async def _go_on(context: Context, draft: Draft[FormDraft], known: FormDraft) -> Screen:
    """Stores what is known now; asks for the name if there is none yet, else shows the card."""
    if not known.text:
        raise Stale("forms-card-is-old")
    return await _show(context, draft, replace(known, awaits=FormStep.CARD if known.name else FormStep.NAME))


@tap("form-card", on_refusal=show)
async def on_card(context: Context, tap: Tap) -> Screen:
    """Goes on with the text as it is."""
    draft, _ = await access_draft(context, tap)
    return await _go_on(context, draft, draft.state)


@tap("form-rewrite", on_refusal=show)
async def on_rewrite(context: Context, tap: Tap) -> Screen:
    draft, _ = await access_draft(context, tap)
    return await _show(context, draft, replace(draft.state, awaits=FormStep.TEXT))


@tap("form-name", on_refusal=show)
async def on_name(context: Context, tap: Tap) -> Screen:
    draft, _ = await access_draft(context, tap)
    return await _show(context, draft, replace(draft.state, awaits=FormStep.NAME))


@tap("form-named", on_refusal=show)
async def on_named(context: Context, tap: Tap) -> Screen:
    """Anonymous or named. Each version has its own setting; runs that were sent keep theirs."""
    draft, _ = await access_draft(context, tap)
    return await _show(context, draft, replace(draft.state, awaits=FormStep.CARD, named=tap.number(1) == 1))


@tap("form-whose", on_refusal=show)
async def on_whose(context: Context, tap: Tap) -> Screen:
    """Asks who will own a new form; with an argument, stores it."""
    draft, owned = await access_draft(context, tap)
    if owned is not None:
        raise NotFound
    if len(tap.args) == 1:
        return await form_card.ask_whose(context, draft)
    owners = [owner.id if owner else 0 for owner in await form_book.owners(context.session, context.person)]
    if tap.number(1) not in owners:
        raise NotFound
    return await _show(context, draft, replace(draft.state, awaits=FormStep.CARD, whose=tap.number(1)))


@tap("form-same", on_refusal=show)
async def on_same(context: Context, tap: Tap) -> Screen:
    """Stores whether a new question is the same as a removed one: then their figures are compared."""
    draft, owned = await access_draft(context, tap)
    known = draft.state
    form_draft.reject_old_card(known, tap)
    work, index = await _work(context, draft, owned), tap.number(2)
    if index >= len(work.pairs):
        raise NotFound
    same = {**known.same, work.pairs[index].now.identity: tap.number(3) == 1}
    return await _go_on(context, draft, replace(known, same=same))


@tap("form-same-again", on_refusal=show)
async def on_same_again(context: Context, tap: Tap) -> Screen:
    draft, _ = await access_draft(context, tap)
    return await _show(context, draft, replace(draft.state, awaits=FormStep.CARD, same={}))


@tap("form-over", on_refusal=show)
async def on_over(context: Context, tap: Tap) -> Screen:
    """Goes on although somebody else has saved a version meanwhile: this one will be the next."""
    draft, owned = await access_draft(context, tap)
    known = draft.state
    form_draft.reject_old_card(known, tap)
    work = await _work(context, draft, owned)
    if work.version is None:
        raise NotFound
    return await _show(context, draft, replace(known, awaits=FormStep.CARD, base=work.version.number, same={}))


@tap("form-newest", on_refusal=show)
async def on_newest(context: Context, tap: Tap) -> Screen:
    """The newest version, in a new message below the card."""
    _, owned = await access_draft(context, tap)
    if owned is None:
        raise NotFound
    return replace(await form_page(context, owned), new_message=True)


async def _work(context: Context, draft: Draft[FormDraft], owned: OwnedForm | None) -> form_draft.Work:
    """The draft with its text read. Raises Stale if the text cannot be read any more; the card then says why."""
    try:
        return await form_draft.work_of(context, draft, owned)
    except Unreadable:
        raise Stale("forms-card-is-old") from None


@tap("form-save", on_refusal=show)
async def on_save(context: Context, tap: Tap) -> Screen:
    """Saves what the card shows, once."""
    session, person = context.session, context.person
    draft, owned = await access_draft(context, tap)
    known = draft.state
    form_draft.reject_old_card(known, tap)
    work = await _work(context, draft, owned)
    name = form_book.parse_name(work.name)
    if not await context.end_draft():
        raise Stale("dialogue-is-over")
    if owned is None:
        form = await form_book.create(session, person, known.whose or None, name, work.content, now=context.now)
        owned = await form_book.access_form(session, person, form.id)
        return (await form_page(context, owned)).toasting(context.t("toast-form-saved"))
    if not await form_book.revise(session, person, owned.form, name, work.content, base=known.base, now=context.now):
        raise Refused("forms-unchanged")
    return (await form_page(context, owned)).toasting(context.t("toast-form-version"))
