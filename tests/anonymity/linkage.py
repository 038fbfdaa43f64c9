"""The linkage table: attack x database, how many of how many are linked, and how many by chance."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.anonymity.attacker import ATTACKS, Attack, Guess
from tests.anonymity.attacker_data import Loot, Truth


@dataclass
class Line:
    """One attack over several worlds."""

    attack: Attack
    database: str
    worlds: int = 0
    linked: int = 0
    expected: float = 0.0
    of: int = 0
    naive: int = 0
    """Linked where the same answers are kept carelessly."""

    @property
    def _more(self) -> float:
        """What is more than chance: 4 standard deviations, or half of what could be linked besides."""
        return self.expected + min(4 * math.sqrt(max(self.expected, 1.0)), (self.of - self.expected) / 2)

    @property
    def is_chance(self) -> bool:
        return self.linked <= self._more

    @property
    def is_proved(self) -> bool:
        """Whether the attack links where there is something to link."""
        return self.naive > self._more

    def __str__(self) -> str:
        each = max(self.worlds, 1)
        found = (
            f"{self.linked / each:.1f} | {self.expected / each:.1f} | {self.of / each:.0f} | {self.naive / each:.1f}"
        )
        return f"| {self.attack.name} | {self.database} | {found} | {self.worlds} |"


HEAD = """| attack | database | linked | expected by chance | of | linked when kept carelessly | seeds |
|---|---|---|---|---|---|---|"""


def score(attack: Attack, guess: Guess, truth: Truth) -> int:
    """How many guesses are right."""
    if attack.aim == "text":
        return sum(truth.texts.get(person) == one for person, one in guess.items())
    if attack.aim == "answered":
        return sum((person not in truth.silent) == one for person, one in guess.items())
    if attack.aim == "wrote":
        return sum((person in truth.texts) == one for person, one in guess.items())
    return sum(truth.vectors.get(person) == one for person, one in guess.items())


def by_chance(attack: Attack, truth: Truth) -> tuple[float, int]:
    """How many are right without the loot, from published totals alone; and of how many."""
    respondents, texts = len(truth.vectors), len(truth.texts)
    if attack.aim == "text":
        return texts / respondents, texts
    if attack.aim == "answered":
        return respondents, respondents + len(truth.silent)
    if attack.aim == "wrote":
        return max(texts, respondents - texts), respondents
    return sum(one == truth.mode for one in truth.vectors.values()), respondents


class Table:
    """Lines that grow world by world."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}

    def add(self, loot: Loot, truth: Truth, naive: Loot, *, through: str) -> None:
        for attack in (one for one in ATTACKS if one.through == through):
            if attack.name.startswith("hidden transaction") and loot.database == "sqlite":
                continue  # SQLite has none
            line = self.lines.setdefault((attack.name, loot.database), Line(attack, loot.database))
            expected, of = by_chance(attack, truth)
            line.worlds += 1
            line.linked += score(attack, attack.guess(loot), truth)
            line.naive += score(attack, attack.guess(naive), truth)
            line.expected += expected
            line.of += of

    def told(self, say: Callable[[str], object] = print) -> None:
        say(HEAD)
        for line in self.lines.values():
            say(str(line))

    def failed(self) -> Iterable[Line]:
        return [line for line in self.lines.values() if not line.is_chance]

    def unproved(self) -> Iterable[Line]:
        return [line for line in self.lines.values() if not line.is_proved]
