"""People and the addresses their messages go to."""

import enum
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, insert_new
from models.calendar import Quiet
from models.errors import Refused
from models.people.names import BLANKS, has_letter, has_letter_or_digit, is_name, is_visible
from models.policy import Policy

NAME_LENGTH = 80


class Reachability(enum.StrEnum):
    """Whether the bot may write to a person, or why not."""

    UNCLAIMED = "unclaimed"  # has not pressed Start
    REACHABLE = "reachable"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"


class Person(Base):
    """Someone on a roster, with or without Telegram."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    name: Mapped[str]
    profile_name: Mapped[str | None]
    """The name of the Telegram account when it was last looked at. ``name`` is the same until it is changed here."""
    language: Mapped[str | None]
    organisation: Mapped[str | None]
    """The background organisation that the person chose, of `models.people.settings.Organisation`, or ``UNTOLD``."""
    organisation_name: Mapped[str | None]
    """What a roster says of it: "Kuopion kaupunki". `models.people.organisations` knows which kind that is."""
    field: Mapped[str | None]
    contact: Mapped[str | None]
    quiet_start: Mapped[time | None]
    quiet_end: Mapped[time | None]
    wants_reminders: Mapped[bool] = mapped_column(default=True)
    wants_feedback: Mapped[bool] = mapped_column(default=True)
    """Whether to be asked for feedback."""
    reach: Mapped[Reachability] = mapped_column(default=Reachability.UNCLAIMED)
    created_at: Mapped[datetime]

    address: Mapped["Address | None"] = relationship(back_populates="person", lazy="raise")


class Address(Base):
    """Where messages go: a private chat (then with its person), a group, a channel, or a topic in one."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("chat_id", "thread_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    free_at: Mapped[datetime | None]
    """No message is sent before this: Telegram allows one message per second and chat."""

    person: Mapped[Person | None] = relationship(back_populates="address", lazy="raise")


def tidy(text: str, limit: int = NAME_LENGTH) -> str:
    """Typed text on one line, without control, zero-width and direction characters, cut to ``limit`` characters.

    Emoji joiners are removed too: a family emoji becomes its members. Letters that are printed as nothing are spaces.
    """
    composed = unicodedata.normalize("NFC", text).translate(BLANKS)
    characters = (" " if c.isspace() else c for c in composed if c.isspace() or _shown(c))
    return " ".join("".join(characters).split())[:limit].rstrip()


def _shown(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def parse_line(typed: str, most: int) -> str:
    """A typed line, normalised by `tidy`. Raises Refused if nothing of it can be seen, or if it is longer than ``most``
    characters."""
    line = tidy(typed, most + 1)
    if not is_visible(line):
        raise Refused("line-empty")
    if len(line) > most:
        raise Refused("line-too-long", most=most)
    return line


def parse_name(typed: str) -> str:
    """A person's typed name, normalised. Raises Refused if it has no letter or is longer than `NAME_LENGTH`."""
    name = parse_line(typed, NAME_LENGTH)
    if not has_letter(name):
        raise Refused("name-needs-letter")
    return name


def parse_title(typed: str, most: int) -> str:
    """The typed name of a thing, normalised. Raises Refused if it has no letter or digit or is longer than ``most``
    characters."""
    title = parse_line(typed, most)
    if not has_letter_or_digit(title):
        raise Refused("title-needs-letter")
    return title


def profile_name(*names: str | None) -> str:
    """The first of the names, normalised, that somebody can be called by; empty if there is none.

    Telegram accepts names of invisible characters or of marks alone.
    """
    return next((name for name in map(tidy, filter(None, names)) if is_name(name)), "")


def quiet_hours(person: Person, policy: Policy) -> Quiet:
    """The person's own quiet hours. The organisation's if they have set none."""
    if person.quiet_start is None or person.quiet_end is None:
        return policy.quiet
    return replace(policy.quiet, start=person.quiet_start, end=person.quiet_end)


async def met(
    session: AsyncSession, telegram_id: int, name: str, language: str | None, *, now: datetime
) -> tuple[Person, bool]:
    """The person with a Telegram id, created if unknown, and whether they were not reachable before. They are now.

    ``name`` is one that `profile_name` has made. A person who was only expected gets the name and language of their
    Telegram account. A chosen language stays.
    """
    wanted = select(Person).where(Person.telegram_id == telegram_id)
    person = await session.scalar(wanted)
    if person is None:
        row = {"telegram_id": telegram_id, "name": name, "profile_name": name, "language": language, "created_at": now}
        await insert_new(session, Person, [row])
        person = (await session.execute(wanted)).scalar_one()
    if person.reach is Reachability.UNCLAIMED:
        person.name, person.profile_name, person.language = name, name, person.language or language
    is_new = person.reach is not Reachability.REACHABLE
    person.reach = Reachability.REACHABLE
    if await private_address(session, telegram_id) is None:
        await insert_new(session, Address, [{"chat_id": telegram_id, "person_id": person.id}])
    return person, is_new


def has_profile_name(person: Person) -> bool:
    """Whether a person is called as their Telegram account is, and not by a name from a roster or of their own."""
    return person.telegram_id is not None and person.profile_name in (None, person.name)


def follow_profile(person: Person, name: str) -> bool:
    """Follows a change of the name of the Telegram account, unless the person is called otherwise here. Returns whether
    their name has changed."""
    if not name or name == person.profile_name:
        return False
    follows = person.profile_name == person.name
    person.profile_name = name
    if follows:
        person.name = name
    return follows


def blocked(person: Person) -> bool:
    """Marks a person as having blocked the bot. Returns whether they were reachable before.

    A person who has not pressed Start stays unclaimed, so that they get their name when they do."""
    is_new = person.reach is Reachability.REACHABLE
    if person.reach is not Reachability.UNCLAIMED:
        person.reach = Reachability.BLOCKED
    return is_new


KNOWN = select(Person).where(Person.telegram_id == bindparam("telegram_id"))


async def known(session: AsyncSession, telegram_id: int) -> Person | None:
    """The person with a Telegram id; None if there is none."""
    return await session.scalar(KNOWN, {"telegram_id": telegram_id})


def stranger() -> Person:
    """A person without a row. No row has the id 0, so that every gate raises NotFound for them."""
    return Person(id=0, name="")


def is_stranger(person: Person) -> bool:
    return person.id == 0


async def unreachable(session: AsyncSession, address_id: int, reach: Reachability) -> Person | None:
    """Marks the person of an address as blocked or deactivated. Returns the person if they were reachable before."""
    person = await session.scalar(select(Person).join(Address).where(Address.id == address_id))
    if person is None:
        return None
    is_new = person.reach is Reachability.REACHABLE
    person.reach = reach
    return person if is_new else None


async def private_address(session: AsyncSession, chat_id: int) -> int | None:
    """The id of a private chat's address; None if it is unknown."""
    wanted = select(Address.id).where(Address.chat_id == chat_id, Address.person_id.is_not(None))
    return await session.scalar(wanted)


async def private_chats(session: AsyncSession, person_ids: Iterable[int]) -> dict[int, int]:
    """The chat ids of people's private chats, by person id."""
    rows = await session.execute(
        select(Address.person_id, Address.chat_id).where(Address.person_id.in_(list(person_ids)))
    )
    return {person_id: chat_id for person_id, chat_id in rows if person_id is not None}


async def of_address(session: AsyncSession, address: Address) -> Person | None:
    """The person of a private chat; None for a group or channel."""
    return await session.get(Person, address.person_id) if address.person_id is not None else None


async def expected(session: AsyncSession, telegram_id: int, *, now: datetime, name: str = "") -> Person:
    """The person with a Telegram id, created as unclaimed if unknown."""
    called = profile_name(name) or str(telegram_id)
    row = {"telegram_id": telegram_id, "name": called, "reach": Reachability.UNCLAIMED, "created_at": now}
    await insert_new(session, Person, [row])
    return (await session.execute(select(Person).where(Person.telegram_id == telegram_id))).scalar_one()
