"""The processes of a measurement: the server, and the subject that is measured with it."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
"""The virtual environment of the peers."""
TOKEN = "7:bench-bench-bench-bench-bench-bench"
PEERS = {
    "koolla": (sys.executable, "bot", "run"),
    "ptb": (sys.executable, "tests.bench.peers.ptb_bot"),
    "bare": (sys.executable, "tests.bench.peers.bare_bot"),
    "aiogram": (str(BENCH_PYTHON), "tests.bench.peers.aiogram_bot"),
    "limit": (sys.executable, "tests.bench.peers.aiohttp_bot"),
}
STOPS = 15
"""Seconds that a subject may take to end."""
STALLS = 40
"""Seconds without a served tap, after which the rest counts as left without an answer."""


class Unfinished(Exception):  # noqa: N818
    """A subject ended early, or did not finish in time."""


@dataclass
class Telegram:
    """A running server, with its control requests."""

    address: str

    def load(self, taps: Sequence[Any], **how: float) -> None:
        """Loads taps and starts the clock; ``every`` and ``gap`` as in the server."""
        self._ask("load", json.dumps({"taps": taps, **how}).encode())

    def report(self) -> dict[str, Any]:
        return self._ask("report")

    def served(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Waits until every tap was answered and edited, or nothing has happened for long."""
        served, moved = 0, time.monotonic()
        while (report := self.report())["done"] < report["taps"]:
            if process.poll() is not None:
                raise Unfinished(f"exit code {process.poll()} after {report['done']} of {report['taps']} taps")
            if report["done"] > served:
                served, moved = report["done"], time.monotonic()
            if time.monotonic() > moved + STALLS:
                break
            time.sleep(0.2)
        return report

    def _ask(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/control/{path}", body, timeout=60) as answer:
            report: dict[str, Any] = json.load(answer)
            return report


def until_sent(server: Telegram, process: subprocess.Popen[bytes], count: int, within: float) -> dict[str, Any]:
    """Waits until so many messages were sent."""
    end = time.monotonic() + within
    while (report := server.report())["sent"] < count:
        if time.monotonic() > end or process.poll() is not None:
            raise Unfinished(f"{report['sent']} of {count} messages sent, exit code {process.poll()}")
        time.sleep(0.2)
    return report


def fresh(folder: Path, template: Path) -> Path:
    """An empty folder with a copy of a database."""
    place = folder / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(template, place / "koolla.db")
    return place


@contextmanager
def telegram(*, delay: float = 0.0, per_second: int = 0) -> Iterator[Telegram]:
    """Starts a server for one run."""
    command = [sys.executable, Path(__file__).with_name("server.py")]
    given = ["--delay", str(delay), "--per-second", str(per_second)]
    with subprocess.Popen([*command, *given], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Telegram(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()


@contextmanager
def subject(name: str, folder: Path, address: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A subject at work on the database in the folder; its log stays there. Ends it by SIGTERM."""
    python, module, *rest = PEERS[name]
    database = folder / "koolla.db"
    koolla_settings = {
        "KOOLLA_TELEGRAM__TOKEN": TOKEN,
        "KOOLLA_TELEGRAM__API_URL": address,
        "KOOLLA_DATABASE__URL": f"sqlite:///{database}",
        "KOOLLA_FEEDBACK__KEYS": str(folder / "keys"),
        **settings,
    }
    peer_settings = {"BENCH_TOKEN": TOKEN, "BENCH_API_URL": address, "BENCH_DATABASE": str(database)}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        **(koolla_settings if name == "koolla" else peer_settings),
    }
    with (
        (folder / f"{name}.log").open("ab") as log,
        subprocess.Popen([python, "-m", module, *rest], cwd=folder, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS)
        except subprocess.TimeoutExpired:
            process.kill()


def memory(process: subprocess.Popen[bytes], field: str = "VmRSS") -> int:
    """Resident memory in KiB: ``VmRSS`` now, ``VmHWM`` at its peak."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.split(f"{field}:")[1].split()[0])


def processor(process: subprocess.Popen[bytes]) -> float:
    """Processor seconds of all its threads, which do not depend on the load of the machine."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Line:
    """A measured value of each round, and its bar."""

    name: str
    values: tuple[float, ...]
    unit: str = ""
    bar: str = ""

    def __str__(self) -> str:
        middle = statistics.median(self.values)
        spread = f"{number(min(self.values))} - {number(max(self.values))}"
        return f"{self.name:<58} {number(middle):>9} {self.unit:<6} {spread:>21}  {self.bar}"


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratios(values: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    """The ratio in each round, so that a machine that is slow for a while slows both."""
    return tuple(value / other for value, other in zip(values, others, strict=True))


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
