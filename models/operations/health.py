"""The state of the installation, for operators and alarms. Only counts: no names and no answers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.kinds import FORGOTTEN, DeliveryKind
from models.delivery.outbox import Delivery, DeliveryError, Sending
from models.delivery.rate_limit import Pace
from models.meetings.meetings import Meeting, MeetingState
from models.people.groups import Workgroup
from models.people.people import Person, Reachability


@dataclass(frozen=True)
class Size:
    """The numbers of people, groups and meetings."""

    people: int
    """People who have pressed Start."""
    without_telegram: int
    groups: int
    """Groups that are not archived."""
    meetings: int
    """Announced meetings that have not ended."""


async def size(session: AsyncSession, *, now: datetime) -> Size:
    claimed = Person.reach != Reachability.UNCLAIMED
    people = await session.execute(select(claimed, func.count()).select_from(Person).group_by(claimed))
    by_claim = {bool(is_claimed): number for is_claimed, number in people}
    groups = select(func.count()).select_from(Workgroup).where(Workgroup.archived_at.is_(None))
    meetings = select(func.count()).select_from(Meeting)
    coming = meetings.where(Meeting.state == MeetingState.ANNOUNCED, Meeting.ends_at > now)
    return Size(
        people=by_claim.get(True, 0),
        without_telegram=by_claim.get(False, 0),
        groups=await session.scalar(groups) or 0,
        meetings=await session.scalar(coming) or 0,
    )


@dataclass(frozen=True)
class Backlog:
    """The deliveries of one kind that have not been sent."""

    kind: DeliveryKind
    due: int
    """Due by now and not expired."""
    later: int
    """Not due yet."""
    expired: int
    """Too late: they will not be sent."""
    doubtful: int
    """Those of ``due`` that an earlier attempt may have delivered: the recipient may get a second copy."""


async def waiting(session: AsyncSession, *, now: datetime) -> list[Backlog]:
    """The deliveries that have not been sent, by kind."""
    expired, later = Delivery.expires_at <= now, Delivery.due_at > now
    state = case((expired, "expired"), (later, "later"), else_="due")
    rows = await session.execute(
        select(Delivery.kind, state, func.count(), func.sum(case((Delivery.ambiguous, 1), else_=0)))
        .where(Delivery.state == Sending.DUE)
        .group_by(Delivery.kind, state)
    )
    counts, doubtful = Counter[tuple[DeliveryKind, str]](), Counter[DeliveryKind]()
    for kind, where, number, unsure in rows:
        counts[kind, where] += number
        doubtful[kind] += unsure if where == "due" else 0
    return [
        Backlog(kind, counts[kind, "due"], counts[kind, "later"], counts[kind, "expired"], doubtful[kind])
        for kind in sorted({kind for kind, _ in counts})
    ]


async def oldest_due(session: AsyncSession, *, now: datetime) -> datetime | None:
    """The earliest due time of the deliveries that are due and not expired; None if there are none."""
    due = select(func.min(Delivery.due_at)).where(
        Delivery.state == Sending.DUE, Delivery.due_at <= now, Delivery.expires_at > now
    )
    return await session.scalar(due)


async def in_state(session: AsyncSession, state: Sending) -> int:
    """The number of deliveries in a state."""
    return await session.scalar(select(func.count()).where(Delivery.state == state)) or 0


@dataclass(frozen=True)
class Undelivered:
    """The number of deliveries that failed, or may have failed, for one reason."""

    state: Sending
    """`Sending.FAILED`, or `Sending.UNKNOWN`: it may have arrived."""
    error: DeliveryError | None
    """None if the process died while sending."""
    fault: str
    """The class of the exception if the reason is a fault of the program; else empty."""
    count: int


async def undelivered(session: AsyncSession, *, since: datetime) -> list[Undelivered]:
    """The deliveries since a moment that failed, or may have failed, counted by reason."""
    fault = case((Delivery.error_kind == DeliveryError.PROGRAM_FAULT, Delivery.error), else_="")
    rows = await session.execute(
        select(Delivery.state, Delivery.error_kind, fault, func.count())
        .where(
            Delivery.state.in_((Sending.FAILED, Sending.UNKNOWN)),
            # the time of an attempt is not stored; its lease ended within a minute of it
            or_(Delivery.leased_until >= since, Delivery.due_at >= since),
        )
        .group_by(Delivery.state, Delivery.error_kind, fault)
        .order_by(Delivery.state, Delivery.error_kind, fault)
    )
    return [Undelivered(state, error, fault or "", count) for state, error, fault, count in rows]


async def pace(session: AsyncSession) -> Pace | None:
    """The row of the common rate limit, which also holds whether an operator has paused sending; None if missing."""
    return await session.get(Pace, 1, populate_existing=True)


async def drop_due(session: AsyncSession, *, now: datetime) -> int:
    """Cancels the unsent deliveries that are due by now and returns their number. Those due later stay, and so do the
    edits that take answers out of the chats."""
    due = update(Delivery).where(Delivery.state == Sending.DUE, Delivery.due_at <= now, Delivery.kind.not_in(FORGOTTEN))
    dropped = await session.execute(
        due.values(state=Sending.CANCELLED, error_kind=DeliveryError.DROPPED).returning(Delivery.id)
    )
    return len(dropped.all())
