"""Arriving: /start, codes and links; /help by role; /cancel."""

from markupsafe import Markup

from handlers.routes import ROUTES, Context, Tap, command, data, tap
from handlers.screen import Button, Screen
from models import access, drafts, groups, joining
from models.access import RoleKind


@command("start", menu=False)
async def on_start(context: Context, payload: str) -> Screen:
    """Without a code, what this is; with one, what the code is for."""
    if payload.strip():
        return await _redeem(context, payload)
    return await welcome(context)


async def welcome(context: Context) -> Screen:
    t = context.t
    mine = await groups.of_person(context.session, context.person)
    lines = [t("start-hello", name=context.person.name), t("start-what")]
    lines.append(t("start-groups", groups=", ".join(group.name for group in mine)) if mine else t("start-no-group"))
    rows = ((Button(t("button-meetings"), data("meetings")), Button(t("button-help"), data("help"))),)
    return Screen(Markup("\n\n").join(lines), rows)


async def _redeem(context: Context, code: str) -> Screen:
    outcome = await joining.redeem(context.session, context.person, code, policy=context.policy, now=context.now)
    t = context.t
    text = t(f"joined-{outcome.kind}", group=outcome.group, role=t(f"role-{outcome.role}") if outcome.role else "")
    return Screen(text, ((Button(t("button-meetings"), data("meetings")), Button(t("button-help"), data("help"))),))


@command("help")
async def on_help(context: Context, line: str) -> Screen:
    return await help_screen(context)


@tap("help")
async def on_help_tap(context: Context, tap: Tap) -> Screen:
    return await help_screen(context)


async def help_screen(context: Context) -> Screen:
    """The commands that this person's roles can use, each with what it does."""
    t = context.t
    held = {role.kind for role in await access.roles(context.session, context.person.id)}
    if RoleKind.ADMINISTRATOR in held:
        held |= {RoleKind.COORDINATOR, RoleKind.MANAGER}
    lines = [t("help-heading")]
    lines += [
        t("help-line", command=f"/{name}", what=t(f"command-{name}"))
        for name, role in ROUTES.menu.items()
        if role is None or role in held
    ]
    lines.append(t("help-foot"))
    return Screen(Markup("\n").join(lines), ((Button(t("button-meetings"), data("meetings")),),))


@command("cancel")
async def on_cancel(context: Context, line: str) -> Screen:
    ended = await drafts.end(context.session, context.person, context.chat_id)
    return Screen(context.t("cancelled-dialogue" if ended else "nothing-to-cancel"), clears_keyboard=True)
