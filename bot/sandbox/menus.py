"""Methods that set what people see of the bot outside of messages."""

from typing import Any

from bot.sandbox.commands import Command
from bot.sandbox.requests import Request
from bot.sandbox.world import World


def set_commands(world: World, request: Request) -> Any:
    commands = [Command(value["command"].removeprefix("/"), value["description"]) for value in request.get("commands")]
    world.commands.set(request.get("scope"), request.get("language_code", ""), commands)
    world.touch()
    return True


def get_commands(world: World, request: Request) -> Any:
    commands = world.commands.get(request.get("scope"), request.get("language_code", ""))
    return [command.as_json() for command in commands]


def delete_commands(world: World, request: Request) -> Any:
    world.commands.forget(request.get("scope"), request.get("language_code", ""))
    world.touch()
    return True
