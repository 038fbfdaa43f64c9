"""/forms: the forms that a coordinator may use, and a page for each."""

from markupsafe import Markup

from handlers.forms.form_text import label, questions_text
from handlers.forms.labels import form_name
from handlers.paging import page_of
from handlers.routes import Context, Tap, command, command_button, data, tap
from handlers.screen import Button, Screen
from models.feedback import form_choosing
from models.forms import form_book, forms
from models.forms.form_book import OwnedForm
from models.people.access import RoleKind

PAGE = 10
Rows = tuple[tuple[Button, ...], ...]


@command("forms", role=RoleKind.COORDINATOR)
async def on_forms(context: Context, line: str) -> Screen:
    return await form_list(context)


@tap("forms")
async def on_list(context: Context, tap: Tap) -> Screen:
    return await form_list(context, tap.number(0) if tap.args else 0)


async def form_list(context: Context, page: int = 0) -> Screen:
    """The forms that the person may use, in pages."""
    t = context.t
    owned_forms = await form_book.usable(context.session, context.person)
    lines = [t("forms-heading")]
    if all(owned.is_built_in for owned in owned_forms):
        lines.append(t("forms-none"))
    rows = _listed(context, owned_forms, "forms", page)
    new, surveys = Button(t("forms-new"), data("form-new")), Button(t("forms-surveys"), data("surveys"))
    archived = await form_book.archived(context.session, context.person)
    archive = (Button(t("forms-archived", n=len(archived)), data("forms-archived", 0)),) if archived else ()
    return Screen(Markup("\n\n").join(lines), (*rows, (new, surveys), archive, (command_button(context, "help"),)))


@tap("forms-archived")
async def on_archived(context: Context, tap: Tap) -> Screen:
    """The archived forms, which can be restored."""
    t = context.t
    owned_forms = await form_book.archived(context.session, context.person)
    back = (Button(t("back"), data("forms")),)
    if not owned_forms:
        return Screen(t("forms-archived-none"), (back,))
    return Screen(t("forms-archived-heading"), (*_listed(context, owned_forms, "forms-archived", tap.id), back))


def _listed(context: Context, owned_forms: list[OwnedForm], name: str, page: int) -> Rows:
    """A button for each form of a page, and the buttons to the pages beside it."""
    t, shown = context.t, page_of(owned_forms, page, PAGE)
    rows = tuple((Button(label(t, owned), data("form", owned.form.id)),) for owned in shown.items)
    return (*rows, shown.turns(t, name))


@tap("form")
async def on_form(context: Context, tap: Tap) -> Screen:
    return await form_page(context, await form_book.access_form(context.session, context.person, tap.id))


async def form_page(context: Context, owned: OwnedForm) -> Screen:
    """A form as people will see it, with buttons to try, send, change, copy and archive it."""
    t = context.t
    version = await forms.newest(context.session, owned.form)
    heading = [t("forms-name", form=form_name(t, owned.form)), _whose(context, owned, version.number)]
    if owned.form.archived_at is not None:
        heading.append(t("forms-is-archived"))
    elif asking := await form_choosing.groups_using(context.session, context.person, owned.form):
        heading.append(t("forms-in-use", groups=", ".join(group.name for group in asking)))
    items = [forms.written(question) for question in version.questions]
    text = Markup("\n\n").join([Markup("\n").join(heading), questions_text(t, items, named=version.named)])
    may_edit = await form_book.may_edit(context.session, context.person, owned)
    return Screen(text, (*_actions(context, owned, may_edit=may_edit), (Button(t("back"), data("forms")),)))


def _whose(context: Context, owned: OwnedForm, number: int) -> Markup:
    t = context.t
    if owned.is_built_in:
        return t("forms-whose-built-in")
    if owned.group is None:
        return t("forms-whose-all", number=number)
    return t("forms-whose-group", group=owned.group.name, number=number)


def _actions(context: Context, owned: OwnedForm, *, may_edit: bool) -> Rows:
    t, form_id = context.t, owned.form.id
    copy = Button(t("forms-copy"), data("form-copy", form_id))
    if owned.form.archived_at is not None:
        restore = (Button(t("forms-restore"), data("form-restore", form_id)),) if may_edit else ()
        return (restore, (copy,))
    change = (
        Button(t("forms-edit"), data("form-edit", form_id)),
        Button(t("forms-archive"), data("form-archive", form_id)),
    )
    return (
        (
            Button(t("forms-try"), data("form-try", form_id)),
            Button(t("forms-send"), data("survey-new", form_id)),
        ),
        (Button(t("forms-use"), data("form-for", form_id)),),
        change if may_edit else (),
        (copy,),
    )


@tap("form-archive", on_refusal=on_form)
async def on_archive(context: Context, tap: Tap) -> Screen:
    """Archives a form without asking, since one tap restores it. Says so if groups had chosen it."""
    session, person = context.session, context.person
    owned = await form_book.access_form_to_edit(session, person, tap.id)
    await form_book.archive(session, person, owned.form, now=context.now)
    asking = await form_choosing.count_groups_using(session, owned.form)
    toast = context.t("toast-form-archived-used", n=asking) if asking else context.t("toast-form-archived")
    return (await form_page(context, owned)).toasting(toast, alert=bool(asking))


@tap("form-restore", on_refusal=on_form)
async def on_restore(context: Context, tap: Tap) -> Screen:
    session, person = context.session, context.person
    owned = await form_book.access_form(session, person, tap.id)
    await form_book.restore(session, person, owned, now=context.now)
    return (await form_page(context, owned)).toasting(context.t("toast-form-restored"))
