"""Presses every kind of button that a person can reach from their commands, and answers every question they are asked.

What it meets for the first time it photographs, so that a new conversation is in the gallery by itself.
"""

import re
from dataclasses import dataclass, field

from sqlalchemy import select

from bot.demo.stage import Actor
from bot.sandbox.keyboards import Button
from bot.sandbox.messages import Message
from handlers.routes import ROUTES
from handlers.texts import LANGUAGES
from models.delivery.drafts import Draft
from tests.gallery.camera import CODE, Camera

FINAL = re.compile(r"yes|erase|leave|drop|remove|take|archive|rotate|go$|done|cancel")
"""Buttons that end something: pressed only when nothing else is left."""
MOST = 120
TYPED = {
    ("newmeeting", "title"): "Johdatus",
    ("newmeeting", "day"): "ke 14.4.",
    ("newmeeting", "time"): "9-12",
    ("newmeeting", "place"): "Linnankatu 12",
    ("newmeeting", "link"): "https://example.org/teams/1",
    ("form", "text"): "Nimi: Kahvikysely\nKahvi oli hyvää (1-4)\nMikä oli parasta? (monta: tieto / muu, mikä?)",
    ("form", "card"): "Kahvi oli todella hyvää (1-4)\nValitse (yksi: a)",
    ("form", "name"): "Kahvikysely",
    ("roster", ""): "Eeva Niemi; Hyvinvointialue; eeva@example.org\nGöran Holm; Folkhälsan\n;;\nEeva Niemi",
}


@dataclass
class Crawl:
    """One person's way through all that they can reach."""

    camera: Camera
    actor: Actor
    friend: Actor
    """Whom they choose when asked for a person."""
    tapped: set[str] = field(default_factory=set)
    typed: set[tuple[str, str]] = field(default_factory=set)

    async def everywhere(self) -> None:
        """From each command on: first along what is in sight, then back to what was left beside the way."""
        for name in sorted(ROUTES.commands):
            await self._from(f"/{name}")
            await self.actor.says("/cancel")
            await self.camera.stage.settle()
            self.camera.look("")

    async def _from(self, command: str) -> None:
        left: dict[str, list[str]] = {}
        path = await self._walked(command, [])
        for _ in range(MOST):
            here = self._in_sight()
            for sort in here:
                left.setdefault(sort, path)
            choices = [sort for sort in [*here, *left] if sort not in self.tapped]
            if not choices:
                return
            sort = min(choices, key=lambda one: bool(FINAL.search(one.partition(":")[0])))
            self.tapped.add(sort)
            if sort not in here:
                path = await self._walked(command, left[sort])
            if await self._taps(sort):
                path = [*path, sort]
            await self._answer_questions()

    async def _walked(self, command: str, path: list[str]) -> list[str]:
        """Goes a way again, as far as it still leads."""
        await self.actor.says("/cancel")
        await self.says(command)
        await self._answer_questions()
        return [sort for sort in path if await self._taps(sort)]

    async def says(self, text: str) -> None:
        await self.actor.says(text)
        self.camera.look(f"“{text if len(text) < 60 else text[:60] + '…'}”")

    async def _taps(self, sort: str) -> bool:
        found = self._in_sight().get(sort)
        if found is None:
            return False
        message, button = found
        self.actor.user.taps_data(button.data or "", message)
        await self.camera.stage.answered()
        if FINAL.search(sort):
            await self.camera.stage.settle()
        self.camera.look(f"[{button.label}]")
        return True

    def _in_sight(self) -> dict[str, tuple[Message, Button]]:
        """The buttons of the newest messages, one of each sort, those of the newest first."""
        found: dict[str, tuple[Message, Button]] = {}
        for message in self.actor.messages[-6:][::-1]:
            for button in (button for row in message.buttons for button in row):
                if sort := sort_of(button):
                    found.setdefault(sort, (message, button))
        return found

    async def _answer_questions(self) -> None:
        """Types nothing, too much, and something fitting to whatever waits for a typed line."""
        if any(button.request_users for row in self.actor.last.reply_keyboard for button in row):
            await self.actor.chooses(self.friend)
            self.camera.look(f"{self.friend.name} chosen")
        for _ in range(MOST):
            waiting = await self._draft()
            if waiting is None or waiting in self.typed:
                return
            self.typed.add(waiting)
            for text in ("\u200b", "x" * 2000, TYPED.get(waiting) or TYPED.get((waiting[0], ""), "Uusi nimi")):
                await self.says(text)
                if await self._draft() != waiting:
                    break

    async def _draft(self) -> tuple[str, str] | None:
        async with self.camera.stage.app.sessions() as session:
            draft = await session.scalar(select(Draft).where(Draft.chat_id == self.actor.user.id))
            return (draft.subject, draft.awaits) if draft else None


def sort_of(button: Button) -> str:
    """A button's route with those of its arguments that are words; empty for what is not to be pressed."""
    name, *rest = (button.data or "").split(":")
    if not name or (rest and rest[-1] in LANGUAGES):  # another language would not stand beside its own
        return ""
    words = ["#" if any(c.isdigit() for c in word) or CODE.fullmatch(word) else word for word in rest]
    return ":".join([name, *words])
