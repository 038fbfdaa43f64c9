"""The peak memory of a broadcast to 100,000 over that of one to 1,000."""

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, memory, ratios, subject, telegram

FEW, MANY = 1_000, 100_000
SECONDS = 40
"""Seconds that each program runs, whether it has sent all or not."""
RATE = {"KOOLLA_TELEGRAM__PER_SECOND": "1000"}


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    sizes = (FEW // 10, MANY // 10) if quick else (FEW, MANY)
    for size in sizes:
        seed.broadcast(folder / f"{size}.db", people=size)
    peaks, sent = defaultdict(list), defaultdict(list)
    for _ in range(rounds):
        for size in sizes:
            peak, count = one_round(folder, size, SECONDS // 10 if quick else SECONDS)
            peaks[size].append(peak / 1024)
            sent[size].append(count)
    for size in sizes:
        yield Line(f"peak memory, broadcast to {size:,}", tuple(peaks[size]), "MiB")
        yield Line(f"sent of {size:,} in that time", tuple(sent[size]))
    few, many = sizes
    yield Line(f"peak memory, {many:,} over {few:,}", ratios(peaks[many], peaks[few]), "x", "<= 1.15")


def one_round(folder: Path, size: int, seconds: float) -> tuple[int, int]:
    """The peak in KiB, and how many messages were sent."""
    place = fresh(folder, folder / f"{size}.db")
    with telegram() as server, subject("koolla", place, server.address, **RATE) as process:
        time.sleep(seconds)
        return memory(process, "VmHWM"), server.report()["sent"]
