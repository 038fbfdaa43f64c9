"""The answers to each question in a year's releases, summed in the database: a year may have thousands of them.

The rules are those of `models.results.aggregates`, which reads a few releases with everything in them.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Cell, Figure, OpenAnswer, OptionCount, Withheld
from models.forms import forms
from models.forms.forms import Question
from models.reports.annual import people as annual_people
from models.reports.annual.people import Ids, People
from models.results.aggregates import Label, OptionTotal, Result, options_of
from models.valid_figures import Mean


@dataclass(frozen=True)
class Hidden:
    """In how many releases a question's figure is withheld, for one reason."""

    why: Withheld
    releases: int


@dataclass(frozen=True)
class QuestionResult:
    """The answers to one question in the year."""

    result: Result
    releases: tuple[int, ...]
    """The releases with figures of the question or, of an open one, with texts."""
    hidden: tuple[Hidden, ...] = ()
    unparted: int = 0
    """For a background question: releases that show no groups of respondents."""
    texts: int = 0
    """How many open answers were released."""


@dataclass
class _Sum:
    """The sums of one version's question over all releases."""

    shown: list[int] = field(default_factory=list)
    """The ids of the releases with a figure of it."""
    n: int | None = None
    total: int = 0
    total_n: int = 0
    """How many answers ``total`` is the sum of."""
    hidden: Counter[Withheld] = field(default_factory=Counter)
    hidden_n: int | None = None
    first_hidden: tuple[int, Withheld] | None = None
    spread: list[int] = field(default_factory=list)
    """The ids of the releases with the counts of the choices."""
    spread_n: int = 0
    chosen: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By value: how many chose it, and how many releases have that count."""
    texts: int = 0
    with_texts: list[int] = field(default_factory=list)
    """The ids of the releases with open answers to it."""

    @property
    def has_figures(self) -> bool:
        return bool(self.shown or self.hidden)


async def yield_to_loop() -> None:
    """Yields to the event loop between reads: on SQLite they run without waiting, and many in a row would block it."""
    await asyncio.sleep(0.001)  # sleep(0) would run only what is ready at this moment


async def questions(session: AsyncSession, ids: Ids, newest: int) -> tuple[QuestionResult, ...]:
    """All questions of the releases: those of the newest version in their order, then those that it lacks."""
    sums = await _sums(session, ids)
    await yield_to_loop()
    people = await annual_people.backgrounds(session, ids)
    await yield_to_loop()
    with_cells = set(await session.scalars(select(Cell.question_id).where(Cell.release_id.in_(ids)).distinct()))
    own = await forms.questions(session, newest)
    older = await forms.some_questions(session, {*sums, *with_cells} - {question.id for question in own})
    same: dict[object, list[Question]] = defaultdict(list)
    for question in (*own, *older):
        same[question.same_as].append(question)
    any_figures = any(question_sum.has_figures for question_sum in sums.values())
    results = []
    for versions in same.values():
        first, of = versions[0], [sums.get(question.id, _Sum()) for question in versions]
        asks = first.kind.is_typed or first.background is not None
        if (asks and any_figures) or any(question_sum.has_figures or question_sum.texts for question_sum in of):
            results.append(_found(versions, of, people.get(first.identity)))
    return tuple(results)


async def _sums(session: AsyncSession, ids: Ids) -> dict[int, _Sum]:
    sums: dict[int, _Sum] = defaultdict(_Sum)
    of = Figure.release_id, Figure.question_id
    is_spread = exists().where(OptionCount.release_id == of[0], OptionCount.question_id == of[1])
    figures = select(*of, Figure.n, Figure.total, Figure.withheld, is_spread).where(Figure.release_id.in_(ids))
    for release_id, question_id, n, total, why, spread in await session.execute(figures.order_by(Figure.release_id)):
        question_sum = sums[question_id]
        if why is None:
            question_sum.shown.append(release_id)
            question_sum.n = _plus(question_sum.n, n)
            question_sum.total += total or 0
            question_sum.total_n += 0 if total is None else n or 0
        else:
            question_sum.hidden[why] += 1
            question_sum.hidden_n = _plus(question_sum.hidden_n, n)
            question_sum.first_hidden = question_sum.first_hidden or (release_id, why)
        if spread:
            question_sum.spread.append(release_id)
            question_sum.spread_n += n or 0
    await yield_to_loop()
    key = OptionCount.question_id, OptionCount.value
    chosen = select(*key, func.sum(OptionCount.chosen), func.count()).where(OptionCount.release_id.in_(ids))
    for question_id, value, people, releases in await session.execute(chosen.group_by(*key)):
        sums[question_id].chosen[value] = people, releases
    await yield_to_loop()
    texts_of = OpenAnswer.question_id, OpenAnswer.release_id
    texts = select(*texts_of, func.count()).where(OpenAnswer.release_id.in_(ids)).group_by(*texts_of)
    for question_id, release_id, count in await session.execute(texts):
        sums[question_id].texts += count
        sums[question_id].with_texts.append(release_id)
    return sums


def _plus(known: int | None, more: int | None) -> int | None:
    """The sum of the known counts; None if none is known."""
    return known if more is None else (known or 0) + more


def _found(same: Sequence[Question], of: Sequence[_Sum], people: People | None) -> QuestionResult:
    """The sums of one question over all versions."""
    first, texts = same[0], sum(question_sum.texts for question_sum in of)
    spread, spread_n = _spread(same, of)
    result = Result(
        words=Label(first.identity, first.text),
        kind=first.kind,
        low=first.low or 0,
        high=first.high or 0,
        low_name=first.low_name,
        high_name=first.high_name,
        background=first.background,
        spread=spread,
        spread_n=spread_n,
    )
    if first.background is not None:
        return _parted(QuestionResult(result, (), texts=texts), people)
    has_them = [question_sum.with_texts if first.kind.is_typed else question_sum.shown for question_sum in of]
    shown = sorted({release_id for release_ids in has_them for release_id in release_ids})
    hidden = sum((question_sum.hidden for question_sum in of), Counter[Withheld]())
    reasons = sorted(question_sum.first_hidden for question_sum in of if question_sum.first_hidden is not None)
    n: int | None = None
    for question_sum in of:
        n = _plus(n, question_sum.n if shown else question_sum.hidden_n)
    result = replace(result, mean=_mean(first, of), n=n, withheld=None if shown or not reasons else reasons[0][1])
    return QuestionResult(result, tuple(shown), tuple(Hidden(why, hidden[why]) for why in sorted(hidden)), texts=texts)


def _parted(question_result: QuestionResult, people: People | None) -> QuestionResult:
    """The result of a background question, with its groups of respondents."""
    if people is None:
        return question_result
    n = sum(group.n for group in people.groups) or None
    result = replace(question_result.result, groups=people.groups, n=n)
    return replace(question_result, result=result, releases=people.releases, unparted=people.unparted)


def _mean(question: Question, of: Sequence[_Sum]) -> Mean | None:
    total, n = sum(question_sum.total for question_sum in of), sum(question_sum.total_n for question_sum in of)
    return Mean(total, n, question.low or 0, question.high or 0) if question.kind.has_mean and n else None


def _spread(same: Sequence[Question], of: Sequence[_Sum]) -> tuple[tuple[OptionTotal, ...], int]:
    """How many chose each option, where the count is known. Options are added up by identity, not by number."""
    placed = sorted((sums.spread[0], place) for place, sums in enumerate(of) if sums.spread)
    totals: dict[str | int, OptionTotal] = {}
    for _, place in placed:
        question, sums = same[place], of[place]
        for value, label in options_of(question).items():
            people, releases = sums.chosen.get(value, (0, 0))
            is_told = releases == len(sums.spread)  # an option that everybody ticked is not
            known = totals.setdefault(label.identity if label else value, OptionTotal(value, label, 0))
            both = known.people + people if is_told and known.people is not None else None
            totals[label.identity if label else value] = replace(known, people=both)
    return tuple(totals.values()), sum(sums.spread_n for sums in of)
