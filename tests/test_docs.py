"""The documents say what the code has: commands and settings, no more and no less."""

import re
from pathlib import Path

from bot.__main__ import cli
from bot.config import Settings
from handlers import routes
from models.people.access import RoleKind
from tests.test_config import keys

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_every_command_of_the_door() -> None:
    ours = {command.callback.__name__.replace("_", "-") for command in cli.registered_commands if command.callback}
    assert set(re.findall(r"^\| `koolla ([\w-]+)", README, re.MULTILINE)) == ours


def test_the_readme_has_every_command_of_the_chat() -> None:
    """With the role whose menu shows it."""
    shown = dict(re.findall(r"^\| `/(\w+)` \| (\w+) \|", README, re.MULTILINE))
    commands, menu = routes.load().commands, routes.load().menu
    assert shown == {name: _menu_of(menu[name]) if name in menu else "nobody" for name in commands}


def _menu_of(role: RoleKind | None) -> str:
    return "everyone" if role is None else f"{role}s"


def test_the_readme_has_every_setting() -> None:
    assert set(re.findall(r"^\| `([a-z_]+(?:\.[a-z_]+)?)` \|", README, re.MULTILINE)) == keys(Settings)


def test_what_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).is_file(), target


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
