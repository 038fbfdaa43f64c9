"""Cards: the messages that are edited in place when what they are about changes."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, UniqueConstraint, bindparam, delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment, OpenChoice, dialect_insert, insert_new
from models.delivery.kinds import CardKind, Clearing, DeliveryKind
from models.delivery.outbox import Delivery, Sending
from models.people.people import Address

DEBOUNCE = timedelta(seconds=5)
"""A card that many people's taps change is edited at most once in this time."""
CLEARS_WITHIN = timedelta(days=14)
"""How long it is tried to clear a message about a form, for example during an outage."""


class Card(NamedTuple):
    """What a message shows."""

    kind: CardKind
    subject: int
    """The id of what it is about; the kind says of which table."""
    revision: int = 0


class Message(Base):
    """The message that is the card of a subject in a chat; an older card of the same subject is not edited any more."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("address_id", "kind", "subject"), Index(None, "kind", "subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    kind: Mapped[CardKind] = mapped_column(OpenChoice(CardKind))
    subject: Mapped[int]
    revision: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int]


class ReplacedMessage(Base):
    """A message about a form that a newer one has replaced. It is kept until the form closes and all are cleared."""

    __tablename__ = "replaced_message"
    __table_args__ = (UniqueConstraint("address_id", "message_id"), Index("ix_replaced_message_subject", "subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    subject: Mapped[int]
    """The id of the run."""
    message_id: Mapped[int]


async def record_card(
    session: AsyncSession, address_id: int, card: Card, *, message_id: int, now: datetime
) -> int | None:
    """Records a message as the card of its subject in a chat. Returns the message id of the card that it replaces.

    A replaced message about a form is not returned: here its clearing is planned.
    """
    values = {"address_id": address_id, "kind": card.kind, "subject": card.subject}
    new = {**values, "revision": card.revision, "message_id": message_id}
    query = select(Message).filter_by(**values).with_for_update()
    row = await session.scalar(query)
    if row is None and await insert_new(session, Message, [new]):
        return None
    row = row or (await session.execute(query)).scalar_one()  # a reply and a delivery recorded it at the same moment
    replaced = row.message_id if row.message_id != message_id else None
    row.message_id, row.revision = message_id, card.revision
    if replaced is not None and card.kind is CardKind.FEEDBACK:
        values = {"address_id": address_id, "subject": card.subject, "message_id": replaced}
        await insert_new(session, ReplacedMessage, [values])
        await clear(session, address_id, card.subject, replaced, now=now)
        return None
    return replaced


async def clear(session: AsyncSession, address_id: int, run_id: int, message_id: int, *, now: datetime) -> None:
    """Plans that a message about an open form is edited, so that it holds no answers."""
    row = {
        "kind": DeliveryKind.FEEDBACK_CLEARED,
        "subject": run_id,
        "revision": Clearing.RESTING,
        "address_id": address_id,
        "slot": str(message_id),
        "message_id": message_id,
        "due_at": now,
        "expires_at": now + CLEARS_WITHIN,
        "urgent": True,
    }
    await insert_new(session, Delivery, [row])


async def replace_card(
    session: AsyncSession, chat_id: int, message_id: int, card: Card | None, *, now: datetime
) -> None:
    """Records that a message of a private chat now shows another card, or (None) nothing that is edited later."""
    address_id = await session.scalar(select(Address.id).where(Address.chat_id == chat_id))
    if address_id is None:
        return
    await session.execute(delete(Message).where(Message.address_id == address_id, Message.message_id == message_id))
    if card is not None:
        await record_card(session, address_id, card, message_id=message_id, now=now)


async def find_card(session: AsyncSession, address_id: int, kind: CardKind, subject: int) -> int | None:
    """The message id of the card of a subject in a chat; None if there is none."""
    query = select(Message.message_id).where(
        Message.address_id == address_id, Message.kind == kind, Message.subject == subject
    )
    return await session.scalar(query)


@cache
def _edits_statement(insert: Any) -> Any:
    """The statement of `plan_edits`, built once for each dialect: it is part of every answer to an invitation."""
    values: dict[Any, Any] = {
        Delivery.kind: bindparam("kind_", type_=Delivery.kind.type),
        Delivery.subject: bindparam("subject_"),
        Delivery.revision: literal(0),
        Delivery.address_id: Message.address_id,
        Delivery.slot: bindparam("interval"),
        Delivery.due_at: bindparam("due", type_=Moment()),
        Delivery.expires_at: bindparam("expires", type_=Moment()),
        Delivery.urgent: literal(True),
        Delivery.state: literal(Sending.DUE, Delivery.state.type),
        Delivery.attempts: literal(0),
        Delivery.ambiguous: literal(False),
    }
    cards = select(*values.values())
    cards = cards.where(Message.kind == bindparam("card_kind"), Message.subject == bindparam("subject_"))
    planned = insert(Delivery.__table__).from_select([column.key for column in values], cards)
    return planned.on_conflict_do_nothing()


async def plan_edits(
    session: AsyncSession, kind: DeliveryKind, subject: int, *, now: datetime, expires_at: datetime
) -> None:
    """Plans a delivery of this kind for every card of a subject, at most one in `DEBOUNCE` for each card."""
    values = {
        "kind_": kind,
        "subject_": subject,
        "interval": str(int(now.timestamp() // DEBOUNCE.total_seconds())),
        "due": now + DEBOUNCE,
        "expires": expires_at,
        "card_kind": kind.card,
    }
    await session.execute(_edits_statement(dialect_insert(session)), values)
