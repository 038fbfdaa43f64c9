"""The slowest taps during a broadcast over those without one: people's own taps never wait behind a broadcast."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, percentile, ratios, subject, telegram, until_sent

GROUPS, PEOPLE = 24, 25
"""So many that at 25 messages a second the broadcast takes longer than the taps."""
TAPS, EVERY = 300, 0.05
DELAYS = (0.0, 0.05)
STILL, SENDING = "still", "broadcast"


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    (cards,) = seed.called(folder / "still.db", people=PEOPLE, meetings=1, groups=GROUPS)
    shutil.copy(folder / "still.db", folder / "broadcast.db")
    seed.broadcast(folder / "broadcast.db")
    values: dict[tuple[str, float], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for delay in DELAYS:
            for state in (STILL, SENDING):
                seconds = one_round(folder, cards, state, delay, 40 if quick else TAPS)
                values[state, delay].append(1000 * percentile(seconds, 0.99))
    for delay in DELAYS:
        trip = f"{delay * 1000:.0f} ms round trip"
        for state in (STILL, SENDING):
            yield Line(f"tap p99, {state}, {trip}", tuple(values[state, delay]), "ms")
        both = ratios(values[SENDING, delay], values[STILL, delay])
        yield Line(f"tap p99, broadcast over still, {trip}", both, "x", "<= 1.1")


def one_round(folder: Path, cards: list[seed.Invited], state: str, delay: float, count: int) -> list[float]:
    """Seconds of taps by different people at a steady rate, with or without a broadcast at the same time."""
    place = fresh(folder, folder / f"{state}.db")
    with telegram(delay=delay) as server, subject("koolla", place, server.address) as process:
        server.load(seed.taps(cards[:20]), every=EVERY)
        server.served(process)
        if state == SENDING:
            until_sent(server, process, 10, within=30)
        server.load(seed.taps(cards[:count], first_update=1000), every=EVERY)
        report = server.served(process)
        assert (0 < report["sent"] < GROUPS * PEOPLE) == (state == SENDING)  # it was under way all the time
        return list(report["seconds"])
