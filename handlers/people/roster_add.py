"""Adding people to a roster: lines or a file are sent, a preview shows what will change, and one tap adds them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.figures import number
from handlers.people.personal_links import links_screen
from handlers.people.roster import access_group, group_or_refusal, roster_screen, stopped
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Refused, Stale
from models.membership import roster, roster_file
from models.membership.roster import Compared
from models.membership.roster_file import MOST, Entry, Unread
from models.people import access, groups
from models.people.groups import Workgroup

NAMED = 8
"""Names of each kind that a preview shows."""


@dataclass(frozen=True, kw_only=True)
class RosterDraft(DraftState, subject=DraftKind.ROSTER):
    """The people who were sent to be added to a group's roster."""

    group: int
    entries: tuple[Entry, ...] = ()
    unread: tuple[Unread, ...] = ()
    """Of the newest lines those that could not be read, by their numbers there."""
    lines: int = 0
    """How many lines were sent."""
    doubtful: bool = False
    """Whether to add those, too, who may be on the roster already."""


async def show(context: Context, tap: Tap) -> Screen:
    """The current preview, or the roster if the dialogue is over."""
    group = await access_group(context, tap)
    draft = await context.find_draft(RosterDraft)
    if draft is None or draft.state.group != group.id:
        return await roster_screen(context, group)
    return await preview(context, group, draft.state)


@tap("roster-add")
async def on_add(context: Context, tap: Tap) -> Screen:
    """Asks for the people."""
    group = await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    return await ask(context, await context.begin(RosterDraft(group=group.id)))


async def ask(context: Context, draft: Draft[RosterDraft]) -> Screen:
    """How to send people; once lines have been read, the preview."""
    known = draft.state
    group = await access.access_group(context.session, context.person, known.group)
    if known.lines:
        return await preview(context, group, known)
    return Screen(
        context.t("roster-add-how", group=group.name, most=number(MOST, context.language)), (_stop(context, group),)
    )


def _stop(context: Context, group: Workgroup) -> tuple[Button, ...]:
    return (Button(context.t("cancel"), data("roster-stop", group.id)),)


@tap("roster-stop")
async def on_stop(context: Context, tap: Tap) -> Screen:
    return await stopped(context, tap, DraftKind.ROSTER)


@text_input(RosterDraft, on_refusal=ask, takes_files=True)
async def on_people(context: Context, draft: Draft[RosterDraft], text: str) -> Screen:
    """Reads lines or a file, in addition to those that were read before."""
    group = await group_or_refusal(context, draft.state.group)
    if isinstance(group, Screen):
        return group
    if context.file == b"":
        raise Refused("roster-file-size")
    # In a thread: the largest file takes a large part of a second, and others tap meanwhile.
    known = await asyncio.to_thread(_with_lines, draft.state, context.file if context.file is not None else text)
    context.update_draft(draft, known)
    return await preview(context, group, known)


def _with_lines(known: RosterDraft, typed: str | bytes) -> RosterDraft:
    """With the people of more lines, typed or in a file. Lines are numbered on from those that were sent before."""
    text = typed if isinstance(typed, str) else roster_file.decode(typed)
    if not text.strip():
        raise Refused("roster-nothing")
    read = roster_file.read(text)
    entries = known.entries + tuple(entry._replace(line=known.lines + entry.line) for entry in read.entries)
    if len(entries) > MOST:
        raise Refused("roster-too-many", n=len(entries), most=MOST)
    return replace(known, entries=entries, unread=read.unread, lines=known.lines + read.lines)


async def preview(context: Context, group: Workgroup, known: RosterDraft) -> Screen:
    """Who would be added, and who would not and why."""
    t, entries = context.t, known.entries
    compared = await roster.compare(context.session, group, entries)
    wanted = compared.new + (compared.doubtful if known.doubtful else [])
    lines = [t("preview-heading", group=group.name, n=len(entries) + len(known.unread))]
    if wanted:
        lines.append(_first(context, min(wanted, key=lambda entry: entry.line)))
    lines += _kinds(context, compared, doubtful="doubtful-added" if known.doubtful else "doubtful")
    if unread := known.unread:
        named = [t(f"preview-line-{trouble}", line=line) for line, trouble in unread[:NAMED]]
        lines.append(t("preview-unread", n=len(unread), lines=_listed(context, named, len(unread))))
    lines.append(t("preview-more") if wanted else t("preview-nothing"))
    rows = []
    if wanted:
        rows.append((Button(t("preview-add", n=len(wanted)), data("roster-yes", group.id, len(entries))),))
    if compared.doubtful:
        label = t("preview-leave-doubtful" if known.doubtful else "preview-add-doubtful", n=len(compared.doubtful))
        rows.append((Button(label, data("roster-doubtful", group.id, 0 if known.doubtful else 1)),))
    return Screen(Markup("\n\n").join(lines), (*rows, _stop(context, group)))


def _first(context: Context, entry: Entry) -> Markup:
    """The first person with the columns as they were read."""
    t = context.t
    nothing = t("preview-empty-column")
    return t(
        "preview-first",
        name=entry.name,
        organisation=entry.organisation or nothing,
        contact=entry.contact or nothing,
    )


def _kinds(context: Context, compared: Compared, doubtful: str) -> list[Markup]:
    kinds = (("new", compared.new), ("here", compared.here), ("twice", compared.twice), (doubtful, compared.doubtful))
    return [
        context.t(f"preview-{kind}", n=len(people), names=_names(context, people)) for kind, people in kinds if people
    ]


def _names(context: Context, people: list[Entry]) -> Markup:
    return _listed(context, [Markup.escape(entry.name) for entry in people[:NAMED]], len(people))


def _listed(context: Context, shown: Iterable[Markup], count: int) -> Markup:
    named = Markup(", ").join(shown)
    return named if count <= NAMED else context.t("and-more", names=named, n=count - NAMED)


async def _access_draft(context: Context, tap: Tap) -> tuple[Workgroup, Draft[RosterDraft]]:
    """The gate of a preview's buttons: the group, and the draft of the dialogue about it."""
    group = await access_group(context, tap)
    draft = await context.access_draft(RosterDraft)
    if draft.state.group != group.id:
        raise Stale("dialogue-is-over")
    return group, draft


@tap("roster-doubtful", on_refusal=show)
async def on_doubtful(context: Context, tap: Tap) -> Screen:
    group, draft = await _access_draft(context, tap)
    known = replace(draft.state, doubtful=tap.number(1) == 1)
    context.update_draft(draft, known)
    return await preview(context, group, known)


@tap("roster-yes", on_refusal=show)
async def on_yes(context: Context, tap: Tap) -> Screen:
    """Adds the people of the preview, once. Refused if more people have been read since it was drawn."""
    group, draft = await _access_draft(context, tap)
    known = draft.state
    if len(known.entries) != tap.number(1):
        raise Stale("preview-has-grown")
    if not await context.end_draft():
        raise Stale("dialogue-is-over")
    added = await roster.add(
        context.session,
        context.person,
        group,
        known.entries,
        doubtful_too=known.doubtful,
        policy=context.policy,
        now=context.now,
    )
    heading = context.t("roster-added", n=len(added), group=group.name)
    return links_screen(context, group, added, heading)
