"""Reads a gettext catalogue (``.po``): msgid, msgid_plural, msgstr, msgstr[n], continuation lines and comments.

Contexts (msgctxt) are refused: our keys are unique. Flags such as fuzzy are comments and change nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Forms = tuple[str, ...]
"""The wordings of one text: one, or one for each plural form of the language."""

_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[[0-9]\])[ \t]+)?"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class CatalogueError(ValueError):
    """A malformed catalogue: the path, the line and what is wrong."""

    def __init__(self, path: Path, line: int, fault: str) -> None:
        super().__init__(f"{path}:{line}: {fault}")


@dataclass
class _Entry:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    """The strings by keyword, in the file's order."""


def read_catalogue(path: Path, plural_forms: int) -> dict[str, Forms]:
    """The texts of a file by msgid, in the file's order, without the header. Raises CatalogueError."""
    texts: dict[str, Forms] = {}
    for entry in _entries(path):
        forms = _forms(entry, path, plural_forms)
        key = entry.fields["msgid"]
        if key in texts:
            raise CatalogueError(path, entry.line, f"msgid {key!r} occurs twice")
        texts[key] = forms
    texts.pop("", None)
    return texts


def _entries(path: Path) -> Iterator[_Entry]:
    entry, keyword = None, ""
    for number, line in enumerate(_lines(path), 1):
        if not line or line.startswith("#"):
            keyword = ""
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise CatalogueError(path, number, "neither a comment nor a quoted string after a known keyword")
        if match[1] == "msgid":
            if entry:
                yield entry
            entry = _Entry(number)
        keyword = match[1] or keyword
        if entry is None or not keyword or (match[1] and keyword in entry.fields):
            raise CatalogueError(path, number, "a string that belongs to no msgid, or a keyword twice")
        entry.fields[keyword] = entry.fields.get(keyword, "") + _unescaped(match[2], path, number)
    if entry:
        yield entry


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    try:
        return [line.strip(" \t\r") for line in content.decode().split("\n")]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError(path, line, "not UTF-8") from None


def _unescaped(quoted: str, path: Path, line: int) -> str:
    def character(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPED:
            raise CatalogueError(path, line, f"unknown escape {escape[0]}")
        return _ESCAPED[escape[1]]

    return _ESCAPE.sub(character, quoted) if "\\" in quoted else quoted


def _forms(entry: _Entry, path: Path, plural_forms: int) -> Forms:
    if "msgid_plural" in entry.fields:
        expected = ["msgid", "msgid_plural", *(f"msgstr[{index}]" for index in range(plural_forms))]
    else:
        expected = ["msgid", "msgstr"]
    if list(entry.fields) != expected:
        raise CatalogueError(path, entry.line, f"has {', '.join(entry.fields)}; expected {', '.join(expected)}")
    return tuple(text for keyword, text in entry.fields.items() if keyword.startswith("msgstr"))
