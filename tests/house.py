"""How the code is laid out: files, lines, packages, the imports between them, circles and sizes.

`python -m tests.house` prints it; `tests/test_house.py` holds the rules. An import counts wherever it stands, also
inside a function and under TYPE_CHECKING.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "handlers", "models", "migrations")

Graph = Mapping[str, set[str]]
"""The names that each name points to."""


@dataclass(frozen=True)
class Function:
    name: str
    lines: int
    """From ``def`` to its last line."""


@dataclass(frozen=True)
class Module:
    """A Python file. An ``__init__.py`` has the name of its package."""

    path: Path

    @property
    def file(self) -> str:
        """The path from the root of the checkout."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @property
    def folder(self) -> str:
        """The name of the package that the file is in."""
        return ".".join(self.path.parent.relative_to(ROOT).parts)

    @property
    def room(self) -> str:
        return self.folder.partition(".")[0]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def imports(self) -> set[str]:
        """The dotted names that are imported: ``a.b.c`` for ``from a.b import c``. Relative ones begin with a dot."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                source = "." * node.level + (node.module or "")
                names |= {f"{source}.{alias.name}" for alias in node.names}
        return names

    @property
    def imported_packages(self) -> set[str]:
        """The first part of each absolute import: a room, or a package of somebody else's."""
        return {name.partition(".")[0] for name in self.imports} - {""}

    @cached_property
    def functions(self) -> list[Function]:
        return [
            Function(node.name, (node.end_lineno or 0) - node.lineno + 1)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]


@cache
def modules() -> dict[str, Module]:
    """The modules of the house by name. A file is read and parsed when it is first asked for."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {module.name: module for module in map(Module, paths)}


@cache
def file_graph() -> Graph:
    """The modules of the house that each one imports."""
    return {name: set(_imported(module)) for name, module in modules().items()}


def _imported(module: Module) -> Iterator[str]:
    for name in module.imports:
        target = name if name in modules() else name.rpartition(".")[0]
        if target in modules() and target != module.name:
            yield target


def children_graph(package: str) -> Graph:
    """The graph of what stands directly in a package: its modules, and each of its sub-packages as one."""
    graph: dict[str, set[str]] = {}
    for name, targets in file_graph().items():
        if (child := _child(package, name)) is None:
            continue
        children = {_child(package, target) for target in targets}
        graph.setdefault(child, set()).update(filter(None, children))
        graph[child].discard(child)
    return graph


def _child(package: str, name: str) -> str | None:
    """The child of the package that a module is or is in; None if it is not in the package."""
    if not name.startswith(f"{package}."):
        return None
    return f"{package}.{name.removeprefix(f'{package}.').partition('.')[0]}"


def circles(graph: Graph) -> list[list[str]]:
    """The largest groups of names that all lead to each other (Tarjan's algorithm), each in order."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = lowest[name] = len(index)
        stack.append(name)
        for target in graph[name]:
            if target not in index:
                visit(target)
            if target in stack:
                lowest[name] = min(lowest[name], lowest[target])
        if lowest[name] == index[name]:
            at = stack.index(name)
            group = sorted(stack[at:])
            del stack[at:]
            if len(group) > 1:
                groups.append(group)

    for name in graph:
        if name not in index:
            visit(name)
    return groups


def package_circles() -> list[list[str]]:
    """The circles among the children of each package, at every level."""
    packages = [name for name, module in modules().items() if module.is_package]
    return [circle for package in packages for circle in circles(children_graph(package))]


@dataclass(frozen=True)
class Sizes:
    """Of all modules but the migrations, which stay as they were released."""

    largest: Module
    longest: tuple[Module, Function]
    median: float
    ninety: float
    """Nine of ten functions have at most as many lines."""


def sizes() -> Sizes:
    present = [module for module in modules().values() if module.folder != "migrations.versions"]
    functions = [(module, function) for module in present for function in module.functions]
    lengths = [function.lines for _, function in functions]
    return Sizes(
        max(present, key=lambda module: module.lines),
        max(functions, key=lambda pair: pair[1].lines),
        median(lengths),
        quantiles(lengths, n=10)[-1],
    )


def report() -> Iterator[str]:
    """The lines of `python -m tests.house`."""
    folders: defaultdict[str, list[Module]] = defaultdict(list)
    inside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    between: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for module in modules().values():
        folders[module.folder].append(module)
        for target in (modules()[name] for name in file_graph()[module.name]):
            if target.room != module.room:
                between[module.room][target.room] += 1
            elif target.folder != module.folder:
                inside[module.folder][target.folder] += 1
    yield f"{'package':<26}{'files':>6}{'lines':>7}  imports of other packages of its room"
    for folder in sorted(folders):
        lines = sum(module.lines for module in folders[folder])
        yield f"{folder:<26}{len(folders[folder]):>6}{lines:>7}  {_counts(inside[folder])}".rstrip()
    yield f"{'all':<26}{len(modules()):>6}{sum(module.lines for module in modules().values()):>7}"
    yield ""
    for room in ROOMS:
        yield f"{room} imports {_counts(between[room]) or 'no other room'}"
    yield from _circle_lines("files", circles(file_graph()))
    yield from _circle_lines("packages", package_circles())
    numbers = sizes()
    module, function = numbers.longest
    yield f"largest module: {numbers.largest.file}, {numbers.largest.lines} lines"
    yield f"functions, lines: median {numbers.median:.0f}, 90 % {numbers.ninety:.0f}, largest {function.lines}"
    yield f"largest function: {function.name} in {module.file}"


def _counts(imports: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(imports.items()))


def _circle_lines(what: str, groups: list[list[str]]) -> Iterator[str]:
    yield f"circles of {what}: {len(groups)}"
    yield from (f"  {' '.join(group)}" for group in groups)


if __name__ == "__main__":
    print(*report(), sep="\n")
