"""Finding the chat and the message that a request means, and whether the bot may write there."""

from bot.sandbox.errors import ApiError, bad_request, forbidden
from bot.sandbox.messages import Message
from bot.sandbox.people import Chat, User
from bot.sandbox.requests import Request
from bot.sandbox.world import World


def find_chat(world: World, request: Request, name: str = "chat_id") -> Chat:
    chat = world.chats.get(request.get(name))
    if chat is None:
        raise bad_request("chat not found")
    return chat


def writable_chat(world: World, request: Request) -> Chat:
    """The chat of the request, if the bot may send messages to it."""
    chat = find_chat(world, request)
    if refusal := _refusal(chat):
        raise refusal
    return chat


def _refusal(chat: Chat) -> ApiError | None:
    if chat.migrated_to:
        text = "group chat was upgraded to a supergroup chat"
        return bad_request(text, migrate_to_chat_id=chat.migrated_to.id)
    if chat.user:
        reason = _closed_to_bot(chat.user)
    else:
        reason = {
            "kicked": f"bot was kicked from the {chat.type} chat",
            "left": f"bot is not a member of the {chat.type} chat",
        }.get(chat.bot_status)
    return forbidden(reason) if reason else None


def _closed_to_bot(user: User) -> str | None:
    if user.deactivated:
        return "user is deactivated"
    if not user.started:
        return "bot can't initiate conversation with a user"
    return "bot was blocked by the user" if user.blocked else None


def own_message(world: World, request: Request) -> Message:
    """The bot's own message that is to be edited."""
    if request.get("inline_message_id") is None and request.get("chat_id") is None:
        raise bad_request("chat_id is empty")
    if request.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    message = writable_chat(world, request).find(request.get("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return message
