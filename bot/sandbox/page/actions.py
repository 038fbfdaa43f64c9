"""Performs in the sandbox what people do on the page."""

import json
from pathlib import Path
from typing import Any

from bot.sandbox import Sandbox
from bot.sandbox.people import User

LONGEST = 4096
LANGUAGES = frozenset(json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8")))
"""The languages of the page. Every file of the program has the same: ``tests/handlers/test_locale_table.py``."""


class ActionError(Exception):
    """The action cannot be performed. The text says why, for readers of the browser's log."""


def perform(sandbox: Sandbox, action: dict[str, Any]) -> dict[str, Any]:
    """Let the person of the action perform it. Returns what the page needs to know afterwards."""
    person = find_person(sandbox, action.get("person"))
    match action:
        case {"do": "say", "text": str(text)}:
            person.says(_text(text))
        case {"do": "start", "payload": str(payload)}:
            person.starts(_text(payload) if payload else None)
        case {"do": "tap", "message": int(message_id), "data": str(data)}:
            return {"tap": _tap(person, message_id, data)}
        case {"do": "choose", "request": int(request_id), "people": [*ids]}:
            person.chooses(request_id, [find_person(sandbox, each) for each in ids])
        case {"do": "block"}:
            person.blocks()
        case {"do": "unblock"}:
            person.unblocks()
        case _:
            raise ActionError(f"unknown action: {action!r:.200}")
    return {}


def find_person(sandbox: Sandbox, person_id: Any) -> User:
    person = sandbox.users.get(person_id) if isinstance(person_id, int) else None
    if person is None:
        raise ActionError(f"there is no person {person_id!r:.40}")
    return person


def new_person(action: dict[str, Any]) -> tuple[str, str]:
    """The name and language of a new person."""
    name, language = str(action.get("name", "")).strip(), action.get("language")
    if not 1 <= len(name) <= 64 or language not in LANGUAGES:
        raise ActionError("a person needs a name and a language")
    return name, str(language)


def _text(text: str) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= LONGEST:
        raise ActionError(f"a text has 1 to {LONGEST} characters, not {len(stripped)}")
    return stripped


def _tap(person: User, message_id: int, data: str) -> str:
    message = person.chat.find(message_id)
    if message is None or all(button.data != data for row in message.buttons for button in row):
        raise ActionError("the button is gone")
    return person.taps_data(data, message)
