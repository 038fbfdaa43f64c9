"""What a scenario did and what came of it, as a line of the table."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.checking import Fate


@dataclass
class Result:
    """Measured values alone; ``misses`` says in words which bars they do not reach."""

    scenario: str
    seed: int
    bar: str
    done: str = ""
    lost: int = 0
    twice: int = 0
    ambiguous: int = 0
    absent: int = 0
    wrong: int = 0
    unanswered: int = 0
    notes: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def count(self, fates: Iterable[Fate]) -> None:
        """Adds what became of deliveries; a copy that no mark on its row admits is wrong."""
        for fate in fates:
            self.lost += fate.lost
            self.twice += fate.twice
            self.ambiguous += fate.ambiguous
            self.absent += fate.absent
            self.wrong += fate.unrecorded or fate.late

    def wants(self, met: bool, words: str) -> None:
        """Holds one part of the bar."""
        if not met:
            self.misses.append(words)

    def wants_none(self, *names: str) -> None:
        for name in names:
            self.wants(getattr(self, name) == 0, f"{name}: {getattr(self, name)}, wanted 0")


Run = Callable[[int, bool], Coroutine[Any, Any, Result]]
"""Runs a scenario with a seed, in full or (True) a small part of it."""


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Run


COLUMNS = ("lost", "twice", "ambiguous", "absent", "wrong", "unanswered")
HEADS = ("lost", "twice", "ambiguous", "unknown, not arrived", "wrong", "unanswered")


def table(results: Iterable[Result]) -> str:
    """The results side by side, what they mean below."""
    rows: list[tuple[str, ...]] = [("scenario", "what was done", *HEADS, "bar", "verdict")]
    notes = []
    for one in results:
        values = [str(getattr(one, name)) for name in COLUMNS]
        rows.append((one.scenario, one.done, *values, one.bar, "MISSED" if one.misses else "met"))
        notes += [f"{one.scenario}: {words}" for words in (*one.notes, *(f"MISSED {miss}" for miss in one.misses))]
        notes += [f"{one.scenario}: repeat it with --only {one.scenario} --seed {one.seed}"] if one.misses else []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:], "", *notes])
