"""Everything that is: people, chats, files and updates, without a word of HTTP."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.commands import Commands
from bot.sandbox.files import Files
from bot.sandbox.limits import Meter
from bot.sandbox.messages import Content, Message
from bot.sandbox.people import Chat, User
from bot.sandbox.taps import Tap
from bot.sandbox.updates import Updates


class World:
    """The state of one Telegram with one bot in it. ``version`` grows with each change that somebody can see."""

    def __init__(
        self, *, bot_id: int, username: str, now: Callable[[], datetime], answer_within: timedelta, meter: Meter
    ) -> None:
        self.now = now
        self.answer_within = answer_within
        self.meter = meter
        self.me: dict[str, Any] = {"id": bot_id, "is_bot": True, "first_name": "Koolla", "username": username}
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.files = Files()
        self.updates = Updates(now)
        self.commands = Commands()
        self.taps: dict[str, Tap] = {}
        self.version = 0
        self._changed = asyncio.Event()
        # Private chats and basic groups share the bot's own counter, supergroups count by themselves.
        self._message_ids = itertools.count(1)
        self._group_ids = itertools.count(1)
        self._user_ids = itertools.count(5001)

    def add_user(self, first_name: str, *, id: int | None = None, **fields: Any) -> User:  # noqa: A002
        user = User(self, id or next(self._user_ids), first_name, **fields)
        self.users[user.id] = user
        self.chats[user.id] = user.chat
        self.touch()
        return user

    def add_group(self, title: str, members: list[User], *, supergroup: bool) -> Chat:
        number = next(self._group_ids)
        chat_id = -1_000_000_000_000 - number if supergroup else -number
        group = Chat(self, chat_id, "supergroup" if supergroup else "group", title=title, members=list(members))
        self.chats[chat_id] = group
        self.touch()
        return group

    def post(self, chat: Chat, content: Content, sender: User | None, **fields: Any) -> Message:
        """Put a message into a chat. Nobody is told: see ``Updates.add``."""
        number = next(chat.own_ids) if chat.type == "supergroup" else next(self._message_ids)
        message = Message(chat, number, sender, content, self.now(), **fields)
        chat.messages.append(message)
        self.touch()
        return message

    def touch(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int, timeout: float) -> int:  # noqa: ASYNC109
        """The version as soon as it is past ``since``, or as it stands after ``timeout`` seconds."""
        if self.version <= since:
            try:
                await asyncio.wait_for(self._changed.wait(), timeout)
            except TimeoutError:
                return self.version
        return self.version
