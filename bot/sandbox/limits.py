"""The rate limits of a bot. Only messages count: edits and answers to taps do not."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.errors import too_many_requests


@dataclass(frozen=True)
class Limits:
    """Telegram's published limits: ``overall`` and ``chat`` per second, ``group`` per minute.

    ``scale`` multiplies all three, so that a test of the limits takes less time.
    """

    overall: float = 30
    chat: float = 1
    group: float = 20
    scale: float = 1.0

    @classmethod
    def off(cls) -> "Limits":
        return cls(scale=math.inf)


class Meter:
    """Counts the messages of sliding windows: one over all chats, one per chat."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._sent: defaultdict[int | None, deque[datetime]] = defaultdict(deque)

    def count(self, chat_id: int, *, group: bool, now: datetime, messages: int = 1) -> None:
        """Count ``messages`` to the chat now. Raises ApiError 429, with the seconds to wait, if they exceed a limit."""
        if math.isinf(self.limits.scale):
            return
        own = (self.limits.group, timedelta(minutes=1)) if group else (self.limits.chat, timedelta(seconds=1))
        windows = [(None, self.limits.overall, timedelta(seconds=1)), (chat_id, *own)]
        waits = [self._wait(key, rate * self.limits.scale, window, now) for key, rate, window in windows]
        if max(waits) > timedelta(0):
            raise too_many_requests(max(1, math.ceil(max(waits).total_seconds())))
        for key, _, _ in windows:
            self._sent[key].extend([now] * messages)

    def _wait(self, key: int | None, most: float, window: timedelta, now: datetime) -> timedelta:
        sent = self._sent[key]
        while sent and sent[0] <= now - window:
            sent.popleft()
        if len(sent) < max(1, math.floor(most)):
            return timedelta(0)
        return sent[len(sent) - max(1, math.floor(most))] + window - now
