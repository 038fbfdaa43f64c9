"""The rules of the house, held by the code itself. `python -m tests.house` prints how it is laid out."""

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from handlers import routes
from models.delivery.kinds import DeliveryKind
from tests.house import ROOT, Module, children_graph, circles, file_graph, modules, package_circles

MAY_IMPORT = {
    "models": {"models"},
    "handlers": {"handlers", "models"},
    "bot": {"bot", "handlers", "models", "migrations"},
    "migrations": {"migrations", "models", "bot"},
}
"""The rooms that a room may import from."""
WIRING = {"bot.__main__", "bot.app", "handlers.dispatch"}
"""The modules at the top of a room that import its packages."""
LONGEST = 60
"""Lines of a function."""

FILES = [module for module in modules().values() if module.room != "migrations"]
each_file = pytest.mark.parametrize("module", FILES, ids=lambda module: module.file)


@each_file
def test_arrows_point_one_way(module: Module) -> None:
    assert module.imported_packages & set(MAY_IMPORT) <= MAY_IMPORT[module.room]
    assert not {name for name in module.imports if name.startswith(".")}, "the graph needs absolute imports"


def test_no_file_imports_itself_through_others() -> None:
    assert circles(file_graph()) == []


def test_no_package_imports_itself_through_others() -> None:
    assert package_circles() == []


def test_the_ground_floor_imports_no_package() -> None:
    """A room's own modules are for its packages to import."""
    arrows = {
        (module.name, target)
        for module in modules().values()
        for target in file_graph()[module.name]
        if module.folder == module.room == modules()[target].room != modules()[target].folder
        if module.name not in WIRING
    }
    assert not arrows


def test_circles_are_found_at_every_level() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a", "f"}}
    assert sorted(circles(graph)) == [["b", "c"], ["d", "e"]]
    assert {"bot.config", "bot.sandbox"} <= children_graph("bot")["bot.demo"]
    assert "bot.sandbox.world" in children_graph("bot.sandbox")["bot.sandbox.people"]


def test_models_know_no_telegram_and_no_texts() -> None:
    foreign = {"telegram", "markupsafe", "pydantic", "pydantic_settings"}
    for module in FILES:
        if module.room == "models":
            assert not module.imported_packages & foreign, module.file


def test_what_runs_imports_run_time_dependencies_alone() -> None:
    """Babel, for one, is for the tests."""
    lock = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
    installed = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    distributions = packages_distributions()
    for module in FILES:
        for package in module.imported_packages - set(MAY_IMPORT) - sys.stdlib_module_names:
            names = {name.lower().replace("_", "-") for name in distributions[package]}
            assert names & installed, f"{module.file}: {package}"


def test_the_sandbox_stands_alone() -> None:
    for module in FILES:
        if module.folder.startswith("bot.sandbox"):
            assert all(modules()[name].folder.startswith("bot.sandbox") for name in file_graph()[module.name])


def test_tasks_are_made_in_bot_alone_and_time_is_an_argument() -> None:
    for module in FILES:
        if module.room != "bot":
            assert "create_task" not in module.text, module.file
            assert not re.search(r"datetime\.now\(|date\.today\(|time\.time\(", module.text), module.file


def test_handlers_neither_select_nor_commit_nor_send() -> None:
    statements = re.compile(r"session\.(get|get_one|execute|scalars?|add|add_all|delete|flush|refresh)\(")
    for module in (module for module in FILES if module.room == "handlers"):
        assert "sqlalchemy import select" not in module.text, module.file
        assert ".commit(" not in module.text, module.file
        assert not statements.search(module.text), module.file
        if module.name not in {"handlers.screen", "handlers.menus"}:
            assert "bot.send_" not in module.text, module.file


def test_every_kind_of_delivery_has_a_renderer() -> None:
    assert set(routes.load().renderers) == set(DeliveryKind) - {DeliveryKind.UNRECOGNIZED}


def test_every_edit_has_a_card_or_names_its_message() -> None:
    assert all(kind.card is not None or kind.is_forgotten for kind in DeliveryKind if kind.edits)


@each_file
def test_functions_can_be_taken_in_at_a_glance(module: Module) -> None:
    for function in module.functions:
        assert function.lines <= LONGEST, f"{function.name} has {function.lines} lines"


def test_what_docs_and_docstrings_refer_to_exists() -> None:
    """Dotted names and paths in backticks that begin with a room. In Python files also paths from the file's folder."""
    from_root = re.compile(rf"`((?:{'|'.join(REFERRED)})[./][\w./-]+)`")
    from_folder = re.compile(r"`([a-z_]+/[a-z_./-]*)`")
    missing = []
    for path in [*ROOT.glob("*.md"), *(file for folder in REFERRED for file in ROOT.glob(f"{folder}/**/*.*"))]:
        prose = _prose(path)
        references = {reference for reference in from_root.findall(prose) if not _exists(reference)}
        if path.suffix == ".py":
            folders = ROOT, path.parent
            paths = from_folder.findall(prose)
            references |= {name for name in paths if not any((folder / name).exists() for folder in folders)}
        missing += [f"{path.relative_to(ROOT)}: {reference}" for reference in sorted(references)]
    assert missing == []


REFERRED = (*MAY_IMPORT, "tests", "docs")


def _prose(path: Path) -> str:
    """The text of a Markdown file, the comments and docstrings of a Python file; of other files nothing."""
    if path.suffix not in {".md", ".py"}:
        return ""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return "\n".join(re.findall(r'"""(?s:.*?)"""|#.*', text))


def _exists(reference: str) -> bool:
    """Whether it is a file, with or without its suffix, a folder, or a name at the top level of a module. LANG in it
    stands for a language."""
    reference = reference.replace("LANG", "fi")
    path = reference if "/" in reference else reference.replace(".", "/")
    if (ROOT / path).exists() or (ROOT / f"{path}.py").exists():
        return True
    module, _, name = reference.rpartition(".")
    file = ROOT / f"{module.replace('.', '/')}.py"
    defined = rf"^(?:(?:async )?def |class )?{re.escape(name)}\b"
    return file.exists() and re.search(defined, file.read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_committed_files_name_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", lock.strip()) if "==" in block)
    assert not (ROOT / "uv.lock").exists()


def test_nothing_is_left_undone() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
    for module in FILES:
        assert not marks.search(module.text), module.file
