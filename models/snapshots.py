"""A year's figures, frozen: from the same snapshot the same report is made, byte for byte."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Snapshot(Base):
    """The content of an annual report, in no language. The same figures are kept once."""

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("year", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    fingerprint: Mapped[str]
    """SHA-256 of the content."""
    content: Mapped[str]
    """`models.annual.Annual` as JSON."""
    version: Mapped[str]
    """The program's, when it was made."""
    made_at: Mapped[datetime]
