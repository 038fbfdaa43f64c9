"""How much of each part the digest's words tell: what gives way when it is too long, in order. Words stay whole.

All of it is behind the digest's buttons or in its picture.
"""

from dataclasses import dataclass, replace

from handlers.layout import shown_length
from models.results.extremes import ENDS

AIM = 900


@dataclass(frozen=True)
class Room:
    """How much of each part is told, in number or in units of length."""

    quotes: int = 2
    quote: int = 100
    coming: int = 3
    groups: int = 3
    """That need attention."""
    name: int = 40
    statement: int = 60
    title: int = 0
    """Of a coming meeting; 0: none."""
    ends: int = ENDS
    """Statements of the strongest and of the weakest."""
    has_ways: bool = True
    """How many came on site, how many remotely."""
    has_year: bool = True
    """What attendances and answers were a year ago."""


SHORT = Room(quote=70, has_ways=False)
LESS = replace(SHORT, coming=1, groups=2, quotes=1, has_year=False)
LEAST = replace(LESS, quotes=0, coming=0, groups=0)
ROOMS = (
    Room(title=40),
    Room(),
    Room(quote=70),
    SHORT,
    # First what is behind a button as well, then what is told here alone.
    replace(SHORT, coming=2),
    replace(SHORT, coming=1),
    replace(SHORT, coming=1, groups=2),
    replace(SHORT, coming=1, groups=2, quotes=1),
    LESS,
    replace(LESS, coming=0),
    replace(LESS, coming=0, groups=1),
    replace(LEAST, groups=2),
    # So far for the aim; the rest only where Telegram would take no more.
    replace(LEAST, coming=1, groups=2, statement=45, name=30),
    replace(LEAST, groups=2, statement=30, name=20),
    replace(LEAST, groups=1, statement=20, name=10),
    replace(LEAST, statement=10, name=10),
    # Statements may be endless words, which stay whole: then fewer of them, or none but in the picture.
    replace(LEAST, statement=10, ends=1),
    replace(LEAST, ends=0),
)
FOR_THE_AIM = 12


def at_words(text: str, most: int) -> str:
    """A text in at most so many units, an ellipsis after its last word; a first word that is longer stays whole."""
    if shown_length(text) <= most:
        return text
    first, *others = text.split()
    kept = first
    for word in others:
        if shown_length(f"{kept} {word}") >= most:
            break
        kept = f"{kept} {word}"
    return kept.rstrip(" ,.;:–-") + "…"
