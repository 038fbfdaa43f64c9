"""Kills, starves and stops the real program at random, and prints in a table what was lost and what came twice.

It needs no token and no network: Telegram is a sandbox on this machine. What is measured is held against a bar, and a
scenario that does not reach its bar is named with the reason; then the exit code is 1. It is 0 if all reached theirs,
and 2 if the command could not be read.
"""

import argparse
import asyncio
import importlib
import logging
import pkgutil
import secrets
import sys
import traceback
from contextlib import nullcontext
from time import monotonic

import structlog

import tests.faults
from tests.databases import postgres_server
from tests.faults import rig
from tests.faults.report import Result, Scenario, table

TAKES = {
    "an-hour": "1 min",
    "away": "1 min",
    "backup": "2 min",
    "broadcast": "5 min",
    "disk": "1 min",
    "flaky": "1 min",
    "migration": "8 min",
    "minds": "1 min",
    "pacing": "1 min",
    "pacing-shared": "1 min",
    "polling": "5 min",
    "racing": "5 min",
    "standing-still": "2 min",
    "standing-still-in-transaction": "2 min",
    "stopping": "2 min",
}
"""About how long each runs on a small machine; with --quick, seconds."""


def told(known: list[Scenario]) -> str:
    """The names with what each does: in the first line of its own docstring, or of its module's."""
    lines = ["scenarios:"]
    for one in known:
        about = one.run.__doc__ or sys.modules[one.run.__module__].__doc__ or ""
        lines.append(f"  {one.name:<30} {TAKES.get(one.name, ''):<7} {about.strip().splitlines()[0]}")
    return "\n".join(lines)


def scenarios() -> list[Scenario]:
    """What the modules beside this one offer as ``SCENARIOS``."""
    found: list[Scenario] = []
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if not module.name.startswith(("__", "test_")):
            found += getattr(importlib.import_module(f"tests.faults.{module.name}"), "SCENARIOS", ())
    return found


def play(one: Scenario, seed: int, *, quick: bool) -> Result:
    """Runs one; a scenario that cannot go on has missed its bar."""
    began = monotonic()
    try:
        result = asyncio.run(one.run(seed, quick))
    except Exception as error:
        traceback.print_exc()
        result = Result(one.name, seed, "runs to its end", misses=[f"{type(error).__name__}: {error}"[:300]])
    print(f"{one.name}: {monotonic() - began:.0f} s", flush=True)
    return result


def reader(known: list[Scenario]) -> argparse.ArgumentParser:
    reading = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        epilog=told(known),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [one.name for one in known]
    only = "one scenario instead of all; may be repeated, for several"
    reading.add_argument("--only", action="append", choices=names, metavar="NAME", help=only)
    seed = "the number that chance begins with, to play a run again; each run prints its own"
    reading.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help=seed)
    reading.add_argument("--quick", action="store_true", help="a small part of each: to see that all runs")
    postgresql = "on a PostgreSQL server that is started for it, instead of SQLite"
    reading.add_argument("--postgresql", action="store_true", help=postgresql)
    return reading


def main() -> int:
    known = scenarios()
    given = reader(known).parse_args()
    # What the program in this process would log belongs to nobody; those beside it keep theirs in files.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"seed {given.seed}", flush=True)
    chosen = [one for one in known if given.only is None or one.name in given.only]
    with postgres_server() if given.postgresql else nullcontext() as server:
        rig.SERVERS[:] = [server] if server else []
        results = [play(one, given.seed, quick=given.quick) for one in chosen]
    print()
    print(table(results))
    return 1 if any(one.misses for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
