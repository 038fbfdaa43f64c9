"""The digest of a month or quarter: planned once for each who has chosen it, its content frozen when it is planned."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models import outbox, statistics, subscriptions
from models.base import Base, insert_new
from models.calendar import first_working_day
from models.errors import NotAllowed, NotFound
from models.freezing import freeze, thaw
from models.funnel import Scope
from models.groups import Workgroup
from models.months import Month
from models.outbox import Planned
from models.people import Person
from models.periods import Period, Span, parse
from models.policy import Policy
from models.statistics import MonthFigures
from models.subscriptions import PRIVATE_PLACE, Recipient, Rhythm, Subscription

KEEPS = timedelta(days=10)
"""A digest older than this is not sent any more."""


class Digest(Base):
    """A digest as it was sent to one manager, or on their behalf to a group or channel."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("person_id", "place", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    place: Mapped[int] = mapped_column(default=0)
    """The address of the group or channel that it is for; 0: the person's own chat."""
    month: Mapped[str]
    """The month, or the quarter."""
    content: Mapped[str]
    """`MonthFigures` as JSON."""
    group_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """The workgroups that it is of, at most; None: the organisation."""
    planned_at: Mapped[datetime]

    @property
    def figures(self) -> MonthFigures:
        return thaw(self.content)


@dataclass(frozen=True)
class Shown:
    """A digest as its reader sees it, with the periods that there are to turn to."""

    figures: MonthFigures
    earlier: Span | None
    later: Span | None
    is_ongoing: bool
    """Whether the period is not over yet."""


def due_at(period: Span, policy: Policy) -> datetime:
    """When a digest goes out: on the first working day after its period, at the set hour."""
    after = period.last.shifted(1)
    day = first_working_day(after.year, after.month, policy.quiet)
    return datetime.combine(day, time(policy.digest_hour), policy.zone).astimezone(UTC)


def latest_due(policy: Policy, *, now: datetime) -> Month:
    """The last month whose digest is due."""
    month = Month.of(now, policy.zone).shifted(-1)
    return month if due_at(month, policy) <= now else month.shifted(-1)


async def latest(session: AsyncSession, person: Person, *, policy: Policy, now: datetime) -> Span:
    """The last period whose digest is due, by the rhythm that a person has chosen."""
    month = latest_due(policy, now=now)
    if await subscriptions.rhythm(session, person) is not Rhythm.QUARTERLY:
        return month
    return Period(month.year, (month.month + 2) // 3).shifted(-1 if month.month % 3 else 0)


def next_due(policy: Policy, *, now: datetime) -> datetime:
    """When the next digest is due."""
    return due_at(latest_due(policy, now=now).shifted(1), policy)


def next_for(rhythm: Rhythm, policy: Policy, *, now: datetime) -> datetime:
    """When the next digest of a rhythm is due."""
    month = latest_due(policy, now=now).shifted(1)
    while rhythm is Rhythm.QUARTERLY and month.month % 3:
        month = month.shifted(1)
    return due_at(month, policy)


def _due(policy: Policy, now: datetime) -> dict[Rhythm, Span]:
    """What is due to whom and not too old: the last month, and the quarter that ended with it."""
    month = latest_due(policy, now=now)
    if now >= due_at(month, policy) + KEEPS:
        return {}
    quarter = {Rhythm.QUARTERLY: Period(month.year, month.month // 3)} if month.month % 3 == 0 else {}
    return {Rhythm.MONTHLY: month, **quarter}


async def plan(session: AsyncSession, *, policy: Policy, now: datetime) -> int:
    """Plans the digests that are due, with their messages; safe to repeat. Returns how many are new."""
    due = _due(policy, now)
    if not due:
        return 0
    moment = due_at(due[Rhythm.MONTHLY], policy)
    known = await _known(session, due)
    made: dict[tuple[Span, tuple[int, ...] | None], str] = {}
    planned = 0
    for one in await subscriptions.recipients(session, held_by=moment):
        period = due.get(one.rhythm)
        if period is None or (one.person_id, one.place) in known:
            continue
        which = period, tuple(one.group_ids) if one.group_ids is not None else None
        if which not in made:  # many managers see the same
            made[which] = await _content(session, period, one, policy=policy, now=now)
        for digest_id in await _insert(session, one, period, made[which], now=now):
            planned += await outbox.plan(session, [_message(one, digest_id, moment)])
    return planned


def _message(one: Recipient, digest_id: int, due: datetime) -> Planned:
    return Planned(
        person_id=one.person_id,
        kind="digest",
        subject=digest_id,
        due_at=due,
        expires_at=due + KEEPS,
        address_id=one.place or None,
    )


async def _known(session: AsyncSession, due: dict[Rhythm, Span]) -> set[tuple[int, int]]:
    """Who has had one, in which place, whatever their rhythm was: nobody gets two on one day."""
    had = select(Digest.person_id, Digest.place).where(Digest.month.in_([str(one) for one in due.values()]))
    return {(person_id, place) for person_id, place in await session.execute(had)}


async def _content(session: AsyncSession, period: Span, one: Recipient, *, policy: Policy, now: datetime) -> str:
    scope = Scope(period, policy.zone, one.group_ids)
    return freeze(await statistics.month_figures(session, scope, now=now))


async def _insert(session: AsyncSession, one: Recipient, period: Span, content: str, *, now: datetime) -> list[int]:
    row = {"person_id": one.person_id, "place": one.place, "month": str(period), "content": content, "planned_at": now}
    return await insert_new(session, Digest, [row])


async def begin_with_the_next(session: AsyncSession, chosen: Subscription, *, policy: Policy, now: datetime) -> None:
    """Whoever chooses a rhythm gets the next digest: one that is due already counts as had."""
    due = _due(policy, now)
    one = await subscriptions.recipient(session, chosen)
    period = due.get(chosen.rhythm)
    if one is None or period is None or (one.person_id, one.place) in await _known(session, due):
        return
    await _insert(session, one, period, await _content(session, period, one, policy=policy, now=now), now=now)


async def own(session: AsyncSession, person: Person, period: Span, *, policy: Policy, now: datetime) -> Shown:
    """A manager's digest of a period: as it was sent, or the figures as they stand if it never was."""
    scope = await _scope(session, person)
    live = Scope(period, policy.zone, scope)
    if live.first > now:
        raise NotFound("digest-not-yet")
    sent = select(Digest).where(
        Digest.person_id == person.id, Digest.place == PRIVATE_PLACE, Digest.month == str(period)
    )
    digest = await session.scalar(sent)
    figures = digest.figures if digest is not None else None
    if figures is None or figures.groups is None:
        known = await statistics.month_figures(session, live, now=now)
        # What an earlier program froze has neither groups nor months: they come as they stand.
        figures = replace(figures, groups=known.groups, months=known.months) if figures is not None else known
    return await shown(session, figures, policy=policy, now=now)


async def _scope(session: AsyncSession, person: Person) -> list[int] | None:
    """The groups of a person's own digest, None for the organisation."""
    if await subscriptions.reach(session, person) == []:
        raise NotAllowed("digest-for-managers")
    return await subscriptions.scope(session, person)


async def sent(session: AsyncSession, person: Person, digest_id: int) -> Digest:
    """The gate of a digest's letter: the manager it was made for, while they are one."""
    digest = await session.get(Digest, digest_id)
    if digest is None or digest.place != PRIVATE_PLACE or digest.person_id != person.id:
        raise NotFound
    if await subscriptions.reach(session, person) == []:
        raise NotFound
    return digest


async def posted(session: AsyncSession, address_id: int, digest_id: int) -> tuple[Digest, Subscription]:
    """The gate of a digest to a group or channel: while it is wanted there by somebody who may."""
    digest = await session.get(Digest, digest_id)
    if digest is None or digest.place != address_id:
        raise NotFound
    wanted = select(Subscription).where(
        Subscription.person_id == digest.person_id, Subscription.address_id == address_id
    )
    chosen = await session.scalar(wanted)
    if chosen is None or chosen.rhythm is Rhythm.NEVER or await subscriptions.recipient(session, chosen) is None:
        raise NotFound
    return digest, chosen


async def shown(session: AsyncSession, figures: MonthFigures, *, policy: Policy, now: datetime) -> Shown:
    """Figures with their neighbours, from the first group's founding to the present."""
    period = parse(figures.month)
    founded = await session.scalar(select(func.min(Workgroup.created_at)))
    first, present = (period.holding(moment, policy.zone) for moment in (founded or now, now))
    order = [str(one) for one in (period, first, present)]
    return Shown(
        figures,
        earlier=period.shifted(-1) if order[0] > order[1] else None,
        later=period.shifted(1) if order[0] < order[2] else None,
        is_ongoing=order[0] >= order[2],
    )
