"""A local Telegram Bot API server, as strict as the real one: for tests in process and for the demo over HTTP."""

from bot.sandbox.limits import Limits
from bot.sandbox.sandbox import Sandbox

__all__ = ["Limits", "Sandbox"]
