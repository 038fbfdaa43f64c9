"""Compares the database with what the sandbox holds and what people did.

What arrived is read from the chats, not from the answers that the bot got: an answer may be lost on its way.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot import db
from bot.sandbox import Sandbox
from bot.sandbox.content import Content
from bot.sandbox.messages import Message
from handlers.texts import LANGUAGES, catalogue
from models.delivery.outbox import Delivery, Sending
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people.people import Address

UNSENT = {Sending.EXPIRED, Sending.CANCELLED, Sending.SUPERSEDED}
"""The states of deliveries that were not to be sent."""
HEADINGS = {
    "invitation-heading": "invitation",
    "invitation-moved": "invitation",
    "invitation-cancelled": "cancelled",
    "reminder-silent": "reminder silent",
    "reminder-today": "reminder yes",
    "reminder-tomorrow": "reminder yes",
    "reminder-later": "reminder yes",
}
"""How a card about a meeting begins, and the kind of delivery that brings it."""
TITLE = 3
"""The line of a card with its meeting's title, after the heading, a gap and the group."""


@dataclass(frozen=True)
class Fate:
    """The outcome of one delivery: its row, and the copies of it in the chat."""

    id: int
    kind: str
    subject: int
    revision: int
    slot: str
    title: str
    chat_id: int
    state: Sending
    ambiguous: bool
    attempts: int
    error: str | None
    due_at: datetime
    expires_at: datetime
    copies: tuple[Message, ...]

    @property
    def lost(self) -> bool:
        """It should have arrived and did not. Those in the state unknown are counted apart."""
        return not self.copies and self.state not in UNSENT | {Sending.UNKNOWN}

    @property
    def twice(self) -> int:
        return max(0, len(self.copies) - 1)

    @property
    def unrecorded(self) -> bool:
        """It came more than once, or came although its row says unsent, and the row is not marked as ambiguous."""
        return not self.ambiguous and (self.twice > 0 or (bool(self.copies) and self.state is not Sending.SENT))

    @property
    def absent(self) -> bool:
        """Its state is unknown, and it had not arrived."""
        return self.state is Sending.UNKNOWN and not self.copies

    @property
    def late(self) -> bool:
        return any(copy.sent_at > self.expires_at for copy in self.copies)


async def fates(sessions: db.Sessions, sandbox: Sandbox, kinds: Iterable[str] = ("invitation",)) -> list[Fate]:
    """Every delivery of some kinds of cards about meetings, in the order in which they were planned.

    A meeting is known by its title: no two may have the same.
    """
    async with sessions() as session:
        rows = await session.execute(
            select(Delivery, Address.chat_id, Meeting.title)
            .join(Address, Address.id == Delivery.address_id)
            .join(Invitation, Invitation.id == Delivery.subject)
            .join(Meeting, Meeting.id == Invitation.meeting_id)
            .where(Delivery.kind.in_(list(kinds)))
            .order_by(Delivery.id)
        )
        deliveries = [(delivery, chat_id, title or "") for delivery, chat_id, title in rows]
    came, alike = _came(sandbox), defaultdict(list)
    for row, chat_id, title in deliveries:
        alike[_key(row, chat_id, title)].append(row)
    copies: dict[int, list[Message]] = {row.id: [] for row, _, _ in deliveries}
    for key, same in alike.items():
        for message in came[key]:
            copies[_whose(message, same)].append(message)
    return [_fate(row, chat_id, title, copies[row.id]) for row, chat_id, title in deliveries]


Key = tuple[int, str, str, int | None]
"""What a card shows of its delivery: chat, kind (and the recipients of a reminder), title, revision."""


def _key(row: Delivery, chat_id: int, title: str) -> Key:
    kind = f"{row.kind} {row.slot.partition('-')[0]}".rstrip()
    return chat_id, kind, title, None if row.kind == "cancelled" else row.revision


def _whose(message: Message, rows: list[Delivery]) -> int:
    """Of deliveries with equal cards (reminders with different leads) the last that was due when the message came."""
    due = [row for row in rows if row.due_at <= message.sent_at] or rows[:1]
    return max(due, key=lambda row: row.due_at).id


def _fate(row: Delivery, chat_id: int, title: str, copies: list[Message]) -> Fate:
    return Fate(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        revision=row.revision,
        slot=row.slot,
        title=title,
        chat_id=chat_id,
        state=row.state,
        ambiguous=row.ambiguous,
        attempts=row.attempts,
        error=row.error,
        due_at=row.due_at,
        expires_at=row.expires_at,
        copies=tuple(copies),
    )


def _came(sandbox: Sandbox) -> dict[Key, list[Message]]:
    """The bot's cards, as they were when they came."""
    messages: dict[Key, list[Message]] = defaultdict(list)
    for user in sandbox.users.values():
        for message in user.chat.history:
            lines = first(message).words.plain.splitlines()
            if message.from_bot and len(lines) > TITLE and (kind := kind_of(lines[0])):
                messages[user.id, kind, lines[TITLE], revision_of(first(message))].append(message)
    return messages


def first(message: Message) -> Content:
    """The content of a message when it was sent."""
    return message.versions[0] if message.versions else message.content


def kind_of(heading: str) -> str | None:
    """The kind of delivery of a card, by its heading."""
    return next((kind for begins, kind in _headings() if heading.startswith(begins)), None)


@functools.cache
def _headings() -> list[tuple[str, str]]:
    """How the cards of each kind begin, in all languages."""
    forms = [(catalogue(language)[key][0], kind) for language in LANGUAGES for key, kind in HEADINGS.items()]
    return [(re.sub(r"<[^>]*>", "", form).partition("{")[0], kind) for form, kind in forms]


def revision_of(content: Content) -> int | None:
    """The meeting's revision in an invitation's buttons."""
    for row in content.buttons:
        for button in row:
            if button.data and button.data.startswith("rsvp:"):
                return int(button.data.split(":")[3])
    return None
