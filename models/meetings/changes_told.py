"""What was changed because of feedback, as rows that wait for the invitation to the group's next meeting.

Coordinators write and read them in ``models.results.changes_told``.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.meetings.meetings import Meeting

MOST_PER_INVITATION = 3
"""Changes told with one invitation, at most: the invitation is about the meeting."""


class ChangeTold(Base):
    """What was done about one statement. One invitation tells it, to those who were members when feedback was given."""

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("release_id", "question_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"), index=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    """The meeting whose invitation tells it; None while it waits for one."""


async def attach(session: AsyncSession, meeting: Meeting) -> None:
    """Assigns the group's longest-waiting changes to a meeting's invitation, at most `MOST_PER_INVITATION`."""
    waiting = ChangeTold.workgroup_id == meeting.workgroup_id, ChangeTold.meeting_id.is_(None)
    oldest = select(ChangeTold.id).where(*waiting).order_by(ChangeTold.created_at, ChangeTold.id)
    # When two meetings are announced at once, one UPDATE takes the rows and the other matches none.
    taken = update(ChangeTold).where(
        ChangeTold.id.in_(oldest.limit(MOST_PER_INVITATION)), ChangeTold.meeting_id.is_(None)
    )
    await session.execute(taken.values(meeting_id=meeting.id).execution_options(synchronize_session=False))


async def detach(session: AsyncSession, meeting: Meeting) -> None:
    """Returns a meeting's changes to the queue: it was cancelled before anybody heard of it."""
    attached = update(ChangeTold).where(
        ChangeTold.workgroup_id == meeting.workgroup_id, ChangeTold.meeting_id == meeting.id
    )
    await session.execute(attached.values(meeting_id=None).execution_options(synchronize_session=False))
