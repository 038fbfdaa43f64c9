"""Groups and channels to which a digest goes, as chosen by the manager or administrator who added the bot.

A chat's title is stored with the notes about it, and nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.calendar import next_waking
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Planned, Sending
from models.errors import NotAllowed, NotFound
from models.people.people import Address, Person, Reachability, quiet_hours, tidy
from models.policy import Policy
from models.reports import subscriptions
from models.reports.subscriptions import Rhythm, Subscription

WAITS = timedelta(days=7)
"""How long these notes are worth sending."""
TITLE_LENGTH = 60


@dataclass(frozen=True)
class Place:
    """A chat other than the person's own, as its owner knows it."""

    address_id: int
    title: str


async def added(
    session: AsyncSession, person: Person, chat_id: int, title: str, *, may_write: bool, now: datetime
) -> None:
    """The bot was added to a chat or allowed to write there: asks whoever did that, in private, if they read digests.

    Others get a note why no digest goes there. Nobody can be written to who has not started the bot.
    """
    if person.reach is not Reachability.REACHABLE:
        return
    if await subscriptions.readable_group_ids(session, person) == []:
        await _plan_place_notice(session, person, DeliveryKind.DIGEST_FOREIGN, 0, title, now=now)
    elif not may_write:
        await _plan_place_notice(session, person, DeliveryKind.DIGEST_MUTE, 0, title, now=now)
    else:
        await insert_new(session, Address, [{"chat_id": chat_id, "thread_id": 0}])
        address_id = await _address(session, chat_id)
        if address_id is not None:
            await _plan_place_notice(session, person, DeliveryKind.DIGEST_PLACE, address_id, title, now=now)


async def _plan_place_notice(
    session: AsyncSession, person: Person, kind: DeliveryKind, subject: int, title: str, *, now: datetime
) -> None:
    """Plans a note to whoever has just acted."""
    note = Planned(
        person_id=person.id,
        kind=kind,
        subject=subject,
        due_at=now,
        expires_at=now + WAITS,
        revision=_minute(now),
        slot=tidy(title, TITLE_LENGTH) or "?",
    )
    await outbox.plan(session, [note])


def _minute(now: datetime) -> int:
    """A slot that makes notes of different occasions different deliveries."""
    return int(now.timestamp()) // 60


async def _address(session: AsyncSession, chat_id: int) -> int | None:
    wanted = select(Address.id).where(Address.chat_id == chat_id, Address.thread_id == 0, Address.person_id.is_(None))
    return await session.scalar(wanted)


async def access_place(session: AsyncSession, person: Person, address_id: int) -> Place:
    """The chat, for those who were asked about it while they may read digests. Raises NotFound for others."""
    title = await _title(session, person, address_id)
    if title is None or await subscriptions.readable_group_ids(session, person) == []:
        raise NotFound
    return Place(address_id, title)


async def _title(session: AsyncSession, person: Person, address_id: int) -> str | None:
    titles = select(Delivery.slot).join(Address, Address.id == Delivery.address_id)
    titles = titles.where(
        Delivery.kind == DeliveryKind.DIGEST_PLACE, Delivery.subject == address_id, Address.person_id == person.id
    )
    return await session.scalar(titles.order_by(Delivery.id.desc()).limit(1))


async def accept(session: AsyncSession, person: Person, address_id: int, *, language: str) -> Subscription:
    """Sends the digest to the chat from now on: monthly, of all groups that the person may read, in their language.

    A chat gets one digest, whoever asks: two would have the same figures.
    """
    place = await access_place(session, person, address_id)
    await session.get_one(Address, place.address_id, with_for_update=True)  # who accepts at the same moment waits
    there = select(Subscription).where(Subscription.address_id == place.address_id)
    for other in (await session.execute(there.where(Subscription.person_id != person.id))).scalars():
        if await subscriptions.recipient(session, other) is not None:
            raise NotAllowed("digest-place-taken")
        await session.delete(other)  # its owner has no role any more
    row = {"person_id": person.id, "address_id": place.address_id, "rhythm": Rhythm.MONTHLY, "language": language}
    await insert_new(session, Subscription, [row])
    return await subscriptions.access_subscription(session, person, place.address_id)


async def of(session: AsyncSession, person: Person) -> list[Place]:
    """The chats to which a person's digest goes."""
    wanted = select(Subscription.address_id).where(
        Subscription.person_id == person.id, Subscription.address_id.is_not(None)
    )
    address_ids = (await session.execute(wanted.order_by(Subscription.id))).scalars()
    return [await access_place(session, person, address_id) for address_id in address_ids if address_id is not None]


async def stop(session: AsyncSession, person: Person, address_id: int) -> None:
    """Ends the digest in a chat."""
    chosen = await subscriptions.access_subscription_to_change(
        session, person, (await access_place(session, person, address_id)).address_id
    )
    await session.delete(chosen)


async def removed(session: AsyncSession, chat_id: int, *, policy: Policy, now: datetime) -> None:
    """The bot has been sent away from a chat, or may not write there any more."""
    address_id = await _address(session, chat_id)
    if address_id is not None:
        await ended(session, address_id, policy=policy, now=now)


async def ended(session: AsyncSession, address_id: int, *, policy: Policy, now: datetime) -> None:
    """A chat cannot be written to any more: ends its digest and tells whoever chose it."""
    address = await session.get(Address, address_id)
    if address is None or address.person_id is not None:
        return
    owners = select(Person).join(Subscription).where(Subscription.address_id == address_id).order_by(Person.id)
    notes = []
    for owner in (await session.execute(owners)).scalars():
        due, title = next_waking(now, quiet_hours(owner, policy)), await _title(session, owner, address_id)
        notes.append(
            Planned(
                person_id=owner.id,
                kind=DeliveryKind.DIGEST_ENDED,
                subject=address_id,
                due_at=due,
                expires_at=due + WAITS,
                revision=_minute(now),
                slot=title or "?",
            )
        )
    await session.execute(delete(Subscription).where(Subscription.address_id == address_id))
    waiting = update(Delivery).where(Delivery.address_id == address_id, Delivery.state == Sending.DUE)
    await session.execute(waiting.values(state=Sending.CANCELLED))
    await outbox.plan(session, notes)


async def moved(session: AsyncSession, chat_id: int, to: int) -> None:
    """A group has become a supergroup, under another id."""
    known = await session.scalar(select(func.count(Address.id)).where(Address.chat_id == to))
    if not known:
        await session.execute(update(Address).where(Address.chat_id == chat_id).values(chat_id=to))
