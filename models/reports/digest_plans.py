"""Plans digests: each subscriber gets a due digest once. Its content is frozen when it is planned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, DeliveryError, Planned, Sending
from models.people.access import Role
from models.people.groups import Workgroup
from models.people.people import Address, Person, Reachability
from models.periods import Period, Scope, Span
from models.policy import Policy
from models.reports import places, statistics, subscriptions
from models.reports.digests import Digest, due_at, figures_to_json, latest_due
from models.reports.subscriptions import PRIVATE_PLACE, Recipient, Rhythm, Subscription

KEEPS = timedelta(days=10)
"""A digest older than this is not sent any more."""


@dataclass(frozen=True)
class DigestBatch:
    """A period's digest of the same groups, and all who get it."""

    scope: Scope
    readers: tuple[Recipient, ...]


def _due(policy: Policy, now: datetime) -> dict[Rhythm, Span]:
    """The due periods by rhythm, if not too old: the last month, and the quarter that ended with it."""
    month = latest_due(policy, now=now)
    if now >= due_at(month, policy) + KEEPS:
        return {}
    quarter = {Rhythm.QUARTERLY: Period(month.year, month.month // 3)} if month.month % 3 == 0 else {}
    return {Rhythm.MONTHLY: month, **quarter}


async def wanted(session: AsyncSession, *, policy: Policy, now: datetime) -> list[DigestBatch]:
    """What is due and not yet planned, to be planned one by one, because figures take long to compute."""
    due = _due(policy, now)
    if not due:
        return []
    known = await _known(session, due)
    readers: dict[tuple[Span, tuple[int, ...] | None], list[Recipient]] = {}
    away = await _away(session)
    for recipient in await subscriptions.recipients(session, held_by=_moment(due, policy)):
        period = due.get(recipient.rhythm)
        if recipient.place == PRIVATE_PLACE and recipient.person_id in away:
            continue  # who comes back while it is not too old gets it then
        if period is not None and (recipient.person_id, recipient.place) not in known:
            which = period, tuple(recipient.group_ids) if recipient.group_ids is not None else None
            readers.setdefault(which, []).append(recipient)  # many managers see the same
    batches = []
    for (period, ids), recipients in readers.items():
        scope = Scope(period, policy.zone, list(ids) if ids is not None else None)
        if await _is_living(session, scope):
            batches.append(DigestBatch(scope, tuple(recipients)))
    return batches


async def _away(session: AsyncSession) -> set[int]:
    """Managers who have blocked the bot, or whose account is gone."""
    gone = Person.reach.in_([Reachability.BLOCKED, Reachability.DEACTIVATED])
    wanted = select(Person.id).join(Role, Role.person_id == Person.id).where(gone)
    return set((await session.execute(wanted)).scalars())


def _moment(due: dict[Rhythm, Span], policy: Policy) -> datetime:
    return due_at(due[Rhythm.MONTHLY], policy)


async def _is_living(session: AsyncSession, scope: Scope) -> bool:
    """Whether any of the groups existed in the period. A group archived before it never has figures for it."""
    if scope.group_ids is None:
        return True
    alive = Workgroup.archived_at.is_(None) | (Workgroup.archived_at >= scope.first)
    lived = select(Workgroup.id).where(Workgroup.id.in_(scope.group_ids), alive)
    return await session.scalar(lived.limit(1)) is not None


async def send_again(session: AsyncSession, *, now: datetime) -> int:
    """Makes digests due again that ended in a 403 (surely not sent), for readers who have unblocked the bot since.
    Returns how many."""
    forbidden = Delivery.error_kind.in_([DeliveryError.BLOCKED, DeliveryError.DEACTIVATED])
    missed = (
        select(Delivery)
        .join(Address, Address.id == Delivery.address_id)
        .join(Person, Person.id == Address.person_id)
        .where(Delivery.state == Sending.FAILED, Delivery.urgent.is_(False), Delivery.due_at > now - KEEPS)
        .where(
            Delivery.kind == DeliveryKind.DIGEST, Delivery.ambiguous.is_(False), Delivery.expires_at > now, forbidden
        )
        .where(Person.reach == Reachability.REACHABLE)
    )
    deliveries = list((await session.execute(missed.with_for_update(of=Delivery, skip_locked=True))).scalars())
    for delivery in deliveries:
        delivery.state, delivery.error, delivery.error_kind = Sending.DUE, None, None
    return len(deliveries)


async def plan(session: AsyncSession, batch: DigestBatch, *, policy: Policy, now: datetime) -> int:
    """Freezes a digest and plans its messages. Safe to repeat and to run in two processes. Returns how many are new."""
    due = _due(policy, now)
    known = await _known(session, due)
    content, planned = await _content(session, batch.scope, now=now), 0
    for reader in batch.readers:
        if due.get(reader.rhythm) != batch.scope.period or (reader.person_id, reader.place) in known:
            continue
        for digest_id in await _insert(session, reader, batch.scope, content, now=now):
            planned += await outbox.plan(session, [_message(reader, digest_id, _moment(due, policy))])
    return planned


def _message(recipient: Recipient, digest_id: int, due: datetime) -> Planned:
    return Planned(
        person_id=recipient.person_id,
        kind=DeliveryKind.DIGEST,
        subject=digest_id,
        due_at=due,
        expires_at=due + KEEPS,
        address_id=recipient.place or None,
    )


async def _known(session: AsyncSession, due: dict[Rhythm, Span]) -> set[tuple[int, int]]:
    """Who has had the digest of a period, and in which chat, whatever the rhythm: nobody gets two on one day."""
    had = select(Digest.person_id, Digest.place).where(Digest.period.in_([str(period) for period in due.values()]))
    return {(person_id, place) for person_id, place in await session.execute(had)}


async def _content(session: AsyncSession, scope: Scope, *, now: datetime) -> str:
    return figures_to_json(await statistics.digest_figures(session, scope, now=now))


async def _insert(
    session: AsyncSession, recipient: Recipient, scope: Scope, content: str, *, now: datetime
) -> list[int]:
    row = {
        "person_id": recipient.person_id,
        "place": recipient.place,
        "month": str(scope.period),
        "content": content,
        "group_ids": scope.group_ids,
        "planned_at": now,
    }
    return await insert_new(session, Digest, [row])


async def set_rhythm(
    session: AsyncSession, person: Person, place: int, rhythm: Rhythm, *, policy: Policy, now: datetime
) -> None:
    """Sets how often the digest comes. Who was due one before the change still gets one; others the next."""
    before = (await subscriptions.access_subscription(session, person, place)).rhythm
    if before is rhythm:
        return
    chosen = await subscriptions.access_subscription_to_change(session, person, place)
    chosen.rhythm = rhythm
    if before not in _due(policy, now):
        await _begin_with_the_next(session, chosen, policy=policy, now=now)


async def accept(
    session: AsyncSession, person: Person, address_id: int, *, language: str, policy: Policy, now: datetime
) -> None:
    """Sends the digest to a group or channel from the next one on. Safe to repeat."""
    known = await places.of(session, person)
    chosen = await places.accept(session, person, address_id, language=language)
    if address_id not in {place.address_id for place in known}:
        await _begin_with_the_next(session, chosen, policy=policy, now=now)


async def _begin_with_the_next(session: AsyncSession, chosen: Subscription, *, policy: Policy, now: datetime) -> None:
    """Marks a digest that is due already as had, if it was not wanted when it became due."""
    due = _due(policy, now)
    recipient = await subscriptions.recipient(session, chosen)
    period = due.get(chosen.rhythm)
    if recipient is None or period is None or (recipient.person_id, recipient.place) in await _known(session, due):
        return
    scope = Scope(period, policy.zone, recipient.group_ids)
    await _insert(session, recipient, scope, await _content(session, scope, now=now), now=now)
