"""The bot's name and descriptions by language, and its menu button by chat."""

from collections import defaultdict
from typing import Any


class Profile:
    """Texts by kind ("name", "description", "short_description") and language; "" stands for all other languages."""

    def __init__(self) -> None:
        self._texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._buttons: dict[int | None, dict[str, Any]] = {}

    def set_text(self, kind: str, language: str, text: str) -> None:
        if text:
            self._texts[kind][language] = text
        else:
            self._texts[kind].pop(language, None)

    def text(self, kind: str, language: str = "") -> str:
        texts = self._texts[kind]
        return texts.get(language) or texts.get("", "")

    def set_button(self, chat_id: int | None, button: dict[str, Any]) -> None:
        self._buttons[chat_id] = button

    def button(self, chat_id: int | None = None) -> dict[str, Any]:
        own = self._buttons.get(chat_id, {"type": "default"})
        return self._buttons.get(None, {"type": "commands"}) if own["type"] == "default" else own
