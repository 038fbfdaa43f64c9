"""A year's figures for the whole organisation, from counts and releases alone, in no language.

Meetings and attendances are those of meetings held in the year; asked and answered those of forms that closed, and
figures those released, in it. Everything is a frozen dataclass, so that `models.snapshots` can keep it.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import annual_forms, annual_groups
from models.annual_forms import Part
from models.annual_groups import GroupYear
from models.forms import Question
from models.funnel import Funnel, Scope, funnel
from models.groups import Workgroup
from models.meetings import Meeting, MeetingState
from models.outcome import Words
from models.periods import Period
from models.releases import OpenAnswer, Release
from models.replies import Reply
from models.runs import Run, RunState


@dataclass(frozen=True)
class Activity:
    """What was done. A person at two meetings is one person and two attendances."""

    groups: int
    """Living groups at the year's end; in a year not over yet, now."""
    roster: int
    """Different people on their rosters then."""
    meetings: int
    cancelled: int
    invited: int
    yes: int
    on_site: int
    remote: int
    heads: int
    """Of the attendances, those counted without a name."""
    people: int
    """Different people among those with a name."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote

    @property
    def named(self) -> int:
        return self.attended - self.heads


@dataclass(frozen=True)
class Quote:
    """An open answer that a coordinator has marked as worth quoting."""

    text: str
    question: Words


@dataclass(frozen=True)
class Changed:
    """You said, we did: what a coordinator answered to a statement of their group."""

    group: str
    statement: Words
    text: str


@dataclass(frozen=True)
class Annual:
    """Everything in an annual report."""

    year: int
    zone: str
    """In which the year begins and ends."""
    is_over: bool
    activity: Activity
    groups: tuple[GroupYear, ...]
    parts: tuple[Part, ...]
    highlights: tuple[Quote, ...] = ()
    replies: tuple[Changed, ...] = ()

    @property
    def asked(self) -> int:
        return sum(part.asked for part in self.parts)

    @property
    def answered(self) -> int:
        return sum(part.answered for part in self.parts)


async def annual(session: AsyncSession, year: int, zone: ZoneInfo, *, now: datetime) -> Annual:
    """The figures of a calendar year, as they are known now."""
    span = _span(year, zone)
    parts, release_ids = await annual_forms.parts(session, span)
    scope = Scope(Period.parse(str(year)), zone, None)
    groups, heads = await annual_groups.groups(session, scope)
    return Annual(
        year=year,
        zone=zone.key,
        is_over=span[1] <= now,
        activity=_activity(await funnel(session, scope), heads),
        groups=groups,
        parts=parts,
        highlights=await _highlights(session, release_ids),
        replies=await _replies(session, span),
    )


async def first_year(session: AsyncSession, zone: ZoneInfo) -> int | None:
    """The year of the first meeting that was held or form that closed; None if there is none yet."""
    moments = [
        await session.scalar(select(func.min(Meeting.starts_at)).where(Meeting.state == MeetingState.HELD)),
        await session.scalar(select(func.min(Run.closes_at)).where(Run.state == RunState.CLOSED)),
    ]
    return min((moment.astimezone(zone).year for moment in moments if moment is not None), default=None)


def _span(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The year's first moment and the first after it."""
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def _activity(counted: Funnel, heads: int) -> Activity:
    return Activity(
        groups=counted.groups,
        roster=counted.roster,
        meetings=counted.meetings,
        cancelled=counted.cancelled,
        invited=counted.invited,
        yes=counted.yes,
        on_site=counted.on_site,
        remote=counted.remote,
        heads=heads,
        people=counted.people,
    )


async def _highlights(session: AsyncSession, release_ids: list[int]) -> tuple[Quote, ...]:
    """What is marked in the year's releases, in an order of chance that stays."""
    wanted = (
        select(OpenAnswer.text, Question.identity, Question.text)
        .join(Question, Question.id == OpenAnswer.question_id)
        .where(OpenAnswer.highlighted, OpenAnswer.release_id.in_(release_ids))
        .order_by(OpenAnswer.id)
    )
    return tuple(Quote(text, Words(identity, words)) for text, identity, words in await session.execute(wanted))


async def _replies(session: AsyncSession, span: tuple[datetime, datetime]) -> tuple[Changed, ...]:
    """What was answered in the year, by group."""
    wanted = (
        select(Workgroup.name, Question.identity, Question.text, Reply.text)
        .join(Workgroup, Workgroup.id == Reply.workgroup_id)
        .join(Question, Question.id == Reply.question_id)
        .join(Release, Release.id == Reply.release_id)
        .where(Reply.created_at >= span[0], Reply.created_at < span[1])
        .order_by(Workgroup.name, Workgroup.id, Reply.created_at, Reply.id)
    )
    rows = await session.execute(wanted)
    return tuple(Changed(group, Words(identity, words), text) for group, identity, words, text in rows)
