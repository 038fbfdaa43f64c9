"""Giving a role: which role, for which group, by a one-time link or to a person from the contacts."""

from dataclasses import dataclass
from typing import assert_never

from handlers import menus
from handlers.dates import moment_text
from handlers.people.roles import button, is_administrator, role_text
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.membership import roles
from models.people import access, links, people
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Reachability


@dataclass(frozen=True, kw_only=True)
class RoleDraft(DraftState, subject=DraftKind.ROLE):
    """The role to give to a person who will be chosen from the contacts; ``group`` 0: no group."""

    kind: RoleKind
    group: int


@tap("role-give")
async def on_give(context: Context, tap: Tap) -> Screen:
    """Asks which role. Coordinators can only give theirs."""
    if not await is_administrator(context):
        return await _ask_group(context, RoleKind.COORDINATOR, "roles")
    kinds = tuple((button(context, f"give-{kind}", "role-where", kind),) for kind in RoleKind)
    return Screen(context.t("role-which"), (*kinds, (button(context, "back", "roles"),)))


@tap("role-where")
async def on_where(context: Context, tap: Tap) -> Screen:
    """Asks for which group, or for the whole organisation."""
    kind = tap.choice(RoleKind, 0)
    match kind:
        case RoleKind.ADMINISTRATOR:
            return await _ask_how(context, kind, 0)
        case RoleKind.COORDINATOR | RoleKind.MANAGER:
            return await _ask_group(context, kind, "role-give")
        case _:
            assert_never(kind)


async def _ask_group(context: Context, kind: RoleKind, back: str) -> Screen:
    groups = await access.coordinated_groups(context.session, context.person)
    rows = [(Button(group.name, data("role-for", kind, group.id)),) for group in groups]
    if kind is RoleKind.MANAGER:
        rows.insert(0, (button(context, "whole-organisation", "role-for", kind, 0),))
    text = context.t(f"role-where-{kind}" if rows else "role-no-groups")
    return Screen(text, (*rows, (button(context, "back", back),)))


@tap("role-for")
async def on_for(context: Context, tap: Tap) -> Screen:
    return await _ask_how(context, tap.choice(RoleKind, 0), tap.number(1))


async def _ask_how(context: Context, kind: RoleKind, group_id: int) -> Screen:
    """Asks whether by a link, or to a person from the contacts."""
    group = await roles.access_group_for_role(context.session, context.person, kind, group_id or None)
    rows = (
        (button(context, "button-role-link", "role-link", kind, group_id),),
        (button(context, "button-role-choose", "role-choose", kind, group_id),),
        (button(context, "back", "roles"),),
    )
    return Screen(context.t("role-how", role=role_text(context, kind, group)), rows)


@tap("role-link")
async def on_link(context: Context, tap: Tap) -> Screen:
    """A one-time link and its code."""
    t, kind, group_id = context.t, tap.choice(RoleKind, 0), tap.number(1) or None
    group = await roles.access_group_for_role(context.session, context.person, kind, group_id)
    link = await roles.offer(context.session, context.person, kind, group_id, now=context.now)
    assert link.expires_at is not None
    text = t(
        "role-link-here",
        role=role_text(context, kind, group),
        link=context.link(link.code),
        code=links.readable(link.code),
        until=moment_text(link.expires_at, context.zone, t.language),
    )
    copy = Button(str(t("copy-link")), copies=context.link(link.code))
    return Screen(text, ((copy,), (button(context, "back", "roles"),)))


@tap("role-choose")
async def on_choose(context: Context, tap: Tap) -> Screen:
    """Asks for a person with a button that replaces the keyboard."""
    kind, group_id = tap.choice(RoleKind, 0), tap.number(1)
    group = await roles.access_group_for_role(context.session, context.person, kind, group_id or None)
    await context.begin(RoleDraft(kind=kind, group=group_id))
    return _ask_person(context, kind, group)


def _ask_person(context: Context, kind: RoleKind, group: Workgroup | None) -> Screen:
    t = context.t
    return Screen(t("role-choose", role=role_text(context, kind, group)), asks_person=str(t("button-choose-person")))


@text_input(RoleDraft)
async def on_chosen(context: Context, draft: Draft[RoleDraft], text: str) -> Screen:
    """Gives the role to the chosen person; typed text is answered with the same question."""
    t, session, actor = context.t, context.session, context.person
    kind, group_id = draft.state.kind, draft.state.group or None
    group = await roles.access_group_for_role(session, actor, kind, group_id)
    if context.chosen is None:
        return _ask_person(context, kind, group)
    chosen = await people.expected(session, context.chosen, name=context.chosen_name, now=context.now)
    given = await roles.give(session, actor, chosen, kind, group_id, policy=context.policy, now=context.now)
    await context.end_draft()
    key = "role-given" if chosen.reach is Reachability.REACHABLE else "role-given-later"
    result = t(
        key if given else "role-had",
        name=chosen.name,
        role=role_text(context, kind, group),
        link=f"https://t.me/{context.bot_name}",
    )
    return Screen(result, clears_keyboard=True, menu=await menus.of(context))
