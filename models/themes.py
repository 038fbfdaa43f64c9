"""Themes: what a group's coordinators hear in its open answers, put on released texts, which have no writers."""

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Theme(Base):
    """A theme of the open answers to one question, over a group's forms and years."""

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("workgroup_id", "identity", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    identity: Mapped[str]
    """The question's."""
    name: Mapped[str]


class Mention(Base):
    """That a text mentions a theme."""

    __tablename__ = "mention"

    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id", ondelete="CASCADE"), primary_key=True)
    open_answer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("open_answer.id"), primary_key=True)
