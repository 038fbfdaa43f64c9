"""Durable taps a second: many people's answers waiting at once, each stored, answered and shown."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, processor, ratios, subject, telegram

DELAYS = (0.0, 0.05)
SUBJECTS = ("koolla", "aiogram", "ptb", "limit")
WARM_UP = 50
BARS = {
    ("aiogram", 0.0): "floor 1.7, aim 2.5",
    ("aiogram", 0.05): "floor 1.7, aim 2.5",
    ("limit", 0.0): "aim 0.5",
    ("limit", 0.05): "aim 0.9",
}


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    people = 100 if quick else 500
    template = folder / "taps.db"
    cards = seed.called(template, people=people, meetings=3)
    rounds_of: dict[tuple[str, float], list[Round]] = defaultdict(list)
    for _ in range(rounds):
        for delay in DELAYS:
            for name in SUBJECTS:
                rounds_of[name, delay].append(one_round(folder, template, cards, name, delay))
    for delay in DELAYS:
        trip = f"{delay * 1000:.0f} ms round trip"
        speeds = {name: [one.speed for one in rounds_of[name, delay]] for name in SUBJECTS}
        for name in SUBJECTS:
            yield Line(f"taps/s, {name}, {trip}", tuple(speeds[name]), "/s")
        for name in SUBJECTS:
            costs = tuple(one.cost for one in rounds_of[name, delay])
            yield Line(f"processor time of a tap, {name}, {trip}", costs, "ms")
        for name in SUBJECTS:
            lost = tuple(one.lost for one in rounds_of[name, delay])
            yield Line(f"taps not stored or not shown, {name}, {trip}", lost, "", "0" if name == "koolla" else "")
        for peer in SUBJECTS[1:]:
            both = ratios(speeds["koolla"], speeds[peer])
            yield Line(f"taps/s, koolla over {peer}, {trip}", both, "x", BARS.get((peer, delay), ""))


@dataclass(frozen=True)
class Round:
    """What one subject did in one round."""

    speed: float
    """Taps a second."""
    cost: float
    """Milliseconds of processor time for each."""
    lost: int
    """Taps whose answer is not in the database, or that were left without an answer or an edit."""


def one_round(folder: Path, template: Path, cards: list[list[seed.Invited]], name: str, delay: float) -> Round:
    """A subject at work on a fresh copy of the database."""
    place = fresh(folder, template)
    warm = seed.taps(cards[0][:WARM_UP])
    wanted = [*cards[1], *cards[2]]
    if name == "ptb" and delay:
        wanted = wanted[: len(wanted) // 5]  # one at a time: more would only take longer
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
