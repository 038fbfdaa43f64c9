"""Groups that need attention, with the figures that say why. Looks back a year and a half at most."""

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.runs import Run, RunState
from models.meetings.attendance import Attendance, Attended
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, MeetingState
from models.people.groups import Membership, Workgroup
from models.people.names import in_order
from models.valid_figures import Rate

LOOKS_BACK = timedelta(days=182)
"""How far back forms are counted by when they closed, and how recent the latest compared meeting must be."""
MEETINGS_BACK = timedelta(days=548)
"""How far back meetings are compared: also a group that meets a few times a year has had six."""
QUIET_FOR = timedelta(days=90)
SOON = timedelta(days=30)
"""A group with a meeting called within this time is not quiet."""
LOOKS_AHEAD = timedelta(days=365)
LATEST = 3
"""How many meetings are compared with as many before them, and how many forms are added up."""
FALLS_BY = 15
"""Percentage points."""
FEW = 20
"""Percent of those asked."""
ASKED_AT_LEAST = 10
"""With fewer people asked than this, a low rate of answers is no reason."""


class Reason(enum.StrEnum):
    QUIET = "quiet"  # nothing held for long, and nothing called for the next weeks
    FALLING = "falling"  # fewer of the invited come than before
    FEW_ANSWERS = "few-answers"


@dataclass(frozen=True)
class Attention:
    """A group and one reason. ``now`` and ``before``: attendances by name of those invited, or answers of asked."""

    group: str
    reason: Reason
    since: date | None = None
    """Of a quiet group: the day of its last meeting; None if it had none."""
    now: Rate | None = None
    """None for few answers in digests of earlier versions, which left the count out."""
    before: Rate | None = None
    founded: date | None = None
    """Of a quiet group: when it was founded."""
    coming: date | None = None
    """Of a quiet group: the day of its next meeting; None if none is called."""
    latest: int | None = None
    """How many forms or meetings ``now`` covers (``before`` as many); None in digests of earlier versions."""
    is_upper_bound: bool = False
    """Whether ``now`` has the highest possible number of answers: that of a form below its threshold is not told."""


@dataclass(frozen=True)
class _Held:
    at: datetime
    came: int
    invited: int


async def attention(session: AsyncSession, group_ids: list[int] | None, *, at: datetime) -> tuple[Attention, ...]:
    """The groups of some ids (None: all) that need attention at a moment, by name, one entry for each reason.

    Days are those of the moment's zone.
    """
    groups = await _living(session, group_ids, at)
    held, coming = await _held(session, list(groups), at), await _coming(session, list(groups), at)
    forms = await _forms(session, list(groups), at)
    earlier = await _last(session, [group_id for group_id in groups if not held[group_id]], at)
    result: list[Attention] = []
    for group_id, group in groups.items():
        last = held[group_id][0].at if held[group_id] else earlier.get(group_id)
        result += _quiet(group, last, coming.get(group_id), at)
        result += _falling(group, held[group_id], at)
        result += _few_answers(group, forms[group_id])
    return tuple(sorted(result, key=lambda entry: (in_order(entry.group), entry.reason)))


async def _living(session: AsyncSession, group_ids: list[int] | None, at: datetime) -> dict[int, Workgroup]:
    """The groups with members at that moment."""
    manned = select(Membership.workgroup_id).where(
        Membership.joined_at < at, Membership.left_at.is_(None) | (Membership.left_at >= at)
    )
    wanted = select(Workgroup).where(
        Workgroup.created_at < at,
        Workgroup.archived_at.is_(None) | (Workgroup.archived_at >= at),
        Workgroup.id.in_(manned),
    )
    if group_ids is not None:
        wanted = wanted.where(Workgroup.id.in_(group_ids))
    return {group.id: group for group in (await session.execute(wanted)).scalars()}


async def _held(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, list[_Held]]:
    """The last meetings held, newest first, with how many were invited and came, by name."""
    newest_first = Meeting.starts_at.desc(), Meeting.id.desc()
    number = func.row_number().over(partition_by=Meeting.workgroup_id, order_by=newest_first)
    last = (
        select(Meeting.id, Meeting.workgroup_id, Meeting.starts_at, number.label("number"))
        .where(Meeting.state == MeetingState.HELD, Meeting.workgroup_id.in_(group_ids))
        .where(Meeting.starts_at >= at - MEETINGS_BACK, Meeting.starts_at < at)
        .subquery()
    )
    came = select(func.count()).where(Attendance.meeting_id == last.c.id, Attendance.attended != Attended.NO)
    invited = select(func.count()).where(Invitation.meeting_id == last.c.id)
    wanted = (
        select(last.c.workgroup_id, last.c.starts_at, came.scalar_subquery(), invited.scalar_subquery())
        .where(last.c.number <= 2 * LATEST)
        .order_by(last.c.workgroup_id, last.c.number)
    )
    held: dict[int, list[_Held]] = defaultdict(list)
    for group_id, starts_at, there, asked in await session.execute(wanted):
        held[group_id].append(_Held(starts_at, there, asked))
    return held


async def _last(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, datetime]:
    """The last meeting of groups that have long held none."""
    before = Meeting.state == MeetingState.HELD, Meeting.starts_at < at, Meeting.workgroup_id.in_(group_ids)
    wanted = select(Meeting.workgroup_id, func.max(Meeting.starts_at)).where(*before).group_by(Meeting.workgroup_id)
    return await _moments(session, wanted) if group_ids else {}


async def _coming(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, datetime]:
    """The first meeting after the moment of each group that has any, also if it is over by now."""
    called = Meeting.state.in_([MeetingState.ANNOUNCED, MeetingState.HELD])
    ahead = Meeting.starts_at >= at, Meeting.starts_at < at + LOOKS_AHEAD, Meeting.workgroup_id.in_(group_ids)
    wanted = select(Meeting.workgroup_id, func.min(Meeting.starts_at)).where(called, *ahead)
    return await _moments(session, wanted.group_by(Meeting.workgroup_id))


async def _moments(session: AsyncSession, wanted: Select[int, datetime]) -> dict[int, datetime]:
    return {group_id: moment for group_id, moment in await session.execute(wanted)}  # noqa: C416  (rows are no pairs)


@dataclass(frozen=True)
class _Form:
    """A form that has closed: how many it asked, and how many answered at most."""

    asked: int
    at_most: int
    is_told: bool

    @property
    def is_half_unanswered(self) -> bool:
        """Whether it has fewer answers than its threshold, and these are fewer than half of those asked."""
        return not self.is_told and 2 * (self.at_most + 1) <= self.asked


async def _forms(session: AsyncSession, group_ids: list[int], at: datetime) -> dict[int, list[_Form]]:
    """The forms that closed in the last half year, newest first, without those of which it is not known who was asked.

    Of a form with fewer answers than its threshold only that is used: whether a group needs attention must not tell
    more.
    """
    wanted = (
        select(Run.workgroup_id, Run.asked, Run.answered, Run.threshold)
        .where(Run.state == RunState.CLOSED, Run.workgroup_id.in_(group_ids), Run.asked.is_not(None))
        .where(Run.closes_at >= at - LOOKS_BACK, Run.closes_at < at)
        .order_by(Run.closes_at.desc(), Run.id.desc())
    )
    forms: dict[int, list[_Form]] = defaultdict(list)
    for group_id, asked, answered, threshold in await session.execute(wanted):
        assert asked is not None
        at_most = min(asked, threshold - 1) if answered is None else answered
        forms[group_id].append(_Form(asked, at_most, answered is not None))
    return forms


def _quiet(group: Workgroup, last: datetime | None, coming: datetime | None, at: datetime) -> Iterator[Attention]:
    is_soon = coming is not None and coming < at + SOON
    if is_soon or (last or group.created_at) >= at - QUIET_FOR:
        return
    since, founded, next_one = (
        moment.astimezone(at.tzinfo).date() if moment else None for moment in (last, group.created_at, coming)
    )
    yield Attention(group.name, Reason.QUIET, since=since, founded=founded, coming=next_one)


def _falling(group: Workgroup, held: list[_Held], at: datetime) -> Iterator[Attention]:
    if len(held) < 2 * LATEST or held[0].at < at - LOOKS_BACK:
        return
    now, before = _together(held[:LATEST]), _together(held[LATEST:])
    points = 100 * before.part * now.whole - 100 * now.part * before.whole
    if now.whole and before.whole and points >= FALLS_BY * now.whole * before.whole:
        yield Attention(group.name, Reason.FALLING, now=now, before=before, latest=LATEST)


def _together(held: list[_Held]) -> Rate:
    return Rate(sum(meeting.came for meeting in held), sum(meeting.invited for meeting in held))


def _few_answers(group: Workgroup, forms: list[_Form]) -> Iterator[Attention]:
    latest = forms[:LATEST]
    now = Rate(sum(form.at_most for form in latest), sum(form.asked for form in latest))
    is_rate_low = 100 * now.part < FEW * now.whole
    is_never_enough = len(latest) == LATEST and all(form.is_half_unanswered for form in latest)
    if now.whole >= ASKED_AT_LEAST and (is_rate_low or is_never_enough):
        is_upper_bound = not all(form.is_told for form in latest)
        yield Attention(group.name, Reason.FEW_ANSWERS, now=now, latest=len(latest), is_upper_bound=is_upper_bound)
