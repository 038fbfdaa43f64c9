"""You said, we did: what a coordinator has changed because of feedback, in one line."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Reply(Base):
    """An answer to what was said to one statement; heard by those who were in the group with its next invitation."""

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
    """The meeting with whose invitation it is heard, once one is called."""
