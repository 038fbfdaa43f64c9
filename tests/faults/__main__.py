"""``python -m tests.faults``: every scenario, and a table of what came of it."""

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


def main() -> int:
    known = scenarios()
    reading = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    reading.add_argument("--only", action="append", choices=[one.name for one in known], metavar="NAME")
    reading.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="a run's is printed")
    reading.add_argument("--quick", action="store_true", help="a small part of each")
    reading.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server from its wheel")
    given = reading.parse_args()
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
