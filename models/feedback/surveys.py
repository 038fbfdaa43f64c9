"""Surveys: a form sent on its own to a workgroup, at once or at a planned time.

Who is asked is settled when it opens: the members of that moment whom a message reaches and who want to be asked. Who
has left before is not among them; who leaves later was asked and may answer until it closes, but is not written to any
more. The version of the form, whether it is named, and the threshold are settled when it is planned.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.cards import Message
from models.delivery.kinds import CardKind
from models.errors import NotFound, Refused, Stale
from models.feedback import runs
from models.feedback.releases import Release
from models.feedback.runs import ASKS_WITHIN, Run, RunState, ask
from models.feedback.sealing import Keyring
from models.feedback.survey_plan import SHORTEST, Timing, at_the_same_time, audience, ensure_valid, opening
from models.forms import forms
from models.forms.forms import Form, FormVersion
from models.people import access, audit
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Address, Person
from models.policy import Policy

LATE = timedelta(hours=1)
"""A survey that opens later than this after its time, as after an outage, counts its time from when it opened."""
CLOSED_LISTED = 8
"""What a coordinator's page of a survey is noted as."""


@dataclass(frozen=True)
class Survey:
    """A survey as the coordinators of its group see it: counts, hidden where they must be, and never who."""

    id: int
    form: Form
    group: Workgroup
    state: RunState
    timing: Timing
    named: bool
    threshold: int
    release_id: int | None
    asked: int = 0
    """While it is planned: who would be asked now."""
    answered: int | None = None
    """Who has sent answers so far; once closed, who has answered. None: fewer than the threshold."""

    @property
    def stamp(self) -> int:
        """Tells it from another that got its number after it was withdrawn, unless their times are the same."""
        minutes = (self.timing.opens_at.timestamp() + self.timing.closes_at.timestamp()) / 60
        return int(minutes)


def _surveys() -> "Select[Run, Form, Workgroup, int]":
    """Forms sent on their own; trials are none."""
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
    if run.state is RunState.PLANNED:
        return replace(survey, asked=len((await audience(session, run.workgroup_id)).asked))
    asked, answered = run.asked, run.answered
    if run.state is RunState.OPEN:
        asked, answered = (await runs.asked_and_answered(session, [run.id])).get(run.id, (0, 0))
    return replace(survey, asked=asked, answered=answered if answered >= run.threshold else None)


async def listed(session: AsyncSession, person: Person) -> list[Survey]:
    """The surveys of the groups that a person coordinates, without counts: what is to come, what is open, what was."""
    mine = [group.id for group in await access.coordinated_groups(session, person, archived_too=True)]
    theirs = _surveys().where(Run.workgroup_id.in_(mine))
    going = theirs.where(Run.state.in_((RunState.PLANNED, RunState.OPEN))).order_by(Run.opens_at.desc(), Run.id.desc())
    over = theirs.where(Run.state == RunState.CLOSED).order_by(Run.closes_at.desc(), Run.id.desc())
    rows = [*(await session.execute(going)), *(await session.execute(over.limit(CLOSED_LISTED)))]
    return [_survey(*row) for row in rows]


async def card_of(session: AsyncSession, person: Person, chat_id: int, message_id: int | None) -> Survey | None:
    """The survey whose page a message has become, through the gate."""
    wanted = select(Message.subject).join(Address, Address.id == Message.address_id)
    wanted = wanted.where(Address.chat_id == chat_id, Message.message_id == message_id, Message.kind == CardKind.SURVEY)
    run_id = await session.scalar(wanted)
    return None if run_id is None else await access_survey(session, person, run_id)


@dataclass(frozen=True)
class SurveyPlan:
    """What a coordinator has decided to send, and saw before sending it."""

    group: Workgroup
    form: Form
    version_id: int
    timing: Timing


async def send(
    session: AsyncSession, by: Person, decided: SurveyPlan, keys: Keyring, *, policy: Policy, now: datetime
) -> Run:
    """Plans a survey, and opens it if its time is now. Two who do so for one group take turns."""
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
    if await at_the_same_time(session, group, form, timing) is not None:
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
    """When the next planned survey opens, after now."""
    waiting = Run.state == RunState.PLANNED, Run.opens_at > now
    return await session.scalar(select(func.min(Run.opens_at)).where(*waiting))


async def due_to_open(session: AsyncSession, *, now: datetime) -> list[int]:
    """The planned surveys whose time has come."""
    wanted = select(Run.id).where(Run.state == RunState.PLANNED, Run.opens_at <= now)
    return list((await session.execute(wanted.order_by(Run.opens_at, Run.id))).scalars())


async def open_planned(session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime) -> bool:
    """Opens a planned survey whose time has come and asks its group; False if another did, or it is too late.

    One that opens late stays open for a day at least; one that a month was slept over is dropped, unasked. The key is
    made before the commit: a key without a run is harmless, a run without a key loses answers.
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
    if waking - run.opens_at > LATE:
        run.opens_at, run.closes_at = waking, max(run.closes_at, waking + SHORTEST)
    keys.create(run.key)
    asked = (await audience(session, run.workgroup_id)).asked
    await ask(session, run, list(asked), policy=policy, now=now)
    return True


def ensure_state(survey: Survey, state: RunState, *, now: datetime) -> None:
    """Raises Stale if the survey is not in this state."""
    if state is RunState.PLANNED and survey.state is not RunState.PLANNED:
        raise Stale("survey-has-opened")
    if state is RunState.OPEN and (survey.state is not RunState.OPEN or survey.timing.closes_at <= now):
        raise Stale("survey-is-closed")


async def withdraw(session: AsyncSession, by: Person, survey: Survey, *, now: datetime) -> None:
    """Takes a planned survey back. Nobody has been asked, so that nothing of it stays but a line in the log."""
    planned = delete(Run).where(Run.id == survey.id, Run.state == RunState.PLANNED).returning(Run.id)
    if (await session.execute(planned)).scalar_one_or_none() is None:
        raise Stale("survey-has-opened")
    audit.note(
        session, by, "survey-withdrawn", now=now, group_id=survey.group.id, detail=survey.form.name or survey.form.key
    )


async def planned_for(session: AsyncSession, group: Workgroup) -> int:
    """How many surveys of a group have not opened yet."""
    waiting = select(func.count()).where(Run.workgroup_id == group.id, Run.state == RunState.PLANNED)
    return await session.scalar(waiting) or 0


async def withdraw_all(session: AsyncSession, group: Workgroup) -> None:
    """A group that ends has no planned surveys; one that is open stays open until it closes."""
    await session.execute(delete(Run).where(Run.workgroup_id == group.id, Run.state == RunState.PLANNED))


async def end(session: AsyncSession, by: Person, survey: Survey, *, now: datetime) -> None:
    """Ends an open survey now; what closes forms counts it."""
    still_open = update(Run).where(Run.id == survey.id, Run.state == RunState.OPEN, Run.closes_at > now)
    ended = await session.execute(still_open.values(closes_at=now).returning(Run.id))
    if ended.scalar_one_or_none() is None:
        raise Stale("survey-is-closed")
    audit.note(
        session, by, "survey-ended", now=now, group_id=survey.group.id, detail=survey.form.name or survey.form.key
    )
