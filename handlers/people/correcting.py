"""Correcting the name and the organisation of a roster line: one typed line."""

from dataclasses import dataclass, replace
from typing import assert_never

from markupsafe import Markup

from handlers.people.member import MemberField, access_member, member_screen, on_member
from handlers.people.roster import group_or_refusal, organisation_text, roster_screen, show_roster
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import NotFound
from models.membership import roster
from models.people import access, groups


@dataclass(frozen=True, kw_only=True)
class MemberDraft(DraftState, subject=DraftKind.MEMBER):
    """What is corrected of whom, on the roster of which group."""

    group: int
    person: int
    field: MemberField


@tap("correct", on_refusal=on_member)
async def on_correct(context: Context, tap: Tap) -> Screen:
    """Asks for the right words."""
    group, person = await access_member(context, tap)
    field = tap.choice(MemberField, 2)
    await groups.ensure_not_archived(context.session, group)
    return await ask(context, await context.begin(MemberDraft(group=group.id, person=person.id, field=field)))


async def ask(context: Context, draft: Draft[MemberDraft]) -> Screen:
    known = draft.state
    group = await access.access_group(context.session, context.person, known.group)
    person = await roster.access_member(context.session, group, known.person)
    stop = Button(context.t("cancel"), data("correct-stop", group.id, person.id))
    value = person.name if known.field is MemberField.NAME else organisation_text(context.t, person)
    return Screen(context.t(f"correct-{known.field}-how", name=person.name, value=value or "–"), ((stop,),))


@tap("correct-stop", on_refusal=show_roster)
async def on_stop(context: Context, tap: Tap) -> Screen:
    group, person = await access_member(context, tap)
    await context.end_draft(DraftKind.MEMBER)
    return (await member_screen(context, group, person)).toasting(context.t("toast-nothing-changed"))


@text_input(MemberDraft, on_refusal=ask)
async def on_typed(context: Context, draft: Draft[MemberDraft], text: str) -> Screen:
    known = draft.state
    group = await group_or_refusal(context, known.group)
    if isinstance(group, Screen):
        return group
    try:
        person = await roster.access_member(context.session, group, known.person)
    except NotFound as refusal:  # merged with another row or removed meanwhile: the dialogue is over
        await context.end_draft()
        shown = await roster_screen(context, group)
        return replace(shown, text=Markup("\n\n").join([context.refusal_text(refusal), shown.text]))
    match known.field:
        case MemberField.NAME:
            await roster.correct_name(context.session, context.person, group, person, text, now=context.now)
        case MemberField.ORGANISATION:
            await roster.correct_organisation(context.session, context.person, group, person, text, now=context.now)
        case _:
            assert_never(known.field)
    await context.end_draft()
    return await member_screen(context, group, person)
