"""``python -m tests.bench``: all measures, or some, with a table at the end."""

import argparse
import importlib
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.stand import Line

MEASURES = ("taps", "latency", "broadcast", "during", "memory", "start", "digest")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", choices=MEASURES, action="append", help="one measure; may be repeated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that all runs")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes are ended
    lines: list[Line] = []
    for name in given.only or MEASURES:
        module = importlib.import_module(f"tests.bench.{name}")
        print(f"{name}: {module.__doc__.splitlines()[0]}", flush=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="koolla-bench-") as folder:
            for line in module.measure(Path(folder), rounds=given.rounds, quick=given.quick):
                print(line, flush=True)
                lines.append(line)
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}, load over 1, 5 and 15 minutes {load}")
    print(f"{'measure':<58} {'median':>9} {'':<6} {'min - max':>21}  bar")
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
