"""What runs: the door, the wiring, updates in, deliveries out, the clock, and the sandbox."""

import os

# Durations of python-telegram-bot come as timedelta, as its next version has them; it looks when it is imported.
os.environ.setdefault("PTB_TIMEDELTA", "1")
