"""What a dialogue knows: one row per person and chat, so that it goes on after a restart or a week.

What a dialogue knows is a frozen dataclass, a `DraftState` of its own, which lives beside its handlers.
"""

import enum
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from sqlalchemy import JSON, BigInteger, ForeignKey, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OpenChoice
from models.codec import from_json, key_of, to_json
from models.errors import Stale
from models.people.people import Person

Fields = dict[str, Any]
"""Fields of a state by their names."""


class DraftKind(enum.StrEnum):
    """What a dialogue is about."""

    MEETING = "newmeeting"
    HEAD_COUNT = "heads"
    SURVEY = "newsurvey"
    FEEDBACK_TEXT = "feedback"
    FORM = "form"
    GROUP = "newgroup"
    GROUP_NAME = "group-rename"
    ROSTER = "roster"
    CONTACT = "contact"
    MEMBER = "member"
    OWN_NAME = "own-name"
    ROLE = "roles"
    CHANGE_TOLD = "reply"
    THEME = "theme"
    ERASURE = "erasure"
    UNRECOGNIZED = "unrecognized"
    """Begun in another version of the program."""


STATES: dict[DraftKind, type["DraftState"]] = {}
"""The state of each kind of dialogue."""


@dataclass(frozen=True, kw_only=True)
class DraftState:
    """What is known in a dialogue. A field without a value yet has its default, and is not stored.

    People may be in the middle of a dialogue while the program is upgraded: a field that is added needs a default,
    and one that is renamed is `stored_as` before.
    """

    subject: ClassVar[DraftKind]
    awaits: str = ""
    """The question that a typed line answers, in dialogues that ask several."""

    def __init_subclass__(cls, *, subject: DraftKind) -> None:
        cls.subject = subject
        STATES[subject] = cls

    @property
    def known_fields(self) -> Fields:
        """The fields whose values differ from their defaults."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def without(self, *names: str) -> Self:
        """As if these fields were not known."""
        defaults: Fields = {field.name: field.default for field in fields(self) if field.name in names}
        return replace(self, **defaults)


State = TypeVar("State", bound=DraftState)


class Draft(Base, Generic[State]):
    """What a person is in the middle of."""

    __tablename__ = "draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[DraftKind] = mapped_column(OpenChoice(DraftKind, unknown=DraftKind.UNRECOGNIZED))
    awaits: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The state and the number, as JSON."""
    updated_at: Mapped[datetime]

    @property
    def number(self) -> int:
        """Tells this dialogue from the person's others: its buttons carry it, so that an old card touches no newer."""
        number: int = self.data["number"]
        return number

    @property
    def state(self) -> State:
        """What is known. Raises Stale if the row is of another version of the program, and does not fit."""
        awaits = {"awaits": self.awaits} if self.awaits else {}
        try:
            return cast("State", from_json(STATES[self.subject], self.data | awaits))
        except (KeyError, ValueError):
            raise Stale("dialogue-is-over") from None

    @property
    def is_readable(self) -> bool:
        """Whether `state` can be read."""
        try:
            return self.state is not None
        except Stale:
            return False


async def current(session: AsyncSession, person: Person, chat_id: int) -> Draft[Any] | None:
    """What the person is in the middle of in this chat, if anything."""
    return await session.get(Draft, (person.id, chat_id))


async def find_draft(session: AsyncSession, person: Person, chat_id: int, state: type[State]) -> Draft[State] | None:
    """The draft of the dialogue, if the person is in the middle of one of this kind."""
    draft = await current(session, person, chat_id)
    return draft if draft is not None and draft.subject == state.subject else None


async def access_draft(
    session: AsyncSession, person: Person, chat_id: int, state: type[State], number: int | None = None
) -> Draft[State]:
    """The gate of a dialogue's buttons: its draft, or Stale if it is over or another has begun."""
    draft = await find_draft(session, person, chat_id, state)
    if draft is None or number not in (None, draft.number):
        raise Stale("dialogue-is-over")
    return draft


async def begin(
    session: AsyncSession, person: Person, chat_id: int, state: State, *, number: int, now: datetime
) -> Draft[State]:
    """Begins a dialogue; whatever the person was in the middle of is dropped. ``number`` comes from the id of the
    update that begins it: delivered again, it draws the same buttons."""
    await end(session, person, chat_id)
    draft: Draft[State] = Draft(person_id=person.id, chat_id=chat_id, subject=state.subject)
    draft.data = {"number": number}
    update(draft, state, now=now)
    session.add(draft)
    await session.flush()
    return draft


def update(draft: Draft[State], state: State, *, now: datetime) -> None:
    """Stores what is known now."""
    known = state.known_fields
    keys = {field.name: key_of(field) for field in fields(state) if field.name != "awaits"}
    draft.data = {key: to_json(known[name]) for name, key in keys.items() if name in known} | {"number": draft.number}
    draft.awaits, draft.updated_at = state.awaits, now


async def end(session: AsyncSession, person: Person, chat_id: int, subject: DraftKind | None = None) -> bool:
    """Ends the dialogue, if there is one (about ``subject``). Returns whether there was one."""
    ended = delete(Draft).where(Draft.person_id == person.id, Draft.chat_id == chat_id).returning(Draft.person_id)
    if subject is not None:
        ended = ended.where(Draft.subject == subject)
    return (await session.execute(ended, execution_options={"synchronize_session": "fetch"})).first() is not None
