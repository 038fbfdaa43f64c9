"""The chat and the message of a request, with checks of what the bot may do there."""

from bot.sandbox.accounts import Account
from bot.sandbox.errors import ApiError, bad_request, forbidden
from bot.sandbox.messages import Chat, Message
from bot.sandbox.requests import Request
from bot.sandbox.world import World


def find_chat(world: World, request: Request, name: str = "chat_id") -> Chat:
    """The chat of the request, even if the bot may not write there now.

    As for Telegram, people cannot be named by @username. A channel is only found by a bot that is in it.
    """
    chat = world.chats.get(request.get(name))
    if chat is None or (chat.user and not world.knows(chat.user)):
        raise bad_request("chat not found")
    if chat.is_channel and (error := _membership_error(chat)):
        raise error
    return chat


def open_chat(world: World, request: Request) -> Chat:
    """The chat of the request. Raises ApiError if the bot is not in it, or is blocked."""
    chat = find_chat(world, request)
    if error := _membership_error(chat):
        raise error
    return chat


def writable_chat(world: World, request: Request) -> Chat:
    """The chat of the request. Raises ApiError if the bot may not send messages to it."""
    chat = open_chat(world, request)
    if chat.is_channel and not chat.bot_may_post:
        raise bad_request("need administrator rights in the channel chat")
    return chat


def _membership_error(chat: Chat) -> ApiError | None:
    if chat.migrated_to:
        text = "group chat was upgraded to a supergroup chat"
        return bad_request(text, migrate_to_chat_id=chat.migrated_to.id)
    if chat.user:
        reason = _closed_to_bot(chat.user)
    else:
        absence = {"kicked": "was kicked from", "left": "is not a member of"}.get(chat.bot_status)
        reason = absence and f"bot {absence} the {chat.type} chat"
    return forbidden(reason) if reason else None


def _closed_to_bot(user: Account) -> str | None:
    if user.deactivated:
        return "user is deactivated"
    if not user.started:
        return "bot can't initiate conversation with a user"
    return "bot was blocked by the user" if user.blocked else None


def find_message(world: World, request: Request, purpose: str, chat_name: str = "chat_id") -> Message:
    """The message of the request; ``purpose`` ends Telegram's "message to ... not found"."""
    message = find_chat(world, request, chat_name).find(request.get("message_id"))
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message


def own_message(world: World, request: Request) -> Message:
    """The message to be edited. Raises ApiError if it is not the bot's own, or cannot be edited."""
    if request.get("inline_message_id") is not None:
        raise bad_request("sandbox: it has no inline messages")
    if request.get("chat_id") is None:
        raise bad_request("chat_id is empty")
    if request.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    chat = open_chat(world, request)
    message = find_message(world, request, "edit")
    # Messages that changed the person's keyboard, and those of others, cannot be edited.
    is_fixed = message.forwarded_from or message.content.markup.replaces_keyboard
    if not message.from_bot or is_fixed or (chat.is_channel and not chat.bot_may_post):
        raise bad_request("message can't be edited")
    return message
