"""What the page asks of whoever runs the demo: its clock and its people."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

MOVED = "moved"
NOTHING_DUE = "nothing_due"


class Controls(Protocol):
    """The jumps return when everything that fell due has been sent, with ``MOVED`` or ``NOTHING_DUE``."""

    def now(self) -> datetime: ...

    async def advance(self, by: timedelta) -> str: ...

    async def next_event(self) -> str: ...

    async def next_month(self) -> str: ...

    async def reset(self) -> None: ...

    def add_person(self, name: str, language: str) -> None: ...

    def role(self, person_id: int) -> str:
        """What to call the person: one of the page's words ``role_...`` without its beginning, or nothing."""

    def group(self) -> str:
        """The name of a workgroup to call together, for the page's guide."""


@dataclass(frozen=True)
class Jump:
    """One push of the clock; ``news`` counts the messages that each person got."""

    outcome: str
    before: datetime
    after: datetime
    news: dict[int, int] = field(default_factory=dict)
