"""Time from a tap to the edit of its message, on an idle bot with one person tapping."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, percentile, ratios, subject, telegram

SUBJECTS = ("koolla", "aiogram", "ptb", "limit")
COUNTS = {0.0: 150, 0.05: 60}
"""Taps by round trip."""
PARTS = (0.5, 0.99)


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    template = folder / "latency.db"
    (card, *_), *_ = seed.called(template, people=20, meetings=1)
    values: dict[tuple[str, float, float], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for delay, count in COUNTS.items():
            for name in SUBJECTS:
                seconds = one_round(folder, template, [card] * (count // 10 if quick else count), name, delay)
                for part in PARTS:
                    values[name, delay, part].append(1000 * percentile(seconds, part))
    for delay in COUNTS:
        for part in PARTS:
            label = f"p{part * 100:.0f}, {delay * 1000:.0f} ms round trip"
            for name in SUBJECTS:
                yield Line(f"tap to edit, {name}, {label}", tuple(values[name, delay, part]), "ms")
            both = ratios(values["koolla", delay, part], values["aiogram", delay, part])
            yield Line(f"tap to edit, koolla over aiogram, {label}", both, "x")


def one_round(folder: Path, template: Path, cards: list[seed.Invited], name: str, delay: float) -> list[float]:
    """The seconds of each tap. The next comes a while after the last was served."""
    place = fresh(folder, template)
    with telegram(delay=delay) as server, subject(name, place, server.address) as process:
        server.load(seed.taps(cards[:10]), gap=0.05)
        server.served(process)
        server.load(seed.taps(cards, first_update=1000), gap=0.05 + 4 * delay)
        return list(server.served(process)["seconds"])
