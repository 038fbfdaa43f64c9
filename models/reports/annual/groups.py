"""The groups of a year, each with its meetings and attendances."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.meetings.attendance import Attendance, Attended, HeadCount
from models.meetings.meetings import Meeting, MeetingState
from models.people.groups import Workgroup
from models.people.names import in_order
from models.periods import Scope
from models.reports.funnel import By, Flow, flows, in_period


@dataclass(frozen=True)
class GroupYear:
    """A group that existed in the year, under its present name."""

    name: str
    is_archived: bool
    """Whether it was archived before the year was over."""
    meetings: int
    on_site: int
    remote: int
    people: int
    """Different named people who attended."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote


async def groups(session: AsyncSession, scope: Scope) -> tuple[GroupYear, ...]:
    """The groups by name."""
    flows_by_group = await flows(session, scope, By.GROUP)
    held = [group_id for group_id, flow in flows_by_group.items() if flow.meetings]
    living = Workgroup.archived_at.is_(None) | (Workgroup.archived_at >= scope.first)
    wanted = select(Workgroup).where(Workgroup.created_at < scope.after, living | Workgroup.id.in_(held))
    years = [
        _year(group, flows_by_group.get(group.id, Flow()), scope)
        for group in (await session.execute(wanted.order_by(Workgroup.id))).scalars()
    ]
    return tuple(sorted(years, key=lambda year: in_order(year.name)))


def _year(group: Workgroup, flow: Flow, scope: Scope) -> GroupYear:
    return GroupYear(
        name=group.name,
        is_archived=group.archived_at is not None and group.archived_at < scope.after,
        meetings=flow.meetings,
        on_site=flow.on_site,
        remote=flow.remote,
        people=flow.people,
    )


async def unnamed(session: AsyncSession, scope: Scope) -> int:
    """How many attendances were counted without a name."""
    counted = select(func.sum(HeadCount.on_site + HeadCount.remote)).join(Meeting, Meeting.id == HeadCount.meeting_id)
    return await session.scalar(in_period(counted, scope).where(Meeting.state == MeetingState.HELD)) or 0


async def erased(session: AsyncSession, scope: Scope) -> int:
    """How many attendances had a name until their person was erased. Of how many people is not known."""
    counted = select(func.count(Attendance.id)).join(Meeting, Meeting.id == Attendance.meeting_id)
    counted = counted.where(Attendance.person_id.is_(None), Attendance.attended != Attended.NO)
    return await session.scalar(in_period(counted, scope).where(Meeting.state == MeetingState.HELD)) or 0
