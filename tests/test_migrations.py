"""Migrations and models agree, on both databases, with data in them."""

import re
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, select, text

from bot import db
from bot.commands import migrate
from bot.config import Settings
from migrations.tables import metadata
from models.delivery.outbox import Delivery, DeliveryError
from models.membership.same_people import SameQuestion
from models.people.links import Link
from models.people.people import Person
from models.reports.digests import Digest
from tests.faults import migration_states


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_an_upgraded_database_has_what_the_models_say(database_url: str) -> None:
    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    assert await migrate.upgrade(engine) is True
    async with db.make_sessions(engine).begin() as session:
        session.add(Person(telegram_id=1, name="Anna", created_at=datetime(2027, 3, 2, tzinfo=UTC)))
    assert await migrate.upgrade(engine) is False
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(migrate.current) == migrate.newest()
    await engine.dispose()


async def test_an_upgraded_database_checks_the_choices_that_the_models_name(database_url: str) -> None:
    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        checks = await connection.run_sync(_checks)
    await engine.dispose()
    assert checks == {
        str(check.name): quoted(str(check.sqltext))
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }


def _checks(connection: Connection) -> dict[str, set[str]]:
    """The choices that each CHECK constraint of the database allows, by its name."""
    looking = inspect(connection)
    checks = [check for name in looking.get_table_names() for check in looking.get_check_constraints(name)]
    return {str(check["name"]): quoted(check["sqltext"]) for check in checks}


def quoted(sql: str) -> set[str]:
    return set(re.findall(r"'([^']*)'", sql))


async def test_down_and_up_again_leaves_nothing_behind(database_url: str) -> None:
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    await migrate.upgrade(engine)
    async with db.rewriting(engine) as connection:
        await connection.run_sync(lambda c: command.downgrade(migrate.config(c), "base"))
    async with engine.begin() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == ["alembic_version"]
    assert await migrate.upgrade(engine) is True
    await engine.dispose()


@pytest.mark.parametrize("revision", ["20261122_01", "20261122_05"])
async def test_an_upgrade_loses_no_row(database_url: str, revision: str) -> None:
    url = Settings(database={"url": database_url}).database.url
    await migration_states.begin(url, revision)
    before = await migration_states.read(url)
    engine = db.make_engine(url)
    await migrate.upgrade(engine)
    await engine.dispose()
    assert all(before["rows"].values())
    assert migration_states.lost(before, await migration_states.read(url)) == []


async def test_an_upgrade_that_fails_changes_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = db.make_engine(Settings(database={"url": database_url}).database.url)

    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fall)
    with pytest.raises(RuntimeError):
        await migrate.upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) in ([], ["alembic_version"])
    await engine.dispose()


async def test_digests_of_before_are_of_what_their_managers_might_read(database_url: str) -> None:
    """The roles at the time of the digest count: in two of three groups; in the organisation; none."""
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migrate.config(c), "20261122_04"))
        for statement in BEFORE_DIGESTS_KNEW_THEIR_GROUPS:
            await connection.execute(text(statement))
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        rows = await connection.execute(select(Digest.person_id, Digest.group_ids))
        assert dict(rows.all()) == {1: [1, 2], 2: None, 3: None}
    await engine.dispose()


async def test_errors_of_before_have_kinds(database_url: str) -> None:
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migrate.config(c), "20261122_05"))
        await connection.execute(text("INSERT INTO address (id, chat_id, thread_id) VALUES (1, 1, 0)"))
        for number, error in enumerate(ERRORS):
            insert = text(
                "INSERT INTO delivery (kind, subject, revision, address_id, slot, due_at, expires_at, urgent, state,"
                " attempts, ambiguous, error) VALUES ('invitation', :number, 0, 1, '', '2027-03-02', '2027-03-03',"
                " false, 'failed', 1, false, :error)"
            )
            await connection.execute(insert, {"number": number, "error": error})
    await migrate.upgrade(engine)
    async with db.make_sessions(engine)() as session:
        deliveries = (await session.execute(select(Delivery.error, Delivery.error_kind))).all()
    assert dict(deliveries) == ERRORS
    await engine.dispose()


ERRORS = {
    None: None,
    "dropped by the operator": DeliveryError.DROPPED,
    "blocked": DeliveryError.BLOCKED,
    "Forbidden: Forbidden: bot was blocked by the user": DeliveryError.BLOCKED,
    "Forbidden: Forbidden: user is deactivated": DeliveryError.DEACTIVATED,
    "RetryAfter: Flood control exceeded. Retry in 3 seconds": DeliveryError.RATE_LIMITED,
    "BadRequest: Message is not modified": DeliveryError.NOT_MODIFIED,
    "BadRequest: Chat not found": DeliveryError.CHAT_CLOSED,
    "BadRequest: Not enough rights to send text messages to the chat": DeliveryError.CHAT_CLOSED,
    "BadRequest: Can't parse entities": DeliveryError.BAD_REQUEST,
    "NotSentError: ClientConnectorError": DeliveryError.NOT_SENT,
    "TimedOut: Timed out": DeliveryError.TIMED_OUT,
    "NetworkError: Bad Gateway": DeliveryError.NETWORK,
    "KeyError": DeliveryError.PROGRAM_FAULT,
}

BEFORE_DIGESTS_KNEW_THEIR_GROUPS = (
    *(
        "INSERT INTO person (id, telegram_id, name, created_at, reach, wants_reminders, wants_feedback)"
        f" VALUES ({number}, {number}, 'X', '2027-01-01 00:00', 'reachable', true, true)"
        for number in (1, 2, 3)
    ),
    *(
        f"INSERT INTO workgroup (id, name, created_at, approves_joiners) VALUES ({number}, 'G', '2027-01-01', false)"
        for number in (1, 2, 3)
    ),
    *(
        "INSERT INTO role (person_id, kind, workgroup_id, granted_at, revoked_at) VALUES " + row
        for row in (
            "(1, 'manager', 2, '2027-01-01', '2027-06-01')",
            "(1, 'manager', 1, '2027-01-01', NULL)",
            "(1, 'manager', 3, '2027-01-01', '2027-03-01')",
            "(1, 'coordinator', 3, '2027-01-01', NULL)",
            "(1, 'administrator', NULL, '2027-05-01', NULL)",
            "(2, 'manager', NULL, '2027-01-01', '2027-05-01')",
            "(2, 'manager', 1, '2027-01-01', NULL)",
        )
    ),
    *(
        "INSERT INTO digest (person_id, place, month, content, planned_at)"
        f" VALUES ({number}, 0, '2027-03', '{{}}', '2027-04-01 06:00')"
        for number in (1, 2, 3)
    ),
)


async def test_personal_links_of_before_belong_to_the_group_of_their_line(database_url: str) -> None:
    """Of a line that stands on a roster, of one that has left it, and one that was used."""
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migrate.config(c), "20261122_05"))
        for statement in LINKS_OF_BEFORE:
            await connection.execute(text(statement))
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        rows = await connection.execute(select(Link.code, Link.workgroup_id))
        assert dict(rows.all()) == {"A": 2, "B": None, "C": None, "D": 1}
    await engine.dispose()


LINKS_OF_BEFORE = (
    *(
        "INSERT INTO person (id, name, created_at, reach, wants_reminders, wants_feedback)"
        f" VALUES ({number}, 'X', '2027-01-01 00:00', 'unclaimed', true, true)"
        for number in (1, 2, 3)
    ),
    *(
        f"INSERT INTO workgroup (id, name, created_at, approves_joiners) VALUES ({number}, 'G', '2027-01-01', false)"
        for number in (1, 2)
    ),
    "INSERT INTO membership (workgroup_id, person_id, joined_at, left_at) VALUES (1, 1, '2027-01-01', '2027-02-01')",
    "INSERT INTO membership (workgroup_id, person_id, joined_at, left_at) VALUES (2, 1, '2027-01-01', NULL)",
    "INSERT INTO membership (workgroup_id, person_id, joined_at, left_at) VALUES (1, 2, '2027-01-01', '2027-02-01')",
    "INSERT INTO link (code, kind, person_id, created_at) VALUES ('A', 'claim', 1, '2027-01-01')",
    "INSERT INTO link (code, kind, person_id, created_at) VALUES ('B', 'claim', 2, '2027-01-01')",
    "INSERT INTO link (code, kind, person_id, created_at, closed_at)"
    " VALUES ('C', 'claim', 3, '2027-01-01', '2027-01-02')",
    "INSERT INTO link (code, kind, workgroup_id, created_at) VALUES ('D', 'join', 1, '2027-01-01')",
)


async def test_what_rosters_said_of_organisations_is_kept_apart_from_what_people_chose(database_url: str) -> None:
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migrate.config(c), "20261122_05"))
        for number, organisation in enumerate(("NULL", "'ngo'", "'Kuopion kaupunki'"), 1):
            row = f"({number}, 'X', '2027-01-01 00:00', 'unclaimed', true, true, {organisation})"
            columns = "id, name, created_at, reach, wants_reminders, wants_feedback, organisation"
            await connection.execute(text(f"INSERT INTO person ({columns}) VALUES {row}"))
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        rows = await connection.execute(select(Person.organisation, Person.organisation_name).order_by(Person.id))
        assert rows.all() == [(None, None), ("ngo", None), (None, "Kuopion kaupunki")]
    await engine.dispose()


async def test_people_who_were_two_before_are_asked_about(database_url: str) -> None:
    """An account and a line of one group; two lines of two groups with one address; and namesakes without it."""
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(migrate.config(c), "20261122_05"))
        for statement in NAMESAKES_OF_BEFORE:
            await connection.execute(text(statement))
    await migrate.upgrade(engine)
    async with engine.connect() as connection:
        columns = SameQuestion.workgroup_id, SameQuestion.person_id, SameQuestion.line_id
        rows = await connection.execute(select(*columns).order_by(*columns))
        assert rows.all() == [(1, 1, 2), (2, 3, 4)]
    await engine.dispose()


NAMESAKES_OF_BEFORE = (
    *(
        f"INSERT INTO workgroup (id, name, created_at, approves_joiners) VALUES ({number}, 'G', '2027-01-01', false)"
        for number in (1, 2)
    ),
    *(
        "INSERT INTO person (id, telegram_id, name, contact, created_at, reach, wants_reminders, wants_feedback)"
        f" VALUES ({number}, {account}, '{name}', '{contact}', '2027-01-01 00:00', 'unclaimed', true, true)"
        for number, account, name, contact in (
            (1, 77, "bo EK", ""),
            (2, "NULL", "Ek, Bo", "bo@x.fi"),
            (3, "NULL", "Cilla", "040 123 4567"),
            (4, "NULL", "cilla", "0401234567"),
            (5, "NULL", "Dan", "dan@x.fi"),
            (6, "NULL", "Dan", "dan@y.fi"),
        )
    ),
    *(
        f"INSERT INTO membership (workgroup_id, person_id, joined_at) VALUES ({group}, {person}, '2027-01-01')"
        for group, person in ((1, 1), (1, 2), (1, 3), (2, 4), (1, 5), (2, 6))
    ),
)
