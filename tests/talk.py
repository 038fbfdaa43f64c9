"""The stage with the steps that stories share."""

from zoneinfo import ZoneInfo

from bot.demo.stage import ADMIN_ID, START, Actor, Stage, words
from models.people import groups, links
from models.people.access import RoleKind
from models.people.groups import Workgroup

HELSINKI = ZoneInfo("Europe/Helsinki")

__all__ = ["ADMIN_ID", "HELSINKI", "START", "Actor", "Talk", "words"]


class Talk(Stage):
    """What a story needs before it begins."""

    async def group(self, name: str = "Lastensuojelu", *, members: list[Actor], coordinator: Actor) -> Workgroup:
        """A workgroup that everyone has joined through its link."""
        now = self.clock.now()
        async with self.app.sessions.begin() as session:
            group = await groups.found(session, name, now=now)
            link = await links.join_link(session, group.id, now=now)
            lead = await links.make(session, links.LinkKind.ROLE, now=now, group_id=group.id, role=RoleKind.COORDINATOR)
        await coordinator.starts(lead.code)
        for member in members:
            await member.starts(link.code)
        await self.settle()
        return group

    async def manager(self, actor: Actor) -> None:
        """Makes someone a manager of the organisation."""
        async with self.app.sessions.begin() as session:
            link = await links.make(session, links.LinkKind.ROLE, now=self.clock.now(), role=RoleKind.MANAGER)
        await actor.starts(link.code)

    async def called_meeting(self, by: Actor, line: str) -> None:
        """A meeting called with one line; gaps are skipped, the card confirmed."""
        await by.says(f"/newmeeting {line}")
        for _ in range(6):
            if "Lähetä kutsu" in by.labels():
                break
            skips = ("Ohita", "Aihe tarkentuu", "Linkki tulee", "Paikka tarkentuu", "Skip", "Hoppa")
            await by.taps(next(label for label in by.labels() if label.startswith(skips)))
        await by.taps("Lähetä kutsu")
        await self.settle()
