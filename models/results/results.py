"""What coordinators may look up: the forms and releases of their groups, archived groups included."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback import asked
from models.feedback.asked import Progress
from models.feedback.pools import Pool, PoolKind, is_waiting
from models.feedback.releases import Release
from models.feedback.response import Response, response
from models.feedback.runs import Run, RunState
from models.forms.forms import Form, FormVersion
from models.meetings.meetings import Meeting
from models.people import access
from models.people.groups import Workgroup
from models.people.people import Person
from models.results import aggregates, comparisons
from models.results.aggregates import Aggregate


@dataclass(frozen=True)
class ListedResult:
    """An entry in the list of results: a form that was sent to people, or a pool."""

    group: str
    form: Form
    meeting: Meeting | None
    """None for a form that was sent without a meeting, and for a pool."""
    pooled: bool
    named: bool
    day: datetime
    release_id: int | None
    response: Response
    """Empty while the form is open, and for a pool that was destroyed."""
    threshold: int
    progress: Progress | None = None
    """While the form is open."""
    unreadable: bool = False
    """Whether there were answers that could not be decrypted because their key was missing."""
    run_id: int | None = None
    """None for a pool."""
    people: int | None = None
    """For a pool: of how many different people the answers are. None if that was not counted."""
    is_destroyed: bool = False
    """Whether it is a pool whose answers were destroyed unread."""

    @property
    def is_open(self) -> bool:
        return self.progress is not None


@dataclass(frozen=True)
class WaitingPool:
    """A group's pool that is still sealed. It has whole answers, or only the open texts of released forms."""

    group: str
    threshold: int
    only_texts: bool


async def waiting_pools(session: AsyncSession, person: Person) -> list[WaitingPool]:
    """The waiting pools of the groups that a person coordinates, by name, whether they hold answers or not."""
    names = {group.id: group.name for group in await access.coordinated_groups(session, person, archived_too=True)}
    wanted = select(Pool).where(Pool.workgroup_id.in_(names), is_waiting())
    pools = (await session.execute(wanted.order_by(Pool.id))).scalars()
    waiting = [WaitingPool(names[pool.workgroup_id], pool.threshold, pool.kind is PoolKind.TEXTS) for pool in pools]
    return sorted(waiting, key=lambda entry: entry.group)


async def texts_wait_for(session: AsyncSession, group_id: int, form_id: int) -> int | None:
    """How many different people must have answered before texts that wait are shown; None if no form can have any."""
    wanted = select(Pool).join(FormVersion, FormVersion.id == Pool.form_version_id)
    wanted = wanted.where(Pool.kind == PoolKind.TEXTS, Pool.workgroup_id == group_id, FormVersion.form_id == form_id)
    pool = await session.scalar(wanted.where(is_waiting()))
    return pool.people_needed if pool is not None else None


@dataclass(frozen=True)
class ResultPage:
    """A page of the list, newest first."""

    number: int
    listed: tuple[ListedResult, ...]
    has_more: bool


async def latest(session: AsyncSession, person: Person, page: int = 0, size: int = 8) -> ResultPage:
    """A page of the forms and pools of the groups that a person coordinates, newest first."""
    mine = [group.id for group in await access.coordinated_groups(session, person, archived_too=True)]
    page = min(page, LAST_PAGE)
    so_many = (page + 1) * size + 1
    newest = _runs().where(Run.workgroup_id.in_(mine), Run.state.in_(LISTED))
    runs = (await session.execute(newest.order_by(Run.closes_at.desc(), Run.id.desc()).limit(so_many))).all()
    ready = _pools().where(Release.workgroup_id.in_(mine))
    ready = ready.order_by(Release.released_at.desc(), Release.id.desc()).limit(so_many)
    now_open = await asked.progress(session, [row[0] for row in runs if row[0].state is RunState.OPEN])
    dated = [(row[0].closes_at, _of_run(*row, progress=now_open.get(row[0].id))) for row in runs]
    dated += [(row[0].released_at, _of_pool(*row)) for row in await session.execute(ready)]
    gone = _destroyed().where(Pool.workgroup_id.in_(mine)).order_by(Pool.destroyed_at.desc(), Pool.id.desc())
    destroyed = [_of_destroyed(*row) for row in await session.execute(gone.limit(2 * so_many))]
    by_form = {(listed.group, listed.form.id, listed.day.date()): listed for listed in destroyed}
    dated += [(listed.day, listed) for listed in by_form.values()]  # not whether there were texts, too
    listed = [entry for _, entry in sorted(dated, key=lambda pair: pair[0], reverse=True)]
    return ResultPage(page, tuple(listed[page * size : (page + 1) * size]), has_more=len(listed) > (page + 1) * size)


LAST_PAGE = 999


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


def _of_run(
    run: Run,
    meeting: Meeting | None,
    group: Workgroup,
    form: Form,
    release: Release | None,
    *,
    progress: Progress | None = None,
) -> ListedResult:
    if meeting is not None:
        meeting.workgroup = group
    return ListedResult(
        group=group.name,
        form=form,
        meeting=meeting,
        pooled=False,
        named=run.named,
        day=meeting.starts_at if meeting else run.opens_at,
        release_id=release.id if release else None,
        response=Response() if progress else _response(run),
        threshold=run.threshold,
        progress=progress,
        unreadable=run.unreadable,
        run_id=run.id,
    )


def _of_pool(release: Release, group: Workgroup, form: Form) -> ListedResult:
    return ListedResult(
        group=group.name,
        form=form,
        meeting=None,
        pooled=True,
        named=False,
        day=release.released_at,
        release_id=release.id,
        response=_response(release),
        threshold=release.threshold,
        people=release.people,
    )


def _destroyed() -> "Select[Pool, Workgroup, Form]":
    return (
        select(Pool, Workgroup, Form)
        .join(Workgroup, Workgroup.id == Pool.workgroup_id)
        .join(FormVersion, FormVersion.id == Pool.form_version_id)
        .join(Form, Form.id == FormVersion.form_id)
        .where(Pool.destroyed_at.is_not(None))
    )


def _of_destroyed(pool: Pool, group: Workgroup, form: Form) -> ListedResult:
    assert pool.destroyed_at is not None
    return ListedResult(
        group=group.name,
        form=form,
        meeting=None,
        pooled=True,
        named=False,
        day=pool.destroyed_at,
        release_id=None,
        response=Response(),
        threshold=pool.threshold,
        is_destroyed=True,
    )


def _response(counted: Run | Release) -> Response:
    return response(counted.answered, asked=counted.asked, present=counted.present, threshold=counted.threshold)


async def access_release(session: AsyncSession, person: Person, release_id: int) -> tuple[ListedResult, Aggregate]:
    """The release with its results, for the group's coordinators. Raises NotFound for others. Beside each mean
    is that of the latest earlier release."""
    release = await session.get(Release, release_id)
    mine = await access.coordinated_groups(session, person, archived_too=True)
    if release is None or release.workgroup_id not in {group.id for group in mine}:
        raise NotFound
    if release.run_id is None:
        listed = _of_pool(*(await session.execute(_pools().where(Release.id == release.id))).one())
    else:
        listed = _of_run(*(await session.execute(_runs().where(Release.id == release.id))).one())
    aggregate = await aggregates.aggregate_of(session, [release])
    return listed, await comparisons.since_release(session, aggregate, release)
