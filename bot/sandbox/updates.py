"""Updates that wait for the bot, until they are confirmed or too old."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# As in telegram-bot-api: a tap that is not fetched within 150 s is dropped, all else after a day.
MAX_AGE = timedelta(hours=24)
MAX_TAP_AGE = timedelta(seconds=150)
# Telegram sends these kinds only if allowed_updates names them.
SENT_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass(frozen=True)
class Update:
    update_id: int
    kind: str
    content: dict[str, Any]
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"update_id": self.update_id, self.kind: self.content}


class Updates:
    """The queue of one bot: ``pending`` in the order of delivery, ``confirmed`` in the order of confirmation.

    ``duplicates`` and ``late`` are faults on demand: so many updates will be delivered again after they were
    confirmed, or only after ``behind`` younger ones.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._next_id = 100_000_001
        self._arrived = asyncio.Event()
        self._held: list[list[Any]] = []
        # Late or repeated updates: the offset of a younger update does not confirm these before they were delivered.
        self._undelivered: set[int] = set()
        self.pending: list[Update] = []
        self.confirmed: list[Update] = []
        self.allowed: Collection[str] | None = None
        self.duplicates = 0
        self.late = 0
        self.behind = 1

    def continue_after(self, update_id: int) -> None:
        """Gives the next update a higher id than this one."""
        self._next_id = max(self._next_id, update_id + 1)

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update, unless the bot has not asked for its kind."""
        if kind in SENT_ON_REQUEST if self.allowed is None else kind not in self.allowed:
            return
        update = Update(self._next_id, kind, content, self._now())
        self._next_id += 1
        if self.late > 0:
            self.late -= 1
            self._held.append([update, self.behind])
            self._undelivered.add(update.update_id)
            return
        self._queue(update)
        self._release_due()

    def release(self) -> None:
        """Deliver the late updates now."""
        for update, _ in self._held:
            self._queue(update)
        self._held = []

    def waiting(self) -> list[Update]:
        """The pending updates. Drops those that are too old."""
        now = self._now()
        self.pending = [
            update
            for update in self.pending
            if now - update.at < (MAX_TAP_AGE if update.kind == "callback_query" else MAX_AGE)
        ]
        return self.pending

    def deliver(self, limit: int) -> list[Update]:
        batch = self.waiting()[:limit]
        self._undelivered.difference_update(update.update_id for update in batch)
        return batch

    def confirm(self, offset: int) -> None:
        """Remove the updates before ``offset``; for a negative one, all but the last ``-offset``."""
        waiting = self.waiting()
        passed = waiting[:offset] if offset < 0 else [update for update in waiting if update.update_id < offset]
        confirmed = {update.update_id for update in passed} - self._undelivered
        self.pending = [update for update in waiting if update.update_id not in confirmed]
        for update in passed:
            if update.update_id in confirmed:
                self._confirmed(update)

    def take(self, update: Update) -> None:
        """Remove an update that the webhook accepted."""
        self.pending = [other for other in self.pending if other is not update]
        self._confirmed(update)

    def drop(self) -> None:
        self.pending, self._held = [], []

    def wake(self) -> None:
        """Let whoever awaits `arrival` check again."""
        self._arrived.set()

    async def arrival(self) -> None:
        """Wait until something is queued."""
        self._arrived.clear()
        await self._arrived.wait()

    def _confirmed(self, update: Update) -> None:
        self.confirmed.append(update)
        if self.duplicates > 0:
            self.duplicates -= 1
            self._undelivered.add(update.update_id)
            self._queue(update)

    def _queue(self, update: Update) -> None:
        self.pending.append(update)
        self._arrived.set()

    def _release_due(self) -> None:
        for late in list(self._held):
            late[1] -= 1
            if late[1] <= 0:
                self._held.remove(late)
                self._queue(late[0])
