"""Our reader of catalogues reads what Babel's reads, and names the line of what is malformed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from hypothesis import given
from hypothesis import strategies as st

from handlers.catalogue_file import CatalogueError, Forms, read_catalogue
from handlers.texts import LOCALES

FILES = sorted(LOCALES.rglob("*.po"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1)
"""Babel's reader takes a carriage return for the end of a line."""


def read_by_babel(path: Path) -> dict[str, Forms]:
    with path.open(encoding="utf-8") as file:
        messages = [message for message in read_po(file, abort_invalid=True) if message.id]
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (message.string,)
        if isinstance(message.string, str)
        else tuple(message.string)
        for message in messages
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LOCALES)))
def test_every_catalogue_reads_as_babel_reads_it(path: Path) -> None:
    read = read_catalogue(path, plural_forms=2)
    assert read == read_by_babel(path)
    assert read


@given(st.dictionaries(TEXTS, TEXTS | st.tuples(TEXTS, TEXTS), max_size=5), TEXTS)
def test_what_babel_writes_is_read_as_it_was(texts: dict[str, str | tuple[str, str]], comment: str) -> None:
    catalogue = Catalog(locale="fi")
    for key, text in texts.items():
        catalogue.add(key if isinstance(text, str) else (key, key), text, user_comments=[comment])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "texts.po"
        with path.open("wb") as file:
            write_po(file, catalogue)
        read = read_catalogue(path, plural_forms=2)
    assert read == {key: (text,) if isinstance(text, str) else text for key, text in texts.items()}


def read(tmp_path: Path, content: str | bytes, plural_forms: int = 2) -> dict[str, Forms]:
    path = tmp_path / "texts.po"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_catalogue(path, plural_forms)


def test_comments_continuation_lines_escapes_and_windows_line_ends(tmp_path: Path) -> None:
    content = (
        'msgid ""\r\nmsgstr "Language: fi\\n"\r\n\r\n#. a comment\r\n#, fuzzy\r\nmsgid "two-"\r\n"lines"\r\n'
        'msgstr ""\r\n"One\\n"\r\n"\\"two\\" \\\\ \\t."\r\n#~ msgid "old"\r\n'
    )
    assert read(tmp_path, content) == {"two-lines": ('One\n"two" \\ \t.',)}


def test_a_language_may_have_other_numbers_of_plural_forms(tmp_path: Path) -> None:
    content = 'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "x"\nmsgstr[1] "y"\nmsgstr[2] "z"\n'
    assert read(tmp_path, content, plural_forms=3) == {"a": ("x", "y", "z")}


@pytest.mark.parametrize(
    ("content", "line", "fault"),
    {
        "no quotes": ('msgid "a"\nmsgstr b\n', 2, "quoted"),
        "open quote": ('msgid "a"\nmsgstr "b\n', 2, "quoted"),
        "quote inside": ('msgid "a"\nmsgstr "b"c"\n', 2, "quoted"),
        "context": ('msgctxt "c"\nmsgid "a"\nmsgstr "b"\n', 1, "keyword"),
        "unknown escape": ('msgid "a"\nmsgstr "\\q"\n', 2, "escape \\q"),
        "lost string": ('\n"a"\n', 2, "no msgid"),
        "string after a gap": ('msgid "a"\nmsgstr "b"\n\n"c"\n', 4, "no msgid"),
        "msgstr first": ('msgstr "b"\n', 1, "no msgid"),
        "two translations": ('msgid "a"\nmsgstr "b"\nmsgstr "c"\n', 3, "keyword twice"),
        "no translation": ('msgid "a"\n\nmsgid "b"\nmsgstr "c"\n', 1, "expected msgid, msgstr"),
        "one plural form": ('\nmsgid "a"\nmsgid_plural "a"\nmsgstr[0] "b"\n', 2, "msgstr[1]"),
        "three plural forms": (
            'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "b"\nmsgstr[1] "c"\nmsgstr[2] "d"\n',
            1,
            "has msgid, msgid_plural, msgstr[0], msgstr[1], msgstr[2]",
        ),
        "plural forms of no plural": ('msgid "a"\nmsgstr[0] "b"\n', 1, "expected msgid, msgstr"),
        "the same key": ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', 4, "'a' occurs twice"),
        "not UTF-8": (b'msgid "a"\nmsgstr "\xe4"\n', 2, "UTF-8"),
    }.values(),
    ids=lambda value: "",
)
def test_a_malformed_file_is_named_with_its_line(tmp_path: Path, content: str | bytes, line: int, fault: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        read(tmp_path, content)
    assert str(raised.value).startswith(f"{tmp_path / 'texts.po'}:{line}: ")
    assert fault in str(raised.value)
