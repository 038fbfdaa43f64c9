"""What a merge of two rows keeps, table by table, in all groups or in some."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import db
from bot.config import Settings
from models.base import Base
from models.errors import Stale
from models.feedback.runs import Participation, Run, RunState
from models.forms.forms import Form, FormVersion
from models.meetings.attendance import Attendance, Attended
from models.meetings.invitations import Answer, Invitation, Source
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.membership import merging
from models.membership.same_people import SameQuestion
from models.people.access import Role, RoleKind
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup
from models.people.links import Link, LinkKind
from models.people.people import Person, Reachability

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
A, B = 1, 2
"""The ids of two groups."""


def day(number: int | None) -> datetime | None:
    return None if number is None else NOW + timedelta(days=number)


@dataclass
class Stock:
    """Two groups with a meeting each, a person and a line."""

    session: AsyncSession
    person: Person
    line: Person
    runs: list[int] = field(default_factory=list)

    def add(self, *rows: Base) -> None:
        self.session.add_all(rows)

    async def all(self, *columns: Any) -> list[Any]:
        rows = await self.session.execute(select(*columns).order_by(*columns))
        return [tuple(row) for row in rows]

    async def merge(self, group_ids: set[int] | None = None) -> merging.Merged:
        await self.session.flush()
        return await merging.merge(self.session, self.line, self.person, group_ids=group_ids, now=NOW)


@pytest.fixture
async def stock(migrated_url: str) -> AsyncIterator[Stock]:
    engine = db.make_engine(Settings(database={"url": migrated_url}).database.url)
    async with db.make_sessions(engine).begin() as session:
        person = Person(telegram_id=7, name="bo", profile_name="bo", reach=Reachability.REACHABLE, created_at=NOW)
        line = Person(name="Bo Ek", organisation_name="Turku", contact="bo@x.fi", created_at=NOW)
        session.add_all([person, line])
        session.add_all(Workgroup(id=group, name=f"G{group}", created_at=NOW) for group in (A, B))
        await session.flush()
        session.add_all(meeting(group) for group in (A, B))
        await session.flush()
        yield Stock(session, person, line)
    await engine.dispose()


def meeting(group: int) -> Meeting:
    return Meeting(
        id=group,
        workgroup_id=group,
        title="T",
        mode=Mode.REMOTE,
        state=MeetingState.HELD,
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        starts_wall=NOW.replace(tzinfo=None),
        ends_wall=NOW.replace(tzinfo=None),
        zone="Europe/Helsinki",
        created_at=NOW,
    )


INTERVALS = {
    "the same": ([(0, None)], [(5, None)], [(0, None)]),
    "overlapping": ([(0, 10)], [(5, 20)], [(0, 20)]),
    "meeting": ([(0, 10)], [(10, None)], [(0, None)]),
    "inside": ([(0, 20)], [(5, 10)], [(0, 20)]),
    "around": ([(5, 10)], [(0, None)], [(0, None)]),
    "apart": ([(20, None)], [(0, 10)], [(0, 10), (20, None)]),
    "a bridge": ([(0, 5), (10, None)], [(4, 11)], [(0, None)]),
    "only the line's": ([], [(0, 5), (10, None)], [(0, 5), (10, None)]),
}


@pytest.mark.parametrize(("own", "theirs", "expected"), INTERVALS.values(), ids=list(INTERVALS))
async def test_memberships_that_meet_become_one(
    stock: Stock,
    own: list[tuple[int, int | None]],
    theirs: list[tuple[int, int | None]],
    expected: list[tuple[int, int | None]],
) -> None:
    for person, intervals in ((stock.person, own), (stock.line, theirs)):
        for joined, left in intervals:
            stock.add(Membership(workgroup_id=A, person_id=person.id, joined_at=day(joined), left_at=day(left)))
    await stock.merge()
    rows = await stock.all(Membership.joined_at, Membership.left_at, Membership.person_id)
    assert rows == [(day(joined), day(left), stock.person.id) for joined, left in expected]


async def test_an_own_membership_keeps_its_id(stock: Stock) -> None:
    stock.add(Membership(workgroup_id=A, person_id=stock.line.id, joined_at=day(0), left_at=None))
    stock.add(mine := Membership(workgroup_id=A, person_id=stock.person.id, joined_at=day(5), left_at=None))
    await stock.session.flush()
    mine_id = mine.id
    await stock.merge()
    assert await stock.all(Membership.id, Membership.joined_at) == [(mine_id, day(0))]


def invited(person: Person, group: int, **values: Any) -> Invitation:
    return Invitation(meeting_id=group, person_id=person.id, **{"invited_at": NOW, "source": Source.ROSTER, **values})


async def test_of_two_invitations_the_own_stays_with_what_the_other_knows(stock: Stock) -> None:
    stock.add(mine := invited(stock.person, A, invited_at=day(3)))
    stock.add(invited(stock.line, A, invited_at=day(1), source=Source.GUEST, answer=Answer.REMOTE, answered_at=day(2)))
    stock.add(invited(stock.line, B, answer=Answer.NO))
    await stock.session.flush()
    mine_id = mine.id
    await stock.merge()
    columns = (Invitation.meeting_id, Invitation.invited_at, Invitation.source, Invitation.answer, Invitation.person_id)
    assert await stock.all(*columns) == [
        (A, day(1), Source.GUEST, Answer.REMOTE, stock.person.id),
        (B, NOW, Source.ROSTER, Answer.NO, stock.person.id),
    ]
    assert mine_id in {row[0] for row in await stock.all(Invitation.id)}


async def test_an_own_answer_is_not_replaced(stock: Stock) -> None:
    stock.add(invited(stock.person, A, answer=Answer.NO), invited(stock.line, A, answer=Answer.REMOTE))
    await stock.merge()
    assert await stock.all(Invitation.answer) == [(Answer.NO,)]


ON_SITE, REMOTE, NO = Attended.ON_SITE, Attended.REMOTE, Attended.NO
ATTENDANCES = {
    "the own word": ((NO, True, 0), (REMOTE, False, 1), NO),
    "presence": ((NO, False, 1), (REMOTE, False, 0), REMOTE),
    "presence, also if it is the own": ((ON_SITE, False, 0), (NO, False, 1), ON_SITE),
    "the later mark": ((ON_SITE, False, 0), (REMOTE, False, 1), REMOTE),
    "presence once the form has closed": ((NO, None, 1), (ON_SITE, None, 1), ON_SITE),
    "the own where nothing differs": ((REMOTE, None, 1), (ON_SITE, None, 1), REMOTE),
}


@pytest.mark.parametrize(("own", "theirs", "expected"), ATTENDANCES.values(), ids=list(ATTENDANCES))
async def test_of_two_attendances_counts(
    stock: Stock, own: tuple[Any, ...], theirs: tuple[Any, ...], expected: Attended
) -> None:
    for person, (attended, own_word, marked) in ((stock.person, own), (stock.line, theirs)):
        values = {"attended": attended, "own_word": own_word, "marked_at": day(marked)}
        stock.add(Attendance(meeting_id=A, person_id=person.id, **values))
    stock.add(Attendance(meeting_id=B, person_id=stock.line.id, attended=REMOTE, marked_at=NOW))
    await stock.merge()
    rows = await stock.all(Attendance.meeting_id, Attendance.attended, Attendance.person_id)
    assert rows == [(A, expected, stock.person.id), (B, REMOTE, stock.person.id)]


async def test_attendances_of_closed_forms_stay_in_the_order_of_people(stock: Stock) -> None:
    """Any other order might be that of answering."""
    others = [Person(name=name, created_at=NOW) for name in "CD"]
    stock.add(*others)
    await a_form_each(stock, RunState.CLOSED)
    for person in (*others, stock.line):
        for meeting_id in (A, B):
            row = {"meeting_id": meeting_id, "person_id": person.id, "attended": REMOTE, "marked_at": NOW}
            stock.add(Attendance(**row))
            await stock.session.flush()
    ids = [other.id for other in others]
    await stock.merge()
    rows = await stock.all(Attendance.meeting_id, Attendance.id, Attendance.person_id)
    assert [(row[0], row[2]) for row in rows] == [(at, who) for at in (A, B) for who in (stock.person.id, *ids)]


async def a_form_each(stock: Stock, state: RunState) -> None:
    """A form about each of the two meetings."""
    form = Form(key="f")
    stock.add(form)
    await stock.session.flush()
    version = FormVersion(form_id=form.id, number=1)
    stock.add(version)
    await stock.session.flush()
    for group in (A, B):
        run = Run(id=group, form_version_id=version.id, workgroup_id=group, meeting_id=group, threshold=5)
        run.opens_at, run.closes_at, run.state = NOW, NOW, state
        stock.add(run)
    await stock.session.flush()


async def test_everything_else_becomes_the_persons_own(stock: Stock) -> None:
    line, person = stock.line.id, stock.person.id
    other = Person(name="Bo EK", created_at=NOW)
    stock.add(other)
    await a_form_each(stock, RunState.OPEN)
    stock.add(
        Participation(run_id=A, person_id=line),
        Participation(run_id=A, person_id=person, finished=True),
        Participation(run_id=B, person_id=line),
        Role(person_id=line, kind=RoleKind.COORDINATOR, workgroup_id=A, granted_at=NOW),
        Role(person_id=person, kind=RoleKind.COORDINATOR, workgroup_id=A, granted_at=NOW),
        Role(person_id=line, kind=RoleKind.COORDINATOR, workgroup_id=B, granted_at=NOW),
        Link(code="A", kind=LinkKind.CLAIM, workgroup_id=A, person_id=line, created_at=NOW, expires_at=day(9)),
        Audit(at=NOW, action="x", actor_id=None, person_id=line),
        SameQuestion(workgroup_id=A, person_id=person, line_id=line, asked_at=NOW),
        SameQuestion(workgroup_id=A, person_id=other.id, line_id=line, asked_at=NOW),
    )
    other_id = other.id
    await stock.merge()
    assert await stock.all(Participation.run_id, Participation.person_id, Participation.finished) == [
        (A, person, True),
        (B, person, False),
    ]
    assert await stock.all(Role.workgroup_id, Role.person_id) == [(A, person), (B, person)]
    assert await stock.all(Link.person_id, Link.closed_at) == [(person, NOW)]
    assert await stock.all(Audit.person_id) == [(person,)]
    assert await stock.all(SameQuestion.id) == []
    assert await stock.all(Person.id, Person.name, Person.organisation_name, Person.contact) == [
        (person, "Bo Ek", "Turku", "bo@x.fi"),
        (other_id, "Bo EK", None, None),
    ]


async def test_a_name_that_was_chosen_stays(stock: Stock) -> None:
    stock.person.name, stock.person.organisation, stock.person.contact = "Bo-Erik Ek", "ngo", "040 123 4567"
    await stock.merge()
    rows = await stock.all(Person.name, Person.organisation, Person.organisation_name, Person.contact)
    assert rows == [("Bo-Erik Ek", "ngo", "Turku", "040 123 4567, bo@x.fi")]


async def test_two_lines_keep_their_links_and_questions(stock: Stock) -> None:
    first, second = stock.line, Person(name="Bosse Ek", created_at=NOW)
    stock.add(second)
    await stock.session.flush()
    joiner = stock.person.id
    stock.add(
        Link(code="A", kind=LinkKind.CLAIM, workgroup_id=A, person_id=second.id, created_at=NOW, expires_at=day(9)),
        SameQuestion(workgroup_id=A, person_id=joiner, line_id=second.id, asked_at=NOW),
    )
    first_id = first.id
    stock.person, stock.line = first, second
    await stock.merge()
    assert await stock.all(Link.person_id, Link.closed_at) == [(first_id, None)]
    assert await stock.all(SameQuestion.person_id, SameQuestion.line_id) == [(joiner, first_id)]


async def test_where_one_has_no_say_the_line_stays(stock: Stock) -> None:
    line, person = stock.line.id, stock.person.id
    for group in (A, B):
        stock.add(Membership(workgroup_id=group, person_id=line, joined_at=NOW))
        stock.add(invited(stock.line, group), Attendance(meeting_id=group, person_id=line, attended=NO, marked_at=NOW))
        code = f"{group}"
        stock.add(Link(code=code, kind=LinkKind.CLAIM, workgroup_id=group, person_id=line, created_at=NOW))
    merged = await stock.merge({A})
    assert ([group.id for group in merged.groups], [group.id for group in merged.others]) == ([A], [B])
    assert await stock.all(Membership.workgroup_id, Membership.person_id) == [(A, person), (B, line)]
    assert await stock.all(Invitation.meeting_id, Invitation.person_id) == [(A, person), (B, line)]
    assert await stock.all(Attendance.meeting_id, Attendance.person_id) == [(A, person), (B, line)]
    assert await stock.all(Link.code, Link.person_id, Link.closed_at) == [("1", person, NOW), ("2", line, None)]
    assert {row[0] for row in await stock.all(Person.id)} == {person, line}


async def test_a_line_that_somebody_has_claimed_is_not_merged(stock: Stock) -> None:
    stock.line.telegram_id = 8
    with pytest.raises(Stale):
        await stock.merge()
