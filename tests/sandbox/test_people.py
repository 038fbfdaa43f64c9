"""What people do and see, in private and in groups."""

import asyncio

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from telegram.error import BadRequest, Forbidden

from bot.sandbox import Sandbox, User
from tests.sandbox.conftest import Api

BUTTONS = [
    [{"text": "Paikan päällä", "callback_data": "i:1:s"}, {"text": "Etänä", "callback_data": "i:1:r"}],
    [{"text": "Sivulle", "url": "https://kunta.fi/"}, {"text": "Koodi", "copy_text": {"text": "ABC"}}],
]


async def say(api: Api, person: User, text: str = "Hei", **parameters: object) -> None:
    assert (await api("sendMessage", chat_id=person.id, text=text, **parameters))["ok"]


def _kind(update: Update) -> str:
    return next(name for name in update.to_dict() if name != "update_id")


async def heard(bot: Bot) -> list[str]:
    """What the bot has heard since, by kind or text."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message.text or "" if update.message else _kind(update) for update in updates]


async def test_a_conversation(sandbox: Sandbox, bot: Bot) -> None:
    anna = sandbox.add_user("Anna", language="sv")
    anna.starts("g_12")
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.from_user
    assert (update.message.text, update.message.from_user.language_code) == ("/start g_12", "sv")
    assert [(entity.type, entity.length) for entity in update.message.entities] == [("bot_command", 6)]
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("På plats", callback_data="i:1:s")]])
    await bot.send_message(anna.id, "<b>Möte</b>", parse_mode="HTML", reply_markup=keyboard)
    anna.taps("På plats")
    *_, update = await bot.get_updates()
    assert update.callback_query
    await update.callback_query.answer("Tack!", show_alert=True)
    await update.callback_query.edit_message_text("Du kommer.")
    assert [(toast.text, toast.alert) for toast in anna.toasts] == [("Tack!", True)]
    message_shown = anna.messages[-1]
    assert (message_shown.text, message_shown.buttons, message_shown.edited_at) == (
        "Du kommer.",
        [],
        sandbox.world.now(),
    )
    assert [(old.html, old.buttons[0][0].label) for old in message_shown.versions] == [("<b>Möte</b>", "På plats")]


async def test_buttons_are_found_by_label_beginning_and_data(sandbox: Sandbox, api: Api, anna: User) -> None:
    await say(api, anna, reply_markup={"inline_keyboard": BUTTONS})
    await say(api, anna, "Uudempi", reply_markup={"inline_keyboard": [[{"text": "Etänä", "callback_data": "i:2:r"}]]})
    for wanted in ("Paikan päällä", "Paikan", "i:1:s", anna.messages[-2].buttons[0][0]):
        anna.taps(wanted)
    anna.taps("Etänä")
    anna.taps("Etänä", anna.messages[-2])
    tapped = [update.content["data"] for update in sandbox.updates.pending]
    assert tapped == ["i:1:s"] * 4 + ["i:2:r", "i:1:r"]
    assert (anna.taps("Sivulle"), anna.taps("Koodi")) == ("https://kunta.fi/", "ABC")
    with pytest.raises(LookupError, match="Anna sees no button 'Ei'"):
        anna.taps("Ei")


async def test_a_forged_tap_reaches_the_bot(bot: Bot, api: Api, anna: User) -> None:
    await say(api, anna)
    anna.taps_data("i:999:s" * 40)
    (update,) = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.data == "i:999:s" * 40


async def test_a_deep_link_carries_only_what_telegram_allows(sandbox: Sandbox) -> None:
    bo = sandbox.add_user("Bo")
    for payload in ("ä", "a b", "x" * 65, ""):
        with pytest.raises(ValueError, match="no deep link can carry"):
            bo.starts(payload)
    assert not bo.started
    bo.starts("x" * 64)


async def test_a_tap_on_a_deleted_message_shows_no_message(bot: Bot, api: Api, anna: User) -> None:
    await say(api, anna)
    message = anna.messages[-1]
    await bot.delete_message(anna.id, message.message_id)
    assert message not in anna.messages
    anna.taps_data("i:1", message)
    (update,) = await bot.get_updates()
    assert update.callback_query
    assert update.callback_query.message
    assert not update.callback_query.message.is_accessible


async def test_blocking_and_coming_back(bot: Bot, api: Api, anna: User) -> None:
    await say(api, anna, reply_markup={"inline_keyboard": BUTTONS})
    anna.blocks()
    assert await heard(bot) == ["my_chat_member"]
    anna.taps("Etänä")
    with pytest.raises(RuntimeError):
        anna.says("Hei")
    assert await heard(bot) == []
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(anna.id, "Hei")
    anna.starts()
    assert await heard(bot) == ["my_chat_member", "/start"]
    await bot.send_message(anna.id, "Hei")


async def test_an_edit_makes_an_update_and_keeps_the_version(bot: Bot, anna: User) -> None:
    message = anna.says("ke 7.4.")
    anna.edits(message, "ke 14.4.")
    assert await heard(bot) == ["ke 7.4.", "edited_message"]
    assert [old.text for old in message.versions] == ["ke 7.4."]


async def test_choosing_people(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    bo = sandbox.add_user("Bo", last_name="Ek", username="boek")
    asked = KeyboardButtonRequestUsers(3, max_quantity=2, request_name=True)
    keyboard = ReplyKeyboardMarkup([[KeyboardButton("Valitse", request_users=asked)], ["Peruuta"]])
    await bot.send_message(anna.id, "Kenelle?", reply_markup=keyboard)
    anna.chooses(3, [bo])
    (update,) = await bot.get_updates()
    assert update.message
    assert update.message.users_shared
    (shared,) = update.message.users_shared.users
    assert (shared.user_id, shared.first_name, shared.last_name, shared.username) == (bo.id, "Bo", "Ek", None)
    with pytest.raises(LookupError):
        anna.shares_user(4, bo)
    assert anna.taps("Peruuta") == "Peruuta"
    assert anna.messages[-1].text == "Peruuta"
    await bot.send_message(anna.id, "Selvä", reply_markup=ReplyKeyboardRemove())
    assert anna.reply_keyboard == []


async def test_in_a_group_the_bot_gets_what_is_meant_for_it(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    group = sandbox.add_group("Lastensuojelu", [anna])
    sent = await bot.send_message(group.id, "Hei kaikki")
    answered = group.find(sent.message_id)
    for text in ("hei vaan", "/apua", "/apua@koolla_bot", "/apua@toinen_bot", "kysy @koolla_bot"):
        anna.says(text, chat=group)
    anna.says("kiitos", chat=group, reply_to=answered)
    assert await heard(bot) == ["/apua", "/apua@koolla_bot", "kysy @koolla_bot", "kiitos"]
    group.sets_bot_status("administrator", by=anna)
    anna.says("hei taas", chat=group)
    assert await heard(bot) == ["my_chat_member", "hei taas"]


async def test_groups_change(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    bo = sandbox.add_user("Bo")
    group = sandbox.add_group("Lastensuojelu", [anna])
    bo.joins(group)
    assert (await bot.get_chat_member(group.id, bo.id)).status == "member"
    assert await bot.get_chat_member_count(group.id) == 3
    bo.leaves(group)
    assert (await bot.get_chat_member(group.id, bo.id)).status == "left"
    assert [member.user.first_name for member in await bot.get_chat_administrators(group.id)] == ["Anna"]
    new = group.migrates()
    await bot.send_message(new.id, "Hei")
    assert [message.message_id for message in new.messages] == [1, 2]
    await bot.leave_chat(new.id)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(new.id, "Hei")


async def test_pins_copies_forwards_and_reactions(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    message = await bot.send_message(anna.id, "<b>Muistio</b>", parse_mode="HTML", disable_notification=True)
    newest = anna.messages[-1]
    await message.pin()
    assert (await bot.get_chat(anna.id)).pinned_message == message
    await message.unpin()
    assert anna.chat.pinned == []
    await message.set_reaction("👍")
    assert newest.reaction == [{"type": "emoji", "emoji": "👍"}]
    await message.copy(anna.id)
    forwarded = await message.forward(anna.id)
    assert forwarded.forward_origin
    assert [(each.html, each.silent) for each in anna.messages[-3:]] == [
        ("<b>Muistio</b>", True),
        ("<b>Muistio</b>", False),
        ("<b>Muistio</b>", False),
    ]
    secret = await bot.send_message(anna.id, "Salainen", protect_content=True)
    with pytest.raises(BadRequest, match="can't be forwarded"):
        await secret.forward(anna.id)


async def test_texts_arrive_as_telegram_cleans_them(bot: Bot, anna: User) -> None:
    await bot.send_message(anna.id, " \n <b>\u202eKok\x00ous</b>\r\n <i> </i> ", parse_mode="HTML")
    assert anna.messages[-1].html == "<b>Kok ous</b>"
    await bot.send_message(anna.id, "😀" * 4096)
    assert anna.messages[-1].text == "😀" * 4096
    await bot.send_message(anna.id, "<b>a</b> " * 120, parse_mode="HTML")
    assert len(anna.messages[-1].entities) == 100


async def test_a_change_ends_the_waiting_for_it(sandbox: Sandbox, anna: User) -> None:
    version = sandbox.version
    assert await sandbox.changed(version, timeout=0) == version
    watching = asyncio.create_task(sandbox.changed(version, timeout=5))
    await asyncio.sleep(0)
    anna.says("Hei")
    assert await watching == version + 1
    assert await sandbox.changed(version, timeout=5) == version + 1
