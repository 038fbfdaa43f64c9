"""What runs: the door, the wiring, updates in, deliveries out, the clock, and the sandbox."""

import os

os.environ.setdefault(
    "PTB_TIMEDELTA", "1"
)  # durations of python-telegram-bot as timedelta, as its next version has them
