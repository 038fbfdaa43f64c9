"""Records every new or edited message of everybody on the stage, after each step of a story."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.demo.stage import Actor, Stage
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button
from handlers.texts import Texts

CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{5}-?[2-9A-HJKMNP-Z]{5}\b")
DAY = re.compile(r"\b(ma|ti|ke|to|pe|la|su)\b")


@dataclass(frozen=True)
class Shot:
    """One message after a step, or an answer to a tap."""

    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    keyboard: tuple[str, ...] = ()
    """Buttons in place of the reader's keyboard."""
    photo: File | None = None
    document: str = ""
    toast: str = ""

    @property
    def sight(self) -> str:
        """What distinguishes it from other shots: its text without numbers, codes and weekdays."""
        labels = [button.label for row in self.buttons for button in row]
        words = CODE.sub("#", "|".join([self.html, *labels, *self.keyboard, self.document, self.toast]))
        picture = "picture" if self.photo else ""
        return DAY.sub("day", re.sub(r"\d+", "#", words)) + picture


@dataclass(frozen=True)
class Place:
    """Where in the story a shot belongs: the same in every language."""

    scene: str
    step: int
    action: str
    who: str
    turn: int


@dataclass
class Camera:
    stage: Stage
    shots: dict[Place, Shot] = field(default_factory=dict)
    scene: str = ""
    _step: int = 0
    _seen: dict[tuple[int, int], int] = field(default_factory=dict)
    _toasts: dict[int, int] = field(default_factory=dict)

    @contextmanager
    def filming(self, scene: str) -> Iterator[None]:
        """Records a part of the story under a heading."""
        self.scene, self._step = scene, 0
        self.look("")
        yield

    def look(self, action: str) -> None:
        """Records what is new since the last call. ``action`` describes the step."""
        self._step += 1
        for actor in self.stage.people.values():
            for turn, shot in enumerate(self._new(actor)):
                self.shots[Place(self.scene, self._step, action, actor.name, turn)] = shot

    def _new(self, actor: Actor) -> Iterator[Shot]:
        for message in actor.messages:
            key, version = (actor.user.id, message.message_id), len(message.versions)
            if self._seen.get(key) != version:
                self._seen[key] = version
                yield _shot(message)
        known = self._toasts.get(actor.user.id, 0)
        self._toasts[actor.user.id] = len(actor.user.toasts)
        for toast in actor.user.toasts[known:]:
            if toast.text:
                yield Shot("", toast=toast.text)


def _shot(message: Any) -> Shot:
    return Shot(
        html=message.html,
        buttons=tuple(tuple(row) for row in message.buttons),
        keyboard=tuple(button.label for row in message.reply_keyboard for button in row),
        photo=message.photo,
        document=message.document.file_name if message.document else "",
    )


@contextmanager
def noting_texts(keys: set[str]) -> Iterator[None]:
    """Adds the keys of all texts that are used meanwhile."""
    plain: Callable[..., Any] = Texts.__call__

    def call(self: Texts, key: str, /, **values: Any) -> Any:
        keys.add(key)
        return plain(self, key, **values)

    Texts.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        Texts.__call__ = plain  # type: ignore[method-assign]
