"""Surveys: a form sent on its own to a workgroup, at once or at a planned time.

Who is asked is decided when the survey opens: the members at that moment who can be reached and want to be asked.
Members who leave later may still answer until it closes, but get no more messages. The version of the form, whether it
is named, and the threshold are fixed when the survey is planned.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.cards import Message
from models.delivery.kinds import CardKind
from models.errors import NotFound, Refused, Stale
from models.feedback import asked
from models.feedback.asked import Progress
from models.feedback.releases import Release
from models.feedback.response import Response, response
from models.feedback.runs import ASKS_WITHIN, Run, RunState, ask
from models.feedback.sealing import Keyring
from models.feedback.survey_plan import SHORTEST, Timing, audience, ensure_valid, opening, overlapping_survey
from models.forms import forms
from models.forms.forms import Form, FormVersion
from models.people import access, audit
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Address, Person
from models.policy import Policy

MAX_DELAY = timedelta(hours=1)
"""A survey that opens later than this, for example after an outage, gets the actual opening time, and at least
`SHORTEST` until it closes."""
CLOSED_LISTED = 8
"""How many closed surveys are listed."""


@dataclass(frozen=True)
class Survey:
    """A survey as the coordinators of its group see it: counts, withheld if too few answered, never who answered."""

    id: int
    form: Form
    group: Workgroup
    state: RunState
    timing: Timing
    named: bool
    threshold: int
    release_id: int | None
    would_ask: int = 0
    """Number of people who would be asked now, while the survey is planned."""
    progress: Progress | None = None
    """While it is open."""
    response: Response | None = None
    """Once it is closed."""

    @property
    def stamp(self) -> int:
        """A number that distinguishes the survey from one that got the same id after a withdrawal.

        It is computed from the opening and closing times, so two surveys with the same times have the same stamp.
        """
        minutes = (self.timing.opens_at.timestamp() + self.timing.closes_at.timestamp()) / 60
        return int(minutes)


def _surveys() -> "Select[Run, Form, Workgroup, int]":
    """Selects the forms sent on their own, without previews."""
    return (
        select(Run, Form, Workgroup, Release.id)
        .join(FormVersion, FormVersion.id == Run.form_version_id)
        .join(Form, Form.id == FormVersion.form_id)
        .join(Workgroup, Workgroup.id == Run.workgroup_id)
        .outerjoin(Release, Release.run_id == Run.id)
        .where(Run.meeting_id.is_(None), Run.state != RunState.PREVIEW)
    )


def _survey(run: Run, form: Form, group: Workgroup, release_id: int | None) -> Survey:
    timing = Timing(run.opens_at, run.closes_at, run.reminders)
    return Survey(run.id, form, group, run.state, timing, run.named, run.threshold, release_id)


async def access_survey(session: AsyncSession, person: Person, run_id: int) -> Survey:
    """The survey with its counts, for its group's coordinators. Raises NotFound for others."""
    row = (await session.execute(_surveys().where(Run.id == run_id))).one_or_none()
    if row is None or not await access.holds(session, person, RoleKind.COORDINATOR, row.Workgroup.id):
        raise NotFound
    return await _counted(session, row.Run, _survey(*row))


async def _counted(session: AsyncSession, run: Run, survey: Survey) -> Survey:
    """The survey with its counts."""
    if run.state is RunState.PLANNED:
        return replace(survey, would_ask=len((await audience(session, run.workgroup_id)).asked))
    if run.state is RunState.OPEN:
        return replace(survey, progress=(await asked.progress(session, [run]))[run.id])
    closed = response(run.answered, asked=run.asked, present=run.present, threshold=run.threshold)
    return replace(survey, response=closed)


async def listed(session: AsyncSession, person: Person) -> list[Survey]:
    """The surveys of the groups that a person coordinates, without counts.

    First the planned and open ones, then the last `CLOSED_LISTED` closed ones; each the newest first.
    """
    mine = [group.id for group in await access.coordinated_groups(session, person, archived_too=True)]
    of_groups = _surveys().where(Run.workgroup_id.in_(mine))
    current = of_groups.where(Run.state.in_((RunState.PLANNED, RunState.OPEN))).order_by(
        Run.opens_at.desc(), Run.id.desc()
    )
    closed = of_groups.where(Run.state == RunState.CLOSED).order_by(Run.closes_at.desc(), Run.id.desc())
    rows = [*(await session.execute(current)), *(await session.execute(closed.limit(CLOSED_LISTED)))]
    return [_survey(*row) for row in rows]


async def card_of(session: AsyncSession, person: Person, chat_id: int, message_id: int | None) -> Survey | None:
    """The survey whose card a message is; None if it is none. Raises NotFound if the person may not see it."""
    wanted = select(Message.subject).join(Address, Address.id == Message.address_id)
    wanted = wanted.where(Address.chat_id == chat_id, Message.message_id == message_id, Message.kind == CardKind.SURVEY)
    run_id = await session.scalar(wanted)
    return None if run_id is None else await access_survey(session, person, run_id)


@dataclass(frozen=True)
class SurveyPlan:
    """The survey that a coordinator confirmed: what they saw before sending it."""

    group: Workgroup
    form: Form
    version_id: int
    timing: Timing


async def send(
    session: AsyncSession, by: Person, decided: SurveyPlan, keys: Keyring, *, policy: Policy, now: datetime
) -> Run:
    """Plans a survey, and opens it if its opening time has come. Locks the group: two coordinators do not plan at once.

    Raises Refused if the group or form is archived, the times are not allowed or nobody would be asked. Raises Stale if
    the form has changed or another survey with the form overlaps.
    """
    group, form, timing = decided.group, decided.form, decided.timing
    await session.refresh(group, with_for_update=True)
    await session.refresh(form)
    if group.archived_at is not None:
        raise Refused("roster-archived", group=group.name)
    if form.archived_at is not None:
        raise Refused("survey-form-is-archived")
    ensure_valid(timing, zone=policy.zone, now=now)
    version = await forms.newest(session, form)
    if version.id != decided.version_id:
        raise Stale("survey-form-changed")
    if await overlapping_survey(session, group, form, timing) is not None:
        raise Stale("survey-already")
    if not (await audience(session, group.id)).asked:
        raise Refused("survey-nobody")
    run = Run(
        form_version_id=version.id,
        workgroup_id=group.id,
        threshold=policy.threshold,
        named=version.named,
        opens_at=timing.opens_at,
        closes_at=timing.closes_at,
        reminders=timing.reminders,
        state=RunState.PLANNED,
    )
    session.add(run)
    await session.flush()
    audit.note(session, by, "survey-planned", now=now, group_id=group.id, detail=form.name or form.key)
    if timing.opens_at <= now:
        await open_planned(session, run.id, keys, policy=policy, now=now)
    return run


async def next_opening(session: AsyncSession, *, now: datetime) -> datetime | None:
    """When the next planned survey opens, after now. None if there is none."""
    waiting = Run.state == RunState.PLANNED, Run.opens_at > now
    return await session.scalar(select(func.min(Run.opens_at)).where(*waiting))


async def due_to_open(session: AsyncSession, *, now: datetime) -> list[int]:
    """The ids of the planned surveys whose opening time has come."""
    wanted = select(Run.id).where(Run.state == RunState.PLANNED, Run.opens_at <= now)
    return list((await session.execute(wanted.order_by(Run.opens_at, Run.id))).scalars())


async def open_planned(session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime) -> bool:
    """Opens a planned survey whose time has come and asks its group. Returns False if it is not planned or too late.

    A survey that opens late stays open for at least `SHORTEST`. One that is more than `ASKS_WITHIN` late is deleted and
    nobody is asked. The key is created before the commit: a key without a run is harmless, a run without a key loses
    answers.
    """
    wanted = update(Run).where(Run.id == run_id, Run.state == RunState.PLANNED, Run.opens_at <= now)
    opened = await session.execute(wanted.values(state=RunState.OPEN).returning(Run.id))
    if opened.scalar_one_or_none() is None:
        return False
    run = await session.get_one(Run, run_id, populate_existing=True)
    if run.opens_at < now - ASKS_WITHIN:
        audit.note(session, None, "survey-missed", now=now, group_id=run.workgroup_id)
        await session.delete(run)
        return False
    waking = opening(now, policy)
    if waking - run.opens_at > MAX_DELAY:
        run.opens_at, run.closes_at = waking, max(run.closes_at, waking + SHORTEST)
    keys.create(run.key)
    people = (await audience(session, run.workgroup_id)).asked
    await ask(session, run, list(people), policy=policy, now=now)
    return True


def ensure_state(survey: Survey, state: RunState, *, now: datetime) -> None:
    """Raises Stale if the survey is not in this state."""
    if state is RunState.PLANNED and survey.state is not RunState.PLANNED:
        raise Stale("survey-has-opened")
    if state is RunState.OPEN and (survey.state is not RunState.OPEN or survey.timing.closes_at <= now):
        raise Stale("survey-is-closed")


async def withdraw(session: AsyncSession, by: Person, survey: Survey, *, now: datetime) -> None:
    """Deletes a planned survey; only the audit log mentions it. Raises Stale if it has opened."""
    planned = delete(Run).where(Run.id == survey.id, Run.state == RunState.PLANNED).returning(Run.id)
    if (await session.execute(planned)).scalar_one_or_none() is None:
        raise Stale("survey-has-opened")
    audit.note(
        session, by, "survey-withdrawn", now=now, group_id=survey.group.id, detail=survey.form.name or survey.form.key
    )


async def planned_for(session: AsyncSession, group: Workgroup) -> int:
    """How many planned surveys a group has."""
    waiting = select(func.count()).where(Run.workgroup_id == group.id, Run.state == RunState.PLANNED)
    return await session.scalar(waiting) or 0


async def withdraw_all(session: AsyncSession, group: Workgroup) -> None:
    """Deletes the planned surveys of a group that ends. An open survey stays open until it closes."""
    await session.execute(delete(Run).where(Run.workgroup_id == group.id, Run.state == RunState.PLANNED))


async def end(session: AsyncSession, by: Person, survey: Survey, *, now: datetime) -> None:
    """Ends an open survey now: sets its closing time, so that the job that closes forms counts it.

    Raises Stale if it is over.
    """
    still_open = update(Run).where(Run.id == survey.id, Run.state == RunState.OPEN, Run.closes_at > now)
    ended = await session.execute(still_open.values(closes_at=now).returning(Run.id))
    if ended.scalar_one_or_none() is None:
        raise Stale("survey-is-closed")
    audit.note(
        session, by, "survey-ended", now=now, group_id=survey.group.id, detail=survey.form.name or survey.form.key
    )
