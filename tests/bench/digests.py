"""A digest of 1, 10 and 200 workgroups: its figures, its words in three languages, and its picture."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bot import db
from bot.config import Settings
from handlers.layout import shown_length
from handlers.reports.digest.charts import digest_picture
from handlers.reports.digest.text import digest_text
from handlers.texts import LANGUAGES, texts
from models.calendar import HELSINKI
from models.months import Month
from models.periods import Scope
from models.reports import statistics
from tests.bench import history
from tests.bench.digest import filled
from tests.bench.stand import Line

GROUPS = (1, 10, 200)


def measure(folder: Path, *, rounds: int, quick: bool) -> Iterator[Line]:
    yield from asyncio.run(_measure(f"sqlite:///{folder}/koolla.db", 2 if quick else 12, rounds))


async def _measure(address: str, months: int, rounds: int) -> list[Line]:
    engine = db.make_engine(Settings(database={"url": address}).database.url)
    await filled(engine, months * history.ANSWERS_A_MONTH)
    values: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for groups in GROUPS:
            scope = Scope(Month.of(history.LAST, HELSINKI), HELSINKI, list(range(1, groups + 1)))
            began = time.perf_counter()
            async with db.make_sessions(engine)() as session:
                figures = await statistics.digest_figures(session, scope, now=history.NOW)
            values[groups, "figures", "ms"].append(1000 * (time.perf_counter() - began))
            for language in LANGUAGES:
                began = time.perf_counter()
                length = shown_length(digest_text(texts(language), figures))
                values[groups, f"words, {language}", "ms"].append(1000 * (time.perf_counter() - began))
                values[groups, f"length, {language}", "chars"].append(length)
            began = time.perf_counter()
            digest_picture(figures, "fi")
            values[groups, "picture", "ms"].append(1000 * (time.perf_counter() - began))
    await engine.dispose()
    return [Line(f"digest of {n} workgroups, {part}", tuple(times), unit) for (n, part, unit), times in values.items()]
