"""A local Telegram Bot API server, as strict as the real one: for tests in process and for the demo over HTTP."""

from bot.sandbox.accounts import Toast
from bot.sandbox.api import Call
from bot.sandbox.commands import Command
from bot.sandbox.faults import Faults
from bot.sandbox.files import File
from bot.sandbox.groups import Group
from bot.sandbox.keyboards import Button
from bot.sandbox.limits import Limits
from bot.sandbox.messages import Chat, Message
from bot.sandbox.people import User
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.webhook import SECRET_HEADER

__all__ = [
    "SECRET_HEADER",
    "Button",
    "Call",
    "Chat",
    "Command",
    "Faults",
    "File",
    "Group",
    "Limits",
    "Message",
    "Sandbox",
    "Toast",
    "User",
]
