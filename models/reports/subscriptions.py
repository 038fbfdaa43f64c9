"""Who gets which digest, where and how often."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, insert_new
from models.errors import NotAllowed, NotFound
from models.people.access import Role, RoleKind, roles
from models.people.groups import Workgroup, by_name
from models.people.people import Person

PRIVATE = text("address_id IS NULL")
PRIVATE_PLACE = 0
"""Stands for the person's own chat in place of an address id."""


class Rhythm(enum.StrEnum):
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    NEVER = "never"


class Subscription(Base):
    """A manager's choice. Without a row: all groups that the role reaches, monthly, in private.

    A subscription of a group or channel depends on the role of whoever made it.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        Index(
            "uq_subscription_place",
            "person_id",
            "address_id",
            unique=True,
        ),
        Index("uq_subscription_private", "person_id", unique=True, sqlite_where=PRIVATE, postgresql_where=PRIVATE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    address_id: Mapped[int | None] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    """A group or channel; None: the person's own chat."""
    group_ids: Mapped[list[int] | None] = mapped_column(JSON)
    """Some workgroups; None: all that the person's role reaches."""
    rhythm: Mapped[Rhythm] = mapped_column(default=Rhythm.MONTHLY)
    language: Mapped[str | None]
    """The language in a group or channel. A person's own is in their settings."""


@dataclass(frozen=True)
class Recipient:
    """Whose digest goes where, of which groups (None: the organisation's) and how often."""

    person_id: int
    place: int
    group_ids: list[int] | None
    rhythm: Rhythm


async def recipients(session: AsyncSession, *, held_by: datetime) -> list[Recipient]:
    """All subscriptions of those who had the role at a moment; who got it later begins with the next digest.

    Managers get theirs without choosing; administrators, and groups and channels, if they chose it.
    """
    chosen = list((await session.execute(select(Subscription).order_by(Subscription.id))).scalars())
    private = {subscription.person_id: subscription for subscription in chosen if subscription.address_id is None}
    kinds = [RoleKind.MANAGER, RoleKind.ADMINISTRATOR]
    held = select(Role).where(Role.kind.in_(kinds), Role.revoked_at.is_(None), Role.granted_at <= held_by)
    by_person: dict[int, list[Role]] = {}
    for role in (await session.execute(held.order_by(Role.id))).scalars():
        by_person.setdefault(role.person_id, []).append(role)
    readers = [_private(person_id, roles_held, private.get(person_id)) for person_id, roles_held in by_person.items()]
    readers += [
        _placed(subscription, by_person.get(subscription.person_id, []))
        for subscription in chosen
        if subscription.address_id is not None
    ]
    return [recipient for recipient in readers if recipient is not None and recipient.rhythm is not Rhythm.NEVER]


async def recipient(session: AsyncSession, chosen: Subscription) -> Recipient | None:
    """A subscription limited to what the person's roles reach now; None if nothing is left."""
    held = await roles(session, chosen.person_id)
    return _private(chosen.person_id, held, chosen) if chosen.address_id is None else _placed(chosen, held)


def _private(person_id: int, held: list[Role], chosen: Subscription | None) -> Recipient | None:
    reached = _readable_group_ids(held)
    if reached == []:
        return None
    rhythm = chosen.rhythm if chosen else usual(held)
    # Whose chosen groups are all out of reach by now sees what the role still reaches.
    return Recipient(person_id, PRIVATE_PLACE, _narrowed(reached, chosen) or reached, rhythm)


def _placed(chosen: Subscription, held: list[Role]) -> Recipient | None:
    """A group or channel has no default: only what was chosen for it."""
    reached = _readable_group_ids(held)
    groups = _narrowed(reached, chosen)
    if reached == [] or groups == []:
        return None
    return Recipient(chosen.person_id, chosen.address_id or PRIVATE_PLACE, groups, chosen.rhythm)


def _readable_group_ids(held: list[Role]) -> list[int] | None:
    """The groups that roles let one read digests of; None: all."""
    wide = {RoleKind.MANAGER, RoleKind.ADMINISTRATOR}
    if any(role.kind in wide and role.workgroup_id is None for role in held):
        return None
    return sorted({r.workgroup_id for r in held if r.kind is RoleKind.MANAGER and r.workgroup_id is not None})


def _narrowed(reached: list[int] | None, chosen: Subscription | None) -> list[int] | None:
    if chosen is None or chosen.group_ids is None:
        return reached
    return [group_id for group_id in chosen.group_ids if reached is None or group_id in reached]


def usual(held: list[Role]) -> Rhythm:
    """How often the digest comes without a choice."""
    return Rhythm.MONTHLY if any(role.kind is RoleKind.MANAGER for role in held) else Rhythm.NEVER


async def readable_group_ids(session: AsyncSession, person: Person) -> list[int] | None:
    """The groups whose digests a person may read; None: all."""
    return _readable_group_ids(await roles(session, person.id))


async def scope(session: AsyncSession, person: Person) -> list[int] | None:
    """The groups of a person's own digest."""
    own = await session.scalar(_wanted(person, PRIVATE_PLACE))
    reached = await readable_group_ids(session, person)
    return _narrowed(reached, own) or reached


def within(of: list[int] | None, reached: list[int] | None) -> bool:
    """Whether a digest of some groups (None: the organisation) is within the groups that a person may read."""
    return reached is None or (of is not None and set(of) <= set(reached))


async def rhythm(session: AsyncSession, person: Person) -> Rhythm:
    """How often a person's own digest comes."""
    own = await session.scalar(_wanted(person, PRIVATE_PLACE))
    return own.rhythm if own else usual(await roles(session, person.id))


def _wanted(person: Person, place: int) -> Select[Subscription]:
    there = Subscription.address_id == place if place else Subscription.address_id.is_(None)
    return select(Subscription).where(Subscription.person_id == person.id, there)


async def access_subscription(session: AsyncSession, person: Person, place: int) -> Subscription:
    """The person's own subscription, while a role lets them read digests. Raises NotAllowed or NotFound.

    Without a row for their own chat, returns the default of their role, which is not stored."""
    held = await _require_reader(session, person)
    subscription = await session.scalar(_wanted(person, place))
    if subscription is None and place != PRIVATE_PLACE:
        raise NotFound
    return subscription or Subscription(person_id=person.id, rhythm=usual(held))


async def access_subscription_to_change(session: AsyncSession, person: Person, place: int) -> Subscription:
    """As `access_subscription`, stored and with its row locked, for a change."""
    held = await _require_reader(session, person)
    if place == PRIVATE_PLACE:
        await insert_new(session, Subscription, [{"person_id": person.id, "rhythm": usual(held)}])
    subscription = await session.scalar(_wanted(person, place).with_for_update())
    if subscription is None:
        raise NotFound
    return subscription


async def _require_reader(session: AsyncSession, person: Person) -> list[Role]:
    """The person's roles. Raises NotAllowed if none lets them read digests."""
    held = await roles(session, person.id)
    if _readable_group_ids(held) == []:
        raise NotAllowed("digest-for-managers")
    return held


async def set_language(session: AsyncSession, person: Person, address_id: int, language: str) -> None:
    """Sets the language of the digest in a group or channel."""
    (await access_subscription_to_change(session, person, address_id)).language = language


async def readable_groups(session: AsyncSession, person: Person) -> list[Workgroup]:
    """The living groups that a person's digests can be of, by name."""
    reached = await readable_group_ids(session, person)
    wanted = select(Workgroup).where(Workgroup.archived_at.is_(None))
    if reached is not None:
        wanted = wanted.where(Workgroup.id.in_(reached))
    return sorted((await session.execute(wanted)).scalars(), key=by_name)


async def living(session: AsyncSession, person: Person, chosen: Subscription) -> list[Workgroup] | None:
    """The groups that a digest will be of; None: all that the role reaches. With an empty list, none is sent."""
    reached, known = await readable_group_ids(session, person), await readable_groups(session, person)
    left = _narrowed(reached, chosen)
    if chosen.group_ids is None or (left == [] and chosen.address_id is None):
        return None if known or reached is None else []
    return [group for group in known if group.id in (left or ())]


async def take(session: AsyncSession, person: Person, place: int, group_id: int, *, on: bool) -> None:
    """Takes a group into a digest or out of it. With every group in, it follows the role: None is stored."""
    known = {group.id for group in await readable_groups(session, person)}
    if group_id not in known:
        raise NotFound
    now = known & set((await access_subscription(session, person, place)).group_ids or ())
    left = now | {group_id} if on else now - {group_id}
    if left == now:
        return
    if not left:
        raise NotAllowed("digest-of-one-at-least")
    (await access_subscription_to_change(session, person, place)).group_ids = sorted(left) if left != known else None


async def take_all(session: AsyncSession, person: Person, place: int) -> None:
    """Sets the digest to all groups that the role reaches, also later ones."""
    if (await access_subscription(session, person, place)).group_ids is not None:
        (await access_subscription_to_change(session, person, place)).group_ids = None
