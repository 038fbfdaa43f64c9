"""The state of the sandbox: chats with people and messages, files, updates. It knows no HTTP."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.commands import Commands
from bot.sandbox.content import Content
from bot.sandbox.files import Files
from bot.sandbox.limits import Meter
from bot.sandbox.messages import Chat, Message
from bot.sandbox.numbers import Numbers
from bot.sandbox.profile import Profile
from bot.sandbox.taps import Tap
from bot.sandbox.updates import Updates


class World:
    """One Telegram with one bot, whose User is ``me``. ``version`` grows with each visible change."""

    def __init__(
        self, *, me: dict[str, Any], now: Callable[[], datetime], meter: Meter, answer_within: timedelta
    ) -> None:
        self.now = now
        self.meter = meter
        self.answer_within = answer_within
        self.me = me
        self.chats: dict[int, Chat] = {}
        self.files = Files()
        self.updates = Updates(now)
        self.commands = Commands()
        self.profile = Profile()
        self.taps: dict[str, Tap] = {}
        self.version = 0
        self._changed = asyncio.Event()
        self.message_ids = Numbers()
        self._group_ids = Numbers()
        self._user_ids = Numbers(5001)

    def add_chat(self, chat: Chat) -> None:
        """Raises ValueError if there is a chat with this id. A private chat has the id of its person."""
        if chat.id in self.chats:
            raise ValueError(f"there is a chat {chat.id} already")
        self.chats[chat.id] = chat
        self.touch()

    def account(self, user_id: int) -> Account | None:
        """The account of the person with this id."""
        chat = self.chats.get(user_id)
        return chat.user if chat else None

    def next_user_id(self) -> int:
        return next(self._user_ids)

    def next_group_number(self) -> int:
        return next(self._group_ids)

    def post(self, chat: Chat, content: Content, sender: Account | None, **fields: Any) -> Message:
        """Put a message into a chat. The bot gets no update: see ``say``."""
        number = next(chat.own_ids) if chat.type in ("supergroup", "channel") else next(self.message_ids)
        message = Message(chat, number, sender, content, self.now(), **fields)
        chat.history.append(message)
        self.touch()
        return message

    def say(self, chat: Chat, content: Content, sender: Account, reply_to: Message | None) -> Message:
        """Put a person's message into a chat, with an update if the bot may see it.

        In a group that is commands, mentions and replies to the bot (privacy mode), unless it is an administrator; in
        a channel everything, if it is one.
        """
        message = self.post(chat, content, sender, reply_to=reply_to)
        if chat.is_channel:
            self.tell_post("channel_post", message)
        elif chat.private or chat.bot_status == "administrator" or self._is_for_bot(message):
            self.updates.add("message", message.as_json())
        return message

    def tell_post(self, kind: str, message: Message) -> None:
        """Add an update about a new or edited channel post, if the bot is an administrator there."""
        if message.chat.bot_status == "administrator":
            self.updates.add(kind, message.as_json())

    def tap(self, user: Account, message: Message, data: str) -> Tap:
        """A tap on a button. There is no update if the person has blocked the bot."""
        tap = Tap(str(len(self.taps) + 7_000_000_001), user, message, data, self.now())
        self.taps[tap.tap_id] = tap
        if not user.blocked:
            self.updates.add("callback_query", tap.as_json())
        return tap

    def tell_status(self, chat: Chat, actor: Account, old: str, new: str, *, could_post: bool = True) -> None:
        """Add an update: ``actor`` changed the bot's status in a chat. ``could_post`` was its right before."""
        change: dict[str, Any] = {"chat": chat.as_json(), "from": actor.as_json(), "date": int(self.now().timestamp())}
        change["old_chat_member"] = member_json(old, self.me, chat, may_post=could_post)
        change["new_chat_member"] = member_json(new, self.me, chat, may_post=chat.bot_may_post)
        self.updates.add("my_chat_member", change)
        self.touch()

    def knows(self, user: Account) -> bool:
        """Whether the bot has met this person. Requests about others fail with "chat not found"."""
        return user.started or any(user in chat.members for chat in self.chats.values())

    def touch(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int, timeout: float) -> int:  # noqa: ASYNC109
        """Wait until the version is past ``since``, ``timeout`` seconds at most. Returns the version."""
        if self.version <= since:
            try:
                await asyncio.wait_for(self._changed.wait(), timeout)
            except TimeoutError:
                return self.version
        return self.version

    def _is_for_bot(self, message: Message) -> bool:
        if message.chat.bot_status not in ("member", "administrator"):
            return False
        name = f"@{self.me['username']}"
        command = message.text.split(maxsplit=1)[0] if message.text.startswith("/") else ""
        to_other = "@" in command and not command.endswith(name)
        is_reply = message.reply_to is not None and message.reply_to.from_bot
        return is_reply or name in message.text or (bool(command) and not to_other)


_ADMINISTRATOR_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def member_json(status: str, user: dict[str, Any], chat: Chat, *, may_post: bool = True) -> dict[str, Any]:
    """The ChatMember of the Bot API. Some rights of administrators exist in channels only, some only elsewhere."""
    own = {"can_post_messages": may_post, "can_edit_messages": True} if chat.is_channel else {"can_pin_messages": True}
    rights = dict.fromkeys(_ADMINISTRATOR_RIGHTS, True) | {"can_be_edited": False, "is_anonymous": False}
    extras: dict[str, dict[str, Any]] = {
        "kicked": {"until_date": 0},
        "creator": {"is_anonymous": False},
        "administrator": rights | own,
    }
    return {"status": status, "user": user, **extras.get(status, {})}
