"""Texts: one gettext catalogue per subject and language under ``locales/``, read when first needed.

A text is a whole sentence under a key; values go in by name and are escaped here and nowhere else.
Telegram's HTML (``<b>``, ``<i>``, ``<a>``, ``<code>``) may stand in a text, never in a value,
unless the value is itself a ``Markup`` made by ``t``.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from markupsafe import Markup

from handlers.figures import number

LANGUAGES = ("fi", "sv", "en")
LOCALES = Path(__file__).parent / "locales"

Forms = tuple[str, ...]


@functools.cache
def catalogue(language: str) -> dict[str, Forms]:
    """All texts of a language by key; a text with plurals has two forms, for one and for many."""
    found: dict[str, Forms] = {}
    for path in sorted((LOCALES / language).rglob("*.po")):
        for key, forms in _entries(path, language):
            if key in found:
                raise ValueError(f"text {key!r} stands twice in {language}, again in {path.name}")
            found[key] = forms
    return found


def _entries(path: Path, language: str) -> Iterator[tuple[str, Forms]]:
    with path.open(encoding="utf-8") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    for message in messages:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            yield key, (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


class Texts:
    """The texts of one language, used as ``t(key, **values)``; ``n`` chooses the plural form."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)

    def __contains__(self, key: str) -> bool:
        return key in self._catalogue

    def __call__(self, key: str, /, **values: Any) -> Markup:
        forms = self._catalogue[key]
        form = forms[0] if len(forms) == 1 or values["n"] == 1 else forms[1]
        values = {name: self._figure(value) for name, value in values.items()}
        return Markup(form).format(**values)  # noqa: S704  (our own text; Markup.format escapes the values)

    def _figure(self, value: Any) -> Any:
        """A count as people read it, its thousands apart."""
        return number(value, self.language) if type(value) is int and value >= 1_000 else value


@functools.cache
def texts(language: str | None) -> Texts:
    """The ``t`` of a language; what we do not speak reads Finnish."""
    return Texts(language if language in LANGUAGES else LANGUAGES[0])
