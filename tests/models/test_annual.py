"""A year's figures: its edges, groups that end, backgrounds that were merged differently; and how they are frozen."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models import annual, annual_people, forms, groups, snapshots
from models.annual_forms import Hidden, Sort
from models.annual_people import NOBODYS
from models.attendance import Attendance, Attended, HeadCount
from models.builtin_forms import ANNUAL_FORM
from models.errors import Refused
from models.groups import Workgroup
from models.items import Background
from models.meetings import Meeting, MeetingState, Mode
from models.outcome import Words
from models.people import Person, Reach
from models.releases import Cell, Figure, Release, Withheld
from models.runs import Run, RunState
from models.snapshots import Snapshot
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
    found = [Person(name=f"Jäsen {number}", reach=Reach.UNCLAIMED, created_at=FOUNDED) for number in range(count)]
    session.add_all(found)
    await session.flush()
    return found


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


async def cells(session: AsyncSession, of: Release, question: forms.Question, *told: tuple[list[int], int]) -> None:
    for number, (backgrounds, n) in enumerate(told, 1):
        session.add(Cell(release_id=of.id, question_id=question.id, number=number, backgrounds=backgrounds, n=n))
    await session.flush()


async def test_a_year_begins_and_ends_at_midnight_here(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group, other = [await groups.found(session, name, now=FOUNDED) for name in ("Lastensuojelu", "Aikuiset")]
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
        found = await annual.annual(session, 2027, HELSINKI, now=LATER)
    done = found.activity
    assert (done.meetings, done.cancelled, done.groups) == (2, 1, 1)
    assert (done.on_site, done.remote, done.attended) == (5, 5, 10)
    assert (done.heads, done.named, done.people) == (6, 4, 3)  # four attendances by name are of three people
    assert [(one.name, one.is_archived, one.meetings, one.attended, one.people) for one in found.groups] == [
        ("Aikuiset", True, 1, 7, 1),
        ("Lastensuojelu", False, 1, 3, 3),
    ]
    assert found.is_over
    assert found.parts == ()


async def test_releases_are_put_together_and_what_is_withheld_is_counted(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.found(session, "Lastensuojelu", now=FOUNDED)
        one, _ = await release(session, group, datetime(2027, 3, 1, tzinfo=UTC), n=10, total=40)
        two, _ = await release(session, group, datetime(2027, 4, 1, tzinfo=UTC), n=5, total=11)
        await release(session, group, datetime(2027, 5, 1, tzinfo=UTC), n=None, total=None)
        await release(session, group, datetime(2026, 12, 1, tzinfo=UTC), n=10, total=10)
    async with talk_anywhere.app.sessions() as session:
        found = await annual.annual(session, 2027, HELSINKI, now=LATER)
    (part,) = found.parts
    assert part.sort is Sort.ON_ITS_OWN
    assert (part.forms, part.asked, part.answered, part.released) == (3, 60, 36, 36)
    statement = part.questions[0]
    assert statement.result.mean is not None
    assert (statement.result.mean.total, statement.result.mean.n) == (51, 15)
    assert statement.releases == (one.id, two.id)
    assert statement.hidden == (Hidden(Withheld.FEW, 1),)


async def test_backgrounds_merged_differently_stand_in_the_finest_groups_that_all_can_tell(
    talk_anywhere: Talk,
) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.found(session, "Lastensuojelu", now=FOUNDED)
        when = datetime(2027, 3, 1, tzinfo=UTC)
        (one, asked), (two, _), (three, _) = [await release(session, group, when) for _ in range(3)]
        house = next(question for question in asked if question.background is Background.ORGANISATION)
        await cells(session, one, house, ([1], 20), ([3], 6), ([2, 4, 5, 6, forms.UNTOLD], 7))
        await cells(session, two, house, ([1], 9), ([2], 5), ([3, 4, 5, 6, forms.UNTOLD], 8))
    async with talk_anywhere.app.sessions() as session:
        found = await annual.annual(session, 2027, HELSINKI, now=LATER)
    asked_of = {one.result.words.identity: one for one in found.parts[0].questions}["organisation"]
    assert [(len(group.backgrounds), group.untold, group.n) for group in asked_of.result.groups] == [
        (1, False, 29),
        (5, True, 26),
    ]
    assert asked_of.result.groups[0].backgrounds == (Words("organisation-municipality"),)
    assert (asked_of.result.n, asked_of.releases, asked_of.unparted) == (55, (one.id, two.id), 1)
    assert three.id not in asked_of.releases


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([({"a"}, 5), ({"b", NOBODYS}, 6), ({"a"}, 7), ({"b", NOBODYS}, 5)], [12, 11]),
        ([({"a"}, 5), ({"b", "c"}, 6), ({"a", "b"}, 7), ({"c"}, 5)], []),  # one group would be left
        ([({"a"}, 5), ({"b"}, 6), ({"c"}, 5), ({"a", "b"}, 9), ({"c"}, 6)], [11, 20]),
    ],
)
def test_cells_are_put_together_until_none_parts_another(told: list[tuple[set[str], int]], wanted: list[int]) -> None:
    words = {one: Words(one) for one in "abc"}
    found = annual_people._groups([(frozenset(names), n) for names, n in told], words)
    assert [group.n for group in found] == wanted
    assert not found or sum(wanted) == sum(n for _, n in told)


async def a_meeting(talk: Talk) -> None:
    async with talk.app.sessions.begin() as session:
        group = await groups.found(session, "Lastensuojelu", now=FOUNDED)
        await meeting(session, group, datetime(2027, 5, 5, 9, tzinfo=HELSINKI))
        await release(session, group, datetime(2027, 6, 1, tzinfo=UTC))


async def take(talk: Talk, now: datetime = LATER, year: int = 2027) -> Snapshot:
    async with talk.app.sessions.begin() as session:
        return await snapshots.take(session, year, HELSINKI, version="1", now=now)


async def test_the_same_figures_are_kept_once_and_come_back_whole(talk_anywhere: Talk) -> None:
    await a_meeting(talk_anywhere)
    both = await asyncio.gather(take(talk_anywhere), take(talk_anywhere, LATER + timedelta(seconds=1)))
    again = await take(talk_anywhere, LATER + timedelta(days=300))
    assert len({one.id for one in (*both, again)}) == len({one.made_at for one in (*both, again)}) == 1
    async with talk_anywhere.app.sessions() as session:
        assert await session.scalar(select(func.count(Snapshot.id))) == 1
        figures = await annual.annual(session, 2027, HELSINKI, now=LATER)
    assert again.kept.figures == figures
    assert snapshots.freeze(again.kept.figures) == again.content


async def test_other_figures_make_another_snapshot(talk: Talk) -> None:
    await a_meeting(talk)
    first = await take(talk, datetime(2027, 12, 1, tzinfo=HELSINKI))
    second = await take(talk)
    assert (first.kept.figures.is_over, second.kept.figures.is_over) == (False, True)
    assert first.fingerprint != second.fingerprint
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup))).scalars().one()
        await meeting(session, group, datetime(2027, 8, 5, 9, tzinfo=HELSINKI))
    assert (await take(talk)).kept.figures.activity.meetings == 2


async def test_what_an_earlier_program_froze_thaws(talk: Talk) -> None:
    await a_meeting(talk)
    raw = json.loads((await take(talk)).content)
    del raw["replies"], raw["highlights"]
    raw["activity"]["of another time"] = 1
    assert snapshots.thaw(json.dumps(raw)).replies == ()


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
