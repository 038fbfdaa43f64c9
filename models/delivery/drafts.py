"""A dialogue's memory: one row per person and chat, so that a restart or a week between changes nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.errors import Stale
from models.people.people import Person


class Draft(Base):
    """What a person is in the middle of. ``awaits`` names the question that a typed line would answer."""

    __tablename__ = "draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str]
    awaits: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime]

    @property
    def number(self) -> int:
        """Tells this dialogue from the person's others: its buttons carry it, so that an old card touches no newer."""
        number: int = self.data["number"]
        return number


async def current(session: AsyncSession, person: Person, chat_id: int) -> Draft | None:
    """What the person is in the middle of in this chat, if anything."""
    return await session.get(Draft, (person.id, chat_id))


async def of(session: AsyncSession, person: Person, chat_id: int, subject: str, number: int | None = None) -> Draft:
    """The gate of a dialogue's buttons: its draft, or ``Stale`` if it is over or another has begun."""
    draft = await current(session, person, chat_id)
    if draft is None or draft.subject != subject or number not in (None, draft.number):
        raise Stale("dialogue-is-over")
    return draft


async def begin(
    session: AsyncSession,
    person: Person,
    chat_id: int,
    subject: str,
    awaits: str,
    *,
    data: dict[str, Any],
    number: int,
    now: datetime,
) -> Draft:
    """Begins a dialogue; whatever the person was in the middle of is dropped. ``number`` comes from the id of the
    update that begins it: delivered again, it draws the same buttons."""
    await end(session, person, chat_id)
    draft = Draft(person_id=person.id, chat_id=chat_id, subject=subject, awaits=awaits, updated_at=now)
    draft.data = {**data, "number": number}
    session.add(draft)
    await session.flush()
    return draft


def learn(draft: Draft, awaits: str, *, now: datetime, **data: Any) -> None:
    """Fills gaps and says what is awaited next."""
    draft.data = {**draft.data, **data}
    draft.awaits, draft.updated_at = awaits, now


async def end(session: AsyncSession, person: Person, chat_id: int) -> bool:
    """Ends the dialogue; False if there was none."""
    gone = delete(Draft).where(Draft.person_id == person.id, Draft.chat_id == chat_id).returning(Draft.person_id)
    return (await session.execute(gone, execution_options={"synchronize_session": "fetch"})).first() is not None


async def end_of(session: AsyncSession, person: Person, chat_id: int, subject: str) -> None:
    """Ends the dialogue if it is about that subject."""
    draft = await current(session, person, chat_id)
    if draft is not None and draft.subject == subject:
        await session.delete(draft)
        await session.flush()
