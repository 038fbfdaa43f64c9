"""Clearing: every message about a form that closes is edited, so that the chats hold no answers.

All who were asked are treated alike, whether they answered or not, in random order. The rows are deleted once the edits
have ended: then nothing tells who had which message.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, String, cast, delete, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Moment, dialect_insert
from models.delivery.cards import CLEARS_WITHIN, Message, ReplacedMessage
from models.delivery.kinds import CardKind, Clearing, DeliveryKind
from models.delivery.outbox import Delivery, Sending
from models.people.people import Address


async def clear_all(session: AsyncSession, run_id: int, clearing: Clearing, *, now: datetime) -> None:
    """Plans the edit of every message that was sent about a run, and deletes what was recorded of these messages and
    of their deliveries."""
    await session.execute(_plan_statement(session, run_id, clearing, now))
    resting = Delivery.kind == DeliveryKind.FEEDBACK_CLEARED, Delivery.revision == Clearing.RESTING
    for table, where in (
        (Delivery, (Delivery.kind == DeliveryKind.FEEDBACK,)),
        (Delivery, (*resting, Delivery.state == Sending.DUE)),
        (Message, (Message.kind == CardKind.FEEDBACK,)),
        (ReplacedMessage, ()),
    ):
        await session.execute(delete(table).where(table.subject == run_id, *where))


def _messages(run_id: int) -> CompoundSelect[Any]:
    """The address and message id of every message that was sent about a run."""
    standing = select(Message.address_id, Message.message_id)
    replaced = select(ReplacedMessage.address_id, ReplacedMessage.message_id)
    delivered = select(Delivery.address_id, Delivery.message_id)  # also those replaced before this was recorded
    return union(
        standing.where(Message.kind == CardKind.FEEDBACK, Message.subject == run_id),
        replaced.where(ReplacedMessage.subject == run_id),
        delivered.where(
            Delivery.kind == DeliveryKind.FEEDBACK, Delivery.subject == run_id, Delivery.message_id.is_not(None)
        ),
    )


def _plan_statement(session: AsyncSession, run_id: int, clearing: Clearing, now: datetime) -> Any:
    messages = _messages(run_id).subquery()
    values: dict[Any, Any] = {
        Delivery.kind: literal(DeliveryKind.FEEDBACK_CLEARED, Delivery.kind.type),
        Delivery.subject: literal(run_id),
        Delivery.revision: literal(int(clearing)),
        Delivery.address_id: messages.c.address_id,
        Delivery.slot: cast(messages.c.message_id, String),
        Delivery.message_id: messages.c.message_id,
        Delivery.due_at: literal(now, Moment()),
        Delivery.expires_at: literal(now + CLEARS_WITHIN, Moment()),
        Delivery.urgent: literal(False),
        Delivery.state: literal(Sending.DUE, Delivery.state.type),
        Delivery.attempts: literal(0),
        Delivery.ambiguous: literal(False),
    }
    rows = select(*values.values()).order_by(func.random())
    planned = dialect_insert(session)(Delivery.__table__).from_select([column.key for column in values], rows)
    return planned.on_conflict_do_nothing()


async def form_messages(session: AsyncSession, person_id: int) -> list[int]:
    """The ids of the messages about open forms in a person's chat."""
    address = select(Address.id).where(Address.person_id == person_id).scalar_subquery()
    standing = select(Message.message_id).where(Message.address_id == address, Message.kind == CardKind.FEEDBACK)
    replaced = select(ReplacedMessage.message_id).where(ReplacedMessage.address_id == address)
    return list(await session.scalars(union(standing, replaced)))


async def is_under_way(session: AsyncSession) -> bool:
    """Whether messages about forms are still to be edited."""
    waiting = select(Delivery.id).where(Delivery.kind == DeliveryKind.FEEDBACK_CLEARED)
    return await session.scalar(waiting.limit(1)) is not None
