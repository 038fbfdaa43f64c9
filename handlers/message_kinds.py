"""Which messages are heard: what people write or send to the bot itself, and not what Telegram says about chats."""

from telegram import Message, Update
from telegram.constants import ChatType

CONTENT = (
    "text",
    "rich_message",
    "animation",
    "audio",
    "document",
    "live_photo",
    "paid_media",
    "photo",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
    "checklist",
    "contact",
    "dice",
    "game",
    "poll",
    "venue",
    "location",
    "invoice",
    "giveaway",
    "giveaway_winners",
    "users_shared",
)
"""The fields of a Message that a person fills (Bot API 10.1); `users_shared` answers a button of ours. All others tell
that something was pinned, that a title or a background has changed and the like: nobody waits for an answer to these.
"""


def is_private(update: Update) -> bool:
    return update.effective_chat is not None and update.effective_chat.type == ChatType.PRIVATE


def is_heard(update: Update) -> bool:
    """Whether an update is handled. Of messages in groups only that the group has got another id."""
    message = update.message
    if message is None:
        return True
    return _has_content(message) if is_private(update) else message.migrate_to_chat_id is not None


def _has_content(message: Message) -> bool:
    return any(getattr(message, name, None) or name in message.api_kwargs for name in CONTENT)
