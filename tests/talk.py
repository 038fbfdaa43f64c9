"""The stage with the steps that stories share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from bot.demo.stage import ADMIN_ID, START, Actor, Key, Stage, key, words
from models.people import groups, links
from models.people.access import RoleKind
from models.people.groups import Workgroup
from tests.scenes import Position, Recorder, scene

HELSINKI = ZoneInfo("Europe/Helsinki")

__all__ = ["ADMIN_ID", "HELSINKI", "START", "Actor", "Key", "Talk", "key", "words"]

SKIPS = [key("skip-title"), key("skip-place"), key("skip-link"), key("skip-description")]
"""The buttons by which a meeting is called without saying more."""


@dataclass(repr=False)
class Talk(Stage):
    """What a story needs before it begins."""

    recorder: Recorder | None = None
    """Restores scenes that have been played before; without one each is played."""
    position: Position | None = None

    @classmethod
    def build(cls, folder: Path, *, recorder: Recorder | None = None, **options: Any) -> Self:
        talk = super().build(folder, **options)
        talk.recorder = recorder
        return talk

    async def begin(self) -> None:
        await self.app.bot.initialize()
        if self.recorder is not None:
            settings = self.app.settings.model_dump(exclude={"database": True, "feedback": {"keys"}})
            self.position = Position.of(self, repr(settings))
        await self._begin()

    @scene
    async def _begin(self) -> None:
        await super().begin()

    @scene
    async def group(self, name: str = "Lastensuojelu", *, members: list[Actor], coordinator: Actor) -> Workgroup:
        """A workgroup that everyone has joined through its link."""
        now = self.clock.now()
        async with self.app.sessions.begin() as session:
            group = await groups.create(session, name, now=now)
            link = await links.join_link(session, group.id, now=now)
            lead = await links.make(session, links.LinkKind.ROLE, now=now, group_id=group.id, role=RoleKind.COORDINATOR)
        await coordinator.starts(lead.code)
        for member in members:
            await member.starts(link.code)
        await self.settle()
        return group

    @scene
    async def manager(self, actor: Actor) -> None:
        """Makes someone a manager of the organisation."""
        async with self.app.sessions.begin() as session:
            link = await links.make(session, links.LinkKind.ROLE, now=self.clock.now(), role=RoleKind.MANAGER)
        await actor.starts(link.code)

    @scene
    async def called_meeting(self, by: Actor, line: str) -> None:
        """A meeting called with one line; gaps are skipped, the card confirmed."""
        await by.says(f"/newmeeting {line}")
        for _ in range(6):
            if by.has_button(key("confirm-send")):
                break
            await by.taps(next(skip for skip in SKIPS if by.has_button(skip)))
        await by.taps(key("confirm-send"))
        await self.settle()
