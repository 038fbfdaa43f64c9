"""A year's figures for the whole organisation, from counts and releases alone, in no language.

Meetings and attendances are those of meetings held in the year; asked and answered those of forms that closed, and
figures those released, in it. Everything is a frozen dataclass, so that `models.reports.annual.snapshots` can store it.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import OpenAnswer, Release
from models.feedback.runs import Run, RunState
from models.forms.forms import Question
from models.meetings.meetings import Meeting, MeetingState
from models.periods import Period, Scope
from models.reports.annual import changes_told as annual_replies
from models.reports.annual import forms
from models.reports.annual import groups as annual_groups
from models.reports.annual.changes_told import ReportedChange
from models.reports.annual.forms import Part, Span
from models.reports.annual.groups import GroupYear
from models.reports.annual.questions import yield_to_loop
from models.reports.funnel import funnel
from models.results.aggregates import Label


@dataclass(frozen=True)
class Activity:
    """What was done. A person at two meetings is one person and two attendances."""

    groups: int
    """Groups not archived at the year's end; in a year not over yet, now."""
    roster: int
    """Different people on the rosters of these groups."""
    meetings: int
    cancelled: int
    invited: int
    yes: int
    on_site: int
    remote: int
    heads: int
    """Of the attendances, those counted without a name."""
    people: int
    """Different people among the attendances with a name."""
    erased: int = 0
    """Of the attendances with a name, those of people who have been erased since: ``people`` lacks them."""
    unsent: int = 0
    """Invitations that could not be sent; ``invited`` does not count them, but in snapshots of earlier versions."""

    @property
    def attended(self) -> int:
        return self.on_site + self.remote

    @property
    def named(self) -> int:
        return self.attended - self.heads

    @property
    def called(self) -> int:
        """Invitations, whether they could be sent or not."""
        return self.invited + self.unsent


@dataclass(frozen=True)
class Quote:
    """An open answer that a coordinator has marked as worth quoting."""

    text: str
    question: Label


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
    replies: tuple[ReportedChange, ...] = ()
    organisation: str = ""
    """The organisation's name; empty if none is configured."""


async def annual(session: AsyncSession, year: int, zone: ZoneInfo, *, now: datetime, organisation: str = "") -> Annual:
    """The figures of a calendar year, computed now."""
    span = _span(year, zone)
    scope = Scope(Period.parse(str(year)), zone, None)
    parts = await forms.parts(session, span)
    await yield_to_loop()
    groups = await annual_groups.groups(session, scope)
    await yield_to_loop()
    activity = await _activity(session, scope)
    await yield_to_loop()
    return Annual(
        year=year,
        zone=zone.key,
        is_over=span[1] <= now,
        activity=activity,
        groups=groups,
        parts=parts,
        highlights=await _highlights(session, span),
        replies=await annual_replies.of_year(session, span),
        organisation=organisation,
    )


async def first_year(session: AsyncSession, zone: ZoneInfo) -> int | None:
    """The year of the first meeting that was held or form that closed; None if there is none yet."""
    moments = [
        await session.scalar(select(func.min(Meeting.starts_at)).where(Meeting.state == MeetingState.HELD)),
        await session.scalar(select(func.min(Run.closes_at)).where(Run.state == RunState.CLOSED)),
    ]
    return min((moment.astimezone(zone).year for moment in moments if moment is not None), default=None)


def _span(year: int, zone: ZoneInfo) -> Span:
    """The year's first moment and the first after it."""
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


async def _activity(session: AsyncSession, scope: Scope) -> Activity:
    counted = await funnel(session, scope)
    await yield_to_loop()
    return Activity(
        groups=counted.groups,
        roster=counted.roster,
        meetings=counted.meetings,
        cancelled=counted.cancelled,
        invited=counted.invited,
        unsent=counted.unsent,
        yes=counted.yes,
        on_site=counted.on_site,
        remote=counted.remote,
        heads=await annual_groups.unnamed(session, scope),
        people=counted.people,
        erased=await annual_groups.erased(session, scope),
    )


async def _highlights(session: AsyncSession, span: Span) -> tuple[Quote, ...]:
    """The open answers marked in the year's releases, in a random order that does not change."""
    wanted = (
        select(OpenAnswer.text, Question.identity, Question.text)
        .join(Question, Question.id == OpenAnswer.question_id)
        .join(Release, Release.id == OpenAnswer.release_id)
        .where(OpenAnswer.highlighted, Release.released_at >= span[0], Release.released_at < span[1])
        .order_by(OpenAnswer.id)
    )
    return tuple(Quote(text, Label(identity, words)) for text, identity, words in await session.execute(wanted))
