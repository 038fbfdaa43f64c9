"""What people do on the page, done in the sandbox."""

from typing import Any

from bot.sandbox import Sandbox
from bot.sandbox.people import User

LONGEST = 4096
LANGUAGES = ("fi", "sv", "en")


class WishError(Exception):
    """What was asked cannot be done; the text says why, for whoever reads the browser's log."""


def perform(sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
    """Let the person of ``wish`` do it; what the page wants to know afterwards."""
    person = find_person(sandbox, wish.get("person"))
    match wish:
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
            raise WishError(f"nothing that the page knows: {wish!r:.200}")
    return {}


def find_person(sandbox: Sandbox, person_id: Any) -> User:
    found = sandbox.users.get(person_id) if isinstance(person_id, int) else None
    if found is None:
        raise WishError(f"there is no person {person_id!r:.40}")
    return found


def new_person(wish: dict[str, Any]) -> tuple[str, str]:
    """The name and language of somebody new."""
    name, language = str(wish.get("name", "")).strip(), wish.get("language")
    if not 1 <= len(name) <= 64 or language not in LANGUAGES:
        raise WishError("a person needs a name and a language")
    return name, str(language)


def _text(text: str) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= LONGEST:
        raise WishError(f"a text has 1 to {LONGEST} characters, not {len(stripped)}")
    return stripped


def _tap(person: User, message_id: int, data: str) -> str:
    message = person.chat.find(message_id)
    if message is None or all(button.data != data for row in message.buttons for button in row):
        raise WishError("the button is gone")
    return person.taps_data(data, message)
