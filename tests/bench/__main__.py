"""Measures the bot's speed, memory and start beside plain bots on other frameworks, and prints a table.

It needs no token: Telegram is a small server on this machine. The plain bots need an environment of their own, which
`make bench` makes at its first run; so start it with: make bench BENCH="--only taps". What counts are the ratios of one
run. Run it on a quiet machine: whatever else runs there changes the figures. Each measure takes minutes (taps five,
digest two), with --quick less, and prints how long it took.
"""

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

MEASURES = ("taps", "latency", "broadcast", "during", "memory", "start", "digest", "digests", "change")


def descriptions() -> str:
    """The measures with what each is, in the first line of its docstring."""
    about = {name: importlib.import_module(f"tests.bench.{name}").__doc__ or "" for name in MEASURES}
    return "\n".join(["measures:", *(f"  {name:<10} {text.splitlines()[0]}" for name, text in about.items())])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=descriptions(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    only = "one measure instead of all; may be repeated, for several"
    parser.add_argument("--only", choices=MEASURES, metavar="NAME", action="append", help=only)
    rounds = "how often each is measured, by turns with the others (default: %(default)s); the table has the median"
    parser.add_argument("--rounds", type=int, default=3, help=rounds)
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
