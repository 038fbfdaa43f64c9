"""Reads the line of /check: figures, the numbers of people behind them, and a scale, with any words around.

A % (or the word) is the sign of all the figures before it, back to the last % or other word: "69 % 31 %" and
"27+15+9 %" are percentages, and so are figures added up without one: "27+15+9". Any other figure is a mean on the
scale, which is 1-5 if none is given. One number of people ("n=33", "33 vastaajaa") is that of all figures; of several,
each is that of the figures before it, or after it if the line begins with one. A part and its whole ("93/367",
"93 of 367 = 25 %") go with the percentage beside them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from handlers.layout import cut
from models import valid_figures
from models.errors import Refused
from models.valid_figures import Claim

LINE_LENGTH = 400
MOST_FIGURES = 20
MOST_PEOPLE = 100_000
HIGHEST = 100
"""Largest value that a scale may end with."""

_END = r"(?![0-9]|[.,][0-9])"
_PEOPLE = r"[0-9]{1,3}(?:[\s.,][0-9]{3})+(?![0-9])|[0-9]+"
"""A number of people, perhaps with its thousands separated as the bot prints them."""
_RESPONDENTS = (
    r"(?:vastaaj|vastauks|vastaust|vastaus|osallistuj|henkilö|ihmis|ihmin)\w*|svarande\w*|svar|personer|deltagare"
    r"|respondents?|answers?|responses?|participants?|people|persons?"
)
_PIECE = re.compile(
    rf"""(?P<apart>[\s+;()=:]+|[.,!?"'”’…/-](?=\s|$|[^\w\s])|(?:ja|och|and|sekä|samt|eli|on|dvs|är|is)(?!\w)|[-–—](?=[^\W\d]|\s))
    |(?:n|(?:{_RESPONDENTS})(?:\s+(?:oli|on|var|är|were|was|is|are))?)\s*[=:]?\s*(?P<n>{_PEOPLE}){_END}(?!\s*[%％/]|\s*p(?:ro|er))
    |(?P<first>[0-9]{{1,7}})(?:\s?[-–—]\s?(?P<last>[0-9]{{1,7}}))?\s*(?:/|of\b|av\b)\s*(?P<whole>{_PEOPLE}){_END}
    |(?P<mean>[0-9]{{1,3}}[.,][0-9]{{1,2}})\s*/\s*(?P<top>[0-9]{{1,3}}){_END}
    |(?P<low>[0-9]{{1,3}})\s?[-–—]\s?(?P<high>[0-9]{{1,3}}){_END}
    |(?P<people>{_PEOPLE})\s+(?:{_RESPONDENTS})(?!\w)
    |(?P<figure>[0-9]{{1,6}}(?:[.,][0-9]{{1,2}})?){_END}(?![^\W\d_])
    |(?P<percent>%|％|prosent\w*|procent\w*|per\s?cent)
    |(?P<word>[^\W\d_][^\W\d_'’:-]*)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What a line asks about the answers of some people."""

    percentages: tuple[Claim, ...] = ()
    means: tuple[Claim, ...] = ()
    n: int | None = None
    """The number of people; None if the line has none."""
    part: range | None = None
    """How many of them the line says a percentage is of: one number, or the first to the last."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.percentages + self.means


@dataclass(frozen=True)
class Line:
    """A whole line: what it asks, by number of people, and figures that are not checked, such as a year."""

    asked: tuple[Asked, ...]
    left_out: tuple[str, ...] = ()


@dataclass
class _Figures:
    """The figures of one number of people, while a line is read."""

    n: int | None = None
    part: range | None = None
    percentages: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Figures without the sign of a percentage."""
    beside: "tuple[_Figures, list[str]] | None" = None
    """The percentages before a part and its whole, and where they are now: its own if none follow."""

    @property
    def is_empty(self) -> bool:
        return not (self.percentages or self.others)


@dataclass
class _Reading:
    """A line that is read piece by piece."""

    figures: _Figures = field(default_factory=_Figures)
    done: list[_Figures] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    """Figures whose sign may still come."""
    signed: list[str] = field(default_factory=list)
    """The percentages that the last sign made, until a word comes."""
    fraction: _Figures | None = None
    scale: tuple[int, int] | None = None
    is_sum: bool = False
    words: list[str] = field(default_factory=list)

    def take(self, piece: re.Match[str]) -> None:
        match piece.lastgroup:
            case "apart":
                self.is_sum = self.is_sum or "+" in piece["apart"]
            case "figure":
                self.unsigned.append(piece["figure"])
            case "percent":
                self._percent(piece)
            case "word":
                self._word(piece["word"])
            case "n" | "people":
                self._size(piece)
            case "whole":
                self._fraction(piece)
            case "top":
                self._scale(1, int(piece["top"]), piece)
                self.figures.others.append(piece["mean"])
            case _:
                self._scale(int(piece["low"]), int(piece["high"]), piece)

    def _percent(self, piece: re.Match[str]) -> None:
        if not self.unsigned:
            raise _unread(piece[0])
        is_of_fraction = self.fraction is not None and not self.fraction.percentages
        figures = self.fraction if self.fraction is not None and is_of_fraction else self.figures
        figures.percentages += self.unsigned
        self.signed, self.unsigned, self.is_sum = self.unsigned, [], False

    def _word(self, word: str) -> None:
        self.words.append(word)
        self._without_sign()
        if not re.fullmatch(_RESPONDENTS, word, re.IGNORECASE):
            self.signed, self.fraction = [], None

    def _without_sign(self) -> None:
        """Ends figures after which no sign came: percentages if they were added up, else means."""
        are_percentages = self.is_sum and self.scale is None
        (self.figures.percentages if are_percentages else self.figures.others).extend(self.unsigned)
        self.unsigned, self.is_sum = [], False

    def _scale(self, low: int, high: int, piece: re.Match[str]) -> None:
        if self.scale is not None or not low < high <= HIGHEST:
            raise _unread(piece[0])
        self.scale = low, high
        self._without_sign()

    def _size(self, piece: re.Match[str]) -> None:
        """A number of people: of the figures before it, or, if the line begins with one, of those after it."""
        self._without_sign()
        n, begins = _people(piece["n"] or piece["people"]), self.figures.n is not None
        if self.figures.is_empty and (begins or self.done):
            raise _unread(piece[0])
        if begins:
            self.done.append(self.figures)
            self.figures = _Figures(n)
        elif self.figures.is_empty:
            self.figures.n = n
        else:
            self.figures.n = n
            self.done.append(self.figures)
            self.figures = _Figures()

    def _fraction(self, piece: re.Match[str]) -> None:
        self._without_sign()
        first, last = int(piece["first"]), int(piece["last"] or piece["first"])
        if first > last:
            raise _unread(piece[0])
        self.fraction = _Figures(_people(piece["whole"]), range(first, last + 1))
        if self.signed:
            self.fraction.beside = self.figures, self.signed
        self.done.append(self.fraction)
        self.signed = []

    def end(self) -> Line:
        self._without_sign()
        for fraction in self.done:
            _take_percentages_beside(fraction)
        self._finish_last()
        groups = [figures for figures in self.done if not figures.is_empty or figures.part]
        if not groups and self.words and self.figures.n is None:
            raise _unread(self.words[0])
        if sum(len(figures.percentages) + len(figures.others) for figures in groups) > MOST_FIGURES:
            raise Refused("check-many", most=MOST_FIGURES)
        left_out = [typed for figures in groups for typed in figures.others if self._is_left_out(typed)]
        asked = [self._asked(figures) for figures in groups]
        return Line(tuple(each for each in asked if each.claims or each.part), tuple(left_out))

    def _finish_last(self) -> None:
        """Figures after the last number of people belong to it, too."""
        sized = [figures for figures in self.done if figures.part is None]
        if sized and self.figures.n is None:
            sized[-1].percentages += self.figures.percentages
            sized[-1].others += self.figures.others
        else:
            self.done.append(self.figures)

    def _is_left_out(self, typed: str) -> bool:
        """Whether a figure is neither a percentage nor on the scale, in a line with words: a year, for example."""
        return bool(self.words) and not valid_figures.mean(typed, *self._ends).is_ever_possible

    @property
    def _ends(self) -> tuple[int, int]:
        return self.scale or (1, 5)

    def _asked(self, figures: _Figures) -> Asked:
        means = [typed for typed in figures.others if not self._is_left_out(typed)]
        return Asked(
            tuple(valid_figures.percentage(typed) for typed in figures.percentages),
            tuple(valid_figures.mean(typed, *self._ends) for typed in means),
            figures.n,
            figures.part,
        )


def _take_percentages_beside(fraction: _Figures) -> None:
    """Moves the percentages before a part and its whole to it, if none follow: "25 % (93/367)"."""
    if fraction.beside is not None and not fraction.percentages:
        figures, beside = fraction.beside
        fraction.percentages = beside
        figures.percentages = figures.percentages[: -len(beside)]


def read(line: str) -> Line:
    """Reads a line. Raises Refused with the words that were not understood."""
    reading = _Reading()
    for piece in _pieces(line):
        reading.take(piece)
    return reading.end()


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
    return Refused("check-unread", part=cut(part.strip(), 20))


def _people(typed: str) -> int:
    """A number of people. Raises Refused if it is 0 or too large."""
    n = int("".join(digit for digit in typed if digit.isdigit()))
    if not 1 <= n <= MOST_PEOPLE:
        raise Refused("check-size", most=MOST_PEOPLE)
    return n
