"""/newgroup: creates a workgroup, and shows what to do with it next."""

from dataclasses import dataclass

from handlers.routes import Context, Tap, command, command_button, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.membership import group_admin
from models.people import access, links
from models.people.access import RoleKind
from models.people.groups import NAME_LENGTH, Workgroup


@dataclass(frozen=True, kw_only=True)
class GroupDraft(DraftState, subject=DraftKind.GROUP):
    """Nothing is known of a new group until its name is typed, and then it is created."""


@command("newgroup", role=RoleKind.ADMINISTRATOR)
async def on_newgroup(context: Context, line: str) -> Screen:
    await access.require_role(context.session, context.person, RoleKind.ADMINISTRATOR)
    if line.strip():
        return await _create(context, line)
    await context.begin(GroupDraft())
    cancel = Button(str(context.t("cancel")), data("newgroup-drop"))
    return Screen(context.t("newgroup-name", most=NAME_LENGTH), ((cancel,),))


@text_input(GroupDraft)
async def on_name(context: Context, draft: Draft[GroupDraft], text: str) -> Screen:
    return await _create(context, text)


@tap("newgroup-drop")
async def on_drop(context: Context, tap: Tap) -> Screen:
    await context.end_draft(DraftKind.GROUP)
    return Screen(context.t("cancelled-dialogue"), ((command_button(context, "help"),),))


async def _create(context: Context, typed: str) -> Screen:
    """Creates the group. After a refused name the dialogue goes on, and the next line is another name."""
    group = await group_admin.create(context.session, context.person, typed, now=context.now)
    await context.end_draft(DraftKind.GROUP)
    return await group_created_screen(context, group)


async def group_created_screen(context: Context, group: Workgroup) -> Screen:
    """The new group with its join link, and buttons to name a coordinator and to go on."""
    t = context.t
    link = await links.join_link(context.session, group.id, now=context.now)
    address = context.link(link.code)
    text = t("newgroup-done", group=group.name, link=address, code=links.readable(link.code))
    rows = (
        (Button(str(t("copy-link")), copies=address), Button(str(t("newgroup-card")), data("roster", group.id, 0))),
        (Button(str(t("newgroup-coordinator")), data("role-for", RoleKind.COORDINATOR, group.id)),),
        (command_button(context, "newmeeting"), command_button(context, "help")),
    )
    return Screen(text, rows)
