"""Choosing the form that is asked after meetings: on a form's page, a group's card or a meeting's card."""

from markupsafe import Markup

from handlers.dates import moment_text
from handlers.forms.form_text import asks, label
from handlers.forms.labels import form_name
from handlers.meetings.meetings import meeting_card, on_meeting
from handlers.people.roster import access_group, show_roster
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.errors import Refused
from models.feedback import form_choosing
from models.forms import form_book
from models.forms.forms import Form
from models.meetings import meetings
from models.meetings.meetings import Meeting
from models.people import access, groups
from models.people.groups import Workgroup

MOST = 90
"""Choices shown at once: Telegram allows 100 buttons in a message."""


@tap("form-for")
async def on_for(context: Context, tap: Tap) -> Screen:
    """On a form's page: without a group in the tap asks for which one, with it makes that group ask this form."""
    t, session = context.t, context.session
    owned = await form_book.access_usable_form(session, context.person, tap.id)
    name = form_name(t, owned.form)
    back = (Button(t("back"), data("form", owned.form.id)),)
    if len(tap.args) > 1:
        group = await access.access_group(session, context.person, tap.number(1))
        line = await _choose(context, group, owned.form)
        return Screen(line, (back,)).toasting(t("toast-form-chosen"))
    groups = await access.coordinated_groups(session, context.person)
    if not groups:
        raise Refused("forms-no-groups")
    asking = {group.id for group in await form_choosing.groups_using(session, context.person, owned.form)}
    rows = tuple(
        (Button(_ticked(context, group.name, is_now=group.id in asking), data("form-for", owned.form.id, group.id)),)
        for group in groups[:MOST]
    )
    return Screen(t("forms-for", form=name), (*rows, back))


async def _choose(context: Context, group: Workgroup, form: Form) -> Markup:
    """Makes the group ask this form. Returns the line that says from which meeting on."""
    t, session = context.t, context.session
    await groups.ensure_not_archived(session, group)
    await form_choosing.choose_for_group(session, context.person, group, form, now=context.now)
    first = await form_choosing.first_affected_meeting(session, group, now=context.now)
    if first is None:
        return t("forms-from-next", form=form_name(t, form), group=group.name)
    when = moment_text(first.starts_at, first.plan.zone, t.language)
    return t("forms-from", form=form_name(t, form), group=group.name, when=when)


def _ticked(context: Context, words: str, *, is_now: bool) -> str:
    return context.t("forms-now", words=words).unescape() if is_now else words


@tap("group-form", on_refusal=show_roster)
async def on_group(context: Context, tap: Tap) -> Screen:
    """On a group's card: without a form in the tap shows the choices, with it makes the group ask that one."""
    t, session, group = context.t, context.session, await access_group(context, tap)
    await groups.ensure_not_archived(session, group)
    toast, lines = Markup(""), []
    if len(tap.args) > 1:
        owned = await form_book.access_usable_form(session, context.person, tap.number(1))
        lines.append(await _choose(context, group, owned.form))
        toast = t("toast-form-chosen")
    asking = await form_choosing.of_group(session, group.id)
    if asking.archived is not None:
        lines.append(t("forms-chosen-archived", form=form_name(t, asking.archived)))
    lines = [t("forms-of-group", group=group.name, form=form_name(t, asking.form)), *lines]
    rows = await _choices(context, ("group-form", group.id), asking.form, group.id)
    last_row = (Button(t("forms-new"), data("form-new", group.id)), Button(t("back"), data("roster", group.id, 0)))
    screen = Screen(Markup("\n\n").join(lines), (*rows, last_row))
    return screen.toasting(toast) if toast else screen


async def _choices(
    context: Context, route: tuple[str, int], current: Form | None, group_id: int
) -> tuple[tuple[Button, ...], ...]:
    """A button for each form that this person may use; the current one is ticked."""
    forms = await form_book.usable(context.session, context.person)
    return tuple(
        (
            Button(
                _ticked(
                    context,
                    label(context.t, owned, group_id),
                    is_now=current is not None and owned.form.id == current.id,
                ),
                data(*route, owned.form.id),
            ),
        )
        for owned in forms[:MOST]
    )


@tap("m-form", on_refusal=on_meeting)
async def on_meeting_form(context: Context, tap: Tap) -> Screen:
    """On a meeting's card: without a form in the tap shows the choices, with it (0: the group's) chooses it."""
    session = context.session
    meeting = await meetings.access_meeting(session, context.person, tap.id)
    await form_choosing.ensure_form_can_change(session, meeting)
    if len(tap.args) == 1:
        return await _of_meeting(context, meeting)
    chosen = tap.number(1)
    form = (await form_book.access_usable_form(session, context.person, chosen)).form if chosen else None
    await form_choosing.choose_for_meeting(session, context.person, meeting, form, now=context.now)
    return (await meeting_card(context, meeting)).toasting(context.t("toast-form-chosen"))


async def _of_meeting(context: Context, meeting: Meeting) -> Screen:
    t = context.t
    asking = await form_choosing.of_meeting(context.session, meeting)
    usual = await form_choosing.of_group(context.session, meeting.workgroup_id)
    words = t("forms-groups-own", form=form_name(t, usual.form)).unescape()
    first = Button(_ticked(context, words, is_now=not asking.own), data("m-form", meeting.id, 0))
    rows = await _choices(context, ("m-form", meeting.id), asking.form if asking.own else None, meeting.workgroup_id)
    line, _ = await asks(context, meeting)
    text = Markup("\n\n").join([t("forms-for-meeting"), line])
    return Screen(text, ((first,), *rows, (Button(t("back"), data("meeting", meeting.id)),)))
