"""People's and groups' names: what can be seen of them, which are the same, and their order in an alphabet."""

import re
import unicodedata

LETTERS_AFTER_Z = "åäö"
"""The last letters of the Finnish and the Swedish alphabet: the order of lists that no reader of another language
sees."""
BLANKS = str.maketrans(dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0\U0001d159", " "))
"""Letters and symbols that are printed as nothing: fillers of Hangul, the Braille blank, the null note head."""
UNMARKED = str.maketrans({"æ": "ae", "đ": "d", "ð": "d", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not take apart into a letter and a mark."""
NORDIC = str.maketrans({"æ": "ä", "ø": "ö", "ü": "y"})
"""Where foreign letters stand in an alphabet that has å, ä and ö after z."""
APOSTROPHES = re.compile(r"['’ʼ`´]")


def is_visible(text: str) -> bool:
    """Whether anything of a text is seen: invisible characters, and marks without a letter to stand on, are not."""
    return any(unicodedata.category(c)[0] in "LNPS" for c in text.translate(BLANKS))


def is_name(text: str) -> bool:
    """Whether somebody can be called by a text: it has a letter, a digit or a symbol that can be seen."""
    return any(unicodedata.category(c)[0] in "LNS" for c in text.translate(BLANKS))


def has_letter(text: str) -> bool:
    """Whether a text has a letter that can be seen."""
    return any(c.isalpha() for c in text.translate(BLANKS))


def has_letter_or_digit(text: str) -> bool:
    """Whether a text has a letter or a digit that can be seen."""
    return any(c.isalnum() for c in text.translate(BLANKS))


def same_name(name: str) -> str:
    """A key that is equal for two spellings of the same name: "Ek, Bo-Erik" and "bo erik EK"."""
    plain = APOSTROPHES.sub("", unicodedata.normalize("NFKC", name).casefold())
    words = re.sub(r"[\W_]+", " ", plain).split()
    return " ".join(sorted(words)) or plain.strip()


def in_order(name: str, letters_after_z: str = LETTERS_AFTER_Z) -> tuple[str, str]:
    """The sort key of a name: word by word in the order of an alphabet whose last letters, after z, are given.

    Capitals, hyphens and other letters' marks are ignored. Equal names are ordered by their code points.
    """
    words = re.sub(r"[\W_]+", " ", APOSTROPHES.sub("", unicodedata.normalize("NFC", name).casefold()))
    return "".join(_letter(c, letters_after_z) for c in words.strip()), name


def _letter(letter: str, letters_after_z: str) -> str:
    if letters_after_z:
        letter = letter.translate(NORDIC)
        if letter in letters_after_z:
            return chr(ord("z") + 1 + letters_after_z.index(letter))
    plain = unicodedata.normalize("NFKD", letter.translate(UNMARKED))
    return "".join(c for c in plain if not unicodedata.combining(c))
