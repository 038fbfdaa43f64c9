"""What the page needs from the demo: its clock and its people."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

MOVED = "moved"
NOTHING_DUE = "nothing_due"


class Controls(Protocol):
    """The methods that move the clock return ``MOVED`` or ``NOTHING_DUE``, once everything due has been sent."""

    def now(self) -> datetime: ...

    async def advance(self, by: timedelta) -> str: ...

    async def next_event(self) -> str: ...

    async def next_month(self) -> str: ...

    async def reset(self) -> None: ...

    def add_person(self, name: str, language: str) -> None: ...

    def role(self, person_id: int) -> str:
        """The person's role: the page's word ``role_...`` without its prefix, or an empty string."""

    def group(self) -> str:
        """The name of a workgroup, for the example in the page's guide."""


@dataclass(frozen=True)
class Jump:
    """One move of the clock. ``news`` counts the new messages by person."""

    outcome: str
    before: datetime
    after: datetime
    news: dict[int, int] = field(default_factory=dict)
