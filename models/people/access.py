"""Roles, and the gates of groups. A gate returns the thing, or raises NotFound or NotAllowed."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.errors import NotAllowed, NotFound
from models.people.groups import Membership, Workgroup, by_name
from models.people.people import Person


class RoleKind(enum.StrEnum):
    COORDINATOR = "coordinator"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Role(Base):
    """A role given to a person, in one group or (``workgroup_id`` empty) in the whole organisation."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[RoleKind]
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


async def roles(session: AsyncSession, person_id: int) -> list[Role]:
    """The person's roles that are not revoked."""
    held = select(Role).where(Role.person_id == person_id, Role.revoked_at.is_(None)).order_by(Role.id)
    return list((await session.execute(held)).scalars())


async def holds(session: AsyncSession, person: Person, kind: RoleKind, group_id: int | None = None) -> bool:
    """Whether the person has the role, for the group if one is given. Administrators hold every group's."""
    return any(
        role.kind is RoleKind.ADMINISTRATOR
        or (role.kind is kind and (group_id is None or role.workgroup_id in (None, group_id)))
        for role in await roles(session, person.id)
    )


async def grant(
    session: AsyncSession, person: Person, kind: RoleKind, group: Workgroup | None = None, *, now: datetime
) -> bool:
    """Gives a role; False if the person has it already."""
    group_id = group.id if group else None
    await session.get(Person, person.id, with_for_update=True)  # two grants at once take turns
    if any(role.kind is kind and role.workgroup_id == group_id for role in await roles(session, person.id)):
        return False
    session.add(Role(person_id=person.id, kind=kind, workgroup_id=group_id, granted_at=now))
    await session.flush()
    return True


async def coordinated_groups(session: AsyncSession, person: Person, *, archived_too: bool = False) -> list[Workgroup]:
    """The groups that the person coordinates, by name. ``archived_too`` adds the archived ones, whose results stay
    readable."""
    held = await roles(session, person.id)
    wanted = select(Workgroup)
    if not archived_too:
        wanted = wanted.where(Workgroup.archived_at.is_(None))
    everywhere = any(
        role.kind is RoleKind.ADMINISTRATOR or (role.kind is RoleKind.COORDINATOR and role.workgroup_id is None)
        for role in held
    )
    if not everywhere:
        mine = [role.workgroup_id for role in held if role.kind is RoleKind.COORDINATOR]
        wanted = wanted.where(Workgroup.id.in_(mine))
    return sorted((await session.execute(wanted)).scalars(), key=by_name)


async def run_by_the_same(session: AsyncSession, group_id: int) -> list[Workgroup]:
    """The groups that each coordinator of a group coordinates, the group itself among them; without the archived
    ones."""
    run = [await coordinated_groups(session, person) for person in await coordinators(session, group_id)]
    return [group for group in run[0] if all(group in groups for groups in run)] if run else []


async def access_group(session: AsyncSession, person: Person, group_id: int) -> Workgroup:
    """The group, for its coordinators. Raises NotAllowed for its members and NotFound for everybody else."""
    group = await session.get(Workgroup, group_id)
    if group is None:
        raise NotFound
    if await holds(session, person, RoleKind.COORDINATOR, group_id):
        return group
    if await is_member(session, person, group_id):
        raise NotAllowed
    raise NotFound


async def is_member(session: AsyncSession, person: Person, group_id: int) -> bool:
    """Whether the person is on the group's roster now."""
    current = select(Membership.id).where(
        Membership.workgroup_id == group_id, Membership.person_id == person.id, Membership.left_at.is_(None)
    )
    return await session.scalar(current) is not None


async def require_role(session: AsyncSession, person: Person, kind: RoleKind) -> None:
    """Raises NotAllowed unless the person has the role anywhere."""
    if not await holds(session, person, kind):
        raise NotAllowed("for-administrators" if kind is RoleKind.ADMINISTRATOR else "not-allowed")


async def coordinators(session: AsyncSession, group_id: int) -> list[Person]:
    """The group's coordinators. The administrators if it has none."""
    held = (
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(Role.revoked_at.is_(None), Role.kind == RoleKind.COORDINATOR)
        .where(Role.workgroup_id.is_(None) | (Role.workgroup_id == group_id))
        .distinct()
        .order_by(Person.id)
    )
    people = list((await session.execute(held)).scalars())
    if people:
        return people
    return await administrators(session)


async def administrators(session: AsyncSession) -> list[Person]:
    """The people with the administrator's role now."""
    held = select(Person).join(Role, Role.person_id == Person.id)
    held = held.where(Role.revoked_at.is_(None), Role.kind == RoleKind.ADMINISTRATOR).distinct().order_by(Person.id)
    return list((await session.execute(held)).scalars())
