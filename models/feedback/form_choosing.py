"""The form sent after meetings, and choosing it: the meeting's own form, else its group's, else the built-in short one.

A chosen form is not used while it is archived. The choice is kept and applies again when the form is restored.
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
class ChosenForm:
    """The form sent after a meeting, or after the meetings of a group."""

    form: Form
    own: bool = False
    """Whether it was chosen for this meeting alone."""
    archived: Form | None = None
    """The form that was chosen but is archived, so that ``form`` is sent instead. None if there is none."""


async def of_group(session: AsyncSession, group_id: int) -> ChosenForm:
    """The form sent after a group's meetings."""
    chosen = await session.scalar(select(Form).join(GroupForm).where(GroupForm.workgroup_id == group_id))
    if chosen is not None and chosen.archived_at is None:
        return ChosenForm(chosen)
    return ChosenForm((await forms.built_in(session)).form, archived=chosen)


async def of_meeting(session: AsyncSession, meeting: Meeting) -> ChosenForm:
    """The form that will be sent after a meeting."""
    chosen = await session.get(Form, meeting.form_id) if meeting.form_id is not None else None
    if chosen is None:
        return await of_group(session, meeting.workgroup_id)
    if chosen.archived_at is None:
        return ChosenForm(chosen, own=True)
    return ChosenForm((await of_group(session, meeting.workgroup_id)).form, archived=chosen)


async def version_for(session: AsyncSession, meeting: Meeting) -> FormVersion:
    """The version of the form to open after a meeting: the newest of its chosen form."""
    return await forms.newest(session, (await of_meeting(session, meeting)).form)


async def opened_form(session: AsyncSession, meeting: Meeting) -> Form | None:
    """The form of a meeting that has opened already. None if it has not opened."""
    wanted = select(Form).join(FormVersion).join(Run, Run.form_version_id == FormVersion.id)
    return await session.scalar(wanted.where(Run.meeting_id == meeting.id))


async def ensure_form_can_change(session: AsyncSession, meeting: Meeting) -> None:
    """Raises Stale if the meeting is cancelled or its form has opened."""
    if meeting.state is MeetingState.CANCELLED:
        raise Stale("meeting-is-cancelled")
    if await opened_form(session, meeting) is not None:
        raise Stale("form-has-opened")


async def choose_for_meeting(
    session: AsyncSession, by: Person, meeting: Meeting, form: Form | None, *, now: datetime
) -> None:
    """Sets the form for one meeting; None means the form of its group. Raises Stale if it can no longer change."""
    await ensure_form_can_change(session, meeting)
    chosen = form.id if form else None
    if meeting.form_id == chosen:
        return
    meeting.form_id = chosen
    action = "form-of-meeting" if form else "form-of-meeting-usual"
    audit.note(session, by, action, now=now, group_id=meeting.workgroup_id, detail=_name(form))


async def choose_for_group(session: AsyncSession, by: Person, group: Workgroup, form: Form, *, now: datetime) -> None:
    """Sets the form for a group's meetings whose form has not opened yet and that have no form of their own."""
    before = await session.scalar(select(GroupForm.form_id).where(GroupForm.workgroup_id == group.id))
    if before == form.id:
        return
    insert = dialect_insert(session)(GroupForm).values(workgroup_id=group.id, form_id=form.id)
    await session.execute(insert.on_conflict_do_update(index_elements=["workgroup_id"], set_={"form_id": form.id}))
    audit.note(session, by, "form-of-group", now=now, group_id=group.id, detail=_name(form))


def _name(form: Form | None) -> str:
    """A form's name in the audit log. Of a built-in form its key, which is translated for each reader."""
    return (form.name or form.key) if form else ""


async def first_affected_meeting(session: AsyncSession, group: Workgroup, *, now: datetime) -> Meeting | None:
    """The first meeting to which a group's form applies: its form has not opened, and it has no form of its own."""
    wanted = (
        select(Meeting)
        .outerjoin(Run, Run.meeting_id == Meeting.id)
        .where(Meeting.workgroup_id == group.id, Meeting.state != MeetingState.CANCELLED)
        .where(Run.id.is_(None), Meeting.form_id.is_(None), Meeting.ends_at > now - ASKS_WITHIN)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return await session.scalar(wanted.limit(1))


async def groups_using(session: AsyncSession, person: Person, form: Form) -> list[Workgroup]:
    """The groups that a person coordinates and that use this form after their meetings."""
    chosen = await session.scalars(select(GroupForm.workgroup_id).where(GroupForm.form_id == form.id))
    ids = set(chosen)
    return [group for group in await access.coordinated_groups(session, person) if group.id in ids]


async def count_groups_using(session: AsyncSession, form: Form) -> int:
    """How many groups use this form after their meetings, without archived groups."""
    counted = select(func.count()).select_from(GroupForm).join(Workgroup)
    return await session.scalar(counted.where(GroupForm.form_id == form.id, Workgroup.archived_at.is_(None))) or 0
