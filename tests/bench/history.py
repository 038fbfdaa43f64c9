"""Inserts years of meetings in a few statements: the database after so many counted answers.

Every month is of one size, so that a longer history is one of more months: 400 groups of 20 meet once a month, 15 come,
12 answer the four statements. Of those 48 answers a closed form keeps four figures and twenty option counts.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, DateTime, Integer, MetaData, Select, String, Table, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Base, Moment
from models.feedback.releases import Figure, OptionCount, Release
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Question, QuestionKind
from models.meetings.attendance import Attendance, Attended
from models.meetings.invitations import Answer, Invitation, Source
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people.access import Role, RoleKind
from models.people.groups import Membership, Workgroup
from models.people.people import Address, Person, Reachability

GROUPS, MEMBERS, CAME, ANSWERED, STATEMENTS = 400, 20, 15, 12, 4
ANSWERS_A_MONTH = GROUPS * ANSWERED * STATEMENTS
LAST = datetime(2026, 10, 14, 9, tzinfo=UTC)
"""The last month's meetings; the digest is planned in the next."""
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)

scaffold = MetaData()
MONTHS = Table(
    "bench_month",
    scaffold,
    Column("number", Integer, primary_key=True),
    *(Column(name, Moment()) for name in ("starts", "ends", "opens", "closes")),
    *(Column(name, DateTime(timezone=False)) for name in ("starts_wall", "ends_wall")),
)
SEATS = Table("bench_seat", scaffold, Column("number", Integer, primary_key=True))
VALUES = Table("bench_value", scaffold, Column("number", Integer, primary_key=True))
month, seat, value = MONTHS.c, SEATS.c.number, VALUES.c.number
meeting_id = month.number * GROUPS + Workgroup.id
"""A meeting's id. Its run and release have the same."""
person_id = (Workgroup.id - 1) * MEMBERS + seat
row_id = (meeting_id - 1) * MEMBERS + seat


async def write(session: AsyncSession, answers: int) -> int:
    """Writes a history of so many counted answers; returns how many rows it takes."""
    connection = await session.connection()
    await connection.run_sync(scaffold.create_all)
    await _people(session)
    await session.execute(insert(MONTHS), [_month(number) for number in range(round(answers / ANSWERS_A_MONTH) or 1)])
    version = await forms.built_in(session)
    await _meetings(session)
    await _answers(session, version.id)
    await connection.run_sync(scaffold.drop_all)
    return sum([await session.scalar(select(func.count()).select_from(table)) or 0 for table in _tables()])


def _tables() -> list[type[Base]]:
    return [Person, Membership, Meeting, Invitation, Attendance, Run, Release, Figure, OptionCount]


def _month(number: int) -> dict[str, Any]:
    """The start of a meeting by its number; 0 is the last."""
    back = 12 * LAST.year + LAST.month - 1 - number
    start = LAST.replace(year=back // 12, month=back % 12 + 1)
    end = start + timedelta(hours=3)
    moments = {"starts": start, "ends": end, "opens": end, "closes": end + timedelta(days=7)}
    walls = {"starts_wall": start.replace(tzinfo=None), "ends_wall": end.replace(tzinfo=None)}
    return {"number": number, **moments, **walls}


async def _people(session: AsyncSession) -> None:
    """The groups with their members, and a manager who gets the digest."""
    founded = datetime(1990, 1, 1, tzinfo=UTC)
    manager = GROUPS * MEMBERS + 1
    groups = [{"id": n, "name": f"Ryhmä {n}", "created_at": founded, "approves_joiners": False} for n in _ids(GROUPS)]
    people = [
        {"id": n, "telegram_id": n, "name": f"Jäsen {n}", "reach": Reachability.REACHABLE, "created_at": founded}
        for n in _ids(manager)
    ]
    belong = [
        {"workgroup_id": (n - 1) // MEMBERS + 1, "person_id": n, "joined_at": founded} for n in _ids(GROUPS * MEMBERS)
    ]
    await session.execute(insert(Workgroup), groups)
    await session.execute(insert(Person), people)
    await session.execute(insert(Membership), belong)
    await session.execute(insert(Address), [{"chat_id": manager, "person_id": manager, "thread_id": 0}])
    await session.execute(insert(Role), [{"person_id": manager, "kind": RoleKind.MANAGER, "granted_at": founded}])
    await session.execute(insert(SEATS), [{"number": n} for n in _ids(MEMBERS)])
    await session.execute(insert(VALUES), [{"number": n} for n in _ids(5)])


def _ids(count: int) -> range:
    return range(1, count + 1)


async def _meetings(session: AsyncSession) -> None:
    everywhere = select().select_from(MONTHS.join(Workgroup.__table__, literal(True)))
    seats = select().select_from(MONTHS.join(Workgroup.__table__, literal(True)).join(SEATS, literal(True)))
    columns: dict[Any, Any] = {
        "id": meeting_id,
        "workgroup_id": Workgroup.id,
        "title": literal("Aihe"),
        "starts_at": month.starts,
        "ends_at": month.ends,
        "starts_wall": month.starts_wall,
        "ends_wall": month.ends_wall,
        "zone": literal("Europe/Helsinki"),
        "mode": _one(Meeting.mode, Mode.HYBRID),
        "state": _one(Meeting.state, MeetingState.HELD),
        "revision": literal(1),
        "sequence": literal(0),
        "created_at": month.starts,
    }
    invited = {
        "id": row_id,
        "meeting_id": meeting_id,
        "person_id": person_id,
        "source": _one(Invitation.source, Source.ROSTER),
        "invited_at": month.starts,
        "answer": _one(Invitation.answer, Answer.REMOTE),
        "answered_at": month.starts,
        "update_id": row_id,
    }
    came = {
        "id": row_id,
        "meeting_id": meeting_id,
        "person_id": person_id,
        "attended": _one(Attendance.attended, Attended.REMOTE),
        "marked_at": month.ends,
    }
    await _fill(session, Meeting, columns, everywhere)
    await _fill(session, Invitation, invited, seats)
    await _fill(session, Attendance, came, seats.where(seat <= CAME))


async def _answers(session: AsyncSession, version_id: int) -> None:
    everywhere = MONTHS.join(Workgroup.__table__, literal(True))
    asked = everywhere.join(Question.__table__, Question.form_version_id == version_id)
    scales = select().select_from(asked).where(Question.kind == QuestionKind.SCALE)
    valued = select().select_from(asked.join(VALUES, literal(True))).where(Question.kind == QuestionKind.SCALE)
    common = {
        "id": meeting_id,
        "workgroup_id": Workgroup.id,
        "form_version_id": literal(version_id),
        "threshold": literal(5),
        "asked": literal(CAME),
        "answered": literal(ANSWERED),
    }
    run = {
        **common,
        "meeting_id": meeting_id,
        "opens_at": month.opens,
        "closes_at": month.closes,
        "state": _one(Run.state, RunState.CLOSED),
        "unreadable": literal(False),
        "key": literal("run-") + cast(meeting_id, String),
    }
    release = {**common, "run_id": meeting_id, "released_at": month.closes}
    figure = {
        "release_id": meeting_id,
        "question_id": Question.id,
        "n": literal(ANSWERED),
        "total": ANSWERED * 3 + meeting_id % 12,
    }
    counts = {"release_id": meeting_id, "question_id": Question.id, "value": value, "chosen": literal(2)}
    await _fill(session, Run, run, select().select_from(everywhere))
    await _fill(session, Release, release, select().select_from(everywhere))
    await _fill(session, Figure, figure, scales)
    await _fill(session, OptionCount, counts, valued)


def _one(column: Any, choice: Any) -> Any:
    return literal(choice, column.type)


async def _fill(session: AsyncSession, table: type[Base], columns: dict[Any, Any], rows: "Select[Any]") -> None:
    await session.execute(insert(table).from_select(list(columns), rows.add_columns(*columns.values())))
