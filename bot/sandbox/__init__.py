"""A local Telegram Bot API server, as strict as the real one: for tests in process and for the demo over HTTP."""

from bot.sandbox.chats import Chat
from bot.sandbox.commands import Command
from bot.sandbox.faults import Faults
from bot.sandbox.files import File
from bot.sandbox.keyboards import Button
from bot.sandbox.limits import Limits
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from bot.sandbox.sandbox import Call, Sandbox
from bot.sandbox.taps import Toast
from bot.sandbox.webhook import SECRET_HEADER

__all__ = [
    "SECRET_HEADER",
    "Button",
    "Call",
    "Chat",
    "Command",
    "Faults",
    "File",
    "Limits",
    "Message",
    "Sandbox",
    "Toast",
    "User",
]
