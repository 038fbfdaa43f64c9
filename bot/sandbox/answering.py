"""Methods that answer taps and describe files, chats and the bot itself."""

from typing import Any

from bot.sandbox.accounts import Toast
from bot.sandbox.errors import bad_request
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.requests import Request
from bot.sandbox.targets import find_chat
from bot.sandbox.world import World, member_json

_LONGEST_TOAST = 200
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_FLAGS = (
    "can_read_all_group_messages",
    "supports_inline_queries",
    "can_connect_to_business",
    "has_main_web_app",
    "has_topics_enabled",
    "allows_users_to_create_topics",
)


def get_me(world: World, _: Request) -> Any:
    return {**world.me, "can_join_groups": True, **dict.fromkeys(_FLAGS, False)}


def answer_callback_query(world: World, request: Request) -> Any:
    """A tap can be answered once, within `World.answer_within`. The person sees the text, if there is one."""
    tap = world.taps.get(request.get("callback_query_id"))
    if tap is None or tap.answered or world.now() - tap.at >= world.answer_within:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text, url = request.get("text") or "", request.get("url")
    if len(text) > _LONGEST_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not url.startswith(f"https://t.me/{world.me['username']}?start="):
        raise bad_request("URL_INVALID")
    tap.answered = True
    tap.user.toasts.append(Toast(text, request.get("show_alert", False), tap.tap_id, url))
    world.touch()
    return True


def get_file(world: World, request: Request) -> Any:
    file = world.files.find(request.get("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    ids = {"file_id": file.file_id, "file_unique_id": file.unique_id}
    return {**ids, **file.reported_size, "file_path": file.path}


def get_chat(world: World, request: Request) -> Any:
    chat = find_chat(world, request)
    full = {**chat.as_json(), "accent_color_id": 0, "max_reaction_count": 11}
    full["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
    if chat.pinned:
        full["pinned_message"] = chat.pinned[-1].as_json()
    return full


def get_chat_member(world: World, request: Request) -> Any:
    chat, user_id = find_chat(world, request), request.get("user_id")
    if user_id == world.me["id"]:
        return member_json(chat.bot_status, world.me, chat, may_post=chat.bot_may_post)
    user = world.account(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if chat.private:
        return member_json("member" if chat.user is user else "left", user.as_json(), chat)
    return member_json(chat.status_of(user), user.as_json(), chat)


def get_chat_administrators(world: World, request: Request) -> Any:
    chat = find_chat(world, request)
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    people = [user for user in chat.members if chat.status_of(user) != "member"]
    administrators = [member_json(chat.status_of(user), user.as_json(), chat) for user in people]
    if chat.bot_status == "administrator":
        administrators.append(member_json(chat.bot_status, world.me, chat, may_post=chat.bot_may_post))
    return administrators


def get_chat_member_count(world: World, request: Request) -> Any:
    chat = find_chat(world, request)
    return 2 if chat.private else len(chat.members) + (chat.bot_status in ("member", "administrator"))
