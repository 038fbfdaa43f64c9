"""Kills the real program and takes its network and disk away at random. Prints what was lost and what came twice.

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
    "bad-day": "8 min",
    "broadcast": "5 min",
    "clearing": "6 min",
    "disk": "1 min",
    "flaky": "1 min",
    "flood": "8 min",
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


def descriptions(known: list[Scenario]) -> str:
    """The names of the scenarios, with the first line of the docstring of each, or of its module."""
    lines = ["scenarios:"]
    for scenario in known:
        about = scenario.run.__doc__ or sys.modules[scenario.run.__module__].__doc__ or ""
        lines.append(f"  {scenario.name:<30} {TAKES.get(scenario.name, ''):<7} {about.strip().splitlines()[0]}")
    return "\n".join(lines)


def scenarios() -> list[Scenario]:
    """The ``SCENARIOS`` of all modules of this package."""
    offered: list[Scenario] = []
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if not module.name.startswith(("__", "test_")):
            offered += getattr(importlib.import_module(f"tests.faults.{module.name}"), "SCENARIOS", ())
    return offered


def play(scenario: Scenario, seed: int, *, quick: bool) -> Result:
    """Runs a scenario. One that raises an exception has missed its bar."""
    began = monotonic()
    try:
        result = asyncio.run(scenario.run(seed, quick))
    except Exception as error:
        traceback.print_exc()
        result = Result(scenario.name, seed, "runs to its end", misses=[f"{type(error).__name__}: {error}"[:300]])
    print(f"{scenario.name}: {monotonic() - began:.0f} s", flush=True)
    return result


def make_parser(known: list[Scenario]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        epilog=descriptions(known),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [scenario.name for scenario in known]
    only = "one scenario instead of all; may be repeated, for several"
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=only)
    seed = "the seed of all random choices, to repeat a run; each run prints its own"
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help=seed)
    parser.add_argument("--quick", action="store_true", help="a small part of each: to see that all runs")
    postgresql = "on a PostgreSQL server that is started for it, instead of SQLite"
    parser.add_argument("--postgresql", action="store_true", help=postgresql)
    return parser


def main() -> int:
    known = scenarios()
    options = make_parser(known).parse_args()
    # The program in this process logs nothing; the other processes log into files.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"seed {options.seed}", flush=True)
    chosen = [scenario for scenario in known if options.only is None or scenario.name in options.only]
    with postgres_server() if options.postgresql else nullcontext() as server:
        rig.SERVERS[:] = [server] if server else []
        results = [play(scenario, options.seed, quick=options.quick) for scenario in chosen]
    print()
    print(table(results))
    return 1 if any(result.misses for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
