"""/roles: who has which role; removing one; and the notices of given and removed roles. ``role_giving`` gives them."""

from typing import assert_never

from markupsafe import Markup

from handlers import menus
from handlers.layout import cut
from handlers.paging import page_of
from handlers.routes import Context, Tap, command, command_button, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.membership import roles
from models.membership.roles import Holding
from models.people import access
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person, Reachability

PAGE = 8
LABEL = 60
NAMES = 10
"""Names shown of one role; more are counted."""


@command("roles", role=RoleKind.COORDINATOR)
async def on_roles(context: Context, line: str) -> Screen:
    return await roles_screen(context)


@tap("roles")
async def on_back(context: Context, tap: Tap) -> Screen:
    return await roles_screen(context)


async def roles_screen(context: Context) -> Screen:
    t = context.t
    held = await roles.visible(context.session, context.person)
    lines = [t("roles-heading"), *_lines(context, held)]
    if not held:
        lines.append(t("roles-none"))
    rows: list[tuple[Button, ...]] = [(Button(str(t("button-role-give")), data("role-give")),)]
    if held:
        rows.append((Button(str(t("button-role-take")), data("role-take", 0)),))
    if await is_administrator(context):
        rows.append((command_button(context, "audit"), command_button(context, "newgroup")))
    return Screen(Markup("\n").join(lines), (*rows, (command_button(context, "help"),)))


async def is_administrator(context: Context) -> bool:
    return await access.holds(context.session, context.person, RoleKind.ADMINISTRATOR)


def _lines(context: Context, held: list[Holding]) -> list[Markup]:
    """One line for each role and place, with the names."""
    names: dict[Markup, list[str]] = {}
    for holding in held:
        names.setdefault(role_text(context, holding.role.kind, holding.group), []).append(
            _name(context, holding.person)
        )
    return [context.t("roles-line", role=role, names=_names(context, of_role)) for role, of_role in names.items()]


def _name(context: Context, person: Person) -> str:
    """A person's name, marked if they have blocked the bot and get no messages."""
    blocked = person.reach is Reachability.BLOCKED
    return context.t("role-blocked", name=person.name).unescape() if blocked else person.name


def _names(context: Context, names: list[str]) -> str:
    shown = ", ".join(names[:NAMES])
    more = len(names) - NAMES
    return str(context.t("and-more", names=shown, n=more)) if more > 0 else shown


def role_text(context: Context, kind: RoleKind, group: Workgroup | None) -> Markup:
    """A role and where it holds, in words."""
    t = context.t
    if group is not None:
        return t("role-at", role=t(f"role-{kind}"), group=group.name)
    match kind:
        case RoleKind.MANAGER:
            return t("role-everywhere", role=t(f"role-{kind}"))
        case RoleKind.COORDINATOR | RoleKind.ADMINISTRATOR:
            return t(f"role-{kind}")
        case _:
            assert_never(kind)


def button(context: Context, key: str, *address: object) -> Button:
    return Button(str(context.t(key)), data(*map(str, address)))


@tap("role-take")
async def on_take(context: Context, tap: Tap) -> Screen:
    """Asks which role to remove."""
    t, page = context.t, page_of(await roles.visible(context.session, context.person), tap.id, PAGE)
    rows = []
    for holding in page.items:
        role = role_text(context, holding.role.kind, holding.group)
        label = cut(t("role-label", name=holding.person.name, role=role), LABEL)
        rows.append((Button(label, data("role-drop", holding.role.id)),))
    row = page.turns(t, "role-take")
    text = t("role-take-which" if rows else "roles-none")
    return Screen(text, (*rows, row, (button(context, "back", "roles"),)))


@tap("role-drop", on_refusal=on_back)
async def on_drop(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation, and warns if nobody else has the role."""
    t, held = context.t, await roles.access_role(context.session, context.person, tap.id)
    role = role_text(context, held.role.kind, held.group)
    lines = [t("role-drop-sure", name=held.person.name, role=role)]
    if held.role.kind is RoleKind.COORDINATOR and await roles.is_last(context.session, held):
        lines.append(t("role-drop-last-coordinator"))
    yes = button(context, "role-drop-yes", "role-drop-yes", held.role.id)
    return Screen(Markup("\n\n").join(lines), ((yes,), (button(context, "back", "roles"),)))


@tap("role-drop-yes", on_refusal=on_back)
async def on_drop_yes(context: Context, tap: Tap) -> Screen:
    held = await roles.access_role(context.session, context.person, tap.id)
    await roles.take(context.session, context.person, held, policy=context.policy, now=context.now)
    done = context.t("role-drop-done", name=held.person.name)
    if held.person.id != context.person.id:
        return (await roles_screen(context)).toasting(done)
    return Screen(done, ((command_button(context, "help"),),), menu=await menus.of(context))


async def _holding(context: Context, delivery: Delivery, *, has: bool) -> Holding:
    """The role that a notice is about. Raises Superseded if it was given or removed again meanwhile."""
    held = await roles.holding_to_report(context.session, delivery.subject, context.person)
    if held is None or await roles.has(context.session, held) is not has:
        raise Superseded
    return held


@renders(DeliveryKind.ROLE_GIVEN)
async def render_role_given(context: Context, delivery: Delivery) -> Screen:
    held = await _holding(context, delivery, has=True)
    return await _news(context, f"news-role-{held.role.kind}", held)


@renders(DeliveryKind.ROLE_REMOVED)
async def render_role_removed(context: Context, delivery: Delivery) -> Screen:
    return await _news(context, "news-role-removed", await _holding(context, delivery, has=False))


async def _news(context: Context, key: str, held: Holding) -> Screen:
    text = context.t(key, role=role_text(context, held.role.kind, held.group))
    return Screen(text, ((command_button(context, "help"),),), menu=await menus.of(context))
