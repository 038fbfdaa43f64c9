"""Channels: administrators write, everybody reads, and a bot is an administrator or nothing."""

from typing import Any

import pytest
from telegram import Bot, ChatMemberAdministrator, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Forbidden

from bot.sandbox import Group, Sandbox, User


@pytest.fixture
def bo(sandbox: Sandbox) -> User:
    return sandbox.add_user("Bo")


@pytest.fixture
def channel(sandbox: Sandbox, anna: User, bo: User) -> Group:
    """Anna and Bo run it, the bot is not in it yet."""
    return sandbox.add_channel("Tiedotteet", [anna, bo])


async def heard(bot: Bot) -> list[Update]:
    """What the bot has heard since."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return list(updates)


async def test_the_bot_becomes_an_administrator_loses_a_right_and_leaves(bot: Bot, channel: Group, bo: User) -> None:
    channel.sets_bot_status("administrator", by=bo)
    channel.sets_bot_status("administrator", may_post=False)
    channel.sets_bot_status("left")
    changes = []
    for update in await heard(bot):
        change = update.my_chat_member
        assert change
        assert (change.chat.type, change.chat.title) == ("channel", "Tiedotteet")
        both = (change.old_chat_member, change.new_chat_member)
        posts = [
            status.can_post_messages if isinstance(status, ChatMemberAdministrator) else status.status
            for status in both
        ]
        changes.append((change.from_user.first_name, *posts))
    assert changes == [("Bo", "left", True), ("Anna", True, False), ("Anna", False, "left")]


async def test_rights_are_those_of_channels_or_of_groups(
    sandbox: Sandbox, bot: Bot, channel: Group, anna: User
) -> None:
    group = sandbox.add_group("Lastensuojelu", [anna], supergroup=True)
    members: dict[str, Any] = {}
    for chat in (channel, group):
        chat.sets_bot_status("administrator")
        members[chat.type] = await bot.get_chat_member(chat.id, bot.id)
    assert (members["channel"].can_post_messages, members["channel"].can_pin_messages) == (True, None)
    assert (members["supergroup"].can_post_messages, members["supergroup"].can_pin_messages) == (None, True)
    administrators = [
        (member.user.first_name, member.status) for member in await bot.get_chat_administrators(channel.id)
    ]
    assert administrators == [("Anna", "creator"), ("Bo", "administrator"), ("Koolla", "administrator")]
    assert await bot.get_chat_member_count(channel.id) == 3


async def test_a_bot_cannot_subscribe_and_only_administrators_add_it(sandbox: Sandbox, channel: Group) -> None:
    cilla = sandbox.add_user("Cilla")
    cilla.joins(channel)
    with pytest.raises(ValueError, match="no mere subscriber"):
        channel.sets_bot_status("member")
    with pytest.raises(RuntimeError, match="Cilla does not run Tiedotteet"):
        channel.sets_bot_status("administrator", by=cilla)
    with pytest.raises(RuntimeError, match="Cilla only reads Tiedotteet"):
        cilla.says("Hei", chat=channel)
    assert sandbox.updates.pending == []
    assert channel.bot_status == "left"


async def test_posts_have_the_channel_as_sender_and_no_person(bot: Bot, channel: Group, anna: User) -> None:
    anna.says("ennen", chat=channel)
    channel.sets_bot_status("administrator", may_post=False)
    post = anna.says("/start", chat=channel)
    anna.edits(post, "/digest")
    channel.sets_bot_status("kicked")
    anna.edits(post, "jälkeen")
    _, first, second, _ = await heard(bot)
    assert first.channel_post
    assert second.edited_channel_post
    assert (first.channel_post.text, second.edited_channel_post.text) == ("/start", "/digest")
    assert first.effective_user is None
    assert first.channel_post.sender_chat == first.channel_post.chat
    assert first.message is None


async def test_the_bots_posts_and_taps_on_them(sandbox: Sandbox, bot: Bot, channel: Group, anna: User) -> None:
    channel.sets_bot_status("administrator")
    cilla = sandbox.add_user("Cilla")
    cilla.joins(channel)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Lisää", callback_data="more")]])
    sent = await bot.send_message(channel.id, "Kooste", reply_markup=keyboard)
    assert sent.from_user is None
    assert sent.sender_chat == sent.chat
    forwarded = await bot.forward_message(anna.id, channel.id, sent.message_id)
    assert forwarded.forward_origin
    assert forwarded.forward_origin.type == "channel"
    cilla.taps("Lisää", channel.messages[-1])
    *_, update = await heard(bot)
    query = update.callback_query
    assert query
    assert query.message
    assert (query.from_user.first_name, query.message.chat.type) == ("Cilla", "channel")
    assert await sent.edit_text("Uusi")
    assert await bot.pin_chat_message(channel.id, sent.message_id)
    assert await sent.delete()
    assert channel.messages == []


async def test_a_channel_numbers_its_messages_and_has_no_service_messages(
    sandbox: Sandbox, bot: Bot, channel: Group, bo: User
) -> None:
    channel.sets_bot_status("administrator")
    await heard(bot)
    cilla = sandbox.add_user("Cilla")
    cilla.joins(channel)
    cilla.leaves(channel)
    assert await heard(bot) == []
    assert [(await bot.send_message(channel.id, text)).message_id for text in ("yksi", "kaksi")] == [1, 2]


async def test_leaving_and_a_deleted_channel(sandbox: Sandbox, bot: Bot, channel: Group, anna: User) -> None:
    channel.sets_bot_status("administrator")
    await bot.leave_chat(channel.id)
    with pytest.raises(Forbidden, match="not a member of the channel chat"):
        await bot.send_message(channel.id, "Hei")
    channel.sets_bot_status("administrator")
    await heard(bot)
    channel.deletes()
    assert await heard(bot) == []
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(channel.id, "Hei")
    with pytest.raises(RuntimeError):
        anna.says("Hei", chat=channel)
