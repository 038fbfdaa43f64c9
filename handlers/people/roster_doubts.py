"""Of each entry of a list whose name is known: is it the same person? One question at a time, out of the preview."""

from dataclasses import replace

from markupsafe import Markup

from handlers.layout import cut
from handlers.people.roster_add import RosterDraft, access_draft, preview, show
from handlers.people.same_people import person_text
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.errors import Stale
from models.membership import adding
from models.membership.adding import ANOTHER, Compared, Doubt, Namesake
from models.people.groups import Workgroup

LISTED = 5
"""Namesakes that get a button."""
LABEL = 50


@tap("roster-ask", on_refusal=show)
async def on_ask(context: Context, tap: Tap) -> Screen:
    """The question about the entry of a line."""
    group, draft = await access_draft(context, tap)
    compared = await adding.compare(context.session, context.person, group, draft.state.entries)
    return _question(context, group, draft.state, compared, _doubt(compared, tap.number(1)))


def _doubt(compared: Compared, line: int) -> Doubt:
    """Raises Stale if there is no doubt about the line any more."""
    for doubt in compared.doubts:
        if doubt.entry.line == line and doubt.namesakes:
            return doubt
    raise Stale("preview-has-grown")


def _question(context: Context, group: Workgroup, known: RosterDraft, compared: Compared, doubt: Doubt) -> Screen:
    t, entry = context.t, doubt.entry
    named = [each for each in compared.doubts if each.namesakes]
    told = ", ".join(filter(None, (entry.organisation, entry.contact)))
    line = t("same-person", name=entry.name, known=told) if told else Markup.escape(entry.name)
    shown = doubt.namesakes[:LISTED]
    parts = [
        t("doubt-heading", number=named.index(doubt) + 1, count=len(named), line=line),
        *(_namesake_text(t, namesake) for namesake in shown),
        t("doubt-question"),
    ]
    chosen = known.decisions.get(entry.line)
    rows = [
        (
            _choice(
                t(_same_key(each, len(shown)), name=person_text(t, each.person)),
                group,
                entry.line,
                each.person.id,
                chosen,
            ),
        )
        for each in shown
    ]
    rows.append((_choice(t("doubt-another"), group, entry.line, ANOTHER, chosen),))
    rows.append((Button(t("doubt-leave"), data("roster-leave", group.id, entry.line)),))
    rows.append((Button(t("back"), data("roster-preview", group.id)),))
    return Screen(Markup("\n\n").join(parts), tuple(rows))


def _same_key(namesake: Namesake, count: int) -> str:
    if not namesake.is_shown and not namesake.has_left:
        return "doubt-maybe"
    return "doubt-same" if count == 1 else "doubt-same-as"


def _choice(label: Markup, group: Workgroup, line: int, person_id: int, chosen: int | None) -> Button:
    words = cut(label, LABEL)
    return Button(f"✓ {words}" if chosen == person_id else words, data("roster-same", group.id, line, person_id))


def _namesake_text(t: Texts, namesake: Namesake) -> Markup:
    """What is known of a namesake; nothing of somebody who is in other coordinators' groups alone."""
    if namesake.has_left:
        return t("doubt-has-left", person=Markup.escape(namesake.person.name))
    if not namesake.is_shown:
        return t("doubt-elsewhere")
    key = "doubt-here" if namesake.is_here else "doubt-in-yours"
    return t(key, person=person_text(t, namesake.person), reach=t(f"reach-{namesake.person.reach}"))


@tap("roster-same", on_refusal=show)
async def on_same(context: Context, tap: Tap) -> Screen:
    """Decides who an entry is, and asks about the next one that is not decided."""
    return await _decide(context, tap, tap.number(2))


@tap("roster-leave", on_refusal=show)
async def on_leave(context: Context, tap: Tap) -> Screen:
    """Leaves an entry out, and asks about the next one that is not decided."""
    return await _decide(context, tap, None)


@tap("roster-preview")
async def on_preview(context: Context, tap: Tap) -> Screen:
    return await show(context, tap)


async def _decide(context: Context, tap: Tap, person_id: int | None) -> Screen:
    group, draft = await access_draft(context, tap)
    compared = await adding.compare(context.session, context.person, group, draft.state.entries)
    doubt = _doubt(compared, tap.number(1))
    if person_id not in (None, ANOTHER, *(each.person.id for each in doubt.namesakes)):
        raise Stale("preview-has-grown")
    decided = draft.state.decisions
    decided.pop(doubt.entry.line, None)
    if person_id is not None:
        decided[doubt.entry.line] = person_id
    known = replace(draft.state, decided=tuple(sorted(decided.items())))
    context.update_draft(draft, known)
    following = [each for each in compared.doubts if each.namesakes and each.entry.line > doubt.entry.line]
    open_doubts = [each for each in following if each.entry.line not in decided]
    if open_doubts:
        return _question(context, group, known, compared, open_doubts[0])
    return await preview(context, group, known)
