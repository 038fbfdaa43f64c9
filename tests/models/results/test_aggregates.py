"""What releases show together: sums over versions, means beside earlier ones, periods, highlights of a month."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Figure, OpenAnswer, OptionCount, Release, Withheld
from models.feedback.response import Response
from models.forms import forms
from models.forms.forms import OTHER, Form, FormVersion
from models.forms.items import Choice, Item, QuestionKind
from models.months import Month
from models.people import groups
from models.people.groups import Workgroup
from models.periods import Period, Scope
from models.reports.digests import figures_from_json, figures_to_json
from models.reports.funnel import Funnel
from models.reports.statements import Statement
from models.reports.statistics import DigestFigures
from models.results import comparisons, highlights
from models.results.aggregates import Aggregate, aggregate_of
from models.valid_figures import Mean
from tests.talk import Talk

HELSINKI = ZoneInfo("Europe/Helsinki")
CLAIM = Item(QuestionKind.SCALE, "Aikaa oli riittävästi", low=1, high=5)
WIDER = Item(QuestionKind.SCALE, "Aikaa oli riittävästi", low=1, high=10)
MAIL, ELSEWHERE, PAPER = Choice("Sähköpostista"), Choice("Muualta"), Choice("Lehdestä")
HEARD = Item(QuestionKind.SEVERAL, "Mistä kuulit?", choices=(MAIL, ELSEWHERE), other=True)
HEARD_LATER = Item(QuestionKind.SEVERAL, "Mistä kuulit?", choices=(PAPER, MAIL), other=True)
OPEN = Item(QuestionKind.OPEN, "Mitä muuta?")


def at(month: int, day: int, year: int = 2027) -> datetime:
    return datetime(year, month, day, 12, tzinfo=HELSINKI).astimezone(UTC)


async def written(session: AsyncSession, group: Workgroup, *versions: Sequence[Item]) -> list[FormVersion]:
    form = Form(key=f"k-{id(versions)}", name="Oma", workgroup_id=group.id)
    session.add(form)
    await session.flush()
    return [await forms.write(session, form, items) for items in versions]


async def released(
    session: AsyncSession,
    group: Workgroup,
    version: FormVersion,
    when: datetime,
    *figures: tuple[int | None, int | None, Withheld | None, dict[int, int]],
) -> Release:
    """A release with a figure for each question: n, total, why it is withheld, and counts."""
    release = Release(workgroup_id=group.id, form_version_id=version.id, threshold=5, asked=20, answered=10)
    release.released_at = when
    session.add(release)
    await session.flush()
    for question, (n, total, withheld, counts) in zip(version.questions, figures, strict=False):
        session.add(Figure(release_id=release.id, question_id=question.id, n=n, total=total, withheld=withheld))
        for value, chosen in counts.items():
            session.add(OptionCount(release_id=release.id, question_id=question.id, value=value, chosen=chosen))
    await session.flush()
    return release


async def test_versions_of_a_statement_are_summed_and_other_scales_kept_apart(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=at(1, 1))
        first, second, wide = await written(session, group, [CLAIM], [OPEN, CLAIM], [WIDER])
        none: dict[int, int] = {}
        one = await released(session, group, first, at(1, 5), (6, 20, None, none))
        two = await released(session, group, second, at(2, 5), (None, None, None, none), (7, 30, None, none))
        few = await released(session, group, first, at(2, 6), (None, None, Withheld.FEW, none))
        three = await released(session, group, wide, at(3, 5), (5, 40, None, none))
        aggregate = await aggregate_of(session, [one, two, few, three])
        means = {(result.low, result.high): result.mean for result in aggregate.results if result.mean}
        assert means == {(1, 5): Mean(50, 13, 1, 5), (1, 10): Mean(40, 5, 1, 10)}
        assert (aggregate.response, aggregate.forms) == (Response(40, 80, 40), 4)


async def test_options_are_put_together_by_identity_and_what_all_chose_is_not_told(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=at(1, 1))
        first, second = await written(session, group, [HEARD], [HEARD_LATER])
        one = await released(session, group, first, at(1, 5), (10, None, None, {1: 7, 2: 5, OTHER: 1}))
        two = await released(session, group, second, at(2, 5), (12, None, None, {1: 6, OTHER: 2}))  # all by mail
        (result,) = (await aggregate_of(session, [one, two])).results
        told = {
            option.words and (option.words.text or option.words.identity): option.people for option in result.spread
        }
        assert told == {"Lehdestä": 6, "Sähköpostista": None, "Muualta": 5, "else": 3}
        assert result.spread_n == 22
        (alone,) = (await aggregate_of(session, [one])).results
        assert [option.people for option in alone.spread] == [7, 5, 1]


async def test_texts_that_waited_are_counted_where_their_figures_are(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=at(1, 1))
        (version,) = await written(session, group, [CLAIM, OPEN])
        one = await released(session, group, version, at(1, 5), (6, 20, None, {}))
        texts = await released(session, group, version, at(2, 5))
        pool = Pool(kind=PoolKind.TEXTS, workgroup_id=group.id, form_version_id=version.id, threshold=5)
        session.add(pool)
        await session.flush()
        texts.pool_id = pool.id
        open_id = version.questions[1].id
        session.add(OpenAnswer(id=7, release_id=texts.id, question_id=open_id, text="Hyvä", highlighted=True))
        await session.flush()
        alone, both = await aggregate_of(session, [texts]), await aggregate_of(session, [one, texts])
        assert (alone.answered, alone.has_figures, [comment.text for comment in alone.texts]) == (0, False, ["Hyvä"])
        assert (both.answered, both.result(open_id).texts[0].highlighted) == (10, True)
        with pytest.raises(NotFound):
            both.result(open_id + 99)

        march, february = (Scope(Month(2027, month), HELSINKI, None) for month in (3, 2))
        assert await highlights.of_month(session, march) == ()
        assert await highlights.of_month(session, february) == ("Hyvä",)
        assert await highlights.of_month(session, Scope(Month(2027, 2), HELSINKI, [])) == ()


def beside(aggregate: Aggregate) -> list[tuple[Mean, datetime] | None]:
    return [(result.earlier.mean, result.earlier.at) if result.earlier else None for result in aggregate.results]


async def test_the_earlier_mean_is_the_latest_of_the_same_statement_in_the_group(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=at(1, 1))
        other = await groups.create(session, "Aikuiset", now=at(1, 1))
        ((first, second), (copied,)) = (
            await written(session, group, [CLAIM], [WIDER, CLAIM]),
            await written(session, group, [CLAIM]),
        )
        await released(session, group, first, at(1, 5), (5, 15, None, {}))
        await released(session, group, copied, at(2, 5), (5, 20, None, {}))  # of another form
        await released(session, group, first, at(2, 20), (None, None, Withheld.FEW, {}))
        await released(session, other, first, at(2, 25), (5, 25, None, {}))  # of another group
        now = await released(session, group, second, at(3, 5), (5, 40, None, {}), (5, 22, None, {}))
        await released(session, group, first, at(4, 5), (5, 5, None, {}))  # later
        aggregate = await comparisons.since_release(session, await aggregate_of(session, [now]), now)
        assert beside(aggregate) == [None, (Mean(20, 5, 1, 5), at(2, 5))]

        span = Period(2027, 1).span(HELSINKI)
        assert span is not None
        summed = await comparisons.since_period(session, await aggregate_of(session, [now]), group.id, span)
        assert beside(summed) == [(Mean(40, 5, 1, 10), span[0]), (Mean(57, 15, 1, 5), span[0])]


def test_periods_are_read_as_they_are_written_and_nothing_else() -> None:
    known = [Period(), Period(2027), Period(2027, 1), Period(2027, 4)]
    assert [Period.parse(str(period)) for period in known] == known
    for typed in (
        "",
        "2027-",
        "2027-q0",
        "2027-q5",
        "27",
        "1999",
        "2201",
        "٢٠٢٧",
        "2027-q1-",
        "-q1",
        "all-q1",
        "2027-Q1",
    ):
        with pytest.raises(NotFound):
            Period.parse(typed)


def test_a_period_follows_the_one_before_it() -> None:
    year, first = Period(2027), Period(2027, 1)
    assert (year.before, first.before, Period().before) == (Period(2026), Period(2026, 4), None)
    for period in (year, first, Period(2027, 3)):
        assert period.before is not None
        span, before = period.span(HELSINKI), period.before.span(HELSINKI)
        assert span is not None
        assert before is not None
        assert before[1] == span[0]
    assert Period.quarter_of(datetime(2027, 3, 31, 21, 30, tzinfo=UTC), HELSINKI) == Period(
        2027, 2
    )  # half past midnight


ZERO = Funnel()


def test_a_digest_is_read_as_it_was_written_by_earlier_programs_too() -> None:
    mean = Mean(20, 5, 1, 4)
    own = Statement("t-1", mean, mean, "2027-02", "Oma väittämä", "ei", "kyllä")
    figures = DigestFigures("2027-03", ZERO, ZERO, (own,), 1, ("Hyvä", "Toinen"))
    assert figures_from_json(figures_to_json(figures)) == figures
    older = figures_to_json(DigestFigures("2027-03", ZERO, ZERO, (Statement("a", mean),), 1))
    for lost in (', "highlights": []', ', "low_name": null, "high_name": null', ', "text": null'):
        assert lost in older
        older = older.replace(lost, "")
    assert figures_from_json(older) == DigestFigures("2027-03", ZERO, ZERO, (Statement("a", mean),), 1)
