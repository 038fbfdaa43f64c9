"""Renaming and archiving a group."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.dates import moment_text
from handlers.meetings.invitations import meeting_name
from handlers.people.roster import access_group, choose, group_or_refusal, roster_screen, show_roster, stopped
from handlers.routes import Context, Tap, command_button, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Stale
from models.feedback import surveys
from models.membership import group_admin
from models.people import access, groups
from models.people.groups import Workgroup

LISTED = 10
"""Coming meetings that get a button."""


@dataclass(frozen=True, kw_only=True)
class GroupNameDraft(DraftState, subject=DraftKind.GROUP_NAME):
    """The group to rename, and its new name once one was typed."""

    group: int
    name: str | None = None


@tap("group-rename")
async def on_rename(context: Context, tap: Tap) -> Screen:
    """Asks for the new name."""
    group = await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    return await ask(context, await context.begin(GroupNameDraft(group=group.id)))


async def ask(context: Context, draft: Draft[GroupNameDraft]) -> Screen:
    group = await access.access_group(context.session, context.person, draft.state.group)
    return Screen(context.t("group-rename-how", group=group.name), (_stop(context, group),))


def _stop(context: Context, group: Workgroup) -> tuple[Button, ...]:
    return (Button(context.t("cancel"), data("group-rename-no", group.id)),)


@tap("group-rename-no")
async def on_rename_no(context: Context, tap: Tap) -> Screen:
    return await stopped(context, tap, DraftKind.GROUP_NAME)


@text_input(GroupNameDraft, on_refusal=ask)
async def on_name(context: Context, draft: Draft[GroupNameDraft], text: str) -> Screen:
    """Asks for confirmation, with the old name and the new."""
    t = context.t
    group = await group_or_refusal(context, draft.state.group)
    if isinstance(group, Screen):
        return group
    name = await group_admin.new_name(context.session, group, text)
    context.update_draft(draft, replace(draft.state, name=name))
    yes = Button(t("group-rename-yes"), data("group-rename-yes", group.id))
    return Screen(t("group-rename-sure", old=group.name, new=name), ((yes,), _stop(context, group)))


@tap("group-rename-yes", on_refusal=show_roster)
async def on_rename_yes(context: Context, tap: Tap) -> Screen:
    group = await access_group(context, tap)
    known = (await context.access_draft(GroupNameDraft)).state
    if known.group != group.id or known.name is None:
        raise Stale("dialogue-is-over")
    await group_admin.rename(context.session, context.person, group, known.name, now=context.now)
    await context.end_draft()
    return (await roster_screen(context, group)).toasting(context.t("toast-renamed"))


@tap("group-archive", on_refusal=show_roster)
async def on_archive(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation, or lists the coming meetings that have to be cancelled first."""
    t, group = context.t, await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    back = (Button(t("back"), data("roster", group.id, 0)),)
    waiting = await group_admin.in_the_way(context.session, group, now=context.now)
    if not waiting:
        yes = Button(t("group-archive-yes"), data("group-archive-yes", group.id))
        lines = [t("group-archive-sure", group=group.name)]
        if planned := await surveys.planned_for(context.session, group):
            lines.append(t("archive-withdraws-surveys", n=planned))
        return Screen(Markup("\n\n").join(lines), ((yes,), back))
    lines = [t("archive-meetings-first", n=len(waiting))]
    rows = []
    for meeting in waiting[:LISTED]:
        when = moment_text(meeting.starts_at, meeting.plan.zone, t.language)
        lines.append(t("archive-meeting", when=when, meeting=meeting_name(t, meeting)))
        rows.append((Button(when, data("meeting", meeting.id)),))
    return Screen(Markup("\n\n").join(lines), (*rows, back))


@tap("group-archive-yes", on_refusal=on_archive)
async def on_archive_yes(context: Context, tap: Tap) -> Screen:
    group = await access_group(context, tap)
    await group_admin.archive(context.session, context.person, group, now=context.now)
    toast = context.t("toast-archived")
    if await access.coordinated_groups(context.session, context.person):
        return (await choose(context)).toasting(toast)
    return Screen(context.t("group-archived", group=group.name), ((command_button(context, "meetings"),),)).toasting(
        toast
    )
