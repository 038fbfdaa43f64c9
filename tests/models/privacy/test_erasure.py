"""After erasure nothing in the database tells of the person, and every figure is as it was."""

from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Base
from models.feedback.runs import Run, RunState
from models.meetings.attendance import Attendance
from models.meetings.invitations import Invitation
from models.people import people
from models.people.groups import Membership
from models.people.people import Person
from models.privacy import own_data
from tests.scenes import scene
from tests.talk import Actor, Talk
from tests.talks.people.test_privacy import asked, erases, rates

NAME = "Kyllikki Saarikettu"
CONTACT = "kyllikki@saarikettu.example"

EXPORTED = {
    "address": "messages",
    "attendance": "attendances",
    "audit": "log",
    "digest": "digests",
    "draft": "unfinished_dialogues",
    "invitation": "invitations",
    "join_request": "requests_to_join",
    "link": "personal_links",
    "meeting": "meetings_called",
    "membership": "memberships",
    "named_answer": "feedback_under_your_name",
    "organisation_name": "log",
    "participation": "feedback_still_open",
    "reply": "replies_to_feedback",
    "role": "roles",
    "same_question": "questions_about_same_people",
    "staged": "feedback_still_open",
    "subscription": "digests_chosen",
}
"""Where in the export each table stands that points at a person."""


def person_columns(table: Table) -> list[str]:
    return [key.parent.name for key in table.foreign_keys if key.column.table.name == "person"]


async def traces(session: AsyncSession, person_id: int, marks: list[str]) -> list[str]:
    """Every column of every table in which the person still is."""
    found = []
    for table in Base.metadata.sorted_tables:
        pointing = person_columns(table) + (["id"] if table.name == "person" else [])
        for row in (await session.execute(select(table))).mappings():
            for column, value in row.items():
                here = (column in pointing and value == person_id) or any(mark in shown(value) for mark in marks)
                if here:
                    found.append(f"{table.name}.{column}: {value!r}")
    return found


def shown(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@scene
async def everything_about(talk: Talk, anna: Actor, kyllikki: Actor) -> int:
    """She is a member, was there, was counted once, is asked again, coordinates, follows, asks to join, and is busy."""
    await anna.starts()
    five = [kyllikki, *(talk.person(f"Jäsen {number}") for number in range(1, 5))]
    await asked(talk, anna, five)
    for member in five:
        await rates(member)
    await talk.time_passes(days=8)
    await talk.manager(kyllikki)
    await talk.time_passes(days=15)  # a digest
    await talk.called_meeting(anna, "Lastensuojelu ke 7.4. klo 9-12 Teams: Toinen")
    await kyllikki.taps("Etänä")
    await talk.time_passes(days=5)
    await rates(kyllikki, finishes=False)  # a draft, and sealed answers
    async with talk.app.sessions.begin() as session:
        person = await people.known(session, kyllikki.user.id)
        assert person is not None
        person.contact = CONTACT
        return person.id


async def counts(session: AsyncSession) -> dict[str, int]:
    return {
        table.__tablename__: await session.scalar(select(func.count()).select_from(table)) or 0
        for table in (Membership, Invitation, Attendance)
    }


async def released(session: AsyncSession) -> list[Any]:
    names = ("release", "figure", "option_count", "cell", "cell_figure", "open_answer")
    tables = [Base.metadata.tables[name] for name in names]
    closed = await session.execute(select(Base.metadata.tables["run"]).where(Run.state == RunState.CLOSED))
    return [closed.all(), *[(await session.execute(select(table))).all() for table in tables]]


def files(folder: Path) -> bytes:
    """The database file and its log as they lie on the disk."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("koolla.db*")))


async def test_nothing_is_left_but_counts(talk_anywhere: Talk, tmp_path: Path) -> None:
    talk = talk_anywhere
    anna, kyllikki = talk.person("Anna"), talk.person(NAME, id=770_077_007_700)
    person_id = await everything_about(talk, anna, kyllikki)
    marks = [str(kyllikki.user.id), NAME, CONTACT]
    async with talk.app.sessions() as session:
        before, figures = await counts(session), await released(session)
        known = {trace.partition(".")[0] for trace in await traces(session, person_id, marks)}
    assert {"person", "address", "membership", "invitation", "attendance", "role", "digest"} <= known
    assert {"participation", "staged", "draft", "audit"} <= known
    await erases(kyllikki)
    async with talk.app.sessions() as session:
        assert await traces(session, person_id, marks) == []
        assert await counts(session) == before
        assert await released(session) == figures
    await talk.settle()
    assert NAME.encode() not in files(tmp_path)


async def test_erasing_ends_the_membership(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await erases(bo)
    async with talk.app.sessions() as session:
        row = (await session.execute(select(Membership))).scalar_one()
        assert row.person_id is None
        assert row.left_at is not None


async def test_the_erased_stay_among_those_asked_and_present_but_not_among_the_answers(
    talk: Talk, anna: Actor, bo: Actor
) -> None:
    six = [bo, *(talk.person(f"Jäsen {number}") for number in range(1, 6))]
    await asked(talk, anna, six)
    for member in six:
        await rates(member)
    await erases(bo)
    await talk.time_passes(days=8)
    await anna.says("/results")
    await anna.taps("Aihe")
    assert "Vastasi 5 / 6 pyydetystä (83\N{NO-BREAK SPACE}%), 5 / 6 osallistuneesta" in anna.text


async def test_the_export_covers_every_table_that_points_at_a_person(talk: Talk, bo: Actor) -> None:
    await bo.starts()
    assert {table.name for table in Base.metadata.sorted_tables if person_columns(table)} == set(EXPORTED)
    async with talk.app.sessions() as session:
        person = (await session.execute(select(Person).where(Person.telegram_id == bo.user.id))).scalar_one()
        kept = await own_data.export(session, person, talk.app.keys, now=talk.clock.now())
    assert set(EXPORTED.values()) <= set(kept)


def test_every_key_to_a_person_says_what_erasing_does() -> None:
    silent = [
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "person" and key.ondelete not in {"CASCADE", "SET NULL"}
    ]
    assert silent == []
