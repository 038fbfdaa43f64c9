"""A broadcast as a fraction of the configured rate, against a server that counts each second strictly."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import seed
from tests.bench.stand import Line, fresh, subject, telegram, until_sent

TELEGRAMS_MARGIN = 30 / 25
"""The server's limit as a multiple of our rate."""


@dataclass(frozen=True)
class Pace:
    """A rate and a round-trip time, both scaled so that a run is short."""

    per_second: int
    delay: float
    recipients: int

    def __str__(self) -> str:
        return f"{self.per_second}/s, {self.delay * 1000:.0f} ms round trip"


PACES = (Pace(25, 0.03, 500), Pace(100, 0.008, 2000))


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    values: dict[tuple[Pace, str], list[float]] = defaultdict(list)
    for pace in PACES:
        seed.broadcast(folder / f"{pace.per_second}.db", people=pace.recipients // (10 if quick else 1))
    for _ in range(rounds):
        for pace in PACES:
            report = one_round(folder, pace, pace.recipients // (10 if quick else 1))
            speed = (report["sent"] - 1) / (report["last_sent"] - report["first_sent"])
            values[pace, "fraction"].append(speed / pace.per_second)
            values[pace, "busiest"].append(report["strictest"])
            values[pace, "refused"].append(report["refused"])
    for pace in PACES:
        yield Line(f"broadcast over its rate, {pace}", tuple(values[pace, "fraction"]), "x", ">= 0.98")
        yield Line(f"broadcast, 429s, {pace}", tuple(values[pace, "refused"]), "", "0")
        most = f"<= {pace.per_second * TELEGRAMS_MARGIN:.0f}"
        yield Line(f"broadcast, busiest second, {pace}", tuple(values[pace, "busiest"]), "", most)


def one_round(folder: Path, pace: Pace, recipients: int) -> dict[str, float]:
    place = fresh(folder, folder / f"{pace.per_second}.db")
    rate = {"KOOLLA_TELEGRAM__PER_SECOND": str(pace.per_second)}
    strict = int(pace.per_second * TELEGRAMS_MARGIN)
    with (
        telegram(delay=pace.delay, per_second=strict) as server,
        subject("koolla", place, server.address, **rate) as process,
    ):
        return until_sent(server, process, recipients, within=30 + 3 * recipients / pace.per_second)
