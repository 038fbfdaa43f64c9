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
from models.feedback.response import NAMES, Response, response_columns, together
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
    response: Response
    is_unreadable: bool
    """Whether there were answers that could not be opened, because their key is lost."""
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
        response=run.response,
        is_unreadable=run.is_unreadable,
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
    response: Response
    is_unreadable: bool
    thresholds: frozenset[int]


async def _runs(session: AsyncSession, sort: Sort, span: Span) -> _Runs:
    """The forms of a sort that closed in the year."""
    unreadable = func.sum(case((Run.unreadable, 1), else_=0))
    wanted = (
        select(Run.threshold, func.count(Run.id).label("forms"), unreadable.label("unreadable"), *response_columns())
        .where(Run.state == RunState.CLOSED, Run.closes_at >= span[0], Run.closes_at < span[1])
        .where(Run.meeting_id.is_not(None) if sort is Sort.AFTER_MEETINGS else Run.meeting_id.is_(None))
        .group_by(Run.threshold)
    )
    rows = list((await session.execute(wanted)).mappings())
    return _Runs(
        forms=sum(row["forms"] for row in rows),
        response=together(Response(**{name: row[name] for name in NAMES}) for row in rows),
        is_unreadable=any(row["unreadable"] for row in rows),
        thresholds=frozenset(row["threshold"] for row in rows),
    )
