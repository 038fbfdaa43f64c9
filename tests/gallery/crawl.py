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
"""Buttons that end something: they are pressed last."""
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
    """Presses all that one person can reach."""

    camera: Camera
    actor: Actor
    friend: Actor
    """The person that they choose when asked for one."""
    tapped: set[str] = field(default_factory=set)
    typed: set[tuple[str, str]] = field(default_factory=set)

    async def everywhere(self) -> None:
        """Starts from each command: first the buttons in sight, then those that were left on the way."""
        for name in sorted(ROUTES.commands):
            await self._from(f"/{name}")
            await self.actor.says("/cancel")
            await self.camera.stage.settle()
            self.camera.look("")

    async def _from(self, command: str) -> None:
        left: dict[str, list[str]] = {}
        path = await self._walked(command, [])
        for _ in range(MOST):
            in_sight = self._in_sight()
            for sort in in_sight:
                left.setdefault(sort, path)
            choices = [sort for sort in [*in_sight, *left] if sort not in self.tapped]
            if not choices:
                return
            sort = min(choices, key=lambda candidate: bool(FINAL.search(candidate.partition(":")[0])))
            self.tapped.add(sort)
            if sort not in in_sight:
                path = await self._walked(command, left[sort])
            if await self._taps(sort):
                path = [*path, sort]
            await self._answer_questions()

    async def _walked(self, command: str, path: list[str]) -> list[str]:
        """Repeats the taps of a path, as far as its buttons are still there."""
        await self.actor.says("/cancel")
        await self.says(command)
        await self._answer_questions()
        return [sort for sort in path if await self._taps(sort)]

    async def says(self, text: str) -> None:
        await self.actor.says(text)
        self.camera.look(f"“{text if len(text) < 60 else text[:60] + '…'}”")

    async def _taps(self, sort: str) -> bool:
        match = self._in_sight().get(sort)
        if match is None:
            return False
        message, button = match
        self.actor.user.taps_data(button.data or "", message)
        await self.camera.stage.answered()
        if FINAL.search(sort):
            await self.camera.stage.settle()
        self.camera.look(f"[{button.label}]")
        return True

    def _in_sight(self) -> dict[str, tuple[Message, Button]]:
        """The buttons of the newest messages, one of each sort, those of the newest first."""
        buttons: dict[str, tuple[Message, Button]] = {}
        for message in self.actor.messages[-6:][::-1]:
            for button in (button for row in message.buttons for button in row):
                if sort := sort_of(button):
                    buttons.setdefault(sort, (message, button))
        return buttons

    async def _answer_questions(self) -> None:
        """Answers each question for a typed line: with nothing, with too much, and with something that fits."""
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
    """A button's route with its arguments that are words; empty for buttons that are not to be pressed."""
    name, *rest = (button.data or "").split(":")
    if not name or (rest and rest[-1] in LANGUAGES):  # another language would not stand beside its own
        return ""
    words = ["#" if any(c.isdigit() for c in word) or CODE.fullmatch(word) else word for word in rest]
    return ":".join([name, *words])
