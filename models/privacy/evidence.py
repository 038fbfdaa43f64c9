"""Evidence of anonymity, read from the database: what each check looked at, how many rows, and what is wrong.

For an auditor. The results contain no names and no texts; runs, pools and releases are given by number.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, DateTime, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.delivery.cards import Message, ReplacedMessage
from models.delivery.drafts import Draft
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Sending
from models.feedback.named_answers import NamedAnswer
from models.feedback.pool_content import SMALLEST
from models.feedback.pools import Pool, Pooled, is_waiting
from models.feedback.releases import OpenAnswer, Release, spread_from
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.sealing import size_of
from models.meetings.attendance import Attendance
from models.meetings.meetings import Meeting

COORDINATORS_WRITE = {"reply"}
"""Tables of what coordinators write about figures under their own names. They hold nothing of respondents."""
PADDING = b" " * 12
"""Answers are padded with spaces before they are encrypted: a blob that contains so many is not encrypted."""
UNDER_WAY = (Sending.DUE, Sending.SENDING)
SHOWN = 5
"""The number of faulty rows that are listed; the rest is counted."""


@dataclass(frozen=True)
class Finding:
    """The result of one check, as a text with its counts."""

    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok   ' if self.good else 'FAIL '}{self.text}"


def finding(text: str, wrong: Iterable[object], fault: str) -> Finding:
    """``text`` if nothing is wrong; otherwise ``fault`` with the first `SHOWN` rows that are wrong."""
    numbers = list(dict.fromkeys(str(number) for number in wrong))
    if not numbers:
        return Finding(True, text)
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return Finding(False, f"{fault}: {', '.join(numbers[:SHOWN])}{more}")


async def all_of(session: AsyncSession) -> list[Finding]:
    """All checks that need only the database, without those of the figures, which are in `evidence_figures`."""
    connection = await session.connection()
    return [
        *await connection.run_sync(schema),
        *await leftovers(session),
        await attendances(session),
        *await sealed(session),
        *await pools(session),
        await texts(session),
    ]


def schema(connection: Connection) -> list[Finding]:
    """Lists the tables with a foreign key to a person, and checks that no table of figures has one or has times."""
    inspector = inspect(connection)
    tables = {name: inspector.get_foreign_keys(name) for name in inspector.get_table_names()}
    aims = {name: {key["referred_table"] for key in keys} for name, keys in tables.items()}
    personal = sorted(name for name, to in aims.items() if to & {"person", "address"})
    held = sorted({*_around("release", aims), "pooled"} & set(tables) - COORDINATORS_WRITE)
    others = sorted(COORDINATORS_WRITE & set(tables))
    columns = [(name, column) for name in held for column in inspector.get_columns(name)]
    person_words = {"person", "address", "telegram", "chat", "member", "update"}
    pointing = [name for name in held if aims[name] & {"person", "address"}]
    pointing += [
        f"{table}.{column['name']}" for table, column in columns if person_words & set(str(column["name"]).split("_"))
    ]
    timed = [f"{table}.{column['name']}" for table, column in columns if isinstance(column["type"], DateTime)]
    return [
        Finding(True, f"tables that point at a person ({len(personal)}): {', '.join(personal)}"),
        finding(
            f"tables that hold figures, texts or pooled answers ({len(held)}): {', '.join(held)}; none points at one",
            pointing,
            "what holds figures, texts or pooled answers points at a person",
        ),
        Finding(
            True, f"of what coordinators write about figures, and so not among them: {', '.join(others) or 'nothing'}"
        ),
        finding(
            "no table of figures has a time of its own, but for the one moment of each release",
            [name for name in timed if name != "release.released_at"],
            "figures, texts or pooled answers have times, which tell their order",
        ),
    ]


def _around(table: str, aims: dict[str, set[str]]) -> set[str]:
    """A table and all tables whose foreign keys lead to it, directly or through others."""
    reached = {table}
    while more := {name for name, to in aims.items() if to & reached and name not in reached}:
        reached |= more
    return reached


async def leftovers(session: AsyncSession) -> list[Finding]:
    """Checks that closed runs left no rows that would show who answered what. The edits of their messages may still be
    under way."""
    closed = select(Run.id).where(Run.state == RunState.CLOSED)
    number = await session.scalar(select(func.count()).select_from(closed.subquery())) or 0
    drafts = [run for (data,) in await session.execute(select(Draft.data)) if (run := data.get("run")) is not None]
    open_ended = set((await session.execute(closed.where(Run.id.in_(drafts)))).scalars())
    named = NamedAnswer.run_id.in_(closed.where(Run.named.is_(False)))
    is_edit, has_ended = Delivery.kind == DeliveryKind.FEEDBACK_CLEARED, Delivery.state.not_in(UNDER_WAY)
    ended_edits = is_edit & has_ended & Delivery.subject.in_(closed)
    left = {
        "people asked": await _runs(session, Participation.run_id, Participation.run_id.in_(closed)),
        "sealed answers": await _runs(session, Staged.run_id, Staged.run_id.in_(closed)),
        "unfinished dialogues": sorted(open_ended),
        "deliveries": await _runs(
            session, Delivery.subject, (Delivery.kind == DeliveryKind.FEEDBACK) & Delivery.subject.in_(closed)
        ),
        "messages": await _runs(
            session, Message.subject, (Message.kind == CardKind.FEEDBACK) & Message.subject.in_(closed)
        ),
        "replaced messages": await _runs(session, ReplacedMessage.subject, ReplacedMessage.subject.in_(closed)),
        "ended edits of messages": await _runs(session, Delivery.subject, ended_edits),
        "answers by name (only where the form says so)": await _runs(session, NamedAnswer.run_id, named),
    }
    return [
        finding(f"closed runs: {number}; they left no {what.partition(',')[0]}", runs, f"closed runs that left {what}")
        for what, runs in left.items()
    ]


async def _runs(session: AsyncSession, column: InstrumentedAttribute[int], where: ColumnElement[bool]) -> list[int]:
    return list((await session.execute(select(column).where(where).distinct().order_by(column))).scalars())


async def attendances(session: AsyncSession) -> Finding:
    """Checks that attendances at meetings with a closed run show neither when they were marked nor by whom."""
    wanted = (
        select(Run.id, Attendance.marked_at, Attendance.own_word, Meeting.ends_at, Run.closes_at)
        .join(Meeting, Meeting.id == Run.meeting_id)
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .where(Run.state == RunState.CLOSED)
    )
    rows = (await session.execute(wanted)).all()
    # What a coordinator marks after the form has closed reveals nothing about the answers.
    before = [row for row in rows if row.marked_at < row.closes_at]
    wrong = [row.id for row in before if row.marked_at != row.ends_at or row.own_word is not None]
    return finding(
        f"attendances at meetings whose form has closed: {len(rows)}, without the time and the source of the word",
        wrong,
        "closed runs whose attendances tell when or by whom they were marked",
    )


async def sealed(session: AsyncSession) -> list[Finding]:
    """Checks that the answers of open runs have one size in each run and are not legible."""
    rows = (await session.execute(select(Staged.run_id, Staged.blob))).all()
    return _blobs("sealed answers of open forms", "runs", [(row.run_id, row.blob) for row in rows])


def _blobs(what: str, of: str, blobs: Sequence[tuple[int, bytes]]) -> list[Finding]:
    """Checks blobs, given with the number of their run or pool: one size for each number, and none legible."""
    sizes: dict[int, set[int]] = defaultdict(set)
    for number, blob in blobs:
        sizes[number].add(len(blob))
    legible = [number for number, blob in blobs if PADDING in blob or _is_plain(blob)]
    return [
        finding(
            f"{what}: {len(blobs)} in {len(sizes)} {of}, of one size in each",
            sorted(number for number, numbers_of_run in sizes.items() if len(numbers_of_run) > 1),
            f"{what} differ in size in {of}",
        ),
        finding(f"{what}: none is legible", sorted(legible), f"{what} are legible in {of}"),
    ]


def _is_plain(blob: bytes) -> bool:
    """Whether it is JSON."""
    try:
        json.loads(blob)
    except ValueError:
        return False
    return True


async def pools(session: AsyncSession) -> list[Finding]:
    """Checks that waiting pools are sealed, each in one row of a padded size, and that the others are empty."""
    rows = (await session.execute(select(Pooled.pool_id, Pooled.blob))).all()
    numbers = Counter(row.pool_id for row in rows)
    waiting = {pool.id: pool for pool in (await session.execute(select(Pool).where(is_waiting()))).scalars()}
    over = await session.scalar(select(func.count()).where(~is_waiting()))
    return [
        *_blobs("pools that wait", "pools", [(row.pool_id, row.blob) for row in rows]),
        finding(
            "pools that wait hold no ballots, but one row each",
            sorted(number for number, count in numbers.items() if count > 1),
            "pools still hold the ballots of an earlier version, until the program starts with their keys",
        ),
        finding(
            "pools that wait are padded, so that their size does not tell how much they hold",
            sorted(row.pool_id for row in rows if numbers[row.pool_id] == 1 and not _is_padded(size_of(row.blob))),
            "pools that wait are of a size of their own",
        ),
        finding(
            f"pools: {len(waiting)} wait, {over} were opened or destroyed and hold nothing any more",
            sorted(set(numbers) - set(waiting)),
            "pools that were opened or destroyed still hold answers",
        ),
        finding(
            "pools that wait were promised at least 3",
            [pool.id for pool in waiting.values() if pool.threshold < 3],
            "pools whose threshold hides nothing",
        ),
    ]


def _is_padded(size: int) -> bool:
    """Whether a content was padded to `SMALLEST` bytes or to a power of two above it."""
    return size >= SMALLEST and size & (size - 1) == 0


async def texts(session: AsyncSession) -> Finding:
    """Checks that released texts have random keys. Two keys closer than 1,000 were probably counted up."""
    ids = (await session.execute(select(OpenAnswer.id).order_by(OpenAnswer.id))).scalars().all()
    near = [second for first, second in pairwise(ids) if second - first < 1_000]
    return finding(
        f"released texts: {len(ids)}, under keys of chance that tell no order",
        near,
        "released texts have keys that follow each other",
    )


async def early_texts(session: AsyncSession) -> Finding:
    """Checks that releases with texts are of at least twice as many people as their threshold."""
    wanted = select(Release).where(Release.id.in_(select(OpenAnswer.release_id)))
    releases = (await session.execute(wanted)).scalars().all()
    return finding(
        f"releases with texts: {len(releases)}, each of at least twice its threshold",
        [release.id for release in releases if release.people_at_most < spread_from(release.threshold)],
        "releases with texts of too few",
    )


async def obsolete_keys(session: AsyncSession, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Two lists of key names: those whose run has closed or pool waits no more, and those without a run or pool."""
    closed = select(Run.key).where(Run.state == RunState.CLOSED, Run.key.in_(names))
    over = select(Pool.key).where(~is_waiting(), Pool.key.in_(names))
    ended = set((await session.execute(closed.union(over))).scalars())
    ended |= {name for of_pool in (await session.execute(select(Pool.old_keys))).scalars() for name in of_pool}
    of_any = select(Run.key).where(Run.key.in_(names)).union(select(Pool.key).where(Pool.key.in_(names)))
    known = ended | set((await session.execute(of_any)).scalars())
    return [name for name in names if name in ended], [name for name in names if name not in known]
