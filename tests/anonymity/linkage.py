"""The linkage table: for each attack and database the number of linked answers, and the number expected by chance."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.anonymity.attacker import ATTACKS, Attack, Guess
from tests.anonymity.attacker_data import LeakedData, Truth


@dataclass
class Line:
    """The results of one attack on one kind of database, summed over several worlds."""

    attack: Attack
    database: str
    worlds: int = 0
    linked: int = 0
    expected: float = 0.0
    of: int = 0
    naive: int = 0
    """Number linked in the careless storage of the same answers."""

    @property
    def _more(self) -> float:
        """Upper limit for chance: 4 standard deviations above it, at most halfway to the maximum."""
        return self.expected + min(4 * math.sqrt(max(self.expected, 1.0)), (self.of - self.expected) / 2)

    @property
    def is_chance(self) -> bool:
        return self.linked <= self._more

    @property
    def is_proved(self) -> bool:
        """Whether the attack works on the careless storage."""
        return self.naive > self._more

    def __str__(self) -> str:
        each = max(self.worlds, 1)
        counts = (
            f"{self.linked / each:.1f} | {self.expected / each:.1f} | {self.of / each:.0f} | {self.naive / each:.1f}"
        )
        return f"| {self.attack.name} | {self.database} | {counts} | {self.worlds} |"


HEAD = """| attack | database | linked | expected by chance | of | linked when kept carelessly | seeds |
|---|---|---|---|---|---|---|"""


def score(attack: Attack, guess: Guess, truth: Truth) -> int:
    """Returns the number of correct guesses."""
    if attack.aim == "text":
        return sum(truth.texts.get(person) == text for person, text in guess.items())
    if attack.aim == "answered":
        return sum((person not in truth.silent) == guessed for person, guessed in guess.items())
    if attack.aim == "wrote":
        return sum((person in truth.texts) == guessed for person, guessed in guess.items())
    return sum(truth.vectors.get(person) == answers for person, answers in guess.items())


def by_chance(attack: Attack, truth: Truth) -> tuple[float, int]:
    """Returns the number of correct guesses expected from the published totals alone, and the maximum."""
    respondents, texts = len(truth.vectors), len(truth.texts)
    if attack.aim == "text":
        return texts / respondents, texts
    if attack.aim == "answered":
        return respondents, respondents + len(truth.silent)
    if attack.aim == "wrote":
        return max(texts, respondents - texts), respondents
    return sum(answers == truth.mode for answers in truth.vectors.values()), respondents


class Table:
    """One line for each attack and kind of database."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}

    def add(self, leaked: LeakedData, truth: Truth, naive: LeakedData, *, through: str) -> None:
        for attack in (candidate for candidate in ATTACKS if candidate.through == through):
            if attack.name.startswith("hidden transaction") and leaked.database == "sqlite":
                continue  # SQLite has none
            line = self.lines.setdefault((attack.name, leaked.database), Line(attack, leaked.database))
            expected, of = by_chance(attack, truth)
            line.worlds += 1
            line.linked += score(attack, attack.guess(leaked), truth)
            line.naive += score(attack, attack.guess(naive), truth)
            line.expected += expected
            line.of += of

    def print_lines(self, say: Callable[[str], object] = print) -> None:
        say(HEAD)
        for line in self.lines.values():
            say(str(line))

    def failed(self) -> Iterable[Line]:
        return [line for line in self.lines.values() if not line.is_chance]

    def unproved(self) -> Iterable[Line]:
        return [line for line in self.lines.values() if not line.is_proved]
