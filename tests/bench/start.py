"""From start to the first answered tap, and resident memory then, over the least bot on python-telegram-bot."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, memory, ratios, subject, telegram

SUBJECTS = ("koolla", "bare", "aiogram")


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    template = folder / "start.db"
    (cards,) = seed.called(template, people=20, meetings=1)
    times, sizes = defaultdict(list), defaultdict(list)
    for _ in range(rounds if quick else 2 * rounds + 1):
        for name in SUBJECTS:
            seconds, size = one_round(folder, template, cards, name)
            times[name].append(seconds)
            sizes[name].append(size / 1024)
    for name in SUBJECTS:
        yield Line(f"start to first answered tap, {name}", tuple(times[name]), "s")
        yield Line(f"resident memory then, {name}", tuple(sizes[name]), "MiB")
    yield Line(
        "start to first answered tap, koolla over bare", ratios(times["koolla"], times["bare"]), "x", "aim <= 2.1"
    )
    yield Line("resident memory then, koolla over bare", ratios(sizes["koolla"], sizes["bare"]), "x", "aim <= 1.8")


def one_round(folder: Path, template: Path, cards: list[seed.Invited], name: str) -> tuple[float, int]:
    """Seconds, and KiB; the tap waits already."""
    place = fresh(folder, template)
    with telegram() as server:
        server.load(seed.taps(cards[:1]))
        began = time.monotonic()  # the same clock in all processes
        with subject(name, place, server.address) as process:
            report = server.served(process)
            return report["ended"] - began, memory(process)
