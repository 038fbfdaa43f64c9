"""The rules of the house, held by the code itself."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from handlers import routes
from models.delivery.kinds import DeliveryKind

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "models")
MAY_IMPORT = {
    "models": {"models"},
    "handlers": {"handlers", "models"},
    "bot": {"bot", "handlers", "models", "migrations"},
    "migrations": {"migrations", "models", "bot"},
}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
CLOCKS = {"bot/clock.py", "bot/sandbox/server.py"}
"""Where the wall clock may be read."""


def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    ours = imports(path) & set(MAY_IMPORT)
    assert ours <= MAY_IMPORT[room]


def test_models_know_no_telegram_and_no_texts() -> None:
    for path in (ROOT / "models").rglob("*.py"):
        assert not imports(path) & {"telegram", "markupsafe", "pydantic", "pydantic_settings"}, path


def test_what_runs_imports_run_time_dependencies_alone() -> None:
    """Babel, for one, is for the tests."""
    lock = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
    installed = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    distributions = packages_distributions()
    for path in FILES:
        for package in imports(path) - set(MAY_IMPORT) - sys.stdlib_module_names:
            assert {name.lower().replace("_", "-") for name in distributions[package]} & installed, f"{path}: {package}"


def test_the_sandbox_stands_alone() -> None:
    for path in (ROOT / "bot" / "sandbox").rglob("*.py"):
        assert not imports(path) & {"handlers", "models"}, path


def test_tasks_are_made_in_bot_alone_and_time_is_an_argument() -> None:
    for path in FILES:
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if not name.startswith("bot/"):
            assert "create_task" not in text, name
        if not name.startswith("bot/"):
            assert not re.search(r"datetime\.now\(|date\.today\(|time\.time\(", text), name


def test_handlers_neither_select_nor_commit_nor_send() -> None:
    for path in (ROOT / "handlers").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "sqlalchemy import select" not in text, path
        assert ".commit(" not in text, path
        assert not re.search(r"session\.(get|get_one|execute|scalars?|add|add_all|delete|flush|refresh)\(", text), path
        if path.name not in {"screen.py", "menus.py"}:
            assert "bot.send_" not in text, path


def test_every_kind_of_delivery_has_a_renderer() -> None:
    assert set(routes.load().renderers) == set(DeliveryKind) - {DeliveryKind.UNRECOGNIZED}


def test_every_edit_has_a_card() -> None:
    assert all(kind.card is not None for kind in DeliveryKind if kind.edits)


LONGEST = 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_can_be_taken_in_at_a_glance(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= LONGEST, f"{node.name} has {lines} lines"


def test_committed_files_name_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", lock.strip()) if "==" in block)
    assert not (ROOT / "uv.lock").exists()


def test_nothing_is_left_undone() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    for path in FILES:
        assert not marks.search(path.read_text(encoding="utf-8")), path
