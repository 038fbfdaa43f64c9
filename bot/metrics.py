"""Counters of the running program, and when its parts last worked. `bot/web.py` serves them.

Plain numbers, so that counting needs no library. No person, form, route or answer is in them.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from time import monotonic

from telegram import Update

from bot import db

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper limits of the histogram's buckets, in seconds from a tap's arrival to its screen."""
POLLER, OUTBOX = "poller", "outbox"


@dataclass
class Metrics:
    """Counters of one process. Moments are of the monotonic clock, in seconds."""

    updates: Counter[str] = field(default_factory=Counter)
    """Updates applied, by Telegram's kind, without those that answer a form."""
    form_updates: int = 0
    """Updates that answered forms, without those of today: a count of the minute would tell when somebody answers."""
    deliveries: Counter[str] = field(default_factory=Counter)
    """Deliveries that have ended, by state."""
    parked: int = 0
    replies_failed: int = 0
    taps: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """Taps answered, by bucket; the last one is for all that took longer."""
    tap_seconds: float = 0.0
    signs: dict[str, float] = field(default_factory=dict)
    """When each part last worked."""
    database_errors: dict[str, str] = field(default_factory=dict)
    """The database's error for each part whose last try failed."""
    _arrived: float = 0.0
    _today: date = date.min
    _form_updates_today: int = 0

    def arrived(self) -> None:
        """Records that getUpdates was answered now."""
        self.works(POLLER)
        self._arrived = monotonic()

    def applied(self, update: Update, *, is_form: bool, today: date) -> None:
        """Counts an update. One that answers a form is seen in the figures from the next day on."""
        if today != self._today:
            self.form_updates += self._form_updates_today
            self._today, self._form_updates_today = today, 0
        if is_form:
            self._form_updates_today += 1
        else:
            self.updates[kind_of(update)] += 1

    def tap_shown(self) -> None:
        """Counts a tap of the latest batch whose screen is shown now. Not for taps that answer a form."""
        seconds = monotonic() - self._arrived
        self.taps[bisect_left(BUCKETS, seconds)] += 1
        self.tap_seconds += seconds

    def ended(self, state: str) -> None:
        """Counts a delivery by its final state; one that is tried again (due) has none yet."""
        if state != "due":
            self.deliveries[str(state)] += 1

    def works(self, part: str) -> None:
        """Records that a part has done its work now."""
        self.signs[part] = monotonic()
        self.database_errors.pop(part, None)

    def fails(self, part: str, error: BaseException) -> None:
        """Records an error of the database. Errors of Telegram are not recorded: the part's silence shows them."""
        if isinstance(error, db.AWAY):
            self.database_errors[part] = db.reason(error)

    def silent_for(self, part: str) -> float:
        """Seconds since a part last worked; since the first call of this function if it never has."""
        return monotonic() - self.signs.setdefault(part, monotonic())


def kind_of(update: Update) -> str:
    """The update's kind, as a label: tap, message or other."""
    if update.callback_query is not None:
        return "tap"
    return "message" if update.message is not None else "other"
