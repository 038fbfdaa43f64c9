"""A year's figures: its edges, groups that end, backgrounds that were merged differently; and how they are frozen."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Refused
from models.feedback import pooling
from models.feedback.answers import Ballot
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Cell, Figure, OpenAnswer, OptionCount, Release, Withheld
from models.feedback.response import Response
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM
from models.forms.forms import Question
from models.forms.items import Background, Item, QuestionKind
from models.meetings.attendance import Attendance, Attended, HeadCount
from models.meetings.changes_told import ChangeTold
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people import groups
from models.people.groups import Workgroup
from models.people.people import Person, Reachability
from models.privacy import erasure
from models.reports.annual import annual, snapshots
from models.reports.annual import people as annual_people
from models.reports.annual.forms import Sort
from models.reports.annual.people import NOBODYS
from models.reports.annual.questions import Hidden
from models.reports.annual.snapshots import Snapshot
from models.results.aggregates import Label, aggregate_of
from models.valid_figures import Mean
from tests.pooled import open_with
from tests.scenes import scene
from tests.talk import Talk

HELSINKI = ZoneInfo("Europe/Helsinki")
FOUNDED = datetime(2026, 11, 1, 9, tzinfo=HELSINKI)
LATER = datetime(2028, 1, 10, 9, tzinfo=HELSINKI)


async def meeting(
    session: AsyncSession, group: Workgroup, starts: datetime, state: MeetingState = MeetingState.HELD
) -> Meeting:
    wall = starts.replace(tzinfo=None)
    row = Meeting(workgroup_id=group.id, starts_at=starts, ends_at=starts + timedelta(hours=2), starts_wall=wall)
    row.ends_wall, row.zone, row.mode, row.state, row.created_at = wall, HELSINKI.key, Mode.HYBRID, state, FOUNDED
    session.add(row)
    await session.flush()
    return row


async def there(session: AsyncSession, at: Meeting, *people: Person, how: Attended = Attended.REMOTE) -> None:
    for person in people:
        session.add(
            Attendance(meeting_id=at.id, person_id=person.id, attended=how, own_word=True, marked_at=at.ends_at)
        )
    await session.flush()


async def people(session: AsyncSession, count: int) -> list[Person]:
    created = [
        Person(name=f"Jäsen {number}", reach=Reachability.UNCLAIMED, created_at=FOUNDED) for number in range(count)
    ]
    session.add_all(created)
    await session.flush()
    return created


async def release(
    session: AsyncSession, group: Workgroup, when: datetime, *, n: int | None = 10, total: int | None = 40
) -> tuple[Release, list[forms.Question]]:
    """The annual form closed and released, with one statement's figure."""
    version = await forms.built_in(session, ANNUAL_FORM)
    run = Run(form_version_id=version.id, workgroup_id=group.id, threshold=5, opens_at=FOUNDED, closes_at=when)
    run.state, run.asked, run.answered = RunState.CLOSED, 20, 12
    session.add(run)
    await session.flush()
    row = Release(run_id=run.id, workgroup_id=group.id, form_version_id=version.id, threshold=5, asked=20, answered=12)
    row.released_at = when
    session.add(row)
    await session.flush()
    asked = list(await forms.questions(session, version.id))
    withheld = None if total is not None else Withheld.FEW
    session.add(Figure(release_id=row.id, question_id=asked[0].id, n=n, total=total, withheld=withheld))
    await session.flush()
    return row, asked


async def cells(session: AsyncSession, of: Release, question: forms.Question, *figures: tuple[list[int], int]) -> None:
    for number, (backgrounds, n) in enumerate(figures, 1):
        session.add(Cell(release_id=of.id, question_id=question.id, number=number, backgrounds=backgrounds, n=n))
    await session.flush()


async def test_a_year_begins_and_ends_at_midnight_here(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group, other = [await groups.create(session, name, now=FOUNDED) for name in ("Lastensuojelu", "Aikuiset")]
        three = await people(session, 3)
        first = await meeting(session, group, datetime(2027, 1, 1, 0, 0, tzinfo=HELSINKI))
        last = await meeting(session, other, datetime(2027, 12, 31, 23, 30, tzinfo=HELSINKI))
        outside = await meeting(session, group, datetime(2028, 1, 1, 0, 0, tzinfo=HELSINKI))
        await meeting(session, group, datetime(2027, 5, 5, 9, tzinfo=HELSINKI), MeetingState.CANCELLED)
        await there(session, first, *three)
        await there(session, last, three[0], how=Attended.ON_SITE)
        await there(session, last, three[1], how=Attended.NO)
        await there(session, outside, *three)
        session.add(HeadCount(meeting_id=last.id, on_site=4, remote=2))
        other.archived_at = datetime(2027, 12, 31, 23, 45, tzinfo=HELSINKI)
    async with talk_anywhere.app.sessions() as session:
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
    activity = year.activity
    assert (activity.meetings, activity.cancelled, activity.groups) == (2, 1, 1)
    assert (activity.on_site, activity.remote, activity.attended) == (5, 5, 10)
    assert (activity.heads, activity.named, activity.people) == (
        6,
        4,
        3,
    )  # four attendances by name are of three people
    assert [(group.name, group.is_archived, group.meetings, group.attended, group.people) for group in year.groups] == [
        ("Aikuiset", True, 1, 7, 1),
        ("Lastensuojelu", False, 1, 3, 3),
    ]
    assert year.is_over
    assert year.parts == ()


async def test_releases_are_put_together_and_what_is_withheld_is_counted(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
        first, _ = await release(session, group, datetime(2027, 3, 1, tzinfo=UTC), n=10, total=40)
        second, _ = await release(session, group, datetime(2027, 4, 1, tzinfo=UTC), n=5, total=11)
        await release(session, group, datetime(2027, 5, 1, tzinfo=UTC), n=None, total=None)
        await release(session, group, datetime(2026, 12, 1, tzinfo=UTC), n=10, total=10)
    async with talk_anywhere.app.sessions() as session:
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
    (part,) = year.parts
    assert part.sort is Sort.ON_ITS_OWN
    assert (part.forms, part.response, part.released) == (3, Response(36, 60, 36), 36)
    statement = part.questions[0]
    assert statement.result.mean is not None
    assert (statement.result.mean.total, statement.result.mean.n) == (51, 15)
    assert statement.releases == (first.id, second.id)
    assert statement.hidden == (Hidden(Withheld.FEW, 1),)


async def test_an_open_question_comes_from_the_releases_with_its_texts(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
        made = [await release(session, group, datetime(2027, month, 1, tzinfo=UTC)) for month in (3, 4, 5)]
        for (made_release, asked), count in zip(made, (2, 0, 1), strict=True):
            (question,) = (each for each in asked if each.kind is QuestionKind.OPEN)
            texts = [
                OpenAnswer(
                    id=made_release.id * 10 + n, release_id=made_release.id, question_id=question.id, text=f"Sana {n}"
                )
                for n in range(count)
            ]
            session.add_all(texts)
    async with talk_anywhere.app.sessions() as session:
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
    (open_question,) = year.parts[0].of_kind(QuestionKind.OPEN)
    assert (open_question.texts, open_question.releases) == (3, (made[0][0].id, made[2][0].id))


async def test_backgrounds_merged_differently_stand_in_the_finest_groups_that_all_can_tell(
    talk_anywhere: Talk,
) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
        when = datetime(2027, 3, 1, tzinfo=UTC)
        (first, asked), (second, _), (third, _) = [await release(session, group, when) for _ in range(3)]
        house = next(question for question in asked if question.background is Background.ORGANISATION)
        await cells(session, first, house, ([1], 20), ([3], 6), ([2, 4, 5, 6, forms.UNTOLD], 7))
        await cells(session, second, house, ([1], 9), ([2], 5), ([3, 4, 5, 6, forms.UNTOLD], 8))
    async with talk_anywhere.app.sessions() as session:
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
    asked_of = {result.result.words.identity: result for result in year.parts[0].questions}["organisation"]
    assert [(len(group.backgrounds), group.untold, group.n) for group in asked_of.result.groups] == [
        (1, False, 29),
        (5, True, 26),
    ]
    assert asked_of.result.groups[0].backgrounds == (Label("organisation-municipality"),)
    assert (asked_of.result.n, asked_of.releases, asked_of.unparted) == (55, (first.id, second.id), 1)
    assert third.id not in asked_of.releases


@pytest.mark.parametrize(
    ("counted_cells", "wanted"),
    [
        ([({"a"}, 5), ({"b", NOBODYS}, 6), ({"a"}, 7), ({"b", NOBODYS}, 5)], [12, 11]),
        ([({"a"}, 5), ({"b", "c"}, 6), ({"a", "b"}, 7), ({"c"}, 5)], []),  # one group would be left
        ([({"a"}, 5), ({"b"}, 6), ({"c"}, 5), ({"a", "b"}, 9), ({"c"}, 6)], [11, 20]),
    ],
)
def test_cells_are_merged_until_none_overlaps_another(
    counted_cells: list[tuple[set[str], int]], wanted: list[int]
) -> None:
    words = {letter: Label(letter) for letter in "abc"}
    merged = annual_people._groups([(frozenset(names), n) for names, n in counted_cells], words)
    assert [group.n for group in merged] == wanted
    assert not merged or sum(wanted) == sum(n for _, n in counted_cells)


@scene
async def a_meeting(talk: Talk) -> None:
    async with talk.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
        await meeting(session, group, datetime(2027, 5, 5, 9, tzinfo=HELSINKI))
        await release(session, group, datetime(2027, 6, 1, tzinfo=UTC))


async def take(talk: Talk, now: datetime = LATER, year: int = 2027) -> Snapshot:
    async with talk.app.sessions.begin() as session:
        return await snapshots.take(session, year, HELSINKI, version="1", now=now)


async def test_the_same_figures_are_kept_once_and_come_back_whole(talk_anywhere: Talk) -> None:
    await a_meeting(talk_anywhere)
    both = await asyncio.gather(take(talk_anywhere), take(talk_anywhere, LATER + timedelta(seconds=1)))
    again = await take(talk_anywhere, LATER + timedelta(days=300))
    assert (
        len({snapshot.id for snapshot in (*both, again)}) == len({snapshot.made_at for snapshot in (*both, again)}) == 1
    )
    async with talk_anywhere.app.sessions() as session:
        assert await session.scalar(select(func.count(Snapshot.id))) == 1
        figures = await annual.annual(session, 2027, HELSINKI, now=LATER)
    assert again.parsed.figures == figures
    assert snapshots.annual_to_json(again.parsed.figures) == again.content


async def test_other_figures_make_another_snapshot(talk: Talk) -> None:
    await a_meeting(talk)
    first = await take(talk, datetime(2027, 12, 1, tzinfo=HELSINKI))
    second = await take(talk)
    assert (first.parsed.figures.is_over, second.parsed.figures.is_over) == (False, True)
    assert first.fingerprint != second.fingerprint
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalars().one()
        await meeting(session, group, datetime(2027, 8, 5, 9, tzinfo=HELSINKI))
    assert (await take(talk)).parsed.figures.activity.meetings == 2


async def test_a_snapshot_of_an_earlier_program_can_be_read(talk: Talk) -> None:
    await a_meeting(talk)
    raw = json.loads((await take(talk)).content)
    del raw["replies"], raw["highlights"]
    raw["activity"]["of another time"] = 1
    assert snapshots.annual_from_json(json.dumps(raw)).replies == ()


@pytest.mark.parametrize(
    ("year", "key"), [(2029, "report-not-yet"), (2199, "report-not-yet"), (2026, "report-before-first")]
)
async def test_a_year_of_which_there_is_nothing_is_refused(talk: Talk, year: int, key: str) -> None:
    await a_meeting(talk)
    with pytest.raises(Refused) as refused:
        await take(talk, year=year)
    assert refused.value.key == key


async def test_before_the_first_meeting_there_is_no_report(talk: Talk) -> None:
    with pytest.raises(Refused) as refused:
        await take(talk)
    assert refused.value.key == "report-nothing-yet"


async def test_the_groups_and_the_replies_stand_in_one_order(talk_anywhere: Talk) -> None:
    names = ("aikuiset", "Lastensuojelu", "äidit", "Öljy", "Vammaispalvelu")
    async with talk_anywhere.app.sessions.begin() as session:
        for name in reversed(names):
            group = await groups.create(session, name, now=FOUNDED)
            made, asked = await release(session, group, datetime(2027, 3, 1, tzinfo=UTC))
            about = {"workgroup_id": group.id, "release_id": made.id, "question_id": asked[0].id}
            session.add(ChangeTold(**about, text="Teimme.", created_at=datetime(2027, 4, 1, tzinfo=UTC)))
    async with talk_anywhere.app.sessions() as session:
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
    assert [group.name for group in year.groups] == [change.group for change in year.replies]
    assert [group.name for group in year.groups] == sorted(names, key=str.casefold)
    assert {change.mean for change in year.replies} == {Mean(40, 10, 1, 5)}


async def test_whoever_was_erased_is_missing_from_the_people_and_that_is_counted(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
        person, two, three = await people(session, 3)
        for day in (1, 8):
            at = await meeting(session, group, datetime(2027, 3, day, 9, tzinfo=HELSINKI))
            await there(session, at, person, two)
            await there(session, at, three, how=Attended.NO)
        await there(session, await meeting(session, group, datetime(2026, 12, 1, 9, tzinfo=HELSINKI)), person)
        for gone in (person, three):
            await erasure.erase(session, gone, now=LATER)
    async with talk_anywhere.app.sessions() as session:
        done = (await annual.annual(session, 2027, HELSINKI, now=LATER)).activity
    assert (done.named, done.people, done.erased) == (4, 1, 2)


THRESHOLD = 3
DROPPED = 4
"""Questions that the newer version has not."""


async def many_releases(session: AsyncSession, talk: Talk, random: Random) -> list[Release]:
    """Forms of two versions with every kind of question, answered by nobody to eleven, by chance; some after meetings,
    some in pools."""
    group = await groups.create(session, "Lastensuojelu", now=FOUNDED)
    form = forms.Form(key="own-all", name="Kaikki", workgroup_id=group.id, created_at=FOUNDED)
    session.add(form)
    await session.flush()
    items = (*ANNUAL_FORM.items, Item(QuestionKind.SCALE, identity="unsure", text="?", low=1, high=4, dont_know=True))
    turned = [replace(item, choices=tuple(reversed(item.choices))) for item in reversed(items)]
    versions = [await forms.write(session, form, version_items) for version_items in (items, turned[DROPPED:])]
    releases = []
    for number in range(40):
        version, when = versions[number > 25], datetime(2027, 1, 2 + number // 2, 9, tzinfo=UTC)
        at = await meeting(session, group, when) if number % 3 == 0 else None
        source: Run | Pool
        if number % 5 == 4:
            kind = random.choice(list(PoolKind))
            source = Pool(kind=kind, form_version_id=version.id, workgroup_id=group.id, threshold=THRESHOLD)
            source.opened_at = when
        else:
            source = Run(form_version_id=version.id, workgroup_id=group.id, threshold=THRESHOLD, opens_at=when)
            source.closes_at, source.state, source.meeting_id = when, RunState.CLOSED, at.id if at else None
        ballots = [ballot(version.questions, random) for _ in range(random.randrange(12))]
        source.asked, source.present, source.answered = 12, None, len(ballots)
        session.add(source)
        await session.flush()
        if isinstance(source, Pool):
            releases.append(await open_with(session, source, ballots, now=when))
        else:
            answers = dict(enumerate(ballots))
            releases += await pooling.release_or_wait(session, source, answers, talk.app.keys, now=when)
    await session.flush()
    return releases


def ballot(questions: Sequence[Question], random: Random) -> Ballot:
    """What one person says; the first of several choices they all tick in the end."""
    answers: Ballot = {}
    for question in questions:
        if question.kind is QuestionKind.OPEN:
            answers[question.id] = "Sana"
        elif question.kind is QuestionKind.SEVERAL:
            answers[question.id] = [1, *random.sample(question.values[1:], random.randrange(4))]
        else:
            value = random.choice(question.values[:3])
            answers[question.id] = [value] if question.has_options else value
    return {key: value for key, value in answers.items() if random.random() < 0.8}


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_what_all_the_rows_say(talk_anywhere: Talk, seed: int) -> None:
    """A year's figures against `outcome`, which reads each row."""
    async with talk_anywhere.app.sessions.begin() as session:
        made = await many_releases(session, talk_anywhere, Random(seed))
        year = await annual.annual(session, 2027, HELSINKI, now=LATER)
        assert {part.sort for part in year.parts} == set(Sort)
        assert sorted(row for part in year.parts for row in part.releases) == sorted(row.id for row in made)
        for part in year.parts:
            aggregate = await aggregate_of(session, [row for row in made if row.id in part.releases])
            assert part.released == aggregate.answered
            assert [question_result.texts for question_result in part.questions] == [
                len(result.texts) for result in aggregate.results
            ]
            wanted = [replace(result, texts=(), groups=(), question_id=0) for result in aggregate.results]
            ours = [replace(question_result.result, groups=()) for question_result in part.questions]
            unparted = [result if result.background is None else replace(result, n=None) for result in ours]
            assert unparted == [result if result.background is None else replace(result, n=None) for result in wanted]
            assert any(None in {each.people for each in result.spread} for result in ours)
            assert any(question_result.hidden for question_result in part.questions)


async def test_a_meeting_held_while_figures_are_read_is_in_all_of_them_or_in_none(talk_anywhere: Talk) -> None:
    """The reading stops before the head counts; meanwhile a meeting is held. On SQLite nobody can write meanwhile."""
    await a_meeting(talk_anywhere)
    app = talk_anywhere.app
    if app.engine.dialect.name == "sqlite":
        pytest.skip("one writes at a time")
    async with app.sessions.begin() as other:
        await other.execute(text("LOCK TABLE head_count IN ACCESS EXCLUSIVE MODE"))
        taking = asyncio.create_task(take(talk_anywhere))
        stands = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with app.sessions() as watching:
            while not await watching.scalar(stands):
                await watching.rollback()
        group = (await other.execute(select(Workgroup))).scalars().one()
        held = await meeting(other, group, datetime(2027, 9, 5, 9, tzinfo=HELSINKI))
        other.add(HeadCount(meeting_id=held.id, on_site=7, remote=0))
    done = (await taking).parsed.figures.activity
    assert (done.meetings, done.attended, done.heads) == (1, 0, 0)
    after = (await take(talk_anywhere)).parsed.figures.activity
    assert (after.meetings, after.attended, after.heads) == (2, 7, 7)


async def test_other_work_goes_on_while_a_year_is_read_and_no_row_of_counts_becomes_an_object(
    talk_anywhere: Talk,
) -> None:
    """On SQLite nothing that is read waits, so that nobody else would get a turn by itself."""
    turns = 0
    loaded: list[object] = []
    tables = Figure, OptionCount, Cell, Release

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with talk_anywhere.app.sessions.begin() as session:
        await many_releases(session, talk_anywhere, Random(1))

    def load(row: object, _: object) -> None:
        loaded.append(row)

    for table in tables:
        event.listen(table, "load", load)
    beside = asyncio.create_task(others())
    try:
        async with talk_anywhere.app.sessions() as session:
            await session.execute(select(1))
            before = turns
            await annual.annual(session, 2027, HELSINKI, now=LATER)
            assert turns - before > len(Sort)
    finally:
        beside.cancel()
        for table in tables:
            event.remove(table, "load", load)
    assert not loaded
