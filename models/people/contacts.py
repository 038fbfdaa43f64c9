"""The addresses in what a roster tells of how to reach somebody, and whether two are the same."""

import re
import unicodedata

EMAIL = re.compile(r"[^\s,;<>()\[\]:]+@[^\s,;<>()\[\]@]+\.[^\s,;<>()\[\]@.]+")
PHONE = re.compile(r"\+?\d[\d\s()./-]{3,}\d")
FINLAND = re.compile(r"^(\+|00)?358(?=\d{6})0*")
"""The country's code in a number without blanks; "+358 (0)40" is written, too."""


def addresses(contact: str | None) -> frozenset[str]:
    """The e-mail addresses and telephone numbers of a contact, each in one form; a contact that has neither is an
    address itself. Empty for an empty contact."""
    text = unicodedata.normalize("NFKC", contact or "").casefold()
    mails = EMAIL.findall(text)
    numbers = [_number(number) for number in PHONE.findall(EMAIL.sub(" ", text))]
    if mails or numbers:
        return frozenset([*mails, *numbers])
    bare = re.sub(r"[\W_]+", "", text)
    return frozenset([bare] if bare else [])


def _number(written: str) -> str:
    return FINLAND.sub("0", re.sub(r"[^\d+]", "", written)).replace("+", "00")


def combined(first: str | None, second: str | None, most: int) -> str | None:
    """Both contacts; the first alone if the second tells no other address, or if both have more than ``most``
    characters together."""
    if not first or not second or addresses(second) <= addresses(first):
        return first or second
    both = f"{first}, {second}"
    return both if len(both) <= most else first
