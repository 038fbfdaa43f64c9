"""Groups and channels: what their members do with them, a test or the chat page does through a Group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.content import Content
from bot.sandbox.messages import Chat
from bot.sandbox.world import World


def new_group(world: World, title: str, members: Sequence[Account], *, supergroup: bool) -> Group:
    """A new group with the bot in it; its first member made it."""
    number = world.next_group_number()
    chat_id = -1_000_000_000_000 - number if supergroup else -number
    kind = "supergroup" if supergroup else "group"
    group = Group(chat_id, kind, world.me, title=title, members=list(members), world=world)
    world.add_chat(group)
    return group


def new_channel(world: World, title: str, administrators: Sequence[Account]) -> Group:
    """A new channel. The bot is not in it until an administrator makes it one."""
    chat_id = -1_000_000_000_000 - world.next_group_number()
    people = list(administrators)
    channel = Group(chat_id, "channel", world.me, title=title, members=people, administrators=list(people), world=world)
    channel.bot_status = "left"
    world.add_chat(channel)
    return channel


@dataclass(eq=False)
class Group(Chat):
    """A group or a channel."""

    world: World = field(kw_only=True)

    def adds(self, user: Account, *, by: Account | None = None) -> None:
        """Let somebody in."""
        self.members.append(user)
        self._tells(by or user, {"new_chat_members": [user.as_json()]})

    def removes(self, user: Account, *, by: Account | None = None) -> None:
        """See somebody off; without ``by`` they leave by themselves."""
        self.members.remove(user)
        self._tells(by or user, {"left_chat_member": user.as_json()})

    def sets_bot_status(self, status: str, *, by: Account | None = None, may_post: bool = True) -> None:
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

    def migrates(self) -> Group:
        """Become a supergroup, as groups do when they grow: the old id is of no use afterwards."""
        new = new_group(self.world, self.title, self.members, supergroup=True)
        new.bot_status, self.migrated_to = self.bot_status, new
        self._tells(self.members[0], {"migrate_to_chat_id": new.id})
        new._tells(self.members[0], {"migrate_from_chat_id": self.id})
        return new

    def _tells(self, who: Account, service: dict[str, Any]) -> None:
        """Of who comes and goes, channels say nothing."""
        if self.is_channel:
            self.world.touch()
            return
        message = self.world.post(self, Content(kind="service", service=service), who)
        self.world.updates.add("message", message.as_json())
