"""/start with and without a code, /help, /cancel."""

from markupsafe import Markup

from handlers import menus
from handlers.routes import ROUTES, Context, Tap, command, command_button, data, tap
from handlers.screen import Button, Screen
from handlers.texts import LANGUAGES, texts
from models.errors import NotFound
from models.membership import claims, joining
from models.membership.claims import RosterPlace
from models.people import access, audit, groups, links, people, settings
from models.people.access import RoleKind
from models.reports import subscriptions

Rows = tuple[tuple[Button, ...], ...]


@tap("go")
async def on_go(context: Context, tap: Tap) -> Screen:
    """Runs a command from a button. The command checks the person's rights."""
    if tap.word(0) not in ROUTES.menu:
        raise NotFound
    return await ROUTES.commands[tap.word(0)](context, "")


@command("start", menu=False)
async def on_start(context: Context, payload: str) -> Screen:
    """Without a code, the welcome; with one, joins the group or takes the role that it is for.

    A change of the name in Telegram is followed here and not at every update: a row that is written when somebody
    answers a form would tell when that was.
    """
    if people.follow_profile(context.person, context.profile_name):
        audit.note(context.session, context.person, "name-changed", now=context.now, person_id=context.person.id)
        await joining.renamed(context.session, context.person, policy=context.policy, now=context.now)
    if payload.strip():
        place = await claims.waiting_place(context.session, payload, now=context.now)
        return _is_it_you(context, place, payload) if place else await _redeem(context, payload)
    return await welcome(context)


async def welcome(context: Context) -> Screen:
    """What the bot is for; for people with a group or role, what they have. Below it, the next steps."""
    t, session = context.t, context.session
    mine = await groups.of_person(session, context.person)
    held = await _held(context)
    menu = await menus.of(context)
    if not mine and not held:
        lines = [t("start-hello", name=context.person.name), t("start-what"), t("start-no-group")]
        return Screen(Markup("\n\n").join(lines), _first_steps(context), menu=menu)
    lines = [t("start-again", name=context.person.name)]
    if RoleKind.ADMINISTRATOR in held:
        lines.append(t("start-administrator"))
    elif run := await access.coordinated_groups(session, context.person):
        lines.append(t("start-coordinator", groups=", ".join(group.name for group in run)))
    if RoleKind.MANAGER in held:
        lines.append(t(f"start-digest-{await subscriptions.rhythm(session, context.person)}"))
    if mine:
        lines.append(t("start-groups", groups=", ".join(group.name for group in mine)))
    return Screen(Markup("\n").join(lines), await _next_steps(context), menu=menu)


async def _held(context: Context) -> set[RoleKind]:
    return {role.kind for role in await access.roles(context.session, context.person.id)}


def _first_steps(context: Context) -> Rows:
    speak = tuple(Button(str(texts(code)("language-name")), data("start-in", code)) for code in LANGUAGES)
    return (speak, (command_button(context, "privacy"), command_button(context, "help")))


async def _next_steps(context: Context, last: str = "help") -> Rows:
    """Buttons for what a person with these roles probably does next; ``last`` is the last command."""
    held = await _held(context)
    rows: list[tuple[Button, ...]] = []
    run = await access.coordinated_groups(context.session, context.person)
    if run:
        rows.append((command_button(context, "newmeeting"),))
    if RoleKind.ADMINISTRATOR in held:
        rows.append((command_button(context, "newgroup"), command_button(context, "roles")))
    results = (command_button(context, "results"),) if held & {RoleKind.COORDINATOR, RoleKind.ADMINISTRATOR} else ()
    if run or RoleKind.ADMINISTRATOR not in held:
        rows.append((command_button(context, "meetings"), *results))
    if run or RoleKind.ADMINISTRATOR in held:
        rows.append((command_button(context, "forms"),))
    if RoleKind.MANAGER in held:
        rows.append((command_button(context, "digest"),))
    return (*rows, (command_button(context, "settings"), command_button(context, last)))


@tap("start-in")
async def on_language(context: Context, tap: Tap) -> Screen:
    """Sets the language from the first screen."""
    if tap.word(0) not in LANGUAGES:
        raise NotFound
    settings.speak(context.person, tap.word(0))
    context.t = texts(tap.word(0))
    return await welcome(context)


def _is_it_you(context: Context, place: RosterPlace, code: str) -> Screen:
    """Asks whether a personal link is the person's own, before anything is merged: it may have been passed on."""
    t = context.t
    yes = Button(t("claim-yes", name=place.name).unescape()[:60], data("claim-yes", links.normal(code)))
    no = Button(str(t("claim-no")), data("claim-no"))
    return Screen(t("claim-sure", name=place.name, group=", ".join(place.groups)), ((yes,), (no,)))


@tap("claim-yes")
async def on_claim(context: Context, tap: Tap) -> Screen:
    return await _redeem(context, tap.word(0))


@tap("claim-no")
async def on_claim_no(context: Context, tap: Tap) -> Screen:
    return Screen(context.t("claim-not-you"), await _next_steps(context))


async def _redeem(context: Context, code: str) -> Screen:
    outcome = await joining.redeem(context.session, context.person, code, policy=context.policy, now=context.now)
    t = context.t
    role = t(f"role-{outcome.role}") if outcome.role else ""
    place = t("role-in-group", group=outcome.group) if outcome.group else ""
    text = t(f"joined-{outcome.kind}", group=outcome.group, role=role, place=place)
    return Screen(text, await _next_steps(context), menu=await menus.of(context))


@command("help")
async def on_help(context: Context, line: str) -> Screen:
    return await help_screen(context)


@tap("help")
async def on_help_tap(context: Context, tap: Tap) -> Screen:
    return await help_screen(context)


async def help_screen(context: Context) -> Screen:
    """The commands that the person can use, by role, each with what it does."""
    t, held = context.t, await _held(context)
    if RoleKind.ADMINISTRATOR in held:
        held |= {RoleKind.COORDINATOR, RoleKind.MANAGER}
    parts, hidden = [t("help-foot")], await menus.hidden_commands(context)
    for role in (None, *RoleKind):
        names = menus.ordered(name for name, seen_by in ROUTES.menu.items() if seen_by is role and name not in hidden)
        if names and (role is None or role in held):
            lines = [t("help-line", command=f"/{name}", what=t(f"command-{name}")) for name in names]
            parts.append(Markup("\n").join([t(f"help-{role or 'everyone'}"), *lines]))
    return Screen(Markup("\n\n").join(parts), await _next_steps(context, "privacy"))


@command("cancel")
async def on_cancel(context: Context, line: str) -> Screen:
    ended = await context.end_draft()
    return Screen(context.t("cancelled-dialogue" if ended else "nothing-to-cancel"), clears_keyboard=True)
