"""The texts of three languages stay in step with each other, with Telegram's HTML, and with the code that says them."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from string import Formatter

import pytest
from markupsafe import Markup

from handlers.layout import TOAST_LENGTH
from handlers.texts import LANGUAGES, LOCALES, Forms, catalogue, texts
from tests.handlers.computed_keys import COMPUTED, PROSE, SEVERAL, keys_of

ROOT = LOCALES.parent.parent
FI = catalogue("fi")
ALL = [(language, key, form) for language in LANGUAGES for key, forms in catalogue(language).items() for form in forms]

ALIKE: set[str] = set()
"""Texts whose words are the same in two languages."""
LABEL_LENGTH = 36
UNFINDABLE = "begin the key with words, not with a value, so that it can be searched for"
TAGS = {"b", "i", "a", "code"}


def names(form: str) -> set[str]:
    """The values that a text needs: ``{end.hour}`` and ``{minute:02}`` need end and minute."""
    fields = (field for _, field, _, _ in Formatter().parse(form) if field is not None)
    return {re.split(r"[.\[]", field)[0] for field in fields}


def tags(form: str) -> list[str]:
    return sorted(re.findall(r"</?(\w+)[^>]*>", form))


def bare(form: str) -> str:
    """The words that a reader sees, without tags and values."""
    return re.sub(r"\{[^}]*\}", "", Markup(form).striptags())


def none(faults: Iterable[object]) -> None:
    """Fails with all of them, one to a line, so that whoever adds texts sees at once what is missing."""
    listed = [str(fault) for fault in faults]
    assert not listed, "\n".join(["", *listed])


# Languages in step


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_languages_hold_the_same_subjects_and_keys(language: str) -> None:
    finnish, other = (
        {str(path.relative_to(LOCALES / locale)) for path in (LOCALES / locale).rglob("*.po")}
        for locale in ("fi", language)
    )
    none(sorted(finnish ^ other))
    none(sorted(set(FI) ^ set(catalogue(language))))


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("of", [names, tags], ids=["values", "tags"])
def test_the_languages_have_the_same_forms_values_and_tags(language: str, of: Callable[[str], object]) -> None:
    def drawn(forms: Forms) -> list[object]:
        return [of(form) for form in forms]

    other = catalogue(language)
    none(key for key in FI if key in other and drawn(FI[key]) != drawn(other[key]))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_nothing_is_left_untranslated(language: str) -> None:
    worded = [key for key, forms in FI.items() if re.search(r"[^\W\d_]{2}", bare(forms[-1]))]
    none(key for key in worded if FI[key] == catalogue(language).get(key) and key not in ALIKE)


def test_plurals_are_told_apart_by_n() -> None:
    assert {len(forms) for forms in FI.values()} <= {1, 2}
    none(key for key, forms in FI.items() if len(forms) == 2 and "n" not in names(forms[1]))


# Each text by itself


def test_no_text_is_empty() -> None:
    none((language, key) for language, key, form in ALL if not form.strip())


def test_values_are_named() -> None:
    none((language, key) for language, key, form in ALL if "" in names(form))


def test_every_text_is_html_that_telegram_takes() -> None:
    none((language, key) for language, key, form in ALL if not _balanced(form))


def _balanced(form: str) -> bool:
    open_tags: list[str] = []
    for close, tag, rest in re.findall(r"<(/?)(\w+)([^>]*)>", form):
        if tag not in TAGS or (rest and not (tag == "a" and re.fullmatch(r' href="[^"<]*"', rest))):
            return False
        if not close:
            open_tags.append(tag)
        elif not open_tags or open_tags.pop() != tag:
            return False
    words = re.sub(r"</?\w+[^>]*>", "", form)
    return not open_tags and not re.search(r"[<>]|&(?!(amp|lt|gt|quot);)", words)


@pytest.mark.parametrize(("prefix", "limit"), [("short-description", 120), ("description", 512), ("command-", 256)])
def test_what_telegram_shows_of_the_bot_fits(prefix: str, limit: int) -> None:
    none((language, key) for language, key, form in ALL if key.startswith(prefix) and len(form) > limit)


def test_refusals_and_toasts_fit_beside_a_tap() -> None:
    toasts = {"failed", "not-found", "not-allowed"} | {key for key in FI if key.startswith("toast-")}
    toasts |= {key for use in uses() if use.is_toast for key in use.keys}
    none((language, key) for language, key, form in ALL if key in toasts and _length(form) > TOAST_LENGTH)


def test_labels_fit_on_a_phone() -> None:
    labels = {key for use in uses() if use.is_label for key in use.short_keys}
    none((language, key) for language, key, form in ALL if key in labels and len(bare(form)) > LABEL_LENGTH)


def _length(form: str) -> int:
    return len(Markup(form).striptags())


# The code that says them


@dataclass(frozen=True)
class Use:
    """A place in the code that names a text: by its key, or by an f-string with the keys that it may come to."""

    where: str
    pattern: str
    """A regular expression; `.+` takes the place of each value of an f-string."""
    given: frozenset[str] | None
    """The names of the values given; None where they cannot be read."""
    is_toast: bool
    is_label: bool

    @property
    def computed(self) -> str | None:
        """The f-string with `{}` in the place of each value; None for a plain key."""
        return re.sub(r"\\(.)", r"\1", self.pattern.replace(".+", "{}")) if ".+" in self.pattern else None

    @property
    def declared(self) -> tuple[str, ...] | None:
        """The exact keys of an f-string whose values `computed_keys` knows."""
        return keys_of(self.computed, COMPUTED[self.computed]) if self.computed in COMPUTED else None

    @property
    def keys(self) -> tuple[str, ...]:
        return matching(self.pattern) if self.declared is None else tuple(key for key in self.declared if key in FI)

    @property
    def short_keys(self) -> tuple[str, ...]:
        """Those that end in one word, as the keys of labels do, and are no heading above them."""
        return self.declared or matching(self.pattern.replace(".+", "(?!heading)[^-]+"))


@cache
def matching(pattern: str) -> tuple[str, ...]:
    compiled = re.compile(pattern)
    return tuple(key for key in FI if compiled.fullmatch(key))


def test_every_text_that_the_code_says_exists() -> None:
    none((use.where, use.pattern.replace("\\", "")) for use in uses() if not use.keys)


def test_every_computed_key_is_in_the_table() -> None:
    computed = {use.computed for use in uses() if use.computed is not None}
    none(sorted(computed ^ (set(COMPUTED) | PROSE)))
    assert not set(COMPUTED) & PROSE


def test_every_value_of_a_computed_key_has_its_text() -> None:
    tables = [*COMPUTED.items(), *SEVERAL.items()]
    none(key for computed, values in tables for key in keys_of(computed, values) if key not in FI)


def test_every_text_gets_its_values() -> None:
    none(
        (use.where, key, *missing)
        for use in uses()
        if use.given is not None and (use.computed is None or use.declared is not None)
        for key in use.keys
        if (missing := names("".join(FI[key])) - use.given)
    )


def test_every_text_is_said_somewhere() -> None:
    used = {key for use in uses() for key in use.keys} | literals()
    none(sorted(set(FI) - used))


@cache
def modules() -> dict[str, ast.Module]:
    paths = [path for room in ("handlers", "models") for path in sorted((ROOT / room).rglob("*.py"))]
    paths += sorted(path for path in (ROOT / "bot").rglob("*.py") if "sandbox" not in path.relative_to(ROOT).parts)
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def literals() -> set[str]:
    """Every string in the code: keys also stand in tables and defaults."""
    return {
        node.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def refusals() -> set[str]:
    """The names of `Refused` and of every class made from it."""
    refusals = {"Refused"}
    classes = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while new := {class_.name for class_ in classes if {_name(base) for base in class_.bases} & refusals} - refusals:
        refusals |= new
    return refusals


@cache
def takers() -> dict[str, int]:
    """Functions of handlers that take the key of a text, with its place among their arguments."""
    positions = {}
    for path, tree in modules().items():
        for node in ast.walk(tree) if path.startswith("handlers") else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [
                    argument.arg for argument in (*node.args.posonlyargs, *node.args.args) if argument.arg != "self"
                ]
                if "key" in arguments and not node.name.startswith("__"):
                    positions[node.name] = arguments.index("key")
    return positions


@cache
def uses() -> tuple[Use, ...]:
    return tuple(use for path, tree in modules().items() for use in _uses(path, tree))


def _uses(path: str, tree: ast.Module) -> Iterator[Use]:
    toasts, labels = _inside(tree, _is_toast), _inside(tree, lambda node: _call_of(node) == "Button")
    scopes = {call: scope for scope in ast.walk(tree) if _is_function(scope) for call in ast.walk(scope)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or (place := _place(node)) is None or len(node.args) <= place:
            continue
        says = _call_of(node) == "t" or _call_of(node) in refusals()
        given = frozenset(word.arg for word in node.keywords if word.arg) if says else None
        if any(word.arg is None for word in node.keywords):
            given = None
        is_toast = node in toasts or _call_of(node) in refusals()
        for pattern in _patterns(node.args[place], scopes.get(node)):
            yield Use(f"{path}:{node.lineno}", pattern, given, is_toast, node in labels)


def _place(call: ast.Call) -> int | None:
    name = _call_of(call)
    return 0 if name == "t" or name in refusals() else takers().get(name)


def _patterns(key: ast.expr, scope: ast.AST | None) -> Iterator[str]:
    """The keys that an expression may come to; a name stands for what its function assigns to it."""
    match key:
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.JoinedStr(values=parts):
            pattern = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts)
            yield pattern if not pattern.startswith(".+") else UNFINDABLE
        case ast.IfExp(body=body, orelse=orelse):
            yield from _patterns(body, scope)
            yield from _patterns(orelse, scope)
        case ast.Name(id=name) if scope is not None:
            for node in ast.walk(scope):
                if isinstance(node, ast.Assign) and name in {_name(target) for target in node.targets}:
                    yield from _patterns(node.value, None)


def _inside(tree: ast.Module, chosen: Callable[[ast.AST], bool]) -> set[ast.AST]:
    return {node for outer in ast.walk(tree) if chosen(outer) for node in ast.walk(outer)}


def _is_toast(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return "toast" in {_name(target) for target in node.targets}
    return node.arg == "toast" if isinstance(node, ast.keyword) else _call_of(node) == "toasting"


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _call_of(node: ast.AST) -> str:
    """The last name of what is called: ``context.t(...)`` calls t, and so does ``texts(language)(...)``."""
    if not isinstance(node, ast.Call):
        return ""
    return "t" if _call_of(node.func) == "texts" else _name(node.func)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_counts_have_their_thousands_apart() -> None:
    printed = {"fi": "12\N{NO-BREAK SPACE}345", "sv": "12\N{NO-BREAK SPACE}345", "en": "12,345"}
    for language, count in printed.items():
        assert count in texts(language)("line-too-long", most=12_345)
    assert "60" in texts("fi")("line-too-long", most=60)
