"""Cards: what stands in which chat, edited in place when the world moves on."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, bindparam, delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Moment, OpenChoice, dialect_insert, insert_new
from models.delivery.kinds import CardKind
from models.delivery.outbox import Delivery, Sending
from models.people.people import Address

DEBOUNCE = timedelta(seconds=5)
"""A card that many people's taps change is edited no oftener."""


class Message(Base):
    """What stands in which chat: the one living message of a subject, edited in place, after a restart too."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("address_id", "kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    kind: Mapped[CardKind] = mapped_column(OpenChoice(CardKind))
    subject: Mapped[int]
    revision: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int]


async def stands(
    session: AsyncSession, address_id: int, kind: str, subject: int, *, message_id: int, revision: int = 0
) -> int | None:
    """Records the living message of a subject in a chat; returns the id of the one it replaces."""
    values = {"address_id": address_id, "kind": kind, "subject": subject}
    new = {**values, "revision": revision, "message_id": message_id}
    wanted = select(Message).filter_by(**values).with_for_update()
    row = await session.scalar(wanted)
    if row is None and await insert_new(session, Message, [new]):
        return None
    row = row or (await session.execute(wanted)).scalar_one()  # a reply and a delivery noted it at the same moment
    replaced = row.message_id if row.message_id != message_id else None
    row.message_id, row.revision = message_id, revision
    return replaced


async def becomes(session: AsyncSession, chat_id: int, message_id: int, card: tuple[str, int, int] | None) -> None:
    """A message of a private chat is now another card (kind, subject, revision), or (None) no card to be edited."""
    address_id = await session.scalar(select(Address.id).where(Address.chat_id == chat_id))
    if address_id is None:
        return
    was = delete(Message).where(Message.address_id == address_id, Message.message_id == message_id)
    await session.execute(was)
    if card is not None:
        await stands(session, address_id, card[0], card[1], message_id=message_id, revision=card[2])


async def standing(session: AsyncSession, address_id: int, kind: str, subject: int) -> int | None:
    """The message id of the living message of a subject in a chat."""
    wanted = select(Message.message_id).where(
        Message.address_id == address_id, Message.kind == kind, Message.subject == subject
    )
    return await session.scalar(wanted)


@cache
def _refreshing(insert: Any) -> Any:
    """The statement of `refresh`, built once for each dialect: it is part of every answer."""
    values: dict[Any, Any] = {
        Delivery.kind: bindparam("kind_"),
        Delivery.subject: bindparam("subject_"),
        Delivery.revision: literal(0),
        Delivery.address_id: Message.address_id,
        Delivery.slot: bindparam("beat"),
        Delivery.due_at: bindparam("due", type_=Moment()),
        Delivery.expires_at: bindparam("expires", type_=Moment()),
        Delivery.urgent: literal(True),  # an edit makes no sound
        Delivery.state: literal(Sending.DUE, Delivery.state.type),
        Delivery.attempts: literal(0),
        Delivery.ambiguous: literal(False),
    }
    cards = select(*values.values()).where(Message.kind == bindparam("card_kind"), Message.subject == bindparam("card"))
    planned = insert(Delivery.__table__).from_select([column.key for column in values], cards)
    return planned.on_conflict_do_nothing()


async def refresh(
    session: AsyncSession, kind: str, card: tuple[str, int], *, now: datetime, expires_at: datetime
) -> None:
    """Plans an edit of every living message of a card (kind, subject), at most one in `DEBOUNCE` for each."""
    values = {
        "kind_": kind,
        "subject_": card[1],
        "beat": str(int(now.timestamp() // DEBOUNCE.total_seconds())),
        "due": now + DEBOUNCE,
        "expires": expires_at,
        "card_kind": card[0],
        "card": card[1],
    }
    await session.execute(_refreshing(dialect_insert(session)), values)
