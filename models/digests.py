"""The monthly digest: planned once per manager and month, its content frozen when it is planned."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models import outbox, statistics
from models.access import Role, RoleKind, roles
from models.base import Base, insert_new
from models.calendar import first_working_day
from models.errors import NotAllowed, NotFound
from models.funnel import Funnel, Scope
from models.groups import Workgroup
from models.months import Month
from models.outbox import Planned
from models.people import Person
from models.policy import Policy
from models.possible import Mean
from models.statistics import MonthFigures, Statement

KEEPS = timedelta(days=10)
"""A digest older than this is not sent any more."""


class Digest(Base):
    """One manager's digest of one month, as it was sent."""

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
    planned_at: Mapped[datetime]

    @property
    def figures(self) -> MonthFigures:
        return thaw(self.content)


@dataclass(frozen=True)
class Shown:
    """A digest as its reader sees it, with the months that there are to turn to."""

    figures: MonthFigures
    earlier: Month | None
    later: Month | None
    is_ongoing: bool
    """Whether the month is not over yet."""


def due_at(month: Month, policy: Policy) -> datetime:
    """When the digest of a month goes out: the first working day of the next, at the set hour."""
    after = month.shifted(1)
    day = first_working_day(after.year, after.month, policy.quiet)
    return datetime.combine(day, time(policy.digest_hour), policy.zone).astimezone(UTC)


def latest_due(policy: Policy, *, now: datetime) -> Month:
    """The last month whose digest is due."""
    month = Month.of(now, policy.zone).shifted(-1)
    return month if due_at(month, policy) <= now else month.shifted(-1)


def next_due(policy: Policy, *, now: datetime) -> datetime:
    """When the next digest is due."""
    return due_at(latest_due(policy, now=now).shifted(1), policy)


async def plan(session: AsyncSession, *, policy: Policy, now: datetime) -> int:
    """Plans the digests that are due, with their messages; safe to repeat. Returns how many are new."""
    month = latest_due(policy, now=now)
    due = due_at(month, policy)
    if now >= due + KEEPS:
        return 0
    planned = 0
    for person_id, scope in (await _managers(session, due)).items():
        known = select(Digest.id).where(Digest.person_id == person_id, Digest.month == str(month))
        if await session.scalar(known) is not None:
            continue
        figures = await statistics.month_figures(session, Scope(month, policy.zone, scope))
        row = {"person_id": person_id, "month": str(month), "content": freeze(figures), "planned_at": now}
        for digest_id in await insert_new(session, Digest, [row]):
            expires = due + KEEPS
            message = Planned(person_id=person_id, kind="digest", subject=digest_id, due_at=due, expires_at=expires)
            planned += await outbox.plan(session, [message])
    return planned


async def _managers(session: AsyncSession, before: datetime) -> dict[int, list[int] | None]:
    """The managers of that moment with the groups they follow, or None for the organisation.

    Whoever became one later begins with the next month.
    """
    held = select(Role).where(Role.kind == RoleKind.MANAGER, Role.revoked_at.is_(None), Role.granted_at <= before)
    scopes: dict[int, list[int] | None] = {}
    for role in (await session.execute(held)).scalars():
        scope = scopes.setdefault(role.person_id, [])
        if role.workgroup_id is None or scope is None:
            scopes[role.person_id] = None
        else:
            scope.append(role.workgroup_id)
    return scopes


async def own(session: AsyncSession, person: Person, month: Month, *, policy: Policy, now: datetime) -> Shown:
    """A manager's digest of a month: as it was sent, or the figures as they stand if it never was."""
    scope = _scope(await roles(session, person.id))
    if scope == []:
        raise NotAllowed("digest-for-managers")
    if month.span(policy.zone)[0] > now:
        raise NotFound("digest-not-yet")
    sent = select(Digest).where(Digest.person_id == person.id, Digest.month == str(month))
    digest = await session.scalar(sent)
    if digest is not None:
        return await shown(session, digest.figures, policy=policy, now=now)
    figures = await statistics.month_figures(session, Scope(month, policy.zone, scope))
    return await shown(session, figures, policy=policy, now=now)


async def sent(session: AsyncSession, person: Person, digest_id: int) -> Digest:
    """The gate of a digest's letter: the manager it was made for, while they are one."""
    digest = await session.get(Digest, digest_id)
    if digest is None or digest.person_id != person.id or _scope(await roles(session, person.id)) == []:
        raise NotFound
    return digest


async def shown(session: AsyncSession, figures: MonthFigures, *, policy: Policy, now: datetime) -> Shown:
    """Figures with their neighbouring months, from the first group's founding to the present."""
    month = Month.parse(figures.month)
    founded = await session.scalar(select(func.min(Workgroup.created_at)))
    first, present = Month.of(founded or now, policy.zone), Month.of(now, policy.zone)
    return Shown(
        figures,
        earlier=month.shifted(-1) if month > first else None,
        later=month.shifted(1) if month < present else None,
        is_ongoing=month >= present,
    )


def _scope(held: list[Role]) -> list[int] | None:
    wide = {RoleKind.MANAGER, RoleKind.ADMINISTRATOR}
    if any(role.kind in wide and role.workgroup_id is None for role in held):
        return None
    return [r.workgroup_id for r in held if r.kind is RoleKind.MANAGER and r.workgroup_id is not None]


def freeze(figures: MonthFigures) -> str:
    """`MonthFigures` as JSON."""
    return json.dumps(asdict(figures), ensure_ascii=False)


def thaw(content: str) -> MonthFigures:
    """`freeze` undone; what earlier programs froze has no highlights, nor words of its own."""
    raw: dict[str, Any] = json.loads(content)
    return MonthFigures(
        month=raw["month"],
        funnel=Funnel(**raw["funnel"]),
        before=Funnel(**raw["before"]),
        statements=tuple(
            Statement(**{**one, "mean": Mean(**one["mean"]), "earlier": _mean(one["earlier"])})
            for one in raw["statements"]
        ),
        coming=raw["coming"],
        highlights=tuple(raw.get("highlights", ())),
    )


def _mean(raw: dict[str, int] | None) -> Mean | None:
    return Mean(**raw) if raw else None
