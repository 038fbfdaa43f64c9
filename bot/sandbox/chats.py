"""Private chats, groups and channels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.messages import Content, Message

if TYPE_CHECKING:
    from bot.sandbox.people import User
    from bot.sandbox.world import World


@dataclass(eq=False)
class Chat:
    """A private chat, whose id is the person's, a group or a channel. ``history`` has what was deleted too.

    ``bot_status`` is the bot's: member, administrator, left or kicked; ``bot_may_post`` its right to post in a channel.
    ``administrators`` are a channel's: whoever was first made it. In a group it has none beside its maker.
    """

    world: World
    id: int
    type: str
    title: str = ""
    user: User | None = None
    members: list[User] = field(default_factory=list)
    administrators: list[User] = field(default_factory=list)
    history: list[Message] = field(default_factory=list)
    pinned: list[Message] = field(default_factory=list)
    bot_status: str = "member"
    bot_may_post: bool = True
    migrated_to: Chat | None = None
    # Private chats and basic groups share the bot's own counter, supergroups and channels count by themselves.
    own_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def private(self) -> bool:
        return self.user is not None

    @property
    def is_channel(self) -> bool:
        return self.type == "channel"

    @property
    def messages(self) -> list[Message]:
        """What is there to see now, oldest first."""
        return [message for message in self.history if not message.deleted]

    def find(self, message_id: int) -> Message | None:
        return next((message for message in self.messages if message.message_id == message_id), None)

    def as_json(self) -> dict[str, Any]:
        if self.user:
            return {"id": self.id, "type": self.type, **self.user.names()}
        return {"id": self.id, "type": self.type, "title": self.title}

    def status_of(self, user: User) -> str:
        """The person's part in the group or channel: whoever was first made it."""
        if user not in self.members:
            return "left"
        if user is self.members[0]:
            return "creator"
        return "administrator" if user in self.administrators else "member"

    def adds(self, user: User, *, by: User | None = None) -> None:
        """Let somebody in."""
        self.members.append(user)
        self._tells(by or user, {"new_chat_members": [user.as_json()]})

    def removes(self, user: User, *, by: User | None = None) -> None:
        """See somebody off; without ``by`` they leave by themselves."""
        self.members.remove(user)
        self._tells(by or user, {"left_chat_member": user.as_json()})

    def sets_bot_status(self, status: str, *, by: User | None = None, may_post: bool = True) -> None:
        """Make the bot member or administrator, or send it away ("left" or "kicked"). ``may_post`` is for channels,
        where bots are administrators or nothing, by the word of an administrator."""
        who = by or self.members[0]
        if self.is_channel and status == "member":
            raise ValueError("a bot is no mere subscriber of a channel")
        if self.is_channel and who not in self.administrators:
            raise RuntimeError(f"{who.first_name} does not run {self.title}")
        old, could_post = self.bot_status, self.bot_may_post
        self.bot_status, self.bot_may_post = status, may_post
        self.world.tell_status(self, who, old, status, could_post=could_post)

    def deletes(self) -> None:
        """Its maker deletes it. Bots are not told, and find no such chat when they write."""
        del self.world.chats[self.id]
        self.world.touch()

    def migrates(self) -> Chat:
        """Become a supergroup, as groups do when they grow: the old id is of no use afterwards."""
        new = self.world.add_group(self.title, list(self.members), supergroup=True)
        new.bot_status, self.migrated_to = self.bot_status, new
        self._tells(self.members[0], {"migrate_to_chat_id": new.id})
        new._tells(self.members[0], {"migrate_from_chat_id": self.id})
        return new

    def _tells(self, who: User, service: dict[str, Any]) -> None:
        """Of who comes and goes, channels say nothing."""
        if self.is_channel:
            self.world.touch()
            return
        message = self.world.post(self, Content(kind="service", service=service), who)
        self.world.updates.add("message", message.as_json())
