"""A person blocks the bot or deletes their account: nothing is sent to them any more, and the coordinators of their
groups get one notice, so that they can reach the person otherwise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Planned, Sending
from models.membership import roles
from models.people import access, groups, people
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person, Reachability, quiet_hours
from models.policy import Policy

TELLS = timedelta(days=7)
"""How long a notice waits to be sent."""


async def blocked(session: AsyncSession, person: Person, *, policy: Policy, now: datetime) -> None:
    """Handles Telegram's update that the person has blocked the bot."""
    if people.blocked(person):
        await _plan_notices(session, person, policy=policy, now=now)


async def forbidden(
    session: AsyncSession, address_id: int, reach: Reachability, *, policy: Policy, now: datetime
) -> None:
    """Handles Telegram's 403 to a message: the person has blocked the bot, or the account is deactivated."""
    person = await people.unreachable(session, address_id, reach)
    if person is not None:
        await _plan_notices(session, person, policy=policy, now=now)


async def _plan_notices(session: AsyncSession, person: Person, *, policy: Policy, now: datetime) -> None:
    """Plans notices, at most one per person and day. A notice superseded because the person returned is re-queued if
    they block the bot again."""
    readers = {
        reader.id: reader for group in await _groups(session, person) for reader in await _heads(session, group, person)
    }
    day = now.astimezone(policy.zone).date().toordinal()
    notes = []
    for reader in readers.values():
        due = next_waking(now, quiet_hours(reader, policy))
        notes.append(
            Planned(reader.id, DeliveryKind.BLOCKED, person.id, due_at=due, expires_at=due + TELLS, revision=day)
        )
    dropped = update(Delivery).where(
        Delivery.kind == DeliveryKind.BLOCKED,
        Delivery.subject == person.id,
        Delivery.revision == day,
        Delivery.state == Sending.SUPERSEDED,
    )
    await session.execute(dropped.values(state=Sending.DUE))
    await outbox.plan(session, notes)


async def _groups(session: AsyncSession, person: Person) -> list[Workgroup]:
    """The groups of which the person is a member or coordinator, without the archived ones."""
    held = await roles.of_person(session, person)
    run = [holding.group for holding in held if holding.group is not None and holding.role.kind is RoleKind.COORDINATOR]
    missing_from = {group.id: group for group in [*await groups.of_person(session, person), *run]}
    return list(missing_from.values())


async def _heads(session: AsyncSession, group: Workgroup, gone: Person) -> list[Person]:
    """The group's other coordinators who are reachable. The reachable administrators if there is none."""

    def others(people: list[Person]) -> list[Person]:
        return [head for head in people if head.id != gone.id and head.reach is Reachability.REACHABLE]

    return others(await access.coordinators(session, group.id)) or others(await access.administrators(session))


@dataclass(frozen=True)
class BlockedNotice:
    """The content of a notice: who is unreachable, and in which of the reader's groups."""

    person: Person
    groups: tuple[Workgroup, ...]
    roster: Workgroup | None
    """One of the groups, of which they are a member."""


async def blocked_notice(session: AsyncSession, reader: Person, person_id: int) -> BlockedNotice | None:
    """The content of a notice now. None if the person is reachable again or erased, or the reader coordinates none of
    their groups any more."""
    person = await session.get(Person, person_id)
    if person is None or person.reach not in (Reachability.BLOCKED, Reachability.DEACTIVATED):
        return None
    run = {group.id for group in await access.coordinated_groups(session, reader)}
    affected = tuple(group for group in await _groups(session, person) if group.id in run)
    rosters = [group for group in affected if await access.is_member(session, person, group.id)]
    return BlockedNotice(person, affected, next(iter(rosters), None)) if affected else None
