"""The month's digest, planned and frozen, after 0.1, 1 and 5 million counted answers."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import db, migrating
from bot.config import Settings
from models import digest_plans
from tests.bench import history
from tests.bench.stand import Line, ratios
from tests.databases import new_database, postgres_server

SIZES = (100_000, 1_000_000, 5_000_000)
REPEATS = 5
"""Digests in each round, of which the quickest counts."""


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    sizes = tuple(size // 10 for size in SIZES) if quick else SIZES
    files = [f"sqlite:///{folder}/{size}.db" for size in sizes]
    yield from asyncio.run(_measure("SQLite", files, sizes, rounds))
    with postgres_server() as server:
        yield from asyncio.run(_on_postgresql(server, sizes, rounds))


async def _on_postgresql(server: str, sizes: tuple[int, ...], rounds: int) -> list[Line]:
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(new_database(server)) for _ in sizes]
        return await _measure("PostgreSQL", addresses, sizes, rounds)


async def _measure(kind: str, addresses: list[str], sizes: tuple[int, ...], rounds: int) -> list[Line]:
    engines = {
        size: db.make_engine(Settings(database={"url": address}).database.url)
        for size, address in zip(sizes, addresses, strict=True)
    }
    rows = {size: await filled(engine, size) for size, engine in engines.items()}
    times: dict[int, list[float]] = defaultdict(list)
    for _ in range(rounds):
        found: dict[int, list[float]] = defaultdict(list)
        for _ in range(REPEATS):
            for size, engine in engines.items():
                found[size].append(await planned(engine))
        for size in sizes:
            times[size].append(1000 * min(found[size]))
    for engine in engines.values():
        await engine.dispose()
    few, many = sizes[-2:]
    return [
        *(Line(f"digest, {kind}, {n:,} answers ({rows[n]:,} rows)", tuple(times[n]), "ms") for n in sizes),
        Line(f"digest, {kind}, {many:,} over {few:,}", ratios(times[many], times[few]), "x", "<= 1.2"),
    ]


async def filled(engine: AsyncEngine, answers: int) -> int:
    await migrating.upgrade(engine)
    async with db.make_sessions(engine).begin() as session:
        rows = await history.write(session, answers)
    async with engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        if engine.dialect.name == "postgresql":
            await outside.execute(text("VACUUM ANALYZE"))  # as its own daemon does
    return rows


async def planned(engine: AsyncEngine) -> float:
    """Seconds to plan and freeze the digest; rolled back, so that it can be planned again."""
    async with db.make_sessions(engine)() as session:
        await session.begin()
        began = time.perf_counter()
        policy, planned = Settings().policy(), 0
        for one in await digest_plans.wanted(session, policy=policy, now=history.NOW):
            planned += await digest_plans.plan(session, one, policy=policy, now=history.NOW)
        spent = time.perf_counter() - began
        await session.rollback()
    assert planned == 1
    return spent
