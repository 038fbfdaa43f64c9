"""Texts: one gettext catalogue per subject and language under ``locales/``, read at the first use of the language.

A text is a whole sentence with a key. Values are inserted by name and escaped here, nowhere else. Texts may contain
Telegram's HTML (``<b>``, ``<i>``, ``<a>``, ``<code>``); values may not, unless they are ``Markup`` made by ``t``.
"""

import functools
from pathlib import Path
from typing import Any

from markupsafe import Markup

from handlers.catalogue_file import Forms, read_catalogue
from handlers.figures import number
from handlers.locale_table import LOCALE_TABLE

LANGUAGES = tuple(LOCALE_TABLE)
LOCALES = Path(__file__).parent / "locales"


@functools.cache
def catalogue(language: str) -> dict[str, Forms]:
    """All texts of a language by key. Raises ValueError for a malformed file and for a key in two files."""
    texts: dict[str, Forms] = {}
    for path in sorted((LOCALES / language).rglob("*.po")):
        entries = read_catalogue(path, LOCALE_TABLE[language].plural_forms)
        if repeated := texts.keys() & entries.keys():
            raise ValueError(f"{path}: also in another file of {language}: {', '.join(sorted(repeated))}")
        texts |= entries
    return texts


class Texts:
    """The texts of one language, used as ``t(key, **values)``. The value ``n`` chooses the plural form.

    Raises KeyError for an unknown key and for a missing value.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)
        self._plural_form = LOCALE_TABLE[language].plural_form

    def __contains__(self, key: str) -> bool:
        return key in self._catalogue

    def __call__(self, key: str, /, **values: Any) -> Markup:
        forms = self._catalogue[key]
        form = forms[0] if len(forms) == 1 else forms[self._plural_form(values["n"])]
        values = {name: self._figure(value) for name, value in values.items()}
        return Markup(form).format(**values)  # noqa: S704  (our own text; Markup.format escapes the values)

    def _figure(self, value: Any) -> Any:
        """A count with its thousands separated; other values as they are."""
        return number(value, self.language) if type(value) is int and value >= 1_000 else value


@functools.cache
def texts(language: str | None) -> Texts:
    """The ``t`` of a language; Finnish for a language that we do not have."""
    return Texts(language if language in LANGUAGES else LANGUAGES[0])
