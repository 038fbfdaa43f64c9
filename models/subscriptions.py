"""Who gets which digest, where and how often."""

import enum

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

PRIVATE = text("address_id IS NULL")


class Rhythm(enum.StrEnum):
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    NEVER = "never"


class Subscription(Base):
    """What a manager has chosen; without a row, all that their role reaches, monthly, in private.

    One for a group or channel rests on the role of whoever made it.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        Index(
            "uq_subscription_place",
            "person_id",
            "address_id",
            unique=True,
        ),
        Index("uq_subscription_private", "person_id", unique=True, sqlite_where=PRIVATE, postgresql_where=PRIVATE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    address_id: Mapped[int | None] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    """A group or channel; None: the person's own chat."""
    group_ids: Mapped[list[int] | None] = mapped_column(JSON)
    """Some workgroups; None: all that the person's role reaches."""
    rhythm: Mapped[Rhythm] = mapped_column(default=Rhythm.MONTHLY)
    language: Mapped[str | None]
    """Of a group or channel; a person's own is in their settings."""
