"""Which function answers which method."""

from collections.abc import Callable
from typing import Any

from bot.sandbox import answering, editing, menus, sending
from bot.sandbox.requests import Request
from bot.sandbox.world import World

Handler = Callable[[World, Request], Any]

HANDLERS: dict[str, Handler] = {
    "getMe": answering.get_me,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_text,
    "editMessageCaption": editing.edit_caption,
    "editMessageMedia": editing.edit_media,
    "editMessageReplyMarkup": editing.edit_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "answerCallbackQuery": answering.answer_callback_query,
    "getFile": answering.get_file,
    "getChat": answering.get_chat,
    "setMyCommands": menus.set_commands,
    "getMyCommands": menus.get_commands,
    "deleteMyCommands": menus.delete_commands,
}
