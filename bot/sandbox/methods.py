"""The methods that the sandbox knows and the parameters that they take.

Compared with the Bot API 10.1 (June 2026): every name, type and requirement. Methods that the bot does not use are
left out, parameters are not.
"""

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """The type of a parameter: a CHAT is an id or @name, a FILE an upload, a file_id, a URL or attach://."""

    INTEGER = "Integer"
    STRING = "String"
    BOOLEAN = "Boolean"
    CHAT = "Integer or String"
    FILE = "InputFile or String"
    OBJECT = "Object"
    LIST = "Array"


INTEGER, STRING, BOOLEAN, CHAT, FILE, OBJECT, LIST = Kind


@dataclass(frozen=True)
class Method:
    required: dict[str, Kind] = field(default_factory=dict)
    optional: dict[str, Kind] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Kind]:
        return self.required | self.optional


_SENDING = {
    "business_connection_id": STRING,
    "message_thread_id": INTEGER,
    "direct_messages_topic_id": INTEGER,
    "disable_notification": BOOLEAN,
    "protect_content": BOOLEAN,
    "allow_paid_broadcast": BOOLEAN,
    "message_effect_id": STRING,
    "suggested_post_parameters": OBJECT,
    "reply_parameters": OBJECT,
    "reply_markup": OBJECT,
}
_CAPTION = {"caption": STRING, "parse_mode": STRING, "caption_entities": LIST, "show_caption_above_media": BOOLEAN}
_EDITING = {
    "business_connection_id": STRING,
    "chat_id": CHAT,
    "message_id": INTEGER,
    "inline_message_id": STRING,
    "reply_markup": OBJECT,
}

METHODS = {
    "getMe": Method(),
    "getUpdates": Method({}, {"offset": INTEGER, "limit": INTEGER, "timeout": INTEGER, "allowed_updates": LIST}),
    "setWebhook": Method(
        {"url": STRING},
        {
            "certificate": FILE,
            "ip_address": STRING,
            "max_connections": INTEGER,
            "allowed_updates": LIST,
            "drop_pending_updates": BOOLEAN,
            "secret_token": STRING,
        },
    ),
    "deleteWebhook": Method({}, {"drop_pending_updates": BOOLEAN}),
    "getWebhookInfo": Method(),
    "sendMessage": Method(
        {"chat_id": CHAT, "text": STRING},
        {**_SENDING, "parse_mode": STRING, "entities": LIST, "link_preview_options": OBJECT},
    ),
    "sendPhoto": Method({"chat_id": CHAT, "photo": FILE}, {**_SENDING, **_CAPTION, "has_spoiler": BOOLEAN}),
    "sendDocument": Method(
        {"chat_id": CHAT, "document": FILE},
        {
            **_SENDING,
            "thumbnail": FILE,
            "caption": STRING,
            "parse_mode": STRING,
            "caption_entities": LIST,
            "disable_content_type_detection": BOOLEAN,
        },
    ),
    "sendMediaGroup": Method(
        {"chat_id": CHAT, "media": LIST},
        {
            "business_connection_id": STRING,
            "message_thread_id": INTEGER,
            "direct_messages_topic_id": INTEGER,
            "disable_notification": BOOLEAN,
            "protect_content": BOOLEAN,
            "allow_paid_broadcast": BOOLEAN,
            "message_effect_id": STRING,
            "reply_parameters": OBJECT,
        },
    ),
    "sendChatAction": Method(
        {"chat_id": CHAT, "action": STRING}, {"business_connection_id": STRING, "message_thread_id": INTEGER}
    ),
    "editMessageText": Method(
        {},
        {
            **_EDITING,
            "text": STRING,
            "parse_mode": STRING,
            "entities": LIST,
            "link_preview_options": OBJECT,
            "rich_message": OBJECT,
        },
    ),
    "editMessageCaption": Method({}, {**_CAPTION, **_EDITING}),
    "editMessageMedia": Method({"media": OBJECT}, {**_EDITING}),
    "editMessageReplyMarkup": Method({}, {**_EDITING}),
    "deleteMessage": Method({"chat_id": CHAT, "message_id": INTEGER}),
    "deleteMessages": Method({"chat_id": CHAT, "message_ids": LIST}),
    "answerCallbackQuery": Method(
        {"callback_query_id": STRING}, {"text": STRING, "show_alert": BOOLEAN, "url": STRING, "cache_time": INTEGER}
    ),
    "getFile": Method({"file_id": STRING}),
    "getChat": Method({"chat_id": CHAT}),
    "getChatMember": Method({"chat_id": CHAT, "user_id": INTEGER}),
    "getChatMemberCount": Method({"chat_id": CHAT}),
    "getChatAdministrators": Method({"chat_id": CHAT}, {"return_bots": BOOLEAN}),
    "setMyCommands": Method({"commands": LIST}, {"scope": OBJECT, "language_code": STRING}),
    "getMyCommands": Method({}, {"scope": OBJECT, "language_code": STRING}),
    "deleteMyCommands": Method({}, {"scope": OBJECT, "language_code": STRING}),
    "setMyDescription": Method({}, {"description": STRING, "language_code": STRING}),
    "getMyDescription": Method({}, {"language_code": STRING}),
    "setMyShortDescription": Method({}, {"short_description": STRING, "language_code": STRING}),
    "getMyShortDescription": Method({}, {"language_code": STRING}),
    "setMyName": Method({}, {"name": STRING, "language_code": STRING}),
    "getMyName": Method({}, {"language_code": STRING}),
    "setChatMenuButton": Method({}, {"chat_id": INTEGER, "menu_button": OBJECT}),
    "getChatMenuButton": Method({}, {"chat_id": INTEGER}),
    "pinChatMessage": Method(
        {"chat_id": CHAT, "message_id": INTEGER}, {"business_connection_id": STRING, "disable_notification": BOOLEAN}
    ),
    "unpinChatMessage": Method({"chat_id": CHAT}, {"business_connection_id": STRING, "message_id": INTEGER}),
    "unpinAllChatMessages": Method({"chat_id": CHAT}),
    "leaveChat": Method({"chat_id": CHAT}),
    "copyMessage": Method(
        {"chat_id": CHAT, "from_chat_id": CHAT, "message_id": INTEGER},
        {
            **_CAPTION,
            "message_thread_id": INTEGER,
            "direct_messages_topic_id": INTEGER,
            "video_start_timestamp": INTEGER,
            "disable_notification": BOOLEAN,
            "protect_content": BOOLEAN,
            "allow_paid_broadcast": BOOLEAN,
            "message_effect_id": STRING,
            "suggested_post_parameters": OBJECT,
            "reply_parameters": OBJECT,
            "reply_markup": OBJECT,
        },
    ),
    "forwardMessage": Method(
        {"chat_id": CHAT, "from_chat_id": CHAT, "message_id": INTEGER},
        {
            "message_thread_id": INTEGER,
            "direct_messages_topic_id": INTEGER,
            "video_start_timestamp": INTEGER,
            "disable_notification": BOOLEAN,
            "protect_content": BOOLEAN,
            "message_effect_id": STRING,
            "suggested_post_parameters": OBJECT,
        },
    ),
    "setMessageReaction": Method({"chat_id": CHAT, "message_id": INTEGER}, {"reaction": LIST, "is_big": BOOLEAN}),
}
