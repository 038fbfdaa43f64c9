"""/check: whether printed figures can be true, for which n they are possible, and how many people they leave out.

A line is figures, perhaps a scale (1-4) and perhaps n=33, in any order, with spaces, plus signs or semicolons between.
A % (or the word) is the sign of all the figures before it, back to the last % or scale: "69 % 31 %" and "27+15+9 %"
are percentages, and so are figures added up without one: "27+15+9". Any other figure is a mean on the scale, which is
1-5 if none is given.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from handlers.figures import claimed, number
from handlers.layout import cut
from handlers.routes import Context, command, command_button
from handlers.screen import Screen
from handlers.texts import Texts
from models import valid_figures
from models.errors import Refused
from models.people.access import RoleKind
from models.valid_figures import Claim

LINE_LENGTH = 400
MOST_FIGURES = 20
MOST_PEOPLE = 100_000
HIGHEST = 100
"""Largest value that a scale may end with."""

_END = r"(?![0-9]|[.,][0-9])"
_PIECE = re.compile(
    rf"""(?P<apart>[\s+;()]+|[.,:](?=\s|$)|\b(?:ja|och|and)\b)
    |n\s*[=:]?\s*(?P<n>[0-9]+){_END}
    |(?P<low>[0-9]{{1,3}})\s?[-–—]\s?(?P<high>[0-9]{{1,3}}){_END}
    |(?P<figure>[0-9]{{1,6}}(?:[.,][0-9]{{1,2}})?){_END}
    |(?P<percent>%|％|prosent\w*|procent|per\s?cent)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What a line asks about. ``n`` is None if the line has none."""

    percentages: tuple[Claim, ...]
    means: tuple[Claim, ...]
    n: int | None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.percentages + self.means


@command("check", role=RoleKind.COORDINATOR)
async def on_check(context: Context, line: str) -> Screen:
    asked = read(line)
    text = answer(context.t, asked) if asked.claims else context.t("check-what")
    return Screen(text, ((command_button(context, "help"),),))


def read(line: str) -> Asked:
    """Reads a line. Raises Refused with the words that were not understood."""
    percentages: list[str] = []
    means: list[str] = []
    unsigned: list[str] = []
    n = scale = None
    is_sum = False
    for piece in _pieces(line):
        if piece["figure"]:
            unsigned.append(piece["figure"])
        elif piece["apart"]:
            is_sum = is_sum or "+" in piece["apart"]
        elif piece["percent"] and unsigned:
            percentages, unsigned, is_sum = percentages + unsigned, [], False
        elif piece["high"] and scale is None and int(piece["low"]) < int(piece["high"]) <= HIGHEST:
            scale = int(piece["low"]), int(piece["high"])
            means, unsigned = means + unsigned, []
        elif piece["n"] and n is None:
            n = _size(int(piece["n"]))
        else:
            raise _unread(piece[0])
    if is_sum and scale is None:
        percentages += unsigned
    else:
        means += unsigned
    if len(percentages) + len(means) > MOST_FIGURES:
        raise Refused("check-many", most=MOST_FIGURES)
    low, high = scale or (1, 5)
    return Asked(
        tuple(valid_figures.percentage(typed) for typed in percentages),
        tuple(valid_figures.mean(typed, low, high) for typed in means),
        n,
    )


def _pieces(line: str) -> Iterator[re.Match[str]]:
    """The line's parts in order, without invisible characters."""
    if len(line) > LINE_LENGTH:
        raise Refused("line-too-long", most=LINE_LENGTH)
    seen = "".join(
        character for character in line if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf"}
    )
    place = 0
    while place < len(seen):
        piece = _PIECE.match(seen, place)
        if piece is None:
            raise _unread(seen[place:].split()[0])
        yield piece
        place = piece.end()


def _unread(part: str) -> Refused:
    return Refused("check-unread", part=cut(part, 20))


def _size(n: int) -> int:
    if not 1 <= n <= MOST_PEOPLE:
        raise Refused("check-size", most=MOST_PEOPLE)
    return n


def answer(t: Texts, asked: Asked) -> Markup:
    """Whether the figures are possible, each figure alone, and what they leave out or for which n they are possible."""
    sizes = valid_figures.sizes_for(asked.claims, asked.n)
    if sizes is None:
        never = [_never(t, claim) for claim in asked.claims if not claim.is_ever_possible]
        return Markup("\n\n").join([t("check-never"), Markup("\n").join(never)])
    n = asked.n or sizes.smallest
    lines = Markup("\n").join(_claim_line(t, claim, n) for claim in asked.claims)
    if not valid_figures.are_possible(asked.claims, n):
        key = "check-sizes" if sizes.below else "check-size-above"
        where = t(key, below=sizes.below, above=sizes.above, smallest=sizes.smallest)
        return Markup("\n\n").join([t("check-false", n=n), lines, where])
    parts = [t("check-true" if asked.n else "check-smallest", n=n), lines]
    if len(asked.percentages) > 1:
        parts.append(_together(t, asked.percentages, n))
    return Markup("\n\n").join(parts)


def _claim_line(t: Texts, claim: Claim, n: int) -> Markup:
    """A figure with the counts of n that round to it."""
    figure, counts = claimed(claim, t.language), claim.counts_for(n)
    if claim.is_percentage:
        return t("check-people" if counts else "check-impossible", figure=figure, people=_span(t, counts), whole=n)
    key = "check-mean" if counts else "check-mean-impossible"
    return t(key, figure=figure, low=claim.low, high=claim.high, sums=_span(t, counts))


def _never(t: Texts, claim: Claim) -> Markup:
    figure = claimed(claim, t.language)
    if claim.is_percentage:
        return t("check-no-percentage", figure=figure)
    return t("check-no-mean", figure=figure, low=claim.low, high=claim.high)


def _span(t: Texts, counts: range) -> str:
    """The first and the last count; empty without counts."""
    ends = sorted({counts[0], counts[-1]}) if counts else []
    return "–".join(number(end, t.language) for end in ends)


def _together(t: Texts, percentages: tuple[Claim, ...], n: int) -> Markup:
    """How many people the percentages leave out if they are the options of one question."""
    left = valid_figures.unsaid(percentages, n)
    if left.most < 0:
        return t("check-several", whole=n)
    if left.most == 0:
        return t("check-all")
    if left.fewest <= 0 or left.rest is None:
        return t("check-perhaps-all", people=left.most, whole=n)
    people = _span(t, range(left.fewest, left.most + 1))
    return t("check-unsaid", rest=claimed(left.rest, t.language), people=people, whole=n)
