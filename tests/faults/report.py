"""The results of scenarios, and the table of them."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.checking import Fate


@dataclass
class Result:
    """The measured values of a scenario. ``misses`` are the parts of the bar that it did not reach, in words."""

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
        """Adds the outcomes of deliveries. A copy that its row does not mark as possible is wrong."""
        for fate in fates:
            self.lost += fate.lost
            self.twice += fate.twice
            self.ambiguous += fate.ambiguous
            self.absent += fate.absent
            self.wrong += fate.unrecorded or fate.late

    def require(self, met: bool, words: str) -> None:
        """Adds a miss, unless this part of the bar is met."""
        if not met:
            self.misses.append(words)

    def require_none(self, *names: str) -> None:
        for name in names:
            self.require(getattr(self, name) == 0, f"{name}: {getattr(self, name)}, wanted 0")


Run = Callable[[int, bool], Coroutine[Any, Any, Result]]
"""Runs a scenario with a seed; if the second argument is True, only a small part of it."""


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Run


COLUMNS = ("lost", "twice", "ambiguous", "absent", "wrong", "unanswered")
HEADS = ("lost", "twice", "ambiguous", "unknown, not arrived", "wrong", "unanswered")


def table(results: Iterable[Result]) -> str:
    """The results as a table, with the notes below it."""
    rows: list[tuple[str, ...]] = [("scenario", "what was done", *HEADS, "bar", "verdict")]
    notes = []
    for result in results:
        values = [str(getattr(result, name)) for name in COLUMNS]
        rows.append((result.scenario, result.done, *values, result.bar, "MISSED" if result.misses else "met"))
        notes += [
            f"{result.scenario}: {words}" for words in (*result.notes, *(f"MISSED {miss}" for miss in result.misses))
        ]
        notes += (
            [f"{result.scenario}: repeat it with --only {result.scenario} --seed {result.seed}"]
            if result.misses
            else []
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:], "", *notes])
