"""Figures, as frozen dataclasses; whatever must be hidden is already hidden here.

A month's meetings and attendances are those of its meetings; its answers and statements those of the forms that
closed, and the figures that were released, in it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import forms
from models.attendance import Attendance, Attended, HeadCount
from models.feedback import Run, RunState
from models.forms import Question
from models.groups import Membership, Workgroup
from models.invitations import Answer, Invitation
from models.meetings import Meeting, MeetingState
from models.people import Person, Reach
from models.releases import Figure, OpenAnswer, OptionCount, Release, Withheld


@dataclass(frozen=True)
class Month:
    """A calendar month in the organisation's zone, written "2027-04"."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        year, month = text.split("-")
        return cls(int(year), int(month))

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    def shifted(self, months: int) -> "Month":
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """First moment of the month and of the next."""
        after = self.shifted(1)
        return datetime(self.year, self.month, 1, tzinfo=zone), datetime(after.year, after.month, 1, tzinfo=zone)


@dataclass(frozen=True)
class Funnel:
    """From roster to answers. ``roster`` and ``reachable`` are people now; the middle counts are of invitations and
    attendances at the month's meetings (a person at two meetings counts twice); ``asked`` and ``answered`` are of
    the forms that closed in the month."""

    groups: int
    roster: int
    reachable: int
    meetings: int
    cancelled: int
    invited: int
    yes: int
    on_site: int
    remote: int
    people: int
    """Different named people who attended."""
    asked: int
    answered: int
    waiting: int
    """Forms that closed with too few answers to show."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote


@dataclass(frozen=True)
class Mean:
    """``total / n`` exactly; ``low`` and ``high`` are the ends of its scale."""

    total: int
    n: int
    low: int
    high: int

    @property
    def value(self) -> Fraction:
        return Fraction(self.total, self.n)


@dataclass(frozen=True)
class Statement:
    """A statement over some releases: its mean, and the mean of the latest earlier month that had one."""

    identity: str
    mean: Mean | None
    earlier: Mean | None


@dataclass(frozen=True)
class MonthFigures:
    """Everything in a month's digest."""

    month: str
    funnel: Funnel
    before: Funnel
    """The month before, as it is known now."""
    statements: tuple[Statement, ...]
    coming: int
    """Meetings already called for the next month."""


@dataclass(frozen=True)
class Result:
    """One statement of one release, with what of it may be seen."""

    identity: str
    mean: Mean | None
    n: int | None
    withheld: Withheld | None
    distribution: tuple[tuple[int, int], ...]
    """(value, people) from the low end to the high; empty where it is not released."""


@dataclass(frozen=True)
class Results:
    """What a closed form has said."""

    asked: int
    answered: int
    threshold: int
    results: tuple[Result, ...]
    texts: tuple[str, ...]
    pooled: bool = False
    """Whether the answers of several meetings are in it, each too few alone."""


async def month_figures(
    session: AsyncSession, month: Month, group_ids: list[int] | None, zone: ZoneInfo
) -> MonthFigures:
    """The figures of a month, of some groups or (None) of the organisation."""
    following = month.shifted(1)
    return MonthFigures(
        month=str(month),
        funnel=await funnel(session, month, group_ids, zone),
        before=await funnel(session, month.shifted(-1), group_ids, zone),
        statements=await statements(session, month, group_ids, zone),
        coming=await _count_meetings(session, following, group_ids, zone, MeetingState.ANNOUNCED),
    )


async def funnel(session: AsyncSession, month: Month, group_ids: list[int] | None, zone: ZoneInfo) -> Funnel:
    """The funnel of a month."""
    roster, reachable = await _roster(session, group_ids)
    held = _scoped(select(Meeting.id), month, group_ids, zone).where(Meeting.state == MeetingState.HELD)
    invited, yes = await _pair(
        session,
        select(func.count(), _sum(Invitation.answer.in_([Answer.ON_SITE, Answer.REMOTE]))).where(
            Invitation.meeting_id.in_(held)
        ),
    )
    on_site, remote = await _pair(
        session,
        select(_sum(Attendance.attended == Attended.ON_SITE), _sum(Attendance.attended == Attended.REMOTE)).where(
            Attendance.meeting_id.in_(held)
        ),
    )
    heads_on_site, heads_remote = await _pair(
        session,
        select(func.sum(HeadCount.on_site), func.sum(HeadCount.remote)).where(HeadCount.meeting_id.in_(held)),
    )
    present = select(func.count(Attendance.person_id.distinct())).where(
        Attendance.meeting_id.in_(held), Attendance.attended != Attended.NO
    )
    asked, answered, waiting = await _answers(session, month, group_ids, zone)
    return Funnel(
        groups=await _groups(session, group_ids),
        roster=roster,
        reachable=reachable,
        meetings=await _count_meetings(session, month, group_ids, zone, MeetingState.HELD),
        cancelled=await _count_meetings(session, month, group_ids, zone, MeetingState.CANCELLED),
        invited=invited,
        yes=yes,
        on_site=on_site + heads_on_site,
        remote=remote + heads_remote,
        people=await session.scalar(present) or 0,
        asked=asked,
        answered=answered,
        waiting=waiting,
    )


Rows = TypeVar("Rows", bound=tuple[object, ...])


def _scoped(wanted: "Select[Rows]", month: Month, group_ids: list[int] | None, zone: ZoneInfo) -> "Select[Rows]":
    first, after = month.span(zone)
    wanted = wanted.where(Meeting.starts_at >= first, Meeting.starts_at < after)
    return wanted if group_ids is None else wanted.where(Meeting.workgroup_id.in_(group_ids))


def _sum(condition: ColumnElement[bool]) -> "ColumnElement[int]":
    return func.sum(case((condition, 1), else_=0))


async def _pair(session: AsyncSession, wanted: "Select[tuple[int, int]]") -> tuple[int, int]:
    first, second = (await session.execute(wanted)).one()
    return first or 0, second or 0


async def _groups(session: AsyncSession, group_ids: list[int] | None) -> int:
    wanted = select(func.count()).where(Workgroup.archived_at.is_(None))
    if group_ids is not None:
        wanted = wanted.where(Workgroup.id.in_(group_ids))
    return await session.scalar(wanted) or 0


async def _count_meetings(
    session: AsyncSession, month: Month, group_ids: list[int] | None, zone: ZoneInfo, state: MeetingState
) -> int:
    counted = _scoped(select(func.count(Meeting.id)), month, group_ids, zone).where(Meeting.state == state)
    return await session.scalar(counted) or 0


async def _roster(session: AsyncSession, group_ids: list[int] | None) -> tuple[int, int]:
    wanted = (
        select(
            func.count(Person.id.distinct()),
            func.count(case((Person.reach == Reach.REACHABLE, Person.id)).distinct()),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Workgroup, Workgroup.id == Membership.workgroup_id)
        .where(Membership.left_at.is_(None), Workgroup.archived_at.is_(None))
    )
    if group_ids is not None:
        wanted = wanted.where(Workgroup.id.in_(group_ids))
    return await _pair(session, wanted)


async def _answers(
    session: AsyncSession, month: Month, group_ids: list[int] | None, zone: ZoneInfo
) -> tuple[int, int, int]:
    first, after = month.span(zone)
    few = _sum((Run.answered > 0) & (Run.answered < Run.threshold))
    wanted = select(func.sum(Run.asked), func.sum(Run.answered), few).where(
        Run.state == RunState.CLOSED, Run.closes_at >= first, Run.closes_at < after
    )
    if group_ids is not None:
        wanted = wanted.where(Run.workgroup_id.in_(group_ids))
    asked, answered, waiting = (await session.execute(wanted)).one()
    return asked or 0, answered or 0, waiting or 0


async def statements(
    session: AsyncSession, month: Month, group_ids: list[int] | None, zone: ZoneInfo
) -> tuple[Statement, ...]:
    """The statements whose figures were released in a month, strongest first, each with its last earlier month."""
    first, after = month.span(zone)
    now = await _means(session, group_ids, first, after)
    found = []
    for identity, mean in now.items():
        found.append(Statement(identity, mean, await _earlier(session, identity, group_ids, first, zone)))
    return tuple(sorted(found, key=lambda s: (-(s.mean.value if s.mean else 0), s.identity)))


async def _earlier(
    session: AsyncSession, identity: str, group_ids: list[int] | None, before: datetime, zone: ZoneInfo
) -> Mean | None:
    """The mean of the latest month before a moment that released this statement."""
    latest = (
        select(func.max(Release.released_at))
        .join(Figure, Figure.release_id == Release.id)
        .join(Question, Question.id == Figure.question_id)
        .where(Question.identity == identity, Figure.total.is_not(None), Release.released_at < before)
    )
    if group_ids is not None:
        latest = latest.where(Release.workgroup_id.in_(group_ids))
    moment = await session.scalar(latest)
    if moment is None:
        return None
    first, after = Month.of(moment, zone).span(zone)
    return (await _means(session, group_ids, first, after)).get(identity)


async def _means(
    session: AsyncSession, group_ids: list[int] | None, first: datetime, after: datetime
) -> dict[str, Mean]:
    wanted = (
        select(Question.identity, func.sum(Figure.total), func.sum(Figure.n), Question.low, Question.high)
        .join(Question, Question.id == Figure.question_id)
        .join(Release, Release.id == Figure.release_id)
        .where(Figure.total.is_not(None), Release.released_at >= first, Release.released_at < after)
        .group_by(Question.identity, Question.low, Question.high)
    )
    if group_ids is not None:
        wanted = wanted.where(Release.workgroup_id.in_(group_ids))
    rows = await session.execute(wanted)
    return {identity: Mean(total, n, low, high) for identity, total, n, low, high in rows}


async def results(session: AsyncSession, release: Release) -> Results:
    """What a release shows."""
    questions = {q.id: q for q in await forms.questions(session, release.form_version_id)}
    figures = (await session.execute(select(Figure).where(Figure.release_id == release.id))).scalars()
    counts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in (await session.execute(select(OptionCount).where(OptionCount.release_id == release.id))).scalars():
        counts[row.question_id].append((row.value, row.chosen))
    texts = select(OpenAnswer.text).where(OpenAnswer.release_id == release.id).order_by(OpenAnswer.id)
    ordered = sorted(figures, key=lambda figure: questions[figure.question_id].position)
    return Results(
        asked=release.asked,
        answered=release.answered,
        threshold=release.threshold,
        results=tuple(_result(questions[f.question_id], f, counts[f.question_id]) for f in ordered),
        texts=tuple((await session.execute(texts)).scalars()),
        pooled=release.pool_id is not None,
    )


def _result(question: Question, figure: Figure, counts: list[tuple[int, int]]) -> Result:
    mean = None
    if figure.total is not None and figure.n:
        mean = Mean(figure.total, figure.n, question.low or 0, question.high or 0)
    return Result(question.identity, mean, figure.n, figure.withheld, tuple(sorted(counts)))
