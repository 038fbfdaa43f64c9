"""What coordinators may look up: the forms of their groups, archived ones too, and the releases that came of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import access, outcome
from models.errors import NotFound
from models.forms import Form, FormVersion
from models.groups import Workgroup
from models.meetings import Meeting
from models.outcome import Outcome
from models.people import Person
from models.pools import Pool, Waits
from models.releases import Release
from models.runs import Run, RunState


@dataclass(frozen=True)
class Listed:
    """A form that was put to people, or a pool of several, as it stands in the list."""

    group: str
    form: Form
    meeting: Meeting | None
    """None of a form sent on its own, and of a pool."""
    pooled: bool
    named: bool
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
        _runs()
        .where(Run.workgroup_id.in_(mine), Run.state.in_(LISTED))
        .order_by(Run.closes_at.desc(), Run.id.desc())
        .limit(limit)
    )
    pools = await session.execute(
        _pools()
        .where(Release.workgroup_id.in_(mine))
        .order_by(Release.released_at.desc(), Release.id.desc())
        .limit(limit)
    )
    listed = [_of_run(*row) for row in runs] + [_of_pool(*row) for row in pools]
    return sorted(listed, key=lambda one: one.day, reverse=True)[:limit]


LISTED = RunState.OPEN, RunState.CLOSED


def _runs() -> "Select[Run, Meeting, Workgroup, Form, Release]":
    return (
        select(Run, Meeting, Workgroup, Form, Release)
        .outerjoin(Meeting, Meeting.id == Run.meeting_id)
        .join(Workgroup, Workgroup.id == Run.workgroup_id)
        .join(FormVersion, FormVersion.id == Run.form_version_id)
        .join(Form, Form.id == FormVersion.form_id)
        .outerjoin(Release, Release.run_id == Run.id)
    )


def _pools() -> "Select[Release, Workgroup, Form]":
    return (
        select(Release, Workgroup, Form)
        .join(Workgroup, Workgroup.id == Release.workgroup_id)
        .join(FormVersion, FormVersion.id == Release.form_version_id)
        .join(Form, Form.id == FormVersion.form_id)
        .where(Release.pool_id.is_not(None))
    )


def _of_run(run: Run, meeting: Meeting | None, group: Workgroup, form: Form, release: Release | None) -> Listed:
    if meeting is not None:
        meeting.workgroup = group
    return Listed(
        group=group.name,
        form=form,
        meeting=meeting,
        pooled=False,
        named=run.named,
        day=meeting.starts_at if meeting else run.opens_at,
        is_open=run.state is RunState.OPEN,
        release_id=release.id if release else None,
        asked=run.asked,
        answered=run.answered,
        threshold=run.threshold,
        unreadable=run.unreadable,
    )


def _of_pool(release: Release, group: Workgroup, form: Form) -> Listed:
    return Listed(
        group=group.name,
        form=form,
        meeting=None,
        pooled=True,
        named=False,
        day=release.released_at,
        is_open=False,
        release_id=release.id,
        asked=release.asked,
        answered=release.answered,
        threshold=release.threshold,
    )


async def of_release(session: AsyncSession, person: Person, release_id: int) -> tuple[Listed, Outcome]:
    """The gate of a release: those who coordinate its group."""
    release = await session.get(Release, release_id)
    mine = await access.coordinated_groups(session, person, archived_too=True)
    if release is None or release.workgroup_id not in {group.id for group in mine}:
        raise NotFound
    if release.run_id is None:
        listed = _of_pool(*(await session.execute(_pools().where(Release.id == release.id))).one())
    else:
        listed = _of_run(*(await session.execute(_runs().where(Release.id == release.id))).one())
    return listed, await outcome.outcome(session, [release])
