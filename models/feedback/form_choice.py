"""What is asked after meetings: a meeting's own form, else its group's, else the short one.

A form that has been archived is asked no more, whoever has chosen it; when it comes back, so does the choice.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.forms import forms
from models.forms.forms import Form, FormVersion, GroupForm
from models.meetings.meetings import Meeting


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
