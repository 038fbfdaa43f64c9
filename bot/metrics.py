"""What the program counts while it runs, and its parts' signs of life. `bot/web.py` shows them, if it is to.

Plain numbers, so that counting needs no library. Nothing here names a person, a form, a route or an answer.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from telegram import Update

from bot import db

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds from a tap's arrival to its screen."""
POLLER, OUTBOX = "poller", "outbox"


@dataclass
class Metrics:
    """One program's counts. Moments are those of the machine's clock that never jumps."""

    updates: Counter[str] = field(default_factory=Counter)
    """By Telegram's kind of update."""
    deliveries: Counter[str] = field(default_factory=Counter)
    """Those that have ended, by state."""
    parked: int = 0
    replies_failed: int = 0
    taps: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    tap_seconds: float = 0.0
    signs: dict[str, float] = field(default_factory=dict)
    """When a part last did its work."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Why the database kept a part from it, the last time it tried; gone when it has worked."""
    _arrived: float = 0.0

    def arrived(self, batch: tuple[Update, ...]) -> None:
        """Telegram has answered with updates, or with none."""
        self.works(POLLER)
        self._arrived = monotonic()
        self.updates.update(kind_of(update) for update in batch)

    def tap_shown(self) -> None:
        """The screen of a tap of the batch in hand stands in its chat."""
        seconds = monotonic() - self._arrived
        self.taps[bisect_left(BUCKETS, seconds)] += 1
        self.tap_seconds += seconds

    def ended(self, state: str) -> None:
        """A delivery stands where it will stay; one that is tried again has not ended."""
        if state != "due":
            self.deliveries[str(state)] += 1

    def works(self, part: str) -> None:
        self.signs[part] = monotonic()
        self.troubles.pop(part, None)

    def fails(self, part: str, error: BaseException) -> None:
        """A part could not use the database. That Telegram is away passes, and is told by the silence."""
        if isinstance(error, db.AWAY):
            self.troubles[part] = db.reason(error)

    def silent_for(self, part: str) -> float:
        """Seconds since a part last did its work; from the first asking on if it never has."""
        return monotonic() - self.signs.setdefault(part, monotonic())


def kind_of(update: Update) -> str:
    if update.callback_query is not None:
        return "tap"
    return "message" if update.message is not None else "other"
