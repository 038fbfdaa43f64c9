"""The outbox: each message to anyone but the person who acted is a row, written in the transaction of its cause."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    UniqueConstraint,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from models.base import Base, OpenChoice, insert_new
from models.delivery.kinds import EDITS, FORGOTTEN, DeliveryKind
from models.delivery.rate_limit import Pace
from models.leases import database_time
from models.people.people import Address, Person, Reachability

LEASE = timedelta(seconds=60)
"""The longest time for sending one message; then its sender counts as dead, and `recover` takes the message back."""


class Sending(enum.StrEnum):
    """The state of a delivery. DUE and SENDING are for a time; the others are final."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    """Not sent before `Delivery.expires_at`."""
    CANCELLED = "cancelled"
    """Withdrawn before it was sent."""
    SUPERSEDED = "superseded"
    """Not needed any more when it was about to be sent."""
    UNKNOWN = "unknown"
    """Sent twice without an answer from Telegram: it may have arrived."""


class DeliveryError(enum.StrEnum):
    """Why the last attempt to send a delivery did not succeed. Classified in `bot/sending/outcomes.py`."""

    BLOCKED = "blocked"
    """The person has blocked the bot (403), or the bot was removed from the group or channel."""
    DEACTIVATED = "deactivated"
    """The person's Telegram account is deleted (403)."""
    UNCLAIMED = "unclaimed"
    """The person has not pressed Start."""
    CHAT_CLOSED = "chat-closed"
    """The group or channel is gone, or the bot may not write there (400)."""
    CHAT_MIGRATED = "chat-migrated"
    """The group has a new chat id, to which the delivery is sent again."""
    BAD_REQUEST = "bad-request"
    """Telegram rejected the message (400)."""
    NOT_MODIFIED = "not-modified"
    """The edit would have changed nothing (400). The delivery counts as sent."""
    RATE_LIMITED = "rate-limited"
    """Telegram answered 429."""
    INVALID_TOKEN = "invalid-token"  # noqa: S105  (a name, no secret)
    """Telegram does not know the bot's token (401 or 404)."""
    NOT_SENT = "not-sent"
    """No connection to Telegram could be made: surely not sent."""
    TIMED_OUT = "timed-out"
    """Telegram did not answer in time: it may have arrived."""
    NETWORK = "network"
    """The connection broke, or Telegram answered 5xx: it may have arrived."""
    PROGRAM_FAULT = "program-fault"
    """An exception of ours; `Delivery.error` has its class."""
    DROPPED = "dropped"
    """Cancelled by the operator (``koolla resume --drop-due``)."""
    OTHER = "other"
    """Recorded by another version of the program, which has more kinds. This version never writes it."""


class Superseded(Exception):  # noqa: N818  (not an error)
    """Raised by a renderer whose delivery is not needed any more."""


class Delivery(Base):
    """One message to one address: sent at most once after ``due_at``, never after ``expires_at``."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "revision", "address_id", "slot"),
        Index("ix_delivery_queue", "state", "urgent", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DeliveryKind] = mapped_column(OpenChoice(DeliveryKind, unknown=DeliveryKind.UNRECOGNIZED))
    subject: Mapped[int]
    """The id of what the message is about; the kind says of which table."""
    revision: Mapped[int] = mapped_column(default=0)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"), index=True)
    slot: Mapped[str] = mapped_column(default="")
    """Tells deliveries of the same kind, subject and revision apart, such as several reminders."""
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    urgent: Mapped[bool] = mapped_column(default=False)
    """Ignores quiet hours."""
    state: Mapped[Sending] = mapped_column(default=Sending.DUE)
    owner: Mapped[str | None]
    """The process that is sending it."""
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    ambiguous: Mapped[bool] = mapped_column(default=False)
    """An attempt ended without an answer from Telegram: it may have arrived. It is repeated once and no more."""
    error: Mapped[str | None]
    """Details of the last error, for people: Telegram's words, or the class of an exception of ours."""
    error_kind: Mapped[DeliveryError | None] = mapped_column(
        OpenChoice(DeliveryError, unknown=DeliveryError.OTHER, length=24)
    )
    message_id: Mapped[int | None]
    """The message that was sent or edited. Of `DeliveryKind.FEEDBACK_CLEARED` the one to edit, from the beginning."""
    sent_at: Mapped[datetime | None]

    address: Mapped[Address] = relationship(lazy="raise")


def may_have_arrived() -> ColumnElement[bool]:
    """Whether a delivery was sent, or may have been: Telegram confirmed it, or an attempt ended without an answer."""
    return or_(Delivery.state.in_((Sending.SENT, Sending.UNKNOWN)), Delivery.ambiguous)


@dataclass(frozen=True)
class Planned:
    """A delivery to plan for a person. Nothing is planned for somebody who cannot be reached.

    With ``address_id`` it goes to that group or channel on the person's behalf.
    """

    person_id: int
    kind: DeliveryKind
    subject: int
    due_at: datetime
    expires_at: datetime
    revision: int = 0
    slot: str = ""
    urgent: bool = False
    """Ignores quiet hours; the kinds that always do are `DeliveryKind.urgent`."""
    address_id: int | None = None


async def plan(session: AsyncSession, planned: Iterable[Planned]) -> int:
    """Adds deliveries; those that are planned already stay as they are. Returns how many are new."""
    wanted = list(planned)
    reachable = await addresses(session, {entry.person_id for entry in wanted if entry.address_id is None})
    rows = [
        {
            "kind": entry.kind,
            "subject": entry.subject,
            "revision": entry.revision,
            "address_id": entry.address_id or reachable[entry.person_id],
            "slot": entry.slot,
            "due_at": entry.due_at,
            "expires_at": entry.expires_at,
            "urgent": entry.urgent or entry.kind.urgent,
        }
        for entry in wanted
        if entry.address_id is not None or entry.person_id in reachable
    ]
    return len(await insert_new(session, Delivery, rows))


async def addresses(session: AsyncSession, people: Iterable[int]) -> dict[int, int]:
    """The ids of the private chats' addresses, by person, of those who can be reached."""
    rows = await session.execute(
        select(Address.person_id, Address.id)
        .join(Person, Person.id == Address.person_id)
        .where(Address.person_id.in_(list(people)), Person.reach == Reachability.REACHABLE)
    )
    return {person_id: address_id for person_id, address_id in rows if person_id is not None}


async def withdraw(
    session: AsyncSession,
    kinds: Iterable[DeliveryKind],
    subjects: Select[int] | Iterable[int],
    *,
    before: int | None = None,
) -> None:
    """Cancels the waiting deliveries of these kinds about these subjects, or only those of revisions ``before`` one.

    One statement, however many there are. ``subjects`` are ids, or the statement that selects them.
    """
    waiting = (
        update(Delivery)
        .where(Delivery.kind.in_(kinds), Delivery.subject.in_(subjects), Delivery.state == Sending.DUE)
        .execution_options(synchronize_session=False)  # the session holds none of them, and ids need not be read back
    )
    if before is not None:
        waiting = waiting.where(Delivery.revision < before)
    await session.execute(waiting.values(state=Sending.CANCELLED))


async def revive(
    session: AsyncSession, kind: DeliveryKind, subject: int, revision: int, *, now: datetime, missed: bool = False
) -> None:
    """Makes withdrawn deliveries of a subject's revision due again: those due after ``now``; with ``missed`` all."""
    withdrawn = update(Delivery).where(
        Delivery.kind == kind,
        Delivery.subject == subject,
        Delivery.revision == revision,
        Delivery.state == Sending.CANCELLED,
    )
    if not missed:
        withdrawn = withdrawn.where(Delivery.due_at > now)
    await session.execute(withdrawn.values(state=Sending.DUE, error=None, error_kind=None))


async def claim(session: AsyncSession, owner: str, limit: int, *, now: datetime) -> list[Delivery]:
    """Marks up to ``limit`` due deliveries as being sent by ``owner``: one per chat, urgent ones and oldest first."""
    chosen: dict[int, Delivery] = {}
    for urgent in (True, False):
        if len(chosen) < limit:
            for delivery in (await session.execute(_next_due(urgent), {"now": now, "most": limit * 4})).scalars():
                if len(chosen) < limit:
                    chosen.setdefault(delivery.address_id, delivery)
    if chosen:
        until = await database_time(session) + LEASE
        for delivery in chosen.values():
            delivery.state, delivery.owner, delivery.leased_until = Sending.SENDING, owner, until
            delivery.attempts += 1
    return list(chosen.values())


@cache
def _next_due(urgent: bool) -> Select[Delivery]:
    """The next due deliveries of one urgency to chats that take a message ``now``, ``most`` of them at most. One
    urgency, so that the index is used.

    While a delivery is being sent to a chat, no other is: they might arrive in the wrong order.

    Built once: each step of the outbox needs both, and while nothing is due building them took nine tenths of its time.
    """
    now = bindparam("now", type_=Delivery.due_at.type)
    other = aliased(Delivery)
    under_way = select(other.address_id).where(other.state == Sending.SENDING)
    return (
        select(Delivery)
        .join(Address)
        .where(
            Delivery.state == Sending.DUE,
            Delivery.urgent == urgent,
            Delivery.due_at <= now,
            or_(Address.free_at.is_(None), Address.free_at <= now),
            Delivery.address_id.not_in(under_way),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True, of=[Delivery, Address])
    )


async def recover(session: AsyncSession, *, all_dead: bool = False) -> int:
    """Takes back what dead processes were sending; it may have arrived. Returns how many.

    Each is sent once more; the second time it ends as unknown, so that nobody gets a third copy. Edits that are
    forgotten when they have ended are repeated until they expire. With ``all_dead`` no other process can be alive, and
    leases that have not run out are taken back, too.
    """
    stranded = [Delivery.state == Sending.SENDING]
    if not all_dead:
        stranded.append(Delivery.leased_until < await database_time(session))
    # No delivery is in the session, so that none is compared with the condition.
    left = update(Delivery).where(*stranded).values(owner=None).execution_options(synchronize_session=False)
    doubtful = (
        left.where(Delivery.ambiguous, Delivery.kind.not_in(FORGOTTEN))
        .values(state=Sending.UNKNOWN)
        .returning(Delivery.id)
    )
    repeated = left.values(state=Sending.DUE, ambiguous=True).returning(Delivery.id)
    return sum([len((await session.execute(statement)).all()) for statement in (doubtful, repeated)])


async def forget_ended(session: AsyncSession, delivery: Delivery) -> None:
    """Deletes the row of a delivery of a kind that is forgotten, once it has ended."""
    if delivery.kind.is_forgotten and delivery.state not in (Sending.DUE, Sending.SENDING):
        await session.delete(delivery)


async def next_due(session: AsyncSession, *, edits: bool = True) -> datetime | None:
    """When the next waiting delivery can be sent: it is due, and its chat takes a message again.

    None while nothing waits or sending is paused. Without ``edits``, kinds that only edit a card are not counted.
    """
    pace = await session.get(Pace, 1, populate_existing=True)
    if pace is not None and pace.paused_at is not None:
        return None
    can_leave = case((Address.free_at > Delivery.due_at, Address.free_at), else_=Delivery.due_at)
    waiting = select(func.min(can_leave)).select_from(Delivery).join(Address).where(Delivery.state == Sending.DUE)
    if not edits:
        waiting = waiting.where(Delivery.kind.not_in(EDITS))
    moment: datetime | None = await session.scalar(waiting)
    return max(moment, pace.free_at) if moment is not None and pace is not None else moment
