"""The answers to a year's forms: those asked after meetings, and those sent on their own.

Answers to the first count attendances, to the second people, so they are never added up. Within each, the same
question of several forms is one, and all figures are sums of releases.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Release
from models.feedback.runs import Run, RunState
from models.forms.forms import FormVersion
from models.forms.items import QuestionKind
from models.reports.annual import questions as annual_questions
from models.reports.annual.questions import QuestionResult
from models.reports.pooled import PooledAnswers, pooled_answers

Span = tuple[datetime, datetime]


class Sort(enum.StrEnum):
    ON_ITS_OWN = "on-its-own"  # sent to a group at a time of its own, as the annual form is
    AFTER_MEETINGS = "after-meetings"


@dataclass(frozen=True)
class Part:
    """The forms of one sort that closed in the year."""

    sort: Sort
    forms: int
    """Forms that closed: one for each group or meeting to which one was put."""
    asked: int
    answered: int
    waiting: int
    """Forms with too few answers to show figures of."""
    unreadable: int
    """Answers that could not be opened, because their key is lost."""
    thresholds: tuple[int, ...]
    """The thresholds that were promised to the people asked."""
    released: int
    """How many of the answers are in the figures."""
    releases: tuple[int, ...]
    questions: tuple[QuestionResult, ...]
    pooled: PooledAnswers | None = None
    """Those of ``released`` that are from several meetings, with their people. None also in reports of earlier
    versions."""

    def of_kind(self, kind: QuestionKind) -> tuple[QuestionResult, ...]:
        return tuple(result for result in self.questions if result.result.kind is kind)


async def parts(session: AsyncSession, span: Span) -> tuple[Part, ...]:
    """The forms of the year by sort, without sorts of which there were none."""
    parts = [await _part(session, sort, span) for sort in Sort]
    return tuple(part for part in parts if part.forms or part.releases)


def _of(sort: Sort, span: Span) -> Select[int]:
    """The year's releases of a sort. A pool is of meetings if its form was put to its group after any."""
    after = (
        select(FormVersion.form_id, Run.workgroup_id)
        .join(Run, Run.form_version_id == FormVersion.id)
        .where(Run.meeting_id.is_not(None))
        .distinct()
        .subquery()
    )
    of_meeting = case((Release.run_id.is_not(None), Run.meeting_id.is_not(None)), else_=after.c.form_id.is_not(None))
    return (
        select(Release.id)
        .join(FormVersion, FormVersion.id == Release.form_version_id)
        .outerjoin(Run, Run.id == Release.run_id)
        .outerjoin(
            after,
            and_(
                Release.run_id.is_(None),
                after.c.form_id == FormVersion.form_id,
                after.c.workgroup_id == Release.workgroup_id,
            ),
        )
        .where(Release.released_at >= span[0], Release.released_at < span[1])
        .where(of_meeting if sort is Sort.AFTER_MEETINGS else ~of_meeting)
    )


async def _part(session: AsyncSession, sort: Sort, span: Span) -> Part:
    run, ids = await _runs(session, sort, span), _of(sort, span)
    wanted = select(Release.id, Release.form_version_id, Release.threshold, Release.answered, Pool.kind)
    wanted = wanted.outerjoin(Pool, Pool.id == Release.pool_id).where(Release.id.in_(ids)).order_by(Release.id)
    releases = (await session.execute(wanted)).all()
    await annual_questions.yield_to_loop()
    newest = max((release.form_version_id for release in releases), default=0)
    return Part(
        sort=sort,
        forms=run.forms,
        asked=run.asked,
        answered=run.answered,
        waiting=run.waiting,
        unreadable=run.unreadable,
        thresholds=tuple(sorted({release.threshold for release in releases} | run.thresholds)),
        # Whoever wrote a text that waited is counted where their figures are.
        released=sum(release.answered for release in releases if release.kind is not PoolKind.TEXTS),
        releases=tuple(release.id for release in releases),
        pooled=await pooled_answers(session, ids),
        questions=await annual_questions.questions(session, ids, newest),
    )


@dataclass(frozen=True)
class _Runs:
    forms: int
    asked: int
    answered: int
    waiting: int
    unreadable: int
    thresholds: frozenset[int]


async def _runs(session: AsyncSession, sort: Sort, span: Span) -> _Runs:
    """The forms of a sort that closed in the year."""
    few = case(((Run.answered > 0) & (Run.answered < Run.threshold), 1), else_=0)
    wanted = (
        select(
            Run.threshold,
            func.count(Run.id),
            func.sum(Run.asked),
            func.sum(Run.answered),
            func.sum(few),
            func.sum(Run.unreadable),
        )
        .where(Run.state == RunState.CLOSED, Run.closes_at >= span[0], Run.closes_at < span[1])
        .where(Run.meeting_id.is_not(None) if sort is Sort.AFTER_MEETINGS else Run.meeting_id.is_(None))
        .group_by(Run.threshold)
    )
    rows = [tuple(row) for row in await session.execute(wanted)]
    forms, asked, answered, waiting, unreadable = (sum(row[column] for row in rows) for column in range(1, 6))
    return _Runs(forms, asked, answered, waiting, unreadable, frozenset(row[0] for row in rows))
