"""Groups and channels. Tests act on them through a `Group`."""

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
        """Add a member; without ``by`` they join by themselves."""
        self.members.append(user)
        self._tells(by or user, {"new_chat_members": [user.as_json()]})

    def removes(self, user: Account, *, by: Account | None = None) -> None:
        """Remove a member; without ``by`` they leave by themselves."""
        self.members.remove(user)
        self._tells(by or user, {"left_chat_member": user.as_json()})

    def sets_bot_status(self, status: str, *, by: Account | None = None, may_post: bool = True) -> None:
        """Set the bot's status: member, administrator, left or kicked. ``may_post`` is its right to post in a channel.

        Raises ValueError for a member of a channel, where bots can only be administrators, and RuntimeError if ``by``
        is no administrator of the channel.
        """
        actor = by or self.members[0]
        if self.is_channel and status == "member":
            raise ValueError("a bot is no mere subscriber of a channel")
        if self.is_channel and actor not in self.administrators:
            raise RuntimeError(f"{actor.first_name} does not run {self.title}")
        old, could_post = self.bot_status, self.bot_may_post
        self.bot_status, self.bot_may_post = status, may_post
        self.world.tell_status(self, actor, old, status, could_post=could_post)

    def deletes(self) -> None:
        """Delete the chat. Bots are not told; their requests then fail with "chat not found"."""
        del self.world.chats[self.id]
        self.world.touch()

    def migrates(self) -> Group:
        """Become a supergroup with a new id, as groups do when they grow. Returns the supergroup."""
        new = new_group(self.world, self.title, self.members, supergroup=True)
        new.bot_status, self.migrated_to = self.bot_status, new
        self._tells(self.members[0], {"migrate_to_chat_id": new.id})
        new._tells(self.members[0], {"migrate_from_chat_id": self.id})
        return new

    def _tells(self, actor: Account, service: dict[str, Any]) -> None:
        """Posts a service message, which channels do not have for members who come and go."""
        if self.is_channel:
            self.world.touch()
            return
        message = self.world.post(self, Content(kind="service", service=service), actor)
        self.world.updates.add("message", message.as_json())
