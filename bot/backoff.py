"""Pauses between tries: while Telegram or the database is away, and as long as Telegram asks for."""

from datetime import timedelta

from telegram.error import RetryAfter

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0


def next_pause(pause: float) -> float:
    """The pause after this one, in seconds: 5 % longer, so that an outage's end is seen within 5 % of its length."""
    return min(pause * 1.05, LONGEST_PAUSE_S)


def retry_after_s(error: RetryAfter) -> float:
    """For how long Telegram wants no requests (429), in seconds."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else wait
