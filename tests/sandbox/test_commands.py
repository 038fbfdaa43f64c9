"""Command menus: the narrowest scope wins, and in it the person's own language."""

import pytest
from telegram import (
    Bot,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
)

from bot.sandbox import Sandbox, User


def shown(user: User) -> list[str]:
    return [command.description for command in user.commands]


@pytest.fixture
def bo(sandbox: Sandbox) -> User:
    bo = sandbox.add_user("Bo", language="sv-FI")
    bo.starts()
    return bo


async def test_scopes_and_languages_in_telegrams_order(bot: Bot, anna: User, bo: User) -> None:
    assert shown(anna) == []
    await bot.set_my_commands([("apua", "oletus")])
    assert (shown(anna), shown(bo)) == (["oletus"], ["oletus"])
    await bot.set_my_commands([("apua", "förval")], language_code="sv")
    assert (shown(anna), shown(bo)) == (["oletus"], ["förval"])
    await bot.set_my_commands([("apua", "kaikille")], scope=BotCommandScopeAllPrivateChats())
    assert (shown(anna), shown(bo)) == (["kaikille"], ["kaikille"])
    await bot.set_my_commands([("apua", "för Bo")], scope=BotCommandScopeChat(bo.id), language_code="sv")
    assert (shown(anna), shown(bo)) == (["kaikille"], ["för Bo"])
    assert [command.description for command in await bot.get_my_commands(BotCommandScopeChat(bo.id), "sv")] == [
        "för Bo"
    ]
    await bot.delete_my_commands(scope=BotCommandScopeChat(bo.id), language_code="sv")
    assert shown(bo) == ["kaikille"]


async def test_groups_have_their_own_commands(sandbox: Sandbox, bot: Bot, anna: User, bo: User) -> None:
    group = sandbox.add_group("Lastensuojelu", [anna, bo])

    def in_group(user: User) -> list[str]:
        return [command.description for command in sandbox.world.commands.shown_in(group, user)]

    await bot.set_my_commands([("apua", "ryhmille")], scope=BotCommandScopeAllGroupChats())
    await bot.set_my_commands([("apua", "hoitajille")], scope=BotCommandScopeAllChatAdministrators())
    assert (in_group(anna), in_group(bo)) == (["hoitajille"], ["ryhmille"])
    await bot.set_my_commands([("apua", "Bolle")], scope=BotCommandScopeChatMember(group.id, bo.id))
    assert in_group(bo) == ["Bolle"]


async def test_the_bot_describes_itself_by_language(bot: Bot) -> None:
    await bot.set_my_description("Kutsuu koolle")
    await bot.set_my_description("Kallar till möten", language_code="sv")
    await bot.set_my_short_description("Kokoukset")
    await bot.set_my_name("Koolla-botti")
    assert (await bot.get_my_description("sv")).description == "Kallar till möten"
    assert (await bot.get_my_description("en")).description == "Kutsuu koolle"
    assert (await bot.get_my_short_description()).short_description == "Kokoukset"
    assert (await bot.get_my_name()).name == "Koolla-botti"
    await bot.set_my_name("")
    assert (await bot.get_my_name()).name == "Koolla"
