"""Command menus, by scope and language."""

import json
from dataclasses import dataclass
from typing import Any

DEFAULT: dict[str, Any] = {"type": "default"}


@dataclass(frozen=True)
class Command:
    command: str
    description: str

    def as_json(self) -> dict[str, str]:
        return {"command": self.command, "description": self.description}


class Commands:
    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], list[Command]] = {}

    def set(self, scope: dict[str, Any] | None, language: str, commands: list[Command]) -> None:
        self._lists[_key(scope, language)] = commands

    def get(self, scope: dict[str, Any] | None, language: str) -> list[Command]:
        return self._lists.get(_key(scope, language), [])

    def forget(self, scope: dict[str, Any] | None, language: str) -> None:
        self._lists.pop(_key(scope, language), None)

    def shown_to(self, chat_id: int, language: str | None) -> list[Command]:
        """The menu of a private chat: the first of Telegram's order of scope and language that is set."""
        short = (language or "").split("-")[0]
        for scope in ({"type": "chat", "chat_id": chat_id}, {"type": "all_private_chats"}, DEFAULT):
            for code in dict.fromkeys((short, "")):
                found = self._lists.get(_key(scope, code))
                if found:
                    return found
        return []


def _key(scope: dict[str, Any] | None, language: str) -> tuple[str, str]:
    return json.dumps(scope or DEFAULT, sort_keys=True), language
