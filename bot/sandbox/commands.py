"""Command menus, by scope and language."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.messages import Chat

DEFAULT: dict[str, Any] = {"type": "default"}


@dataclass(frozen=True)
class Command:
    command: str
    description: str

    def as_json(self) -> dict[str, str]:
        return {"command": self.command, "description": self.description}


class Commands:
    """The lists that setMyCommands has set."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], list[Command]] = {}

    def set(self, scope: dict[str, Any] | None, language: str, commands: list[Command]) -> None:
        """Setting no commands is the same as deleting them."""
        if commands:
            self._lists[_key(scope, language)] = commands
        else:
            self._lists.pop(_key(scope, language), None)

    def get(self, scope: dict[str, Any] | None, language: str) -> list[Command]:
        return self._lists.get(_key(scope, language), [])

    def shown_in(self, chat: Chat, user: Account) -> list[Command]:
        """The menu that ``user`` sees in ``chat``: narrowest scope first, in each their language first."""
        language = (user.language or "").split("-")[0]
        for scope in _scopes(chat, user):
            for code in dict.fromkeys((language, "")):
                if commands := self.get(scope, code):
                    return commands
        return []


def _scopes(chat: Chat, user: Account) -> list[dict[str, Any]]:
    """The order of core.telegram.org/bots/api#determining-list-of-commands."""
    if chat.private:
        return [{"type": "chat", "chat_id": chat.id}, {"type": "all_private_chats"}, DEFAULT]
    if chat.is_channel:
        return []  # commands are not used in channels
    manages = chat.status_of(user) in ("creator", "administrator")
    return [
        {"type": "chat_member", "chat_id": chat.id, "user_id": user.id},
        *([{"type": "chat_administrators", "chat_id": chat.id}] if manages else []),
        {"type": "chat", "chat_id": chat.id},
        *([{"type": "all_chat_administrators"}] if manages else []),
        {"type": "all_group_chats"},
        DEFAULT,
    ]


def _key(scope: dict[str, Any] | None, language: str) -> tuple[str, str]:
    return json.dumps(scope or DEFAULT, sort_keys=True), language
