"""Methods that answer: to taps, and to questions about files, chats and the bot itself."""

from typing import Any

from bot.sandbox.errors import bad_request
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.requests import Request
from bot.sandbox.taps import Toast
from bot.sandbox.targets import find_chat
from bot.sandbox.world import World


def get_me(world: World, _: Request) -> Any:
    flags = ("can_read_all_group_messages", "supports_inline_queries", "can_connect_to_business", "has_main_web_app")
    return {**world.me, "can_join_groups": True, **dict.fromkeys(flags, False)}


def answer_callback_query(world: World, request: Request) -> Any:
    tap = world.taps.get(request.get("callback_query_id"))
    if tap is None or world.now() - tap.at > world.answer_within:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = request.get("text") or ""
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    tap.answered = True
    tap.user.toasts.append(Toast(text, request.get("show_alert", False), tap.tap_id, request.get("url")))
    world.touch()
    return True


def get_file(world: World, request: Request) -> Any:
    file = world.files.find(request.get("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }


def get_chat(world: World, request: Request) -> Any:
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    chat = find_chat(world, request)
    return {
        **chat.as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
