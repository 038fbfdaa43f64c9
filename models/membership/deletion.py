"""Deletes a person's row: what is about them is deleted, what is counted stays without them.

The foreign keys do most of it. CASCADE: the address with everything sent to it, roles, drafts, digests, personal
links, open questions and sealed answers. SET NULL, for the denominators of past meetings: memberships, invitations,
attendances, audit lines, who created a meeting. Counted figures and open answers never had a person.
"""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback import asked
from models.meetings import invitations
from models.meetings.invitations import Invitation
from models.people import audit
from models.people.groups import Membership, Workgroup
from models.people.people import Person

LINE_ERASED = "line-erased"
"""Action in the audit log."""


async def delete_person(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """Ends the person's memberships and deletes their row; the caller writes the audit line."""
    await session.execute(
        update(Membership).where(Membership.person_id == person.id, Membership.left_at.is_(None)).values(left_at=now)
    )
    await asked.keep_counted(session, person.id)
    await invitations.keep_sent(session, person.id)
    # With the logs, an update id would tell which tap was this person's.
    await session.execute(update(Invitation).where(Invitation.person_id == person.id).values(update_id=None))
    await session.flush()
    await session.execute(delete(Person).where(Person.id == person.id))


async def erase_line(session: AsyncSession, by: Person, group: Workgroup, person: Person, *, now: datetime) -> None:
    """Erases a roster line: somebody without Telegram, who cannot do it themselves."""
    await delete_person(session, person, now=now)
    audit.note(session, by, LINE_ERASED, now=now, group_id=group.id)
