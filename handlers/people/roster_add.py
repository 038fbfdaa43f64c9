"""Adding people to a roster: lines pasted or a file sent, a preview of what will change, then in one go."""

from collections.abc import Iterable

from markupsafe import Markup

from handlers.figures import number
from handlers.people.personal_links import links_screen
from handlers.people.roster import access_group, group_or_refusal, roster_screen, stopped
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import Refused, Stale
from models.membership import roster, roster_file
from models.membership.roster import Compared
from models.membership.roster_file import MOST, Entry
from models.people import access, groups
from models.people.groups import Workgroup

SUBJECT = "roster"
NAMED = 8
"""Names shown of each kind in a preview."""


async def show(context: Context, tap: Tap) -> Screen:
    """The preview as it stands, or the roster if the dialogue is over."""
    group = await access_group(context, tap)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is None or draft.subject != SUBJECT or draft.data["group"] != group.id:
        return await roster_screen(context, group)
    return await preview(context, group, draft)


@tap("roster-add")
async def on_add(context: Context, tap: Tap) -> Screen:
    """Asks for the people."""
    group = await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    known = {"group": group.id, "entries": [], "unread": [], "lines": 0, "doubtful": False}
    return await ask(context, await context.begin(SUBJECT, "people", known))


async def ask(context: Context, draft: Draft) -> Screen:
    """How to send people; once some have been read, what adding them would change."""
    group = await access.access_group(context.session, context.person, draft.data["group"])
    if draft.data["lines"]:
        return await preview(context, group, draft)
    return Screen(
        context.t("roster-add-how", group=group.name, most=number(MOST, context.language)), (_stop(context, group),)
    )


def _stop(context: Context, group: Workgroup) -> tuple[Button, ...]:
    return (Button(context.t("cancel"), data("roster-stop", group.id)),)


@tap("roster-stop")
async def on_stop(context: Context, tap: Tap) -> Screen:
    return await stopped(context, tap, SUBJECT)


@text_input(SUBJECT, on_refusal=ask)
async def on_people(context: Context, draft: Draft, text: str) -> Screen:
    """Lines or a file; more of them add to what was read."""
    group = await group_or_refusal(context, draft)
    if isinstance(group, Screen):
        return group
    if context.file == b"":
        raise Refused("roster-file-size")
    if context.file is not None:
        text = roster_file.decode(context.file)
    if not text.strip():
        raise Refused("roster-nothing")
    _keep(context, draft, text)
    return await preview(context, group, draft)


def _keep(context: Context, draft: Draft, text: str) -> None:
    """Adds to what was read; of what could not be, only the newest lines are told, by their numbers there."""
    before = draft.data
    found, read_before = roster_file.read(text), before["lines"]
    kept = [[read_before + entry.line, entry.name, entry.organisation, entry.contact] for entry in found.entries]
    entries = before["entries"] + kept
    if len(entries) > MOST:
        raise Refused("roster-too-many", n=len(entries), most=MOST)
    unread = [list(one) for one in found.unread]
    drafts.learn(draft, "people", now=context.now, entries=entries, unread=unread, lines=read_before + found.lines)


def _entries(draft: Draft) -> list[Entry]:
    return [Entry(*one) for one in draft.data["entries"]]


async def preview(context: Context, group: Workgroup, draft: Draft) -> Screen:
    """What adding would change, and what it would leave out and why."""
    t, entries = context.t, _entries(draft)
    compared = await roster.compare(context.session, group, entries)
    too = draft.data["doubtful"]
    wanted = compared.new + (compared.doubtful if too else [])
    lines = [t("preview-heading", group=group.name, n=len(entries) + len(draft.data["unread"]))]
    if wanted:
        lines.append(_first(context, min(wanted, key=lambda entry: entry.line)))
    lines += _kinds(context, compared, doubtful="doubtful-added" if too else "doubtful")
    if unread := draft.data["unread"]:
        named = [t(f"preview-line-{trouble}", line=line) for line, trouble in unread[:NAMED]]
        lines.append(t("preview-unread", n=len(unread), lines=_listed(context, named, len(unread))))
    lines.append(t("preview-more") if wanted else t("preview-nothing"))
    rows = []
    if wanted:
        rows.append((Button(t("preview-add", n=len(wanted)), data("roster-yes", group.id, len(entries))),))
    if compared.doubtful:
        label = t("preview-leave-doubtful" if too else "preview-add-doubtful", n=len(compared.doubtful))
        rows.append((Button(label, data("roster-doubtful", group.id, 0 if too else 1)),))
    return Screen(Markup("\n\n").join(lines), (*rows, _stop(context, group)))


def _first(context: Context, entry: Entry) -> Markup:
    """How the columns were understood, by the first person."""
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


async def _draft(context: Context, tap: Tap) -> tuple[Workgroup, Draft]:
    """The group and the dialogue about it, unless that is over or about another group."""
    group = await access_group(context, tap)
    draft = await drafts.of(context.session, context.person, context.chat_id, SUBJECT)
    if draft.data["group"] != group.id:
        raise Stale("dialogue-is-over")
    return group, draft


@tap("roster-doubtful", on_refusal=show)
async def on_doubtful(context: Context, tap: Tap) -> Screen:
    group, draft = await _draft(context, tap)
    drafts.learn(draft, "people", now=context.now, doubtful=tap.number(1) == 1)
    return await preview(context, group, draft)


@tap("roster-yes", on_refusal=show)
async def on_yes(context: Context, tap: Tap) -> Screen:
    """Adds what the preview showed, once; a preview that has grown since is shown again instead."""
    group, draft = await _draft(context, tap)
    entries, too = _entries(draft), draft.data["doubtful"]
    if len(entries) != tap.number(1):
        raise Stale("preview-has-grown")
    if not await drafts.end(context.session, context.person, context.chat_id):
        raise Stale("dialogue-is-over")
    added = await roster.add(
        context.session, context.person, group, entries, doubtful_too=too, policy=context.policy, now=context.now
    )
    heading = context.t("roster-added", n=len(added), group=group.name)
    return links_screen(context, group, added, heading)
