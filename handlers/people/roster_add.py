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
from handlers.texts import Texts
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Refused, Stale
from models.membership import adding, roster_file
from models.membership.adding import ANOTHER, Compared, Plan
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
    """Whether to add those, too, who may be known already, as other people."""
    decided: tuple[tuple[int, int], ...] = ()
    """What the coordinator has said of entries who may be known: pairs of a line's number and a person's id."""

    @property
    def decisions(self) -> dict[int, int]:
        return dict(self.decided)


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
    compared = await adding.compare(context.session, context.person, group, entries)
    plan = adding.planned(compared, known.decisions, doubtful_too=known.doubtful)
    wanted = [*plan.new, *(entry for entry, _ in (*plan.known, *plan.maybe))]
    lines = [t("preview-heading", group=group.name, n=len(entries) + len(known.unread))]
    if wanted:
        lines.append(_first(context, min(wanted, key=lambda entry: entry.line)))
    lines += _kinds(context, compared, plan, known)
    if unread := known.unread:
        named = [t(f"preview-line-{trouble}", line=line) for line, trouble in unread[:NAMED]]
        lines.append(t("preview-unread", n=len(unread), lines=_listed(context, named, len(unread))))
    lines.append(t("preview-more") if wanted else t("preview-nothing"))
    rows: list[tuple[Button, ...]] = []
    if wanted:
        stamp = adding.stamp(entries, known.decisions)
        rows.append((Button(t("preview-add", n=len(wanted)), data("roster-yes", group.id, stamp)),))
    rows += _doubt_buttons(t, group, compared, known)
    return Screen(Markup("\n\n").join(lines), (*rows, _stop(context, group)))


def _doubt_buttons(t: Texts, group: Workgroup, compared: Compared, known: RosterDraft) -> list[tuple[Button, ...]]:
    if not compared.doubts:
        return []
    rows: list[tuple[Button, ...]] = []
    if named := [doubt for doubt in compared.doubts if doubt.namesakes]:
        label = t("preview-ask", n=len(named))
        rows.append((Button(label, data("roster-ask", group.id, named[0].entry.line)),))
    undecided = [doubt for doubt in compared.doubts if doubt.entry.line not in known.decisions]
    if undecided:
        label = t("preview-leave-doubtful" if known.doubtful else "preview-add-doubtful", n=len(undecided))
        rows.append((Button(label, data("roster-doubtful", group.id, 0 if known.doubtful else 1)),))
    return rows


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


def _kinds(context: Context, compared: Compared, plan: Plan, known: RosterDraft) -> list[Markup]:
    undecided = [doubt.entry for doubt in compared.doubts if doubt.entry.line not in known.decisions]
    others = [doubt.entry for doubt in compared.doubts if known.decisions.get(doubt.entry.line) == ANOTHER]
    sure = {entry.line for entry, _ in compared.known}
    kinds = (
        ("new", compared.new),
        ("known", [entry for entry, _ in compared.known]),
        ("same", [entry for entry, _ in plan.known if entry.line not in sure]),
        ("maybe", [entry for entry, _ in plan.maybe]),
        ("another", others),
        ("here", compared.here),
        ("twice", compared.twice),
        ("doubtful-added" if known.doubtful else "doubtful", undecided),
    )
    return [
        context.t(f"preview-{kind}", n=len(people), names=_names(context, people)) for kind, people in kinds if people
    ]


def _names(context: Context, people: list[Entry]) -> Markup:
    return _listed(context, [Markup.escape(entry.name) for entry in people[:NAMED]], len(people))


def _listed(context: Context, shown: Iterable[Markup], count: int) -> Markup:
    named = Markup(", ").join(shown)
    return named if count <= NAMED else context.t("and-more", names=named, n=count - NAMED)


async def access_draft(context: Context, tap: Tap) -> tuple[Workgroup, Draft[RosterDraft]]:
    """The gate of a preview's buttons: the group, and the draft of the dialogue about it."""
    group = await access_group(context, tap)
    draft = await context.access_draft(RosterDraft)
    if draft.state.group != group.id:
        raise Stale("dialogue-is-over")
    return group, draft


@tap("roster-doubtful", on_refusal=show)
async def on_doubtful(context: Context, tap: Tap) -> Screen:
    group, draft = await access_draft(context, tap)
    known = replace(draft.state, doubtful=tap.number(1) == 1)
    context.update_draft(draft, known)
    return await preview(context, group, known)


@tap("roster-yes", on_refusal=show)
async def on_yes(context: Context, tap: Tap) -> Screen:
    """Adds the people of the preview, once. Refused if something was sent or decided since it was drawn."""
    group, draft = await access_draft(context, tap)
    known = draft.state
    if adding.stamp(known.entries, known.decisions) != tap.number(1):
        raise Stale("preview-has-grown")
    if not await context.end_draft():
        raise Stale("dialogue-is-over")
    added = await adding.add(
        context.session,
        context.person,
        group,
        known.entries,
        decisions=known.decisions,
        doubtful_too=known.doubtful,
        policy=context.policy,
        now=context.now,
    )
    parts = [context.t("roster-added", n=added.count, group=group.name)]
    if added.asked:
        parts.append(context.t("roster-added-asked", n=added.asked))
    return links_screen(context, group, added.links, Markup(" ").join(parts))
