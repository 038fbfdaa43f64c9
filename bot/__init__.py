"""What runs: the entry point, updates in, deliveries out, the ticks, the operator's commands, and the sandbox."""

import os

# Makes python-telegram-bot return durations as timedelta, as its next version does. It reads this when imported.
os.environ.setdefault("PTB_TIMEDELTA", "1")
