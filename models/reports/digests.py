"""The digest of a month or quarter: when it is due, and who may read it. `digest_plans` makes it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.calendar import first_working_day
from models.codec import from_json, to_json
from models.errors import NotAllowed, NotFound
from models.months import Month
from models.people.groups import Workgroup
from models.people.people import Person
from models.periods import Period, Scope, Span, parse
from models.policy import Policy
from models.reports import statistics, subscriptions
from models.reports.earlier_digests import with_responses
from models.reports.statistics import Detail, DigestFigures
from models.reports.subscriptions import PRIVATE_PLACE, Rhythm, Subscription


class Digest(Base):
    """A digest as it was sent to a manager or, on their behalf, to a group or channel."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("person_id", "place", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    place: Mapped[int] = mapped_column(default=0)
    """The address id of the group or channel; 0: the person's own chat."""
    period: Mapped[str] = mapped_column("month")
    """A month or a quarter, as `str` writes it."""
    content: Mapped[str]
    """`DigestFigures` as JSON."""
    group_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """The ids of the groups that it was made for; None: the whole organisation."""
    planned_at: Mapped[datetime]

    @property
    def figures(self) -> DigestFigures:
        return figures_from_json(self.content)


def figures_to_json(figures: DigestFigures) -> str:
    """The content of a digest."""
    return json.dumps(to_json(figures), ensure_ascii=False)


def figures_from_json(content: str) -> DigestFigures:
    """The figures of a digest's content, also of one from an earlier version of the program."""
    raw: dict[str, Any] = json.loads(content)
    for entry in raw.get("attention", ()):
        if entry.get("fewer_than"):  # earlier versions left "now" out where the count is withheld
            entry["now"] = None
    return from_json(DigestFigures, raw)


@dataclass(frozen=True)
class DigestView:
    """A digest as its reader sees it, with the periods before and after that can be opened."""

    figures: DigestFigures
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


async def access_own_digest(
    session: AsyncSession, person: Person, period: Span, *, policy: Policy, now: datetime, only: Detail | None = None
) -> DigestView:
    """A manager's digest of a period: as it was sent, else with the figures of now.

    They are computed if it never was sent, or was sent of more groups than the manager may read by now. ``only``
    names the one detail that is wanted of computed figures.
    """
    live = await _live(session, person, period, policy)
    if live.first > now:
        raise NotFound("digest-not-yet")
    frozen = await _kept(session, person, period)
    if frozen is not None:
        figures = await figures_of(session, frozen, policy=policy, now=now)
        return await _shown(session, figures, Scope(period, policy.zone, frozen.group_ids), now=now)
    if only is not None:
        figures = await statistics.detail(session, live, only, now=now)
    else:
        figures = await statistics.digest_figures(session, live, now=now)
    return await _shown(session, figures, live, now=now)


async def figures_of(session: AsyncSession, digest: Digest, *, policy: Policy, now: datetime) -> DigestFigures:
    """The figures of a digest as it was sent. What one of an earlier version lacks is computed."""
    figures = digest.figures
    if figures.has_responses:
        return figures
    scope = Scope(parse(digest.period), policy.zone, digest.group_ids)
    return with_responses(figures, await statistics.digest_figures(session, scope, now=now))


async def _kept(session: AsyncSession, person: Person, period: Span) -> Digest | None:
    """The frozen digest, if the person may still read all of it."""
    wanted = select(Digest).where(
        Digest.person_id == person.id, Digest.place == PRIVATE_PLACE, Digest.period == str(period)
    )
    digest = await session.scalar(wanted)
    reached = await subscriptions.readable_group_ids(session, person)
    return digest if digest is not None and subscriptions.within(digest.group_ids, reached) else None


async def _live(session: AsyncSession, person: Person, period: Span, policy: Policy) -> Scope:
    """The groups of a person's own digest today."""
    if await subscriptions.readable_group_ids(session, person) == []:
        raise NotAllowed("digest-for-managers")
    return Scope(period, policy.zone, await subscriptions.scope(session, person))


async def access_digest(
    session: AsyncSession, person: Person, digest_id: int, *, policy: Policy, now: datetime
) -> DigestView:
    """The digest of a delivery, for the manager it was made for, while they want it. Raises NotFound for others."""
    digest = await session.get(Digest, digest_id)
    if digest is None or digest.place != PRIVATE_PLACE or digest.person_id != person.id:
        raise NotFound
    if (await subscriptions.access_subscription(session, person, PRIVATE_PLACE)).rhythm is Rhythm.NEVER:
        raise NotFound
    return await access_own_digest(session, person, parse(digest.period), policy=policy, now=now)


async def access_place_digest(session: AsyncSession, address_id: int, digest_id: int) -> tuple[Digest, Subscription]:
    """The digest of a group or channel and its subscription.

    Raises NotFound unless its owner still wants it and may read all of it.
    """
    digest = await session.get(Digest, digest_id)
    if digest is None or digest.place != address_id:
        raise NotFound
    wanted = select(Subscription).where(
        Subscription.person_id == digest.person_id, Subscription.address_id == address_id
    )
    chosen = await session.scalar(wanted)
    reader = await subscriptions.recipient(session, chosen) if chosen is not None else None
    if chosen is None or reader is None or chosen.rhythm is Rhythm.NEVER:
        raise NotFound
    if not subscriptions.within(digest.group_ids, reader.group_ids):
        raise NotFound
    return digest, chosen


async def _shown(session: AsyncSession, figures: DigestFigures, scope: Scope, *, now: datetime) -> DigestView:
    """Figures with their neighbours, from the founding of the first of their groups to the present."""
    founded = await session.scalar(scope.of_groups(select(func.min(Workgroup.created_at)), Workgroup.id.expression))
    period = scope.period
    first, present = (period.holding(moment, scope.zone) for moment in (founded or now, now))
    order = [str(span) for span in (period, first, present)]
    return DigestView(
        figures,
        earlier=period.shifted(-1) if order[0] > order[1] else None,
        later=period.shifted(1) if order[0] < order[2] else None,
        is_ongoing=order[0] >= order[2],
    )
