"""Groups that need attention, with the reason in figures. Looks back half a year, never at all of history."""

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.attendance import Attendance, Attended, HeadCount
from models.groups import Membership, Workgroup
from models.invitations import Invitation
from models.meetings import Meeting, MeetingState
from models.possible import Rate
from models.runs import Run, RunState

LOOKS_BACK = timedelta(days=182)
QUIET_FOR = timedelta(days=90)
LATEST = 3
"""Meetings that are compared with as many before them; forms whose answers are put together."""
FALLS_BY = 15
"""Percentage points."""
FEW = 20
"""Percent of those asked."""
ASKED_AT_LEAST = 10
"""Fewer people asked than this say nothing about a group."""


class Reason(enum.StrEnum):
    QUIET = "quiet"  # nothing held for long, and nothing called
    FALLING = "falling"  # fewer of the invited come than before
    FEW_ANSWERS = "few-answers"


@dataclass(frozen=True)
class Attention:
    """A group and why. ``now`` and ``before`` are attendance of invited, or ``now`` answers of asked."""

    group: str
    reason: Reason
    since: date | None = None
    """Of a quiet group: its last meeting, if there was one in the last half year."""
    now: Rate | None = None
    before: Rate | None = None
    fewer_than: int | None = None
    """Of few answers, where so few may not be told: the threshold; then ``now`` has no answers."""


@dataclass(frozen=True)
class _Held:
    at: datetime
    came: int
    invited: int


async def attention(session: AsyncSession, group_ids: list[int] | None, *, at: datetime) -> tuple[Attention, ...]:
    """The groups (None: all that live) that need attention at a moment, by name; each for every reason it gives.

    Days are those of the moment's zone.
    """
    groups = await _living(session, group_ids, at)
    held, called = await _held(session, list(groups), at), await _called(session, list(groups), at)
    answers = await _answers(session, list(groups), at)
    found: list[Attention] = []
    for group_id, group in groups.items():
        found += _quiet(group, held[group_id], group_id in called, at)
        found += _falling(group, held[group_id])
        found += _few_answers(group, answers[group_id])
    return tuple(sorted(found, key=lambda one: (one.group, one.reason)))


async def _living(session: AsyncSession, group_ids: list[int] | None, at: datetime) -> dict[int, Workgroup]:
    """The groups with members."""
    member = select(Membership.id).where(Membership.workgroup_id == Workgroup.id, Membership.left_at.is_(None))
    wanted = select(Workgroup).where(
        Workgroup.created_at < at, Workgroup.archived_at.is_(None) | (Workgroup.archived_at >= at), member.exists()
    )
    if group_ids is not None:
        wanted = wanted.where(Workgroup.id.in_(group_ids))
    return {group.id: group for group in (await session.execute(wanted)).scalars()}


async def _held(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, list[_Held]]:
    """The meetings held in the last half year, newest first, with how many were invited and came."""
    came = select(func.count()).where(Attendance.meeting_id == Meeting.id, Attendance.attended != Attended.NO)
    heads = select(func.sum(HeadCount.on_site + HeadCount.remote)).where(HeadCount.meeting_id == Meeting.id)
    invited = select(func.count()).where(Invitation.meeting_id == Meeting.id)
    wanted = (
        select(
            Meeting.workgroup_id,
            Meeting.starts_at,
            came.scalar_subquery() + func.coalesce(heads.scalar_subquery(), 0),
            invited.scalar_subquery(),
        )
        .where(Meeting.state == MeetingState.HELD, Meeting.workgroup_id.in_(group_ids))
        .where(Meeting.starts_at >= at - LOOKS_BACK, Meeting.starts_at < at)
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
    )
    found: dict[int, list[_Held]] = defaultdict(list)
    for group_id, starts_at, people, asked in await session.execute(wanted):
        found[group_id].append(_Held(starts_at, people, asked))
    return found


async def _called(session: AsyncSession, group_ids: list[int], at: datetime) -> set[int]:
    """The groups with a meeting ahead, or by now behind."""
    called = Meeting.state.in_([MeetingState.ANNOUNCED, MeetingState.HELD])
    ahead = select(Meeting.workgroup_id).where(called, Meeting.starts_at >= at, Meeting.workgroup_id.in_(group_ids))
    return set((await session.execute(ahead.distinct())).scalars())


async def _answers(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, list[tuple[int, int, int]]]:
    """Answered, asked and the threshold of the forms that closed in the last half year, newest first."""
    asked = case((Run.asked < Run.answered, Run.answered), else_=Run.asked)
    wanted = (
        select(Run.workgroup_id, Run.answered, asked, Run.threshold)
        .where(Run.state == RunState.CLOSED, Run.workgroup_id.in_(group_ids))
        .where(Run.closes_at >= at - LOOKS_BACK, Run.closes_at < at)
        .order_by(Run.closes_at.desc(), Run.id.desc())
    )
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for group_id, *figures in await session.execute(wanted):
        found[group_id].append((figures[0], figures[1], figures[2]))
    return found


def _quiet(group: Workgroup, held: list[_Held], is_called: bool, at: datetime) -> Iterator[Attention]:
    last = held[0].at if held else None
    if not is_called and (last or group.created_at) < at - QUIET_FOR:
        yield Attention(group.name, Reason.QUIET, since=last.astimezone(at.tzinfo).date() if last else None)


def _falling(group: Workgroup, held: list[_Held]) -> Iterator[Attention]:
    now, before = _together(held[:LATEST]), _together(held[LATEST : 2 * LATEST])
    if len(held) >= 2 * LATEST and now.whole and before.whole:
        points = 100 * before.part * now.whole - 100 * now.part * before.whole
        if points >= FALLS_BY * now.whole * before.whole:
            yield Attention(group.name, Reason.FALLING, now=now, before=before)


def _together(held: list[_Held]) -> Rate:
    return Rate(sum(one.came for one in held), sum(one.invited for one in held))


def _few_answers(group: Workgroup, answers: list[tuple[int, int, int]]) -> Iterator[Attention]:
    latest = answers[:LATEST]
    answered, asked = sum(one[0] for one in latest), sum(one[1] for one in latest)
    if asked >= ASKED_AT_LEAST and 100 * answered < FEW * asked:
        threshold = max(one[2] for one in latest)
        hidden = answered < threshold
        told = Rate(0 if hidden else answered, asked)
        yield Attention(group.name, Reason.FEW_ANSWERS, now=told, fewer_than=threshold if hidden else None)
