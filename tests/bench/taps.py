"""Durable taps a second: many people's answers waiting at once, each stored, answered and shown."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, processor, ratios, subject, telegram

DELAYS = (0.0, 0.05)
SUBJECTS = ("koolla", "aiogram", "ptb", "limit")
WATCHED = "koolla watched"
"""With coordinators' cards, which are edited as answers come: work that no peer does."""
WARM_UP = 50
BARS = {
    ("aiogram", 0.0): "floor 1.7, aim 2.5",
    ("aiogram", 0.05): "floor 1.7, aim 2.5",
    ("limit", 0.0): "aim 0.5",
    ("limit", 0.05): "aim 0.9",
}


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    groups = 4 if quick else 20
    cards = {
        watched: seed.called(folder / f"{watched}.db", people=25, meetings=3, groups=groups, watched=watched)
        for watched in (False, True)
    }
    rounds_of: dict[tuple[str, float], list[Round]] = defaultdict(list)
    for _ in range(rounds):
        for delay in DELAYS:
            for name in (*SUBJECTS, WATCHED):
                watched = name == WATCHED
                taps = one_round(folder, folder / f"{watched}.db", cards[watched], name.split()[0], delay)
                rounds_of[name, delay].append(taps)
    for delay in DELAYS:
        yield from _lines({name: rounds_of[name, delay] for name in (*SUBJECTS, WATCHED)}, delay)


def _lines(rounds_of: dict[str, list["Round"]], delay: float) -> Iterator[Line]:
    trip = f"{delay * 1000:.0f} ms round trip"
    for name, rounds in rounds_of.items():
        yield Line(f"taps/s, {name}, {trip}", tuple(round_.speed for round_ in rounds), "/s")
    for name, rounds in rounds_of.items():
        yield Line(f"processor time of a tap, {name}, {trip}", tuple(round_.cost for round_ in rounds), "ms")
    for name, rounds in rounds_of.items():
        lost = tuple(round_.lost for round_ in rounds)
        yield Line(f"taps not stored or not shown, {name}, {trip}", lost, "", "0" if "koolla" in name else "")
    ours = rounds_of["koolla"]
    for peer in SUBJECTS[1:]:
        both = ratios([round_.speed for round_ in ours], [round_.speed for round_ in rounds_of[peer]])
        yield Line(f"taps/s, koolla over {peer}, {trip}", both, "x", BARS.get((peer, delay), ""))
        less = ratios([round_.cost for round_ in rounds_of[peer]], [round_.cost for round_ in ours])
        yield Line(f"processor time of a tap, {peer} over koolla, {trip}", less, "x")


@dataclass(frozen=True)
class Round:
    """The result of one subject in one round."""

    speed: float
    """Taps a second."""
    cost: float
    """Milliseconds of processor time for each tap."""
    lost: int
    """Taps whose answer is not in the database, or that were left without an answer or an edit."""


def one_round(folder: Path, template: Path, cards: list[list[seed.Invited]], name: str, delay: float) -> Round:
    """A subject at work on a fresh copy of the database."""
    place = fresh(folder, template)
    warm = seed.taps(cards[0][:WARM_UP])
    wanted = [*cards[1], *cards[2]]
    if name == "ptb" and delay:
        wanted = wanted[: len(wanted) // 5]  # one at a time, so fewer are enough
    timed = seed.taps(wanted, first_update=1000)
    with telegram(delay=delay) as server, subject(name, place, server.address) as process:
        server.load(warm)
        server.served(process)
        before = processor(process)
        server.load(timed)
        report = server.served(process)
        spent = processor(process) - before
    speed = report["done"] / (report["ended"] - report["began"])
    unstored = seed.wrong(place / "koolla.db", timed)
    return Round(speed, 1000 * spent / report["done"], max(unstored, report["taps"] - report["done"]))
