"""Workgroups and memberships. A membership is an interval, so that the member counts of past years stay right."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, insert_new
from models.errors import NotFound, Refused
from models.people.names import in_order
from models.people.people import Person, parse_title

NAME_LENGTH = 60
CURRENT = text("left_at IS NULL")


class Workgroup(Base):
    __tablename__ = "workgroup"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    approves_joiners: Mapped[bool] = mapped_column(default=False)
    """Whether a coordinator approves each person who uses the joining link."""


def by_name(named: Person | Workgroup) -> tuple[tuple[str, str], int]:
    """The sort key of lists of people or groups, alike on both databases."""
    return in_order(named.name), named.id


class Membership(Base):
    """An interval in which a person is a member. A return makes a new row."""

    __tablename__ = "membership"
    __table_args__ = (
        # The rows of an erased person stay for the counts, with person_id NULL.
        Index(
            "uq_membership_current",
            "workgroup_id",
            "person_id",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(lazy="raise")
    workgroup: Mapped[Workgroup] = relationship(lazy="raise")


async def create(session: AsyncSession, name: str, *, now: datetime) -> Workgroup:
    """Creates a workgroup. Raises Refused if a group that is not archived has the same name, ignoring case."""
    await ensure_name_free(session, name)
    group = Workgroup(name=name, created_at=now, approves_joiners=False)
    session.add(group)
    await session.flush()
    return group


def parse_name(typed: str) -> str:
    """A typed name, normalised. Raises Refused if it has no letter or digit or is longer than `NAME_LENGTH`."""
    return parse_title(typed, NAME_LENGTH)


async def ensure_name_free(session: AsyncSession, name: str, *, besides: int | None = None) -> None:
    """Raises Refused if a group that is not archived has the name. The group with the id ``besides`` is ignored."""
    living = select(Workgroup.id, Workgroup.name).where(Workgroup.archived_at.is_(None))
    for group_id, taken in await session.execute(living):
        if taken.casefold() == name.casefold() and group_id != besides:
            raise Refused("group-name-taken", group=taken)


async def ensure_not_archived(session: AsyncSession, group: Workgroup) -> None:
    """Raises Refused if the group is archived. Locks its row, so that two who change a group take turns."""
    await session.refresh(group, with_for_update=True)
    if group.archived_at is not None:
        raise Refused("roster-archived", group=group.name)


async def join(session: AsyncSession, group: Workgroup, person: Person, *, now: datetime) -> bool:
    """Makes a person a member. Returns False if they were one already."""
    row = {"workgroup_id": group.id, "person_id": person.id, "joined_at": now}
    return bool(await insert_new(session, Membership, [row]))


async def leave(session: AsyncSession, group_id: int, person_id: int, *, now: datetime) -> int | None:
    """Ends a membership. Returns its id, or None if the person is not a member."""
    ended = await session.execute(
        update(Membership)
        .where(Membership.workgroup_id == group_id, Membership.person_id == person_id, Membership.left_at.is_(None))
        .values(left_at=now)
        .returning(Membership.id)
    )
    return ended.scalar_one_or_none()


async def members(session: AsyncSession, group_id: int) -> list[Person]:
    """The current members, by name."""
    chosen = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.workgroup_id == group_id, Membership.left_at.is_(None))
    )
    return sorted((await session.execute(chosen)).scalars(), key=by_name)


async def access_own_group(session: AsyncSession, person: Person, group_id: int) -> Workgroup:
    """The group, for its members. Raises NotFound for everybody else, and if it is archived."""
    for group in await of_person(session, person):
        if group.id == group_id:
            return group
    raise NotFound


async def of_person(session: AsyncSession, person: Person) -> list[Workgroup]:
    """The groups of which the person is a member, by name, without the archived ones."""
    wanted = (
        select(Workgroup)
        .join(Membership, Membership.workgroup_id == Workgroup.id)
        .where(Membership.person_id == person.id, Membership.left_at.is_(None), Workgroup.archived_at.is_(None))
    )
    return sorted((await session.execute(wanted)).scalars(), key=by_name)
