"""Giving roles and taking them away. Administrators give all; coordinators make others coordinators of their groups."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Planned
from models.errors import NotAllowed, NotFound, Refused
from models.people import access, audit, links, people
from models.people.access import Role, RoleKind
from models.people.groups import Workgroup
from models.people.links import Link, LinkKind
from models.people.people import Person, quiet_hours
from models.policy import Policy

TELLS = timedelta(days=14)
"""For how long the news of a role waits for whoever cannot be written to in quiet time."""


@dataclass(frozen=True)
class Holding:
    """A role, who has it and where; no group means the whole organisation."""

    role: Role
    person: Person
    group: Workgroup | None


async def visible(session: AsyncSession, actor: Person) -> list[Holding]:
    """The roles that the actor may see and take away, by kind, group and name. Those of archived groups rest."""
    rows = await session.execute(
        select(Role, Person, Workgroup)
        .join(Person, Person.id == Role.person_id)
        .outerjoin(Workgroup, Workgroup.id == Role.workgroup_id)
        .where(Role.revoked_at.is_(None), Workgroup.archived_at.is_(None))
        .order_by(Workgroup.name, Workgroup.id, Person.name, Person.id)
    )
    held = [Holding(role, person, group) for role, person, group in rows]
    if not await access.holds(session, actor, RoleKind.ADMINISTRATOR):
        run = {group.id for group in await access.coordinated_groups(session, actor)}
        if not run:
            raise NotAllowed
        held = [h for h in held if h.role.kind is RoleKind.COORDINATOR and h.role.workgroup_id in run]
    order = [RoleKind.ADMINISTRATOR, RoleKind.MANAGER, RoleKind.COORDINATOR]
    return sorted(held, key=lambda h: (order.index(h.role.kind), h.group is not None))


async def access_group_for_role(
    session: AsyncSession, actor: Person, kind: RoleKind, group_id: int | None
) -> Workgroup | None:
    """The gate of giving and taking: the group that the role is for, None for the organisation."""
    if not await access.holds(session, actor, RoleKind.COORDINATOR):
        raise NotAllowed
    if kind is not RoleKind.COORDINATOR:
        await access.require_role(session, actor, RoleKind.ADMINISTRATOR)
    if (kind is RoleKind.ADMINISTRATOR) != (group_id is None) and kind is not RoleKind.MANAGER:
        raise NotFound  # an administrator of one group, a coordinator of none
    if group_id is None:
        return None
    group = await access.access_group(session, actor, group_id)
    if group.archived_at is not None:
        raise Refused("group-is-archived", group=group.name)
    return group


async def offer(session: AsyncSession, actor: Person, kind: RoleKind, group_id: int | None, *, now: datetime) -> Link:
    """A one-time link with which whoever opens it takes the role."""
    await access_group_for_role(session, actor, kind, group_id)
    link = await links.make(session, LinkKind.ROLE, now=now, group_id=group_id, role=kind, keeps=links.ROLE_KEEPS)
    audit.note(session, actor, "role-offered", now=now, group_id=group_id, detail=kind)
    return link


async def give(
    session: AsyncSession,
    actor: Person,
    chosen: Person,
    kind: RoleKind,
    group_id: int | None,
    *,
    policy: Policy,
    now: datetime,
) -> bool:
    """Gives a person a role and tells them; False if they had it. Who has not started hears of it on /start."""
    group = await access_group_for_role(session, actor, kind, group_id)
    if not await access.grant(session, chosen, kind, group, now=now):
        return False
    audit.note(session, actor, "role-given", now=now, group_id=group_id, person_id=chosen.id, detail=kind)
    newest = max(role.id for role in await access.roles(session, chosen.id))
    await _tell(session, DeliveryKind.ROLE_GIVEN, newest, actor, chosen, policy=policy, now=now)
    return True


async def appoint(session: AsyncSession, telegram_id: int, *, now: datetime) -> None:
    """Makes an administrator of whoever the configuration names."""
    person = await people.expected(session, telegram_id, now=now)
    if await access.grant(session, person, RoleKind.ADMINISTRATOR, now=now):
        detail = RoleKind.ADMINISTRATOR
        audit.note(session, None, "role-given", now=now, person_id=person.id, detail=detail)


async def access_role(session: AsyncSession, actor: Person, role_id: int) -> Holding:
    """The gate of taking away: a role that is still held and that the actor may give."""
    role = await session.get(Role, role_id)
    if role is None:
        raise NotFound
    group = await access_group_for_role(session, actor, role.kind, role.workgroup_id)
    if role.revoked_at is not None:
        raise Refused("role-gone-already")
    return Holding(role, await session.get_one(Person, role.person_id), group)


async def take(session: AsyncSession, actor: Person, held: Holding, *, policy: Policy, now: datetime) -> None:
    """Takes a role away, once, and tells the person. The last administrator stays."""
    role = held.role
    if role.kind is RoleKind.ADMINISTRATOR:
        await _ensure_not_last_administrator(session, role)
    taken = await session.execute(
        update(Role).where(Role.id == role.id, Role.revoked_at.is_(None)).values(revoked_at=now).returning(Role.id)
    )
    if taken.scalar_one_or_none() is None:
        raise Refused("role-gone-already")
    group_id = role.workgroup_id
    audit.note(session, actor, "role-removed", now=now, group_id=group_id, person_id=held.person.id, detail=role.kind)
    await outbox.withdraw(session, DeliveryKind.ROLE_GIVEN, role.id)
    await _tell(session, DeliveryKind.ROLE_REMOVED, role.id, actor, held.person, policy=policy, now=now)


async def _ensure_not_last_administrator(session: AsyncSession, going: Role) -> None:
    """Refuses to lose the last administrator. The lock makes two who remove each other take turns."""
    held = select(Role).where(Role.kind == RoleKind.ADMINISTRATOR, Role.revoked_at.is_(None)).order_by(Role.id)
    rows = (await session.execute(held.with_for_update())).scalars()
    if all(role.id == going.id for role in rows):
        raise Refused("last-administrator")


async def is_last(session: AsyncSession, held: Holding) -> bool:
    """Whether nobody else has this role there."""
    kind, group_id = held.role.kind, held.role.workgroup_id
    others = select(Role.id).where(Role.kind == kind, Role.revoked_at.is_(None), Role.id != held.role.id)
    others = others.where(Role.workgroup_id == group_id if group_id else Role.workgroup_id.is_(None))
    return await session.scalar(others.limit(1)) is None


async def of_person(session: AsyncSession, person: Person) -> list[Holding]:
    """The roles that a person has, in living groups or the organisation."""
    rows = await session.execute(
        select(Role, Workgroup)
        .outerjoin(Workgroup, Workgroup.id == Role.workgroup_id)
        .where(Role.person_id == person.id, Role.revoked_at.is_(None), Workgroup.archived_at.is_(None))
        .order_by(Workgroup.name, Role.id)
    )
    return [Holding(role, person, group) for role, group in rows]


async def holding_to_report(session: AsyncSession, role_id: int, person: Person) -> Holding | None:
    """The role that a letter to this person is about."""
    role = await session.get(Role, role_id)
    if role is None or role.person_id != person.id:
        return None
    group = await session.get(Workgroup, role.workgroup_id) if role.workgroup_id else None
    return Holding(role, person, group)


async def has(session: AsyncSession, held: Holding) -> bool:
    """Whether the person has such a role there now, by this row or a later one."""
    kind, group_id = held.role.kind, held.role.workgroup_id
    now = await access.roles(session, held.person.id)
    return any(role.kind is kind and role.workgroup_id == group_id for role in now)


async def _tell(
    session: AsyncSession,
    kind: DeliveryKind,
    role_id: int,
    actor: Person,
    person: Person,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    """Plans the news; who does it to themselves sees it at once."""
    if person.id == actor.id:
        return
    due = next_waking(now, quiet_hours(person, policy))
    news = Planned(person_id=person.id, kind=kind, subject=role_id, due_at=due, expires_at=due + TELLS)
    await outbox.plan(session, [news])
