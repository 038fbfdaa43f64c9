"""Evidence that neither words in the database nor the order of its rows tell answers."""

import re
from collections import defaultdict
from collections.abc import Set
from dataclasses import fields
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.drafts import STATES, Draft
from models.delivery.updates import SeenUpdate
from models.feedback.releases import OpenAnswer
from models.feedback.runs import Run, RunState
from models.meetings.attendance import Attendance
from models.meetings.meetings import Meeting
from models.operations.recent import RecentUpdate
from models.people.audit import Audit
from models.privacy.evidence import Finding, finding

LIKE_ANSWERS = re.compile(r"[{}\[\]]|\d\s*[:=]\s*\d")
"""Words that look like data: brackets, or a number given to a number."""
ID_BITS = 62
CHANCE = 1e-6
"""A spread of keys that chance gives more rarely than this is no chance."""
FEWEST_GAPS = 8


async def all_of(session: AsyncSession, routes: Set[str]) -> list[Finding]:
    """All checks. ``routes`` are the names of the program's routes, the only words that a record of updates has."""
    return [
        await audit_details(session),
        await update_records(session, routes),
        await dialogues(session),
        await text_keys(session),
        await attendance_order(session),
    ]


async def audit_details(session: AsyncSession) -> Finding:
    rows = (await session.execute(select(Audit.id, Audit.detail).where(Audit.detail != ""))).all()
    return finding(
        f"details in the audit log: {len(rows)}, of names and counts only",
        [row.id for row in rows if LIKE_ANSWERS.search(row.detail)],
        "entries of the audit log whose detail looks like answers",
    )


async def update_records(session: AsyncSession, routes: Set[str]) -> Finding:
    """Checks that records of parked, refused and failed updates name a route and nothing that was sent."""
    parked = (await session.execute(select(SeenUpdate.update_id, SeenUpdate.about))).all()
    recent = (await session.execute(select(RecentUpdate.id, RecentUpdate.route))).all()
    words = [(number, route) for number, route in (*parked, *recent) if route]
    return finding(
        f"records of updates that failed or were refused: {len(words)}, each with a route and nothing that was sent",
        [number for number, route in words if route not in routes],
        "records of updates with words that are no route",
    )


async def dialogues(session: AsyncSession) -> Finding:
    """Checks that unfinished dialogues hold the fields of their kind alone."""
    drafts = (await session.execute(select(Draft))).scalars().all()
    strange = []
    for draft in drafts:
        state = STATES.get(draft.subject)
        known = {field.name for field in fields(state)} | {"number"} if state else {"number"}
        strange += [f"{draft.subject}.{name}" for name in draft.data if state and name not in known]
    return finding(
        f"unfinished dialogues: {len(drafts)}, with their own fields alone", strange, "fields of no dialogue"
    )


async def text_keys(session: AsyncSession) -> Finding:
    """Checks that the keys of each release's texts are spread as chance spreads them, over all of their range."""
    keys: dict[int, list[int]] = defaultdict(list)
    wanted = select(OpenAnswer.release_id, OpenAnswer.id).order_by(OpenAnswer.id)
    for release_id, key in await session.execute(wanted):
        keys[release_id].append(key)
    return finding(
        f"released texts: keys of {len(keys)} releases are spread over the whole range",
        [release_id for release_id, numbers in keys.items() if not are_of_chance(numbers)],
        "released texts whose keys are not of chance, so that they may tell an order",
    )


def are_of_chance(keys: list[int]) -> bool:
    """Whether ascending keys may be drawn at random: not all small, and not evenly spaced."""
    if (keys[-1] / 2**ID_BITS) ** len(keys) < CHANCE:
        return False
    gaps = [second - first for first, second in pairwise(keys)]
    return len(gaps) < FEWEST_GAPS or max(gaps) > 2 * min(gaps)


async def attendance_order(session: AsyncSession) -> Finding:
    """Checks that attendances of closed forms are in the order of the people's ids, which closing gives them."""
    wanted = (
        select(Attendance.meeting_id, Attendance.person_id)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Run, Run.meeting_id == Meeting.id)
        .where(Run.state == RunState.CLOSED, Attendance.marked_at == Meeting.ends_at, Attendance.person_id.is_not(None))
        .order_by(Attendance.meeting_id, Attendance.id)
    )
    people: dict[int, list[int | None]] = defaultdict(list)
    for meeting_id, person_id in await session.execute(wanted):
        people[meeting_id].append(person_id)
    return finding(
        f"attendances of {len(people)} closed forms are in the order of the people's numbers",
        [
            meeting_id
            for meeting_id, persons in people.items()
            if persons != sorted(persons, key=lambda person_id: person_id or 0)
        ],
        "meetings whose attendances are in another order, perhaps that of answering",
    )
