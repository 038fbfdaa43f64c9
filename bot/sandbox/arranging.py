"""Methods for pins, reactions and leaving a chat."""

from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.messages import Chat
from bot.sandbox.requests import Request
from bot.sandbox.targets import find_message, open_chat
from bot.sandbox.world import World

# The emoji that ReactionTypeEmoji allows.
_REACTIONS = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 "
    "🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 "
    "✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)


def pin_message(world: World, request: Request) -> Any:
    chat = _managed(world, request)
    message = find_message(world, request, "pin")
    if message not in chat.pinned:
        chat.pinned.append(message)
    world.touch()
    return True


def unpin_message(world: World, request: Request) -> Any:
    chat = _managed(world, request)
    if request.get("message_id") is None:
        chat.pinned = chat.pinned[:-1]
    else:
        message = find_message(world, request, "unpin")
        chat.pinned = [other for other in chat.pinned if other is not message]
    world.touch()
    return True


def unpin_all(world: World, request: Request) -> Any:
    _managed(world, request).pinned = []
    world.touch()
    return True


def set_reaction(world: World, request: Request) -> Any:
    """Bots may react to a message with one emoji."""
    open_chat(world, request)
    message = find_message(world, request, "react")
    reactions = request.get("reaction") or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(not isinstance(reaction, dict) or reaction.get("emoji") not in _REACTIONS.split() for reaction in reactions):
        raise bad_request("REACTION_INVALID")
    message.reaction = reactions
    world.touch()
    return True


def leave_chat(world: World, request: Request) -> Any:
    chat = open_chat(world, request)
    if chat.private:
        raise bad_request("sandbox: a bot cannot leave a private chat")
    chat.bot_status = "left"
    world.touch()
    return True


def _managed(world: World, request: Request) -> Chat:
    chat = open_chat(world, request)
    if not chat.private and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat
