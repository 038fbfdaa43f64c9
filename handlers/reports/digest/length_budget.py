"""How much of each part the digest's words may take. The rest is behind the digest's buttons or in its picture."""

from dataclasses import dataclass, replace

from handlers.layout import CAPTION_LENGTH
from models.results.extremes import ENDS

SOFT_LIMIT = 900
"""Units that one screen of a phone shows."""


@dataclass(frozen=True)
class Budget:
    """Lengths are in units of text, the others in number. The defaults are the full digest's."""

    quotes: int = 2
    quote: int = 100
    coming: int = 3
    """Meetings to come that have a line of their own."""
    title: int = 40
    """Of a coming meeting."""
    groups: int = 3
    """Groups that need attention and have a line of their own."""
    name: int = 40
    """Of a group."""
    statement: int = 60
    scale_end: int = 30
    ends: int = ENDS
    """Statements of the strongest and of the weakest, at most."""
    has_ways: bool = True
    """Whether it says how many came on site and how many remotely."""
    has_pools: bool = True
    """Whether it says that answers of several meetings are among the figures, and of how many people."""
    has_year: bool = True
    """Whether it says what attendances and answers were a year ago."""


FULL = Budget()
SHORTER = replace(FULL, quotes=1, quote=60, coming=0, groups=2, has_ways=False, has_year=False)
SHORTEST = replace(SHORTER, has_pools=False, quotes=0, groups=0, name=20, statement=45, scale_end=25, ends=1)
BUDGETS = (FULL, SOFT_LIMIT), (SHORTER, CAPTION_LENGTH), (SHORTEST, CAPTION_LENGTH)
"""Each with the units that it is taken for, at most. The last fits a caption whatever there is to tell."""
