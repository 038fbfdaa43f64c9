"""The month's digest, planned and frozen, after 0.1, 1 and 5 million counted answers."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot import db
from bot.commands import migrate
from bot.config import Settings
from models.feedback.releases import Figure, Release
from models.forms import forms
from models.forms.forms import Form
from models.forms.items import Item, QuestionKind
from models.people.access import Role, RoleKind
from models.people.people import Address, Person, Reachability
from models.reports import digest_plans
from tests.bench import history
from tests.bench.stand import Line, ratios
from tests.databases import new_database, postgres_server

SIZES = (100_000, 1_000_000, 5_000_000)
REPEATS = 5
"""Digests in each round; the quickest counts."""


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
        seconds: dict[int, list[float]] = defaultdict(list)
        for _ in range(REPEATS):
            for size, engine in engines.items():
                seconds[size].append(await planned(engine))
        for size in sizes:
            times[size].append(1000 * min(seconds[size]))
    for engine in engines.values():
        await engine.dispose()
    few, many = sizes[-2:]
    return [
        *(Line(f"digest, {kind}, {n:,} answers ({rows[n]:,} rows)", tuple(times[n]), "ms") for n in sizes),
        Line(f"digest, {kind}, {many:,} over {few:,}", ratios(times[many], times[few]), "x", "<= 1.2"),
    ]


async def filled(engine: AsyncEngine, answers: int) -> int:
    await migrate.upgrade(engine)
    async with db.make_sessions(engine).begin() as session:
        rows = await history.write(session, answers)
        await a_first_time(session)
        await a_second_scope(session)
    async with engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        if engine.dialect.name == "postgresql":
            await outside.execute(text("VACUUM ANALYZE"))  # as autovacuum does
    return rows


async def a_first_time(session: AsyncSession) -> None:
    """A form that was released once, in the last month, so that its statements have no earlier figures."""
    form = Form(key="own", name="Oma", created_at=history.LAST)
    session.add(form)
    await session.flush()
    items = [Item(QuestionKind.SCALE, text=f"Uusi väittämä {number}", low=1, high=5) for number in range(5)]
    version = await forms.write(session, form, items)
    key = await session.scalar(select(func.max(Release.id))) or 0
    release = Release(id=key + 1, workgroup_id=1, form_version_id=version.id, threshold=5, asked=20, answered=10)
    release.released_at = history.LAST
    session.add(release)
    await session.flush()
    for question in await forms.questions(session, version.id):
        session.add(Figure(release_id=release.id, question_id=question.id, n=10, total=40, withheld=None))


async def a_second_scope(session: AsyncSession) -> None:
    """A manager of one group."""
    manager = history.GROUPS * history.MEMBERS + 2
    founded = datetime(1990, 1, 1, tzinfo=UTC)
    session.add(
        Person(id=manager, telegram_id=manager, name="Toinen", reach=Reachability.REACHABLE, created_at=founded)
    )
    await session.flush()
    session.add(Address(chat_id=manager, person_id=manager, thread_id=0))
    session.add(Role(person_id=manager, kind=RoleKind.MANAGER, workgroup_id=1, granted_at=founded))


async def planned(engine: AsyncEngine) -> float:
    """Seconds to plan and freeze the digest; rolled back, so that it can be planned again."""
    async with db.make_sessions(engine)() as session:
        await session.begin()
        began = time.perf_counter()
        policy, planned = Settings().policy(), 0
        for recipient in await digest_plans.wanted(session, policy=policy, now=history.NOW):
            planned += await digest_plans.plan(session, recipient, policy=policy, now=history.NOW)
        spent = time.perf_counter() - began
        await session.rollback()
    assert planned == 2  # of the organisation, and of one group
    return spent
