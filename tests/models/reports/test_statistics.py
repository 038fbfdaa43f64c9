"""A month's figures over a story: groups renamed and archived, people who leave, meetings at the edges of months."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Figure, Release, Withheld
from models.feedback.response import Response, together, told
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Form
from models.forms.items import Item, QuestionKind
from models.meetings.attendance import Attendance, Attended, HeadCount
from models.meetings.invitations import Answer, Invitation
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.months import Month
from models.people import groups
from models.people.groups import Workgroup
from models.people.people import Person, Reachability
from models.periods import Period, Scope, parse
from models.reports import statements, statistics
from models.reports.digests import figures_from_json, figures_to_json
from models.reports.funnel import By, Flow, Window, by_month, flows, funnel
from models.reports.pooled import PooledAnswers
from tests.pooled import open_with
from tests.talk import Talk

HELSINKI = ZoneInfo("Europe/Helsinki")
MARCH = Month(2027, 3)
BEGINNING = datetime(2027, 1, 7, 9, tzinfo=HELSINKI)
FEW = Response(few=1, few_asked=4, below=5)
IDENTITY = forms.MEETING_FORM.statements[0]


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=HELSINKI)


def scope(month: Month = MARCH, group_ids: list[int] | None = None) -> Scope:
    return Scope(month, HELSINKI, group_ids)


async def people(
    session: AsyncSession, group: Workgroup, count: int, reach: Reachability = Reachability.REACHABLE
) -> list[Person]:
    """New members of a group, from the beginning."""
    found = [Person(name=f"{group.name} {index}", reach=reach, created_at=BEGINNING) for index in range(count)]
    session.add_all(found)
    await session.flush()
    for person in found:
        await groups.join(session, group, person, now=BEGINNING)
    return found


async def held(
    session: AsyncSession,
    group: Workgroup,
    starts: datetime,
    invited: list[Person],
    *,
    yes: int = 0,
    there: int = 0,
    state: MeetingState = MeetingState.HELD,
) -> Meeting:
    """A meeting to which the first ``yes`` said yes and the first ``there`` came, remotely."""
    wall = starts.astimezone(HELSINKI).replace(tzinfo=None)
    meeting = Meeting(workgroup_id=group.id, starts_at=starts, ends_at=starts + timedelta(hours=2), starts_wall=wall)
    meeting.ends_wall, meeting.zone, meeting.mode, meeting.state = wall, HELSINKI.key, Mode.HYBRID, state
    meeting.created_at = BEGINNING
    session.add(meeting)
    await session.flush()
    for index, person in enumerate(invited):
        answer = Answer.REMOTE if index < yes else Answer.NO
        session.add(Invitation(meeting_id=meeting.id, person_id=person.id, invited_at=BEGINNING, answer=answer))
        attended = Attended.REMOTE if index < there else Attended.NO
        session.add(
            Attendance(
                meeting_id=meeting.id, person_id=person.id, attended=attended, own_word=True, marked_at=BEGINNING
            )
        )
    await session.flush()
    return meeting


async def closed(session: AsyncSession, group: Workgroup, closes: datetime, asked: int, answered: int) -> Run:
    version = await forms.built_in(session)
    run = Run(form_version_id=version.id, workgroup_id=group.id, threshold=5, opens_at=BEGINNING, closes_at=closes)
    run.state, run.asked, run.answered = RunState.CLOSED, asked, told(answered, run.threshold)
    session.add(run)
    await session.flush()
    return run


async def released(
    session: AsyncSession, group: Workgroup, when: datetime, total: int | None, n: int | None
) -> Release:
    """A release of one statement; without a total it is withheld."""
    version = await forms.built_in(session)
    release = Release(workgroup_id=group.id, form_version_id=version.id, threshold=5, asked=20, answered=10)
    release.released_at = when
    session.add(release)
    await session.flush()
    question = (await forms.questions(session, version.id))[0]
    withheld = None if total is not None else Withheld.FEW
    session.add(Figure(release_id=release.id, question_id=question.id, n=n, total=total, withheld=withheld))
    await session.flush()
    return release


async def test_a_month_from_roster_to_answers(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        child = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        adult = await groups.create(session, "Aikuissosiaalityö", now=BEGINNING)
        ten = await people(session, child, 10)
        four = await people(session, adult, 3) + await people(session, adult, 1, Reachability.UNCLAIMED)
        await groups.join(session, adult, ten[0], now=BEGINNING)  # on two rosters: one person
        await held(session, child, at(3, 10), ten, yes=7, there=6)
        second = await held(session, adult, at(3, 24), four, yes=2, there=2)
        session.add(HeadCount(meeting_id=second.id, on_site=3, remote=1))
        await held(session, child, at(3, 17), ten, yes=9, there=0, state=MeetingState.CANCELLED)
        await held(session, child, at(3, 30), ten, yes=9, there=0, state=MeetingState.ANNOUNCED)
        await closed(session, child, at(3, 17), asked=6, answered=5)
        await closed(session, adult, at(3, 31), asked=2, answered=1)
        child.name = "Lapset ja nuoret"
        await session.flush()

        shown = await funnel(session, scope())
        assert (shown.groups, shown.roster, shown.reachable) == (2, 14, 13)
        assert (shown.meetings, shown.cancelled) == (2, 1)
        assert (shown.invited, shown.yes) == (14, 9)
        assert (shown.on_site, shown.remote, shown.attended, shown.people) == (3, 9, 12, 8)
        assert shown.response == Response(5, 6, 5, few=1, few_asked=2, below=5)

        one = await funnel(session, scope(group_ids=[adult.id]))
        assert (one.groups, one.roster, one.invited, one.attended) == (1, 5, 4, 6)
        assert one.response == Response(few=1, few_asked=2, below=5)
        assert (await funnel(session, scope(group_ids=[]))).is_empty


async def test_the_same_rule_by_group_by_meeting_and_by_month_adds_up(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        child = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        adult = await groups.create(session, "Aikuissosiaalityö", now=BEGINNING)
        ten, four = await people(session, child, 10), await people(session, adult, 4)
        first = await held(session, child, at(1, 13), ten, yes=7, there=6)
        second = await held(session, child, at(3, 10), ten, yes=5, there=4)
        third = await held(session, adult, at(3, 24), [*four, ten[0]], yes=2, there=3)
        session.add(HeadCount(meeting_id=third.id, on_site=3, remote=1))
        await held(session, adult, at(3, 25), four, state=MeetingState.CANCELLED)
        run = await closed(session, child, at(4, 2), asked=4, answered=3)
        run.meeting_id = second.id
        await closed(session, adult, at(3, 31), asked=6, answered=5)
        await session.flush()

        quarter = Scope(Period(2027, 1), HELSINKI, None)
        whole = await funnel(session, quarter)
        assert (whole.meetings, whole.cancelled, whole.invited, whole.yes) == (3, 1, 25, 14)
        assert (whole.attended, whole.people) == (17, 9)  # six of the first, three others of the adults' group
        assert whole.response == Response(5, 6, 5)
        by_group = await flows(session, quarter, By.GROUP)
        assert by_group[child.id] == Flow(meetings=2, invited=20, yes=12, remote=10, people=6)
        assert by_group[adult.id] == Flow(1, 1, 5, 2, 3, 4, 3, Response(5, 6, 5), unnamed=4, heads=4)
        by_meeting = await flows(session, quarter, By.MEETING)
        assert by_meeting[second.id] == Flow(1, 0, 10, 5, 0, 4, 4, FEW)  # its form, though it closed in April
        assert by_meeting[first.id] == Flow(meetings=1, invited=10, yes=7, remote=6, people=6)
        months = await by_month(session, Window(Month(2027, 4), HELSINKI, None, months=12))
        assert [str(month) for month in months][::11] == ["2026-05", "2027-04"]
        assert months[Month(2027, 1)].attended == 6
        assert (months[Month(2027, 3)].attended, months[Month(2027, 3)].people) == (11, 7)
        assert months[Month(2027, 4)].response == FEW
        assert months[Month(2026, 12)] == Flow()
        for name in ("meetings", "cancelled", "invited", "yes", "attended"):
            assert sum(getattr(one, name) for one in by_group.values()) == getattr(whole, name)
        assert together(flow.response for flow in by_group.values()) == whole.response


async def test_attendances_without_a_name_are_told_apart_from_people(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        members = await people(session, group, 4)
        meeting = await held(session, group, at(3, 10), members, yes=4, there=3)
        session.add(HeadCount(meeting_id=meeting.id, on_site=480, remote=8))
        erased = select(Attendance).where(Attendance.person_id == members[0].id)
        (await session.execute(erased)).scalar_one().person_id = None
        await session.flush()
        shown = await funnel(session, scope())
        assert (shown.attended, shown.people, shown.unnamed) == (491, 2, 489)
        assert (shown.heads, shown.named) == (488, 3)  # whoever was erased came by name


async def test_a_meeting_of_which_nobody_told_who_came_is_counted(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        members = await people(session, group, 3)
        await held(session, group, at(3, 3), members, there=0)  # that nobody came, was told
        counted, silent = [await held(session, group, at(3, day), []) for day in (10, 17)]
        session.add(HeadCount(meeting_id=counted.id, on_site=2, remote=0))
        await held(session, group, at(3, 24), [], state=MeetingState.CANCELLED)
        await session.flush()
        assert (await funnel(session, scope())).unrecorded == 1
        by_meeting = await flows(session, scope(), By.MEETING)
        assert [one.unrecorded for one in by_meeting.values()].count(1) == by_meeting[silent.id].unrecorded == 1


async def test_figures_that_came_out_and_may_not_be_shown_are_counted(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        other = await groups.create(session, "Aikuiset", now=BEGINNING)
        await released(session, group, at(3, 20), None, None)
        await released(session, group, at(3, 21), None, None)
        await released(session, other, at(4, 2), 20, 5)
        march = await statistics.digest_figures(session, scope())
        assert (march.statements, march.releases, march.withheld, march.is_empty) == ((), 2, 2, False)
        april = await statistics.digest_figures(session, scope(Month(2027, 4)))
        assert (len(april.statements), april.releases, april.withheld) == (1, 1, 0)
        none = await statistics.digest_figures(session, scope(group_ids=[other.id]))
        assert (none.releases, none.withheld, none.is_empty) == (0, 0, True)


async def test_all_that_comes_is_kept_and_of_a_running_period_its_rest(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        for month, day in ((3, 10), (3, 20), (3, 30), *((4, day) for day in range(1, 8))):
            await held(session, group, at(month, day), [], state=MeetingState.ANNOUNCED)
        running = await statistics.digest_figures(session, scope(), now=at(3, 15))
        assert [meeting.day.day for meeting in running.rest] == [20, 30]
        assert (running.coming, [meeting.day.day for meeting in running.meetings]) == (7, list(range(1, 8)))
        assert figures_from_json(figures_to_json(running)) == running
        page = await statistics.detail(session, scope(), "meetings", now=at(3, 15))
        assert (page.rest, page.meetings) == (running.rest, running.meetings)
        over = await statistics.digest_figures(session, scope(), now=at(4, 1))
        assert over.rest == ()


async def test_the_months_begin_with_the_first_group(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        young = await groups.create(session, "Nuoret", now=at(3, 5))
        for group_ids, first in ((None, "2027-01"), ([group.id], "2027-01"), ([young.id], "2027-03")):
            months = (await statistics.digest_figures(session, scope(group_ids=group_ids))).months or ()
            assert [month_flow.month for month_flow in months] == [
                f"2027-{month:02}" for month in range(int(first[-2:]), 4)
            ]
        before = await statistics.digest_figures(session, scope(Month(2026, 12)))
        assert [month_flow.month for month_flow in before.months or ()] == ["2026-12"]


async def test_each_meeting_that_was_held_by_day_and_group(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        late = await groups.create(session, "vammaispalvelu", now=BEGINNING)
        early = await groups.create(session, "Aikuissosiaalityö", now=BEGINNING)
        zeta = await groups.create(session, "Zeta", now=BEGINNING)
        ten = await people(session, late, 10)
        for group in (zeta, late, early):
            await held(session, group, at(3, 24), ten, yes=2, there=3)
        meeting = await held(session, late, at(3, 10), ten, yes=5, there=4)
        meeting.title = "Johdatus"
        (await closed(session, late, at(4, 2), asked=4, answered=3)).meeting_id = meeting.id
        await held(session, late, at(3, 11), ten, state=MeetingState.CANCELLED)
        await held(session, late, at(4, 1), ten)
        await session.flush()
        figures = await statistics.digest_figures(session, scope())
        assert figures.held is not None
        assert [(meeting_flow.day.day, meeting_flow.group, meeting_flow.title) for meeting_flow in figures.held] == [
            (10, "vammaispalvelu", "Johdatus"),
            (24, "Aikuissosiaalityö", None),
            (24, "vammaispalvelu", None),
            (24, "Zeta", None),
        ]
        assert figures.held[0].flow == Flow(1, 0, 10, 5, 0, 4, 4, FEW)
        assert [group_flow.group for group_flow in figures.groups or ()] == [
            "Aikuissosiaalityö",
            "vammaispalvelu",
            "Zeta",
        ]
        assert figures_from_json(figures_to_json(figures)) == figures
        own = await statistics.digest_figures(session, scope(group_ids=[zeta.id, early.id, late.id]))
        assert own.of == ("Aikuissosiaalityö", "vammaispalvelu", "Zeta")
        own = await statistics.digest_figures(session, scope(group_ids=[early.id]))
        assert [meeting_flow.group for meeting_flow in own.held or ()] == ["Aikuissosiaalityö"]


async def test_a_digest_has_the_words_that_were_asked_in_it(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        mine = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        other = await groups.create(session, "Aikuissosiaalityö", now=BEGINNING)
        await released(session, mine, at(3, 3), 22, 6)
        asked = (await forms.questions(session, (await forms.built_in(session)).id))[0]
        form = Form(key="own", name="Oma", workgroup_id=other.id, created_at=BEGINNING)
        session.add(form)
        await session.flush()
        reworded = Item(QuestionKind.SCALE, text="Toiset sanat", identity=IDENTITY, low=asked.low, high=asked.high)
        reworded = replace(reworded, low_name="surkea", high_name="loistava")
        version = await forms.write(session, form, [reworded])

        async def words(group_ids: list[int] | None) -> tuple[str | None, str | None, str | None]:
            (statement,) = await statements.statements(session, scope(group_ids=group_ids))
            return statement.text, statement.low_name, statement.high_name

        for group_ids in (None, [mine.id]):  # written, and never sent
            assert await words(group_ids) == (None, None, None)
        release = Release(workgroup_id=other.id, form_version_id=version.id, threshold=5, asked=20, answered=10)
        release.released_at = at(3, 9)
        session.add(release)
        await session.flush()
        (question,) = await forms.questions(session, version.id)
        session.add(Figure(release_id=release.id, question_id=question.id, n=6, total=24, withheld=None))
        await session.flush()
        assert await words([mine.id]) == (None, None, None)
        assert await words(None) == await words([other.id]) == ("Toiset sanat", "surkea", "loistava")


async def test_a_statement_is_compared_with_two_years_back_and_no_further(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        await released(session, group, at(3, 20).replace(year=2025), 30, 10)
        await released(session, group, at(3, 20), 20, 10)
        (statement,) = await statements.statements(session, scope())
        assert statement.earlier_month == "2025-03"
        await released(session, group, at(4, 20), 20, 10)
        (again,) = await statements.statements(session, scope(Month(2027, 4)))
        assert again.earlier_month == "2027-03"
        (quarter,) = await statements.statements(session, Scope(Period(2027, 1), HELSINKI, None))
        assert quarter.earlier_month == "2025-q1"
        await released(session, group, at(5, 20).replace(year=2029), 20, 10)
        (far,) = await statements.statements(session, scope(Month(2029, 5)))
        assert (far.earlier, far.earlier_month) == (None, None)


async def test_a_quarter_is_compared_with_the_last_quarter_that_had_any(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        for moment, total in ((at(1, 20), 30), (at(2, 20), 20), (at(7, 3), 45)):
            await released(session, group, moment, total, 10)
        (statement,) = await statements.statements(session, Scope(Period(2027, 3), HELSINKI, None))
        assert statement.earlier is not None
        assert (statement.mean.total, statement.earlier.total, statement.earlier.n, statement.earlier_month) == (
            45,
            50,
            20,
            "2027-q1",
        )
        figures = await statistics.digest_figures(session, Scope(Period(2027, 3), HELSINKI, None), now=at(7, 4))
        assert figures_from_json(figures_to_json(figures)) == figures
        assert figures.year_before is None


async def test_who_leaves_stays_in_the_figures_of_their_time(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        gone, late, *_ = await people(session, group, 6)
        await held(session, group, at(3, 10), [gone], yes=1, there=1)
        for person, left in ((gone, at(3, 20)), (late, at(4, 1))):
            membership = await _membership(session, group, person)
            membership.left_at = left
        await session.flush()

        march, february = await funnel(session, scope()), await funnel(session, scope(Month(2027, 2)))
        assert (february.roster, march.roster, march.invited, march.attended) == (6, 5, 1, 1)
        assert (await funnel(session, scope(Month(2027, 4)))).roster == 4
        assert (await funnel(session, scope(Month(2026, 12)))).roster == 0

        group.archived_at = at(3, 25)
        await session.flush()
        march = await funnel(session, scope())
        assert (march.groups, march.roster, march.meetings) == (0, 0, 1)


async def _membership(session: AsyncSession, group: Workgroup, person: Person) -> groups.Membership:
    wanted = select(groups.Membership).where(
        groups.Membership.workgroup_id == group.id, groups.Membership.person_id == person.id
    )
    return (await session.execute(wanted)).scalar_one()


@pytest.mark.parametrize(
    ("starts", "month"),
    [
        (at(3, 1, 0, 0), 3),  # 22:00 in February by UTC
        (at(2, 28, 23, 59), 2),
        (at(3, 28, 2, 30), 3),  # the night of summer time
        (at(3, 28, 4, 30), 3),
        (at(3, 31, 23, 59), 3),  # summer time: 20:59 by UTC
        (at(4, 1, 0, 0), 4),  # 21:00 in March by UTC
        (at(10, 31, 3, 30), 10),  # the night that has the hour twice
        (at(10, 31, 23, 30), 10),
        (at(11, 1, 0, 0), 11),
        (at(12, 31, 23, 59), 12),
    ],
)
async def test_a_month_begins_and_ends_at_midnight_in_helsinki(
    talk_anywhere: Talk, starts: datetime, month: int
) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        await held(session, group, starts.astimezone(UTC), [])
        await closed(session, group, starts.astimezone(UTC), 7, 6)
        await released(session, group, starts.astimezone(UTC), 24, 6)
        for each in range(1, 13):
            figures = await statistics.digest_figures(session, scope(Month(2027, each)))
            counted = figures.funnel.meetings, figures.funnel.response.asked, len(figures.statements)
            assert counted == ((1, 7, 1) if each == month else (0, 0, 0))
            assert figures.coming == (each == month - 1)


async def test_statements_add_up_the_months_releases_and_compare_with_the_last_that_had_any(
    talk_anywhere: Talk,
) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        other = await groups.create(session, "Aikuissosiaalityö", now=BEGINNING)
        await released(session, group, at(1, 20), 36, 10)
        await released(session, other, at(2, 20), 15, 5)
        await released(session, group, at(3, 3), 22, 6)
        await released(session, group, at(3, 20), 19, 5)
        await released(session, group, at(3, 21), None, None)  # withheld: in no mean

        (both,) = await statements.statements(session, scope())
        assert (both.identity, both.mean.total, both.mean.n) == (IDENTITY, 41, 11)
        assert both.earlier is not None
        assert (both.earlier.total, both.earlier.n, both.earlier_month) == (15, 5, "2027-02")

        (own,) = await statements.statements(session, scope(group_ids=[group.id]))
        assert own.earlier is not None
        assert (own.mean.total, own.earlier.total, own.earlier_month) == (41, 36, "2027-01")

        (first,) = await statements.statements(session, scope(Month(2027, 1)))
        assert (first.mean.total, first.earlier, first.earlier_month) == (36, None, None)
        assert await statements.statements(session, scope(Month(2027, 4))) == ()


def test_periods_are_read_and_turned() -> None:
    for text in ("2027-03", "2027-q2", "2027"):
        assert str(parse(text)) == text
    assert str(Period(2027, 1).shifted(-1)) == "2026-q4"
    assert str(Period(2027, 4).shifted(5)) == "2029-q1"
    assert (Period(2027, 2).year_before, Period(2027).year_before) == (Period(2026, 2), Period(2026))
    assert (Period(2027, 2).last, MARCH.last) == (Month(2027, 6), MARCH)
    assert Period(2027, 2).holding(at(12, 31), HELSINKI) == Period(2027, 4)
    for text in ("2027-13", "2027-00", "2027-3", "all", "2027-q5", "27-03", "", "2027-03-01"):
        with pytest.raises(NotFound):
            parse(text)


def test_months_turn_over_years() -> None:
    assert str(Month(2027, 1).shifted(-1)) == "2026-12"
    assert Month(2027, 11).shifted(14) == Month(2029, 1)
    assert Month.parse("2027-03") == MARCH < Month(2027, 4) < Month(2028, 1)


async def test_answers_of_several_meetings_are_told_with_their_people(talk_anywhere: Talk) -> None:
    """Of one pool the number of people is known; in two, somebody may be in both."""
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=BEGINNING)
        version = await forms.built_in(session)
        scale = version.questions[0]
        for number in (1, 2):
            pool = Pool(kind=PoolKind.ANSWERS, form_version_id=version.id, workgroup_id=group.id, threshold=5)
            pool.answered, pool.asked = 9, 20
            session.add(pool)
            await session.flush()
            released = await open_with(session, pool, [{scale.id: 4}] * 5, now=at(3, 9 + number))
            assert (released.answered, released.people) == (9, 5)
            told = (await statistics.digest_figures(session, scope())).pooled
            assert told == PooledAnswers(9 * number, 5 * number, is_exact=number == 1)
        assert (await statistics.digest_figures(session, scope(Month(2027, 4)))).pooled is None
        assert (await statistics.detail(session, scope(), "statements", now=at(4, 1))).pooled == told
