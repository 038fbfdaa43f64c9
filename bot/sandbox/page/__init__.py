"""The chat page: everybody's chats side by side in a browser, and the clock of the demo."""

from bot.sandbox.page.controls import Controls
from bot.sandbox.page.routes import page_routes

__all__ = ["Controls", "page_routes"]
