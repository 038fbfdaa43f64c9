"""A survey before it is sent: its times, its audience, and what they will see."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import next_waking
from models.errors import NotFound, Refused
from models.feedback.form_times import reminder_times
from models.feedback.runs import Run, RunState
from models.feedback.submissions import Submission
from models.forms.forms import Form, FormVersion
from models.people import access, groups, people
from models.people.groups import Workgroup
from models.people.people import Person, Reachability
from models.policy import Policy

SHORTEST, LONGEST = timedelta(days=1), timedelta(days=60)
"""How long a survey can be open."""
MAX_LEAD_TIME = timedelta(days=366)
"""How long before it opens a survey can be planned."""
MOST_REMINDERS = 2
"""Maximum number of reminders that a coordinator can choose."""


@dataclass(frozen=True)
class Timing:
    """When a survey opens and closes, and how many reminders it sends."""

    opens_at: datetime
    closes_at: datetime
    reminders: int

    def reminds_at(self, policy: Policy) -> tuple[datetime, ...]:
        """The reminder times for people without quiet hours of their own."""
        asked_at, quiet = next_waking(self.opens_at, policy.quiet), policy.quiet
        times = reminder_times(self.opens_at, self.closes_at, self.reminders, asked_at=asked_at, quiet=quiet)
        return tuple(at for _, at in times)


@dataclass(frozen=True)
class Audience:
    """The members of a group who would be asked now, and how many would not, by reason."""

    asked: tuple[Person, ...]
    unreached: Mapping[Reachability, int]
    """Number of members that no message reaches, by reason."""
    unwilling: int
    """Number of members who do not want to be asked."""


def opening(now: datetime, policy: Policy, *, at: datetime | None = None) -> datetime:
    """When a survey planned for ``at`` (None: now) opens: at that time, or when the quiet hours end."""
    return next_waking(at or now, policy.quiet)


def ensure_valid(timing: Timing, *, zone: ZoneInfo, now: datetime) -> None:
    """Raises Refused if the times are not allowed. Days are calendar days, also when summer time begins or ends."""
    if timing.opens_at < now:
        raise Refused("survey-opens-in-the-past")
    if timing.opens_at - now > MAX_LEAD_TIME:
        raise Refused("survey-opens-too-far")
    opens, closes = (at.astimezone(zone).replace(tzinfo=None) for at in (timing.opens_at, timing.closes_at))
    if closes - opens < SHORTEST:
        raise Refused("survey-closes-too-soon")
    if closes.date() - opens.date() > LONGEST:
        raise Refused("survey-closes-too-late", most=LONGEST.days)


async def access_form_to_send(session: AsyncSession, person: Person, form_id: int) -> tuple[Form, list[Workgroup]]:
    """The form and the person's groups to which it can be sent. Raises NotFound, or Refused if the form is archived."""
    form = await session.get(Form, form_id)
    mine = await access.coordinated_groups(session, person)
    if form is not None and form.workgroup_id is not None:
        mine = [group for group in mine if group.id == form.workgroup_id]
    if form is None or not mine:
        raise NotFound
    if form.archived_at is not None:
        raise Refused("survey-form-is-archived")
    return form, mine


async def audience(session: AsyncSession, group_id: int) -> Audience:
    """The members of the group who would be asked now, and how many would not."""
    members = await groups.members(session, group_id)
    reached = [person for person in members if person.reach is Reachability.REACHABLE]
    reaches = Counter(person.reach for person in members)
    asked = tuple(person for person in reached if person.wants_feedback)
    missed = (reach for reach in Reachability if reach is not Reachability.REACHABLE and reaches[reach])
    unreached: dict[Reachability, int] = {reach: reaches[reach] for reach in missed}
    return Audience(asked, unreached, len(reached) - len(asked))


async def overlapping_survey(session: AsyncSession, group: Workgroup, form: Form, timing: Timing) -> int | None:
    """The id of a survey of the group with the same form whose time overlaps with this one. None if there is none."""
    wanted = select(Run.id).join(FormVersion, FormVersion.id == Run.form_version_id)
    wanted = wanted.where(
        FormVersion.form_id == form.id,
        Run.workgroup_id == group.id,
        Run.meeting_id.is_(None),
        Run.state.in_((RunState.PLANNED, RunState.OPEN)),
        Run.opens_at < timing.closes_at,
        Run.closes_at > timing.opens_at,
    )
    return await session.scalar(wanted.order_by(Run.id).limit(1))


def sample_submission(group: Workgroup, version: FormVersion, timing: Timing, *, policy: Policy) -> Submission:
    """An empty submission that shows what people will see. Neither its run nor its person is in the database."""
    run = Run(
        id=0,
        form_version_id=version.id,
        workgroup_id=group.id,
        threshold=policy.threshold,
        named=version.named,
        opens_at=timing.opens_at,
        closes_at=timing.closes_at,
        reminders=timing.reminders,
        state=RunState.OPEN,
    )
    return Submission(
        run=run,
        form=version.form,
        questions=version.questions,
        group=group,
        meeting=None,
        person=people.stranger(),
        attended=None,
        finished=False,
    )
