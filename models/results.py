"""What coordinators may look up: the forms of their groups, archived ones too, and the releases that came of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models import access, statistics
from models.errors import NotFound
from models.groups import Workgroup
from models.meetings import Meeting
from models.people import Person
from models.pools import Pool, Waits
from models.releases import Release
from models.runs import Run, RunState
from models.statistics import Results


@dataclass(frozen=True)
class Listed:
    """A form of a meeting, or a pool (no meeting), as it stands in the list."""

    group: str
    meeting: Meeting | None
    day: datetime
    is_open: bool
    release_id: int | None
    asked: int
    answered: int
    threshold: int
    unreadable: int = 0
    """Answers that could not be opened, for want of their key."""


@dataclass(frozen=True)
class Waiting:
    """What a group's pool keeps sealed: whole answers, or only the open texts of forms already released."""

    group: str
    threshold: int
    only_texts: bool


async def waiting(session: AsyncSession, person: Person) -> list[Waiting]:
    """The pools of the groups that a person coordinates, by name."""
    names = {group.id: group.name for group in await access.coordinated_groups(session, person, archived_too=True)}
    wanted = select(Pool).where(Pool.workgroup_id.in_(names), Pool.opened_at.is_(None))
    pools = (await session.execute(wanted.where(Pool.answered > 0))).scalars()
    found = [Waiting(names[pool.workgroup_id], pool.threshold, pool.kind is Waits.TEXTS) for pool in pools]
    return sorted(found, key=lambda one: one.group)


async def latest(session: AsyncSession, person: Person, limit: int = 8) -> list[Listed]:
    """The newest forms and pools of the groups that a person coordinates, newest first."""
    mine = [group.id for group in await access.coordinated_groups(session, person, archived_too=True)]
    runs = await session.execute(
        select(Run, Meeting, Workgroup, Release)
        .join(Meeting, Meeting.id == Run.meeting_id)
        .join(Workgroup, Workgroup.id == Run.workgroup_id)
        .outerjoin(Release, Release.run_id == Run.id)
        .where(Run.workgroup_id.in_(mine))
        .order_by(Run.closes_at.desc(), Run.id.desc())
        .limit(limit)
    )
    pools = await session.execute(
        select(Release, Workgroup)
        .join(Workgroup, Workgroup.id == Release.workgroup_id)
        .where(Release.workgroup_id.in_(mine), Release.pool_id.is_not(None))
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(limit)
    )
    listed = [_of_run(run, meeting, group, release) for run, meeting, group, release in runs]
    listed += [_of_pool(release, group) for release, group in pools]
    return sorted(listed, key=lambda one: one.day, reverse=True)[:limit]


def _of_run(run: Run, meeting: Meeting, group: Workgroup, release: Release | None) -> Listed:
    meeting.workgroup = group
    return Listed(
        group=group.name,
        meeting=meeting,
        day=meeting.starts_at,
        is_open=run.state is RunState.OPEN,
        release_id=release.id if release else None,
        asked=run.asked,
        answered=run.answered,
        threshold=run.threshold,
        unreadable=run.unreadable,
    )


def _of_pool(release: Release, group: Workgroup) -> Listed:
    return Listed(
        group=group.name,
        meeting=None,
        day=release.released_at,
        is_open=False,
        release_id=release.id,
        asked=release.asked,
        answered=release.answered,
        threshold=release.threshold,
    )


async def of_release(session: AsyncSession, person: Person, release_id: int) -> tuple[Listed, Results]:
    """The gate of a release: those who coordinate its group."""
    release = await session.get(Release, release_id)
    mine = await access.coordinated_groups(session, person, archived_too=True)
    group = next((g for g in mine if release is not None and g.id == release.workgroup_id), None)
    if release is None or group is None:
        raise NotFound
    if release.run_id is None:
        return _of_pool(release, group), await statistics.results(session, release)
    wanted = select(Run, Meeting).join(Meeting, Meeting.id == Run.meeting_id).where(Run.id == release.run_id)
    run, meeting = (await session.execute(wanted)).one()
    return _of_run(run, meeting, group, release), await statistics.results(session, release)
