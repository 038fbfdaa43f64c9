"""Updates on their way to the bot: kept until confirmed, at most 24 hours."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

KEPT = timedelta(hours=24)
# Telegram does not send these unless asked for by name.
UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass(frozen=True)
class Update:
    update_id: int
    kind: str
    content: dict[str, Any]
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.kind: self.content}


class Updates:
    """The queue of one bot: ``pending`` in the order of delivery, ``confirmed`` in the order of confirmation."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._next_id = 100_000_001
        self._arrived = asyncio.Event()
        self.pending: list[Update] = []
        self.confirmed: list[Update] = []
        self.allowed: Collection[str] | None = None

    def add(self, kind: str, content: dict[str, Any]) -> Update | None:
        """Queue an update, unless the bot has not asked for its kind."""
        if kind in UNASKED if self.allowed is None else kind not in self.allowed:
            return None
        update = Update(self._next_id, kind, content, self._now())
        self._next_id += 1
        self.pending.append(update)
        self._arrived.set()
        return update

    def waiting(self) -> list[Update]:
        """What is pending and not yet too old."""
        oldest = self._now() - KEPT
        self.pending = [update for update in self.pending if update.at > oldest]
        return self.pending

    def confirm(self, offset: int) -> None:
        """Forget what the bot has seen: everything before ``offset``; if negative, all but the last ``-offset``."""
        waiting = self.waiting()
        gone = waiting[:offset] if offset < 0 else [update for update in waiting if update.update_id < offset]
        self.confirmed.extend(gone)
        self.pending = [update for update in waiting if update not in gone]

    def drop(self) -> None:
        self.pending = []

    async def arrival(self) -> None:
        """Wait until something is added."""
        self._arrived.clear()
        await self._arrived.wait()
