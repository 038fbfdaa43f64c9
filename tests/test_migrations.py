"""Migrations and models agree, on both databases, with data in them."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from bot import db, migrating
from bot.config import Settings
from migrations.tables import metadata
from models.people import Person


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_an_upgraded_database_has_what_the_models_say(database_url: str) -> None:
    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    assert await migrating.upgrade(engine) is True
    async with db.make_sessions(engine).begin() as session:
        session.add(Person(telegram_id=1, name="Anna", created_at=datetime(2027, 3, 2, tzinfo=UTC)))
    assert await migrating.upgrade(engine) is False
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        assert await connection.run_sync(migrating.current) == migrating.newest()
    await engine.dispose()


async def test_down_and_up_again_leaves_nothing_behind(database_url: str) -> None:
    from alembic import command

    engine = db.make_engine(Settings(database={"url": database_url}).database.url)
    await migrating.upgrade(engine)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(migrating.config(c), "base"))
    async with engine.begin() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == ["alembic_version"]
    assert await migrating.upgrade(engine) is True
    await engine.dispose()


async def test_an_upgrade_that_fails_changes_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = db.make_engine(Settings(database={"url": database_url}).database.url)

    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fall)
    with pytest.raises(RuntimeError):
        await migrating.upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) in ([], ["alembic_version"])
    await engine.dispose()
