"""The groups of a year, each with its meetings and attendances."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.attendance import Attendance, Attended, HeadCount
from models.groups import Workgroup
from models.meetings import Meeting, MeetingState

Span = tuple[datetime, datetime]
"""The first moment and the first after it."""


@dataclass(frozen=True)
class GroupYear:
    """A group that lived in the year, under the name it has now."""

    name: str
    is_archived: bool
    """Before the year was over."""
    meetings: int
    on_site: int
    remote: int
    people: int
    """Different named people who attended."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote


async def groups(session: AsyncSession, span: Span) -> tuple[tuple[GroupYear, ...], int]:
    """The groups by name, and how many attendances in all of them were counted without a name."""
    meetings = await _by_group(session, _counted(span))
    named = await _by_group(session, _named(span))
    heads = await _by_group(session, _heads(span))
    living = Workgroup.archived_at.is_(None) | (Workgroup.archived_at >= span[0])
    wanted = select(Workgroup).where(Workgroup.created_at < span[1], living | Workgroup.id.in_(meetings))
    found = [
        GroupYear(
            name=group.name,
            is_archived=group.archived_at is not None and group.archived_at < span[1],
            meetings=meetings[group.id][0],
            on_site=named[group.id][0] + heads[group.id][0],
            remote=named[group.id][1] + heads[group.id][1],
            people=named[group.id][2],
        )
        for group in (await session.execute(wanted.order_by(Workgroup.id))).scalars()
    ]
    return tuple(sorted(found, key=lambda group: group.name.casefold())), sum(sum(row[:2]) for row in heads.values())


async def _by_group(session: AsyncSession, wanted: "Select[int, int, int, int]") -> dict[int, tuple[int, int, int]]:
    found: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for group_id, first, second, third in await session.execute(wanted):
        found[group_id] = (first, second, third)
    return found


def _counted(span: Span) -> "Select[int, int, int, int]":
    return _held(select(Meeting.workgroup_id, func.count(Meeting.id), func.count(), func.count()), span)


def _named(span: Span) -> "Select[int, int, int, int]":
    def times(how: Attended) -> "ColumnElement[int]":
        return func.coalesce(func.sum(case((Attendance.attended == how, 1), else_=0)), 0)

    present = case((Attendance.attended != Attended.NO, Attendance.person_id))
    wanted = select(
        Meeting.workgroup_id, times(Attended.ON_SITE), times(Attended.REMOTE), func.count(present.distinct())
    ).join(Attendance, Attendance.meeting_id == Meeting.id)
    return _held(wanted, span)


def _heads(span: Span) -> "Select[int, int, int, int]":
    wanted = select(
        Meeting.workgroup_id, func.sum(HeadCount.on_site), func.sum(HeadCount.remote), func.count(Meeting.id)
    ).join(HeadCount, HeadCount.meeting_id == Meeting.id)
    return _held(wanted, span)


def _held(wanted: "Select[int, int, int, int]", span: Span) -> "Select[int, int, int, int]":
    wanted = wanted.where(Meeting.state == MeetingState.HELD)
    return wanted.where(Meeting.starts_at >= span[0], Meeting.starts_at < span[1]).group_by(Meeting.workgroup_id)
