"""What the forms of a year have said: those asked after meetings, and those sent on their own.

Answers of the first are of attendances, of the second of people, so they are never put together. Within each, the same
question of several forms is one, and all figures are sums of releases.
"""

import enum
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import annual_people
from models.forms import FormVersion, Question
from models.items import Kind
from models.outcome import Result, outcome
from models.releases import Figure, Release, Withheld
from models.runs import Run, RunState

Span = tuple[datetime, datetime]


class Sort(enum.StrEnum):
    ON_ITS_OWN = "on-its-own"  # sent to a group at a time of its own, as the annual form is
    AFTER_MEETINGS = "after-meetings"


@dataclass(frozen=True)
class Hidden:
    """In how many releases a question's figure is withheld, for one reason."""

    why: Withheld
    releases: int


@dataclass(frozen=True)
class Found:
    """What was said to one question in the year."""

    result: Result
    releases: tuple[int, ...]
    """Those in which it has figures: where the figures come from."""
    hidden: tuple[Hidden, ...] = ()
    unparted: int = 0
    """Of a background question: releases in which respondents could not be told apart."""
    texts: int = 0
    """Open answers that have come out."""


@dataclass(frozen=True)
class Part:
    """The forms of one sort that closed in the year."""

    sort: Sort
    forms: int
    """Forms that closed: one for each group or meeting to which one was put."""
    asked: int
    answered: int
    waiting: int
    """Forms with too few answers to show."""
    unreadable: int
    """Answers that could not be opened, for want of their key."""
    thresholds: tuple[int, ...]
    """Those promised to the people asked."""
    released: int
    """Of the answers, those that are in the figures."""
    releases: tuple[int, ...]
    questions: tuple[Found, ...]

    def of_kind(self, kind: Kind) -> tuple[Found, ...]:
        return tuple(found for found in self.questions if found.result.kind is kind)


async def parts(session: AsyncSession, span: Span) -> tuple[tuple[Part, ...], list[int]]:
    """What each sort of forms has said, without those of which there were none; and the releases of them all."""
    by_sort = await _releases(session, span)
    found = [await _part(session, sort, by_sort[sort], span) for sort in Sort]
    return (
        tuple(part for part in found if part.forms or part.releases),
        sorted(release.id for some in by_sort.values() for release in some),
    )


async def _releases(session: AsyncSession, span: Span) -> dict[Sort, list[Release]]:
    """The year's releases. A pool is of meetings if its form was put to its group after any."""
    after_meetings = (
        select(FormVersion.form_id, Run.workgroup_id)
        .join(Run, Run.form_version_id == FormVersion.id)
        .where(Run.meeting_id.is_not(None))
        .distinct()
    )
    met = {(form_id, group_id) for form_id, group_id in await session.execute(after_meetings)}
    wanted = (
        select(Release, FormVersion.form_id, Run.id, Run.meeting_id)
        .join(FormVersion, FormVersion.id == Release.form_version_id)
        .outerjoin(Run, Run.id == Release.run_id)
        .where(Release.released_at >= span[0], Release.released_at < span[1])
        .order_by(Release.id)
    )
    found: dict[Sort, list[Release]] = defaultdict(list)
    for release, form_id, run_id, meeting_id in await session.execute(wanted):
        of_meeting = meeting_id is not None if run_id is not None else (form_id, release.workgroup_id) in met
        found[Sort.AFTER_MEETINGS if of_meeting else Sort.ON_ITS_OWN].append(release)
    return found


async def _part(session: AsyncSession, sort: Sort, releases: Sequence[Release], span: Span) -> Part:
    run = await _runs(session, sort, span)
    ids = [release.id for release in releases]
    said, traces = await outcome(session, releases), await _traces(session, ids)
    people = await annual_people.backgrounds(session, ids)
    questions = []
    for result in said.results:
        found = Found(replace(result, texts=(), groups=(), question_id=0), (), texts=len(result.texts))
        if result.background is not None:
            questions.append(annual_people.parted(found, people.get(result.words.identity)))
            continue
        shown, hidden = traces.get(_same_as(result), ((), ()))
        questions.append(replace(found, releases=shown, hidden=hidden))
    promised = {run.threshold for run in releases} | run.thresholds
    return Part(
        sort=sort,
        forms=run.forms,
        asked=run.asked,
        answered=run.answered,
        waiting=run.waiting,
        unreadable=run.unreadable,
        thresholds=tuple(sorted(promised)),
        released=said.answered,
        releases=tuple(ids),
        questions=tuple(questions),
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


SameAs = tuple[object, ...]
Trace = tuple[tuple[int, ...], tuple[Hidden, ...]]


def _same_as(result: Result) -> SameAs:
    return result.words.identity, result.kind, result.low, result.high


async def _traces(session: AsyncSession, release_ids: list[int]) -> dict[SameAs, Trace]:
    """By question, the releases with its figures, and how many withhold them."""
    wanted = (
        select(Question.identity, Question.kind, Question.low, Question.high, Figure.release_id, Figure.withheld)
        .join(Question, Question.id == Figure.question_id)
        .where(Figure.release_id.in_(release_ids))
    )
    shown: dict[SameAs, set[int]] = defaultdict(set)
    hidden: dict[SameAs, Counter[Withheld]] = defaultdict(Counter)
    for identity, kind, low, high, release_id, why in await session.execute(wanted):
        same = identity, kind, low or 0, high or 0
        if why is None:
            shown[same].add(release_id)
        else:
            hidden[same][why] += 1
    return {
        same: (tuple(sorted(shown[same])), tuple(Hidden(why, hidden[same][why]) for why in sorted(hidden[same])))
        for same in [*shown, *hidden]
    }
