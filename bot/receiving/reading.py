"""Updates read one by one, as Telegram sent them.

The library reads a whole answer at once: one update that it does not understand would lose the other ninety-nine, and
it would be fetched again for ever. Of an update that cannot be read, or need not be, only the sender and the chat are
looked for, so that the person can be told.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatType, UpdateType

from handlers.message_kinds import CONTENT

LARGEST_ID = 2**63 - 1
"""Maximum of a database's BIGINT."""
NO_ID = 0
"""Stands for the id of an update that has none. Telegram's own ids are positive."""


@dataclass(frozen=True)
class Received:
    """An update as it came."""

    update: Update
    """If it was not read, only its id and, where they could be found, who sent it in which private chat."""
    kind: str
    """Telegram's name for what happened, such as "message"; "?" if it has none."""
    fault: Exception | None = None
    """Why it could not be read. Its text may quote what somebody wrote."""
    is_surplus: bool = False
    """The same person has sent too many before it. Of a tap then only the sender is read."""

    @property
    def update_id(self) -> int:
        return self.update.update_id


Admits = Callable[[int], bool]
"""Whether a further update of the person with this Telegram id is handled."""


def read(raw: Any, bot: Bot, *, ignored: Container[int] = (), admits: Admits = lambda _: True) -> Received | None:
    """Reads one update of an answer to getUpdates, whatever it is. None if its id is among ``ignored``."""
    given = raw if isinstance(raw, dict) else {}
    update_id = given["update_id"] if _is_id(given.get("update_id")) else NO_ID
    if update_id in ignored:
        return None
    kind = next((name.value for name in UpdateType if name in given), "?")
    remains = _remains(update_id, given.get(kind))
    sender = remains.effective_user
    is_surplus = sender is not None and not admits(sender.id)
    if is_surplus and remains.callback_query is not None:
        return Received(remains, kind, is_surplus=True)
    try:
        if update_id == NO_ID:
            raise ValueError("no update id")
        update = Update.de_json(given, bot)
        _check(update)
    except Exception as error:
        return Received(remains, kind, error)
    return Received(update, kind, is_surplus=is_surplus)


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < abs(value) <= LARGEST_ID


def _check(update: Update) -> None:
    """Raises TypeError if a part that we use is missing or of another type than the Bot API says: the library checks
    none."""
    user, chat, message, query = update.effective_user, update.effective_chat, update.message, update.callback_query
    ids = [part.id for part in (user, chat) if part is not None]
    texts = [user.first_name, user.last_name, user.language_code] if user is not None else []
    if message is not None:
        texts += [message.text, message.caption, message.media_group_id]
    if query is not None:
        texts += [query.data, query.id]
        ids += [query.message.chat.id, query.message.message_id] if query.message is not None else []
    if message is not None and chat is None:
        raise TypeError("a message has no chat")
    if not all(_is_id(value) for value in ids) or not all(isinstance(text, str | None) for text in texts):
        raise TypeError("a part of an update has the wrong type")


def _remains(update_id: int, content: Any) -> Update:
    """What can be told of an update that is not read: who tapped, or who wrote in which private chat."""
    content = content if isinstance(content, dict) else {}
    if update_id == NO_ID:
        return Update(NO_ID)  # it comes again until others follow it, and nobody is told each time
    sender, chat, tap_id = content.get("from"), content.get("chat"), content.get("id")
    if not isinstance(sender, dict) or not _is_id(sender.get("id")):
        return Update(update_id)
    code = sender.get("language_code")
    user = User(sender["id"], "", is_bot=False, language_code=code if isinstance(code, str) else None)
    if isinstance(tap_id, str) and "message_id" not in content:
        return Update(update_id, callback_query=CallbackQuery(tap_id, user, chat_instance=""))
    if isinstance(chat, dict) and chat.get("id") == user.id and chat.get("type") == ChatType.PRIVATE:
        if not any(name in content for name in CONTENT):
            return Update(update_id)
        message = Message(0, datetime.now(UTC), Chat(user.id, ChatType.PRIVATE), from_user=user)
        return Update(update_id, message=message)
    return Update(update_id)
