"""What is asked after meetings: a meeting's own form, else its group's, else the short one; and choosing it.

A form that has been archived is asked no more, whoever has chosen it; when it comes back, so does the choice.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import dialect_insert
from models.errors import Stale
from models.feedback.runs import ASKS_WITHIN, Run
from models.forms import forms
from models.forms.forms import Form, FormVersion, GroupForm
from models.meetings.meetings import Meeting, MeetingState
from models.people import access, audit
from models.people.groups import Workgroup
from models.people.people import Person


@dataclass(frozen=True)
class Asks:
    """What is asked after a meeting, or after all of a group's."""

    form: Form
    own: bool = False
    """Whether the meeting has chosen it for itself."""
    archived: Form | None = None
    """What would be asked in its place, were it not archived."""


async def of_group(session: AsyncSession, group_id: int) -> Asks:
    """What a group asks after its meetings."""
    chosen = await session.scalar(select(Form).join(GroupForm).where(GroupForm.workgroup_id == group_id))
    if chosen is not None and chosen.archived_at is None:
        return Asks(chosen)
    return Asks((await forms.built_in(session)).form, archived=chosen)


async def of_meeting(session: AsyncSession, meeting: Meeting) -> Asks:
    """What will be asked after a meeting."""
    chosen = await session.get(Form, meeting.form_id) if meeting.form_id is not None else None
    if chosen is None:
        return await of_group(session, meeting.workgroup_id)
    if chosen.archived_at is None:
        return Asks(chosen, own=True)
    return Asks((await of_group(session, meeting.workgroup_id)).form, archived=chosen)


async def version_for(session: AsyncSession, meeting: Meeting) -> FormVersion:
    """The version with which a meeting's form opens."""
    return await forms.newest(session, (await of_meeting(session, meeting)).form)


async def asked_about(session: AsyncSession, meeting: Meeting) -> Form | None:
    """The form of a meeting that has opened already; None if none has."""
    wanted = select(Form).join(FormVersion).join(Run, Run.form_version_id == FormVersion.id)
    return await session.scalar(wanted.where(Run.meeting_id == meeting.id))


async def ensure_form_can_change(session: AsyncSession, meeting: Meeting) -> None:
    """Raises Stale if the meeting is cancelled or its form has opened."""
    if meeting.state is MeetingState.CANCELLED:
        raise Stale("meeting-is-cancelled")
    if await asked_about(session, meeting) is not None:
        raise Stale("form-has-opened")


async def choose_for_meeting(
    session: AsyncSession, by: Person, meeting: Meeting, form: Form | None, *, now: datetime
) -> None:
    """Chooses what is asked after one meeting; None: what its group asks."""
    await ensure_form_can_change(session, meeting)
    chosen = form.id if form else None
    if meeting.form_id == chosen:
        return
    meeting.form_id = chosen
    action = "form-of-meeting" if form else "form-of-meeting-usual"
    audit.note(session, by, action, now=now, group_id=meeting.workgroup_id, detail=_name(form))


async def choose_for_group(session: AsyncSession, by: Person, group: Workgroup, form: Form, *, now: datetime) -> None:
    """Chooses what a group asks after its meetings, from the first whose form has not opened yet."""
    before = await session.scalar(select(GroupForm.form_id).where(GroupForm.workgroup_id == group.id))
    if before == form.id:
        return
    insert = dialect_insert(session)(GroupForm).values(workgroup_id=group.id, form_id=form.id)
    await session.execute(insert.on_conflict_do_update(index_elements=["workgroup_id"], set_={"form_id": form.id}))
    audit.note(session, by, "form-of-group", now=now, group_id=group.id, detail=_name(form))


def _name(form: Form | None) -> str:
    """A form's name in the audit; of a built-in one its key, whose words are the reader's."""
    return (form.name or form.key) if form else ""


async def first_asked(session: AsyncSession, group: Workgroup, *, now: datetime) -> Meeting | None:
    """The first meeting after which a group's choice counts: its form has not opened, and it has none of its own."""
    wanted = (
        select(Meeting)
        .outerjoin(Run, Run.meeting_id == Meeting.id)
        .where(Meeting.workgroup_id == group.id, Meeting.state != MeetingState.CANCELLED)
        .where(Run.id.is_(None), Meeting.form_id.is_(None), Meeting.ends_at > now - ASKS_WITHIN)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return await session.scalar(wanted.limit(1))


async def groups_asking(session: AsyncSession, person: Person, form: Form) -> list[Workgroup]:
    """The groups a person coordinates that have chosen a form to be asked after their meetings."""
    chosen = await session.scalars(select(GroupForm.workgroup_id).where(GroupForm.form_id == form.id))
    ids = set(chosen)
    return [group for group in await access.coordinated_groups(session, person) if group.id in ids]


async def asking(session: AsyncSession, form: Form) -> int:
    """How many groups have chosen a form to be asked after their meetings."""
    counted = select(func.count()).select_from(GroupForm).join(Workgroup)
    return await session.scalar(counted.where(GroupForm.form_id == form.id, Workgroup.archived_at.is_(None))) or 0
