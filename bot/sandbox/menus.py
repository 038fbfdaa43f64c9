"""Methods for the command menu, the name, the descriptions and the menu button."""

import re
from typing import Any

from bot.sandbox.commands import Command
from bot.sandbox.errors import bad_request
from bot.sandbox.requests import Request
from bot.sandbox.world import World

_MOST_COMMANDS = 100
_SCOPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
_LONGEST = {"name": 64, "description": 512, "short_description": 120}


def set_commands(world: World, request: Request) -> Any:
    commands = [_command(value) for value in request.get("commands")]
    if len(commands) > _MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    world.commands.set(_scope(world, request), _language(request), commands)
    world.touch()
    return True


def get_commands(world: World, request: Request) -> Any:
    commands = world.commands.get(_scope(world, request), _language(request))
    return [command.as_json() for command in commands]


def delete_commands(world: World, request: Request) -> Any:
    world.commands.set(_scope(world, request), _language(request), [])
    world.touch()
    return True


def _command(value: Any) -> Command:
    fields = value if isinstance(value, dict) else {}
    name, description = fields.get("command"), fields.get("description")
    if not isinstance(name, str) or not isinstance(description, str):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = name.removeprefix("/"), description.strip()
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return Command(name, description)


def _scope(world: World, request: Request) -> dict[str, Any]:
    """The scope with the fields of its type only, so that equal scopes compare equal."""
    scope = request.get("scope") or {"type": "default"}
    names = _SCOPES.get(str(scope.get("type")))
    if names is None:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    ids = {name: str(scope.get(name, "")) for name in names}
    for name, value in ids.items():
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise bad_request(f"can't parse BotCommandScope: Can't find field {name}")
    if ids and int(ids["chat_id"]) not in world.chats:
        raise bad_request("chat not found")
    return {"type": scope["type"], **{name: int(value) for name, value in ids.items()}}


def _language(request: Request) -> str:
    language = request.get("language_code") or ""
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("LANG_CODE_INVALID")
    return str(language)


def set_profile_text(world: World, request: Request) -> Any:
    """setMyName, setMyDescription and setMyShortDescription."""
    kind = _kind(request.method)
    text = request.get(kind) or ""
    if len(text) > _LONGEST[kind]:
        raise bad_request(f"sandbox: the {kind} is longer than {_LONGEST[kind]} characters")
    world.profile.set_text(kind, _language(request), text)
    world.touch()
    return True


def get_profile_text(world: World, request: Request) -> Any:
    kind = _kind(request.method)
    text = world.profile.text(kind, _language(request))
    return {kind: text or (world.me["first_name"] if kind == "name" else "")}


def _kind(method: str) -> str:
    return {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[method[5:]]


def set_menu_button(world: World, request: Request) -> Any:
    button = request.get("menu_button") or {"type": "default"}
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: Unsupported type specified")
    world.profile.set_button(request.get("chat_id"), button)
    world.touch()
    return True


def get_menu_button(world: World, request: Request) -> Any:
    return world.profile.button(request.get("chat_id"))
