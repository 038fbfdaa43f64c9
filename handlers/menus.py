"""The command menus, by language, and by role for those who have one."""

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from handlers.routes import ROUTES
from handlers.texts import LANGUAGES, texts
from models.access import RoleKind


def commands(language: str, roles: set[RoleKind]) -> list[BotCommand]:
    """The commands that a person with these roles sees, described in a language."""
    held = roles | ({RoleKind.COORDINATOR, RoleKind.MANAGER} if RoleKind.ADMINISTRATOR in roles else set())
    t = texts(language)
    return [
        BotCommand(name, t(f"command-{name}")) for name, role in ROUTES.menu.items() if role is None or role in held
    ]


async def publish(bot: Bot) -> None:
    """Sets what everyone sees: the menu, the name's description, in each language; Finnish for the others."""
    for language in (None, *LANGUAGES):
        t = texts(language)
        await bot.set_my_commands(
            commands(t.language, set()), scope=BotCommandScopeAllPrivateChats(), language_code=language
        )
        await bot.set_my_short_description(t("short-description"), language_code=language)
        await bot.set_my_description(t("description"), language_code=language)


async def publish_to(bot: Bot, chat_id: int, language: str, roles: set[RoleKind]) -> None:
    """Sets the menu of one private chat: its person has a role, or has chosen a language."""
    await bot.set_my_commands(commands(language, roles), scope=BotCommandScopeChat(chat_id))
