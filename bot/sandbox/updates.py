"""Updates on their way to the bot: kept until confirmed, but not for ever."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# As in telegram-bot-api: a tap that nobody fetched within 150 s is gone, everything else is kept for a day.
KEPT = timedelta(hours=24)
TAPS_KEPT = timedelta(seconds=150)
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
    """The queue of one bot: ``pending`` in the order of delivery, ``confirmed`` in the order of confirmation.

    ``duplicates`` and ``late`` are faults on demand: that many updates will come a second time after they were
    confirmed, or only after ``behind`` younger ones.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._next_id = 100_000_001
        self._arrived = asyncio.Event()
        self._held: list[list[Any]] = []
        # Out of order: the bot cannot have confirmed these by a younger one's offset before they were delivered.
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
        if kind in UNASKED if self.allowed is None else kind not in self.allowed:
            return
        update = Update(self._next_id, kind, content, self._now())
        self._next_id += 1
        if self.late > 0:
            self.late -= 1
            self._held.append([update, self.behind])
            self._undelivered.add(update.update_id)
            return
        self._queue(update)
        self._let_go()

    def release(self) -> None:
        """Deliver what is held back for being late, now."""
        for update, _ in self._held:
            self._queue(update)
        self._held = []

    def waiting(self) -> list[Update]:
        """What is pending and not yet too old."""
        now = self._now()
        self.pending = [
            update
            for update in self.pending
            if now - update.at < (TAPS_KEPT if update.kind == "callback_query" else KEPT)
        ]
        return self.pending

    def deliver(self, limit: int) -> list[Update]:
        batch = self.waiting()[:limit]
        self._undelivered.difference_update(update.update_id for update in batch)
        return batch

    def confirm(self, offset: int) -> None:
        """Forget what the bot has seen: everything before ``offset``; if negative, all but the last ``-offset``."""
        waiting = self.waiting()
        gone = waiting[:offset] if offset < 0 else [update for update in waiting if update.update_id < offset]
        seen = {update.update_id for update in gone} - self._undelivered
        self.pending = [update for update in waiting if update.update_id not in seen]
        for update in gone:
            if update.update_id in seen:
                self._confirmed(update)

    def take(self, update: Update) -> None:
        """Note that this one was taken by the webhook."""
        self.pending = [other for other in self.pending if other is not update]
        self._confirmed(update)

    def drop(self) -> None:
        self.pending, self._held = [], []

    def wake(self) -> None:
        """Let whoever waits for an arrival look again."""
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

    def _let_go(self) -> None:
        for held in list(self._held):
            held[1] -= 1
            if held[1] <= 0:
                self._held.remove(held)
                self._queue(held[0])
