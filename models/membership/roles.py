"""Giving and revoking roles. Administrators give every role. Coordinators give the coordinator's role in their
groups."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Planned
from models.errors import NotAllowed, NotFound, Refused
from models.people import access, audit, links, people
from models.people.access import Role, RoleKind
from models.people.groups import Workgroup, by_name
from models.people.links import Link, LinkKind
from models.people.people import Person, quiet_hours
from models.policy import Policy

TELLS = timedelta(days=14)
"""How long the notice of a role waits to be sent."""


@dataclass(frozen=True)
class Holding:
    """A role with its person and group. No group means the whole organisation."""

    role: Role
    person: Person
    group: Workgroup | None


async def visible(session: AsyncSession, actor: Person) -> list[Holding]:
    """The roles that the actor may see and revoke, by kind, group and name, without those in archived groups."""
    rows = await session.execute(
        select(Role, Person, Workgroup)
        .join(Person, Person.id == Role.person_id)
        .outerjoin(Workgroup, Workgroup.id == Role.workgroup_id)
        .where(Role.revoked_at.is_(None), Workgroup.archived_at.is_(None))
    )
    held = [Holding(role, person, group) for role, person, group in rows]
    if not await access.holds(session, actor, RoleKind.ADMINISTRATOR):
        run = {group.id for group in await access.coordinated_groups(session, actor)}
        if not run:
            raise NotAllowed
        held = [h for h in held if h.role.kind is RoleKind.COORDINATOR and h.role.workgroup_id in run]
    order = [RoleKind.ADMINISTRATOR, RoleKind.MANAGER, RoleKind.COORDINATOR]
    return sorted(held, key=lambda h: (order.index(h.role.kind), _by_group(h), by_name(h.person)))


def _by_group(held: Holding) -> tuple[Any, ...]:
    """The whole organisation first, then the groups by name."""
    return () if held.group is None else by_name(held.group)


async def access_group_for_role(
    session: AsyncSession, actor: Person, kind: RoleKind, group_id: int | None
) -> Workgroup | None:
    """The group in which the actor may give and revoke this role; None for the organisation. Raises NotAllowed,
    NotFound,
    or Refused if the group is archived."""
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
    """A one-time link. Whoever opens it gets the role."""
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
    """Gives a person a role and notifies them. Returns False if they had it. A person who has not pressed Start sees it
    at /start."""
    group = await access_group_for_role(session, actor, kind, group_id)
    if not await access.grant(session, chosen, kind, group, now=now):
        return False
    audit.note(session, actor, "role-given", now=now, group_id=group_id, person_id=chosen.id, detail=kind)
    newest = max(role.id for role in await access.roles(session, chosen.id))
    await _plan_role_notice(session, DeliveryKind.ROLE_GIVEN, newest, actor, chosen, policy=policy, now=now)
    return True


async def appoint(session: AsyncSession, telegram_id: int, *, now: datetime) -> None:
    """Gives the administrator's role to the person that the configuration names."""
    person = await people.expected(session, telegram_id, now=now)
    if await access.grant(session, person, RoleKind.ADMINISTRATOR, now=now):
        detail = RoleKind.ADMINISTRATOR
        audit.note(session, None, "role-given", now=now, person_id=person.id, detail=detail)


async def access_role(session: AsyncSession, actor: Person, role_id: int) -> Holding:
    """The role, for those who may revoke it. Raises NotFound or NotAllowed for others, Refused if it is revoked
    already."""
    role = await session.get(Role, role_id)
    if role is None:
        raise NotFound
    group = await access_group_for_role(session, actor, role.kind, role.workgroup_id)
    if role.revoked_at is not None:
        raise Refused("role-gone-already")
    return Holding(role, await session.get_one(Person, role.person_id), group)


async def take(session: AsyncSession, actor: Person, held: Holding, *, policy: Policy, now: datetime) -> None:
    """Revokes a role and notifies the person. Raises Refused if it is revoked already, or the last administrator's."""
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
    await outbox.withdraw(session, [DeliveryKind.ROLE_GIVEN], [role.id])
    await _plan_role_notice(session, DeliveryKind.ROLE_REMOVED, role.id, actor, held.person, policy=policy, now=now)


async def _ensure_not_last_administrator(session: AsyncSession, going: Role) -> None:
    """Raises Refused if there is no other administrator. Locks the rows, so that two who revoke each other take
    turns."""
    held = select(Role).where(Role.kind == RoleKind.ADMINISTRATOR, Role.revoked_at.is_(None)).order_by(Role.id)
    rows = (await session.execute(held.with_for_update())).scalars()
    if all(role.id == going.id for role in rows):
        raise Refused("last-administrator")


async def is_last(session: AsyncSession, held: Holding) -> bool:
    """Whether nobody else has this role in the same group or organisation."""
    kind, group_id = held.role.kind, held.role.workgroup_id
    others = select(Role.id).where(Role.kind == kind, Role.revoked_at.is_(None), Role.id != held.role.id)
    others = others.where(Role.workgroup_id == group_id if group_id else Role.workgroup_id.is_(None))
    return await session.scalar(others.limit(1)) is None


async def of_person(session: AsyncSession, person: Person) -> list[Holding]:
    """The person's roles in the organisation and in groups that are not archived."""
    rows = await session.execute(
        select(Role, Workgroup)
        .outerjoin(Workgroup, Workgroup.id == Role.workgroup_id)
        .where(Role.person_id == person.id, Role.revoked_at.is_(None), Workgroup.archived_at.is_(None))
        .order_by(Role.id)
    )
    return sorted((Holding(role, person, group) for role, group in rows), key=_by_group)


async def holding_to_report(session: AsyncSession, role_id: int, person: Person) -> Holding | None:
    """The role that a delivery to this person is about; None if it is not theirs."""
    role = await session.get(Role, role_id)
    if role is None or role.person_id != person.id:
        return None
    group = await session.get(Workgroup, role.workgroup_id) if role.workgroup_id else None
    return Holding(role, person, group)


async def has(session: AsyncSession, held: Holding) -> bool:
    """Whether the person has the same role now, by this row or a later one."""
    kind, group_id = held.role.kind, held.role.workgroup_id
    now = await access.roles(session, held.person.id)
    return any(role.kind is kind and role.workgroup_id == group_id for role in now)


async def _plan_role_notice(
    session: AsyncSession,
    kind: DeliveryKind,
    role_id: int,
    actor: Person,
    person: Person,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    """Plans the notice. A person who did it to themselves gets none: the screen says it."""
    if person.id == actor.id:
        return
    due = next_waking(now, quiet_hours(person, policy))
    news = Planned(person_id=person.id, kind=kind, subject=role_id, due_at=due, expires_at=due + TELLS)
    await outbox.plan(session, [news])
