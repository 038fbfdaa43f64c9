"""The words of the notation in all languages, and those of the catalogues' questions and options."""

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from handlers.texts import LANGUAGES, catalogue
from models.forms.builtin_forms import FIELD, ORGANISATION, YES_OR_NO
from models.forms.items import Item, QuestionKind, identity_of

LONGEST_WORDS = 100
"""Characters. No known word is as long as this."""


def folded(text: str) -> str:
    """A text in lower case, without accents and punctuation: "Muu, mikä?" is "muu mika".

    A text that is too long to be a known word is not decomposed: one character can become eighteen.
    """
    if len(text) > LONGEST_WORDS:
        return text.casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", bare).strip()


def _folded(*words: str) -> frozenset[str]:
    return frozenset(folded(word) for word in words)


ONE = _folded("yksi", "valitse yksi", "en", "ett", "välj en", "välj ett", "one", "choose one", "single")
SEVERAL = _folded("monta", "useita", "useampi", "valitse useita", "flera", "välj flera", "several", "many", "multiple")
LISTS = dict.fromkeys(ONE, QuestionKind.SINGLE) | dict.fromkeys(SEVERAL, QuestionKind.SEVERAL)

OTHER = _folded(
    *("muu", "muu, mikä?", "joku muu", "joku muu, mikä?", "jokin muu", "jokin muu, mikä?", "muuta", "muuta, mitä?"),
    *("annat", "annat, vad?", "annan", "annan, vilken?", "något annat", "något annat, vad?"),
    *("other", "other, what?", "other, which?", "something else", "something else, what?"),
)
REQUIRED = _folded("pakollinen", "obligatorisk", "obligatoriskt", "required", "mandatory")
DONT_KNOW = _folded(
    *("eos", "en osaa sanoa", "en tiedä", "kan inte säga", "kan ej säga", "vet inte", "vet ej"),
    *("can't say", "cannot say", "I can't say", "don't know", "I don't know", "dont know"),
)
YES, NO = _folded("kyllä", "ja", "yes"), _folded("ei", "nej", "no")
OPEN = _folded("avoin", "avoin vastaus", "avovastaus", "öppen", "öppet", "öppet svar", "open", "open answer")
ORGANISATIONS = _folded(
    *("organisaatio", "taustaorganisaatio", "organisation", "bakgrundsorganisation", "background organisation"),
    *("organization", "background organization"),
)
FIELDS = _folded("toimiala", "verksamhetsområde", "field", "field of work")

FIXED: dict[str, Item] = {
    **{f"{yes} {no}": Item(QuestionKind.YES_NO, choices=YES_OR_NO) for yes in YES for no in NO},
    **{f"{no} {yes}": Item(QuestionKind.YES_NO, choices=YES_OR_NO) for yes in YES for no in NO},
    **dict.fromkeys(OPEN, Item(QuestionKind.OPEN)),
    **dict.fromkeys(ORGANISATIONS, ORGANISATION),
    **dict.fromkeys(FIELDS, FIELD),
}
"""Questions that are described by a word alone."""


@dataclass(frozen=True)
class OwnWords:
    """The identities of the catalogues' questions and options, by the identity of their words in each language."""

    statements: Mapping[str, str]
    options: Mapping[str, str]


@functools.cache
def own_words() -> OwnWords:
    """The words of all questions and options in the catalogues."""
    return OwnWords(_own("statement-"), _own("option-"))


def _own(prefix: str) -> dict[str, str]:
    identities: dict[str, str] = {}
    for language in LANGUAGES:
        for key, forms in catalogue(language).items():
            if key.startswith(prefix):
                words = Markup(forms[0]).unescape()  # noqa: S704  (our own text)
                identities.setdefault(identity_of(words), key.removeprefix(prefix))
    return identities
