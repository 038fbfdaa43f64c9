"""The command menus, by language, and by role for those who have one."""

from collections.abc import Collection, Iterable

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats

from handlers.routes import ROUTES, Context
from handlers.texts import LANGUAGES, texts
from models.people import access
from models.people.access import RoleKind
from models.reports.annual import snapshots

ORDER = (
    "meetings",
    "newmeeting",
    "members",
    "results",
    "forms",
    "digest",
    "report",
    "check",
    "newgroup",
    "roles",
    "audit",
    "settings",
    "privacy",
    "help",
    "cancel",
)
"""Most used first; what every menu has is last."""


def commands(language: str, roles: set[RoleKind], but: Collection[str] = ()) -> list[BotCommand]:
    """The commands that a person with these roles sees, without ``but``, described in a language."""
    held = roles | ({RoleKind.COORDINATOR, RoleKind.MANAGER} if RoleKind.ADMINISTRATOR in roles else set())
    t = texts(language)
    seen = [name for name, role in ROUTES.menu.items() if (role is None or role in held) and name not in but]
    return [BotCommand(name, t(f"command-{name}")) for name in ordered(seen)]


def ordered(names: Iterable[str]) -> list[str]:
    """Commands in the order of `ORDER`; others are last."""
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


async def of(context: Context) -> tuple[BotCommand, ...]:
    """The command menu of the context's person, by their roles and language."""
    held = {role.kind for role in await access.roles(context.session, context.person.id)}
    return tuple(commands(context.language, held, await hidden_commands(context)))


async def hidden_commands(context: Context) -> set[str]:
    """Commands of a person's roles that they may not use: the annual report is not for managers of single groups."""
    return set() if await snapshots.may_ask(context.session, context.person) else {"report"}


async def publish(bot: Bot) -> None:
    """Sets the default menu and the bot's descriptions in each language; in Finnish for other languages."""
    for language in (None, *LANGUAGES):
        t = texts(language)
        await bot.set_my_commands(
            commands(t.language, set()), scope=BotCommandScopeAllPrivateChats(), language_code=language
        )
        await bot.set_my_short_description(t("short-description"), language_code=language)
        await bot.set_my_description(t("description"), language_code=language)
