"""The function that answers each method."""

from collections.abc import Callable
from typing import Any

from bot.sandbox import answering, arranging, editing, menus, sending
from bot.sandbox.requests import Request
from bot.sandbox.world import World

Handler = Callable[[World, Request], Any]

# `Api` itself answers getUpdates and the three methods of webhooks.
HANDLERS: dict[str, Handler] = {
    "getMe": answering.get_me,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "copyMessage": sending.copy_message,
    "forwardMessage": sending.forward_message,
    "editMessageText": editing.edit_text,
    "editMessageCaption": editing.edit_caption,
    "editMessageMedia": editing.edit_media,
    "editMessageReplyMarkup": editing.edit_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "answerCallbackQuery": answering.answer_callback_query,
    "getFile": answering.get_file,
    "getChat": answering.get_chat,
    "getChatMember": answering.get_chat_member,
    "getChatMemberCount": answering.get_chat_member_count,
    "getChatAdministrators": answering.get_chat_administrators,
    "pinChatMessage": arranging.pin_message,
    "unpinChatMessage": arranging.unpin_message,
    "unpinAllChatMessages": arranging.unpin_all,
    "setMessageReaction": arranging.set_reaction,
    "leaveChat": arranging.leave_chat,
    "setMyCommands": menus.set_commands,
    "getMyCommands": menus.get_commands,
    "deleteMyCommands": menus.delete_commands,
    "setMyName": menus.set_profile_text,
    "getMyName": menus.get_profile_text,
    "setMyDescription": menus.set_profile_text,
    "getMyDescription": menus.get_profile_text,
    "setMyShortDescription": menus.set_profile_text,
    "getMyShortDescription": menus.get_profile_text,
    "setChatMenuButton": menus.set_menu_button,
    "getChatMenuButton": menus.get_menu_button,
}
