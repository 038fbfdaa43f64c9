"""The cast, and the stage they stand on."""

import gc
import io
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from bot import logs
from tests.databases import (
    KIND,
    KINDS,
    copied,
    migrated,
    new_database,
    on_server,
    postgres_server,
    run_in_thread,
    shared_engine,
)
from tests.scenes import Recorder
from tests.talk import ADMIN_ID, Actor, Talk

LOG = io.StringIO()
"""What the program logs in the current test."""

MEMORY = Path("/dev/shm")
"""A file system in memory. Temporary folders are there if it has room for 2 GB: nothing in them waits for a disk."""


def pytest_configure() -> None:
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 * 2**30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    logs.set_up(stream=LOG)
    if KIND not in ("sqlite", "postgresql"):
        raise pytest.UsageError("TEST_DATABASE: write sqlite or postgresql")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A second run, on PostgreSQL, is for those tests alone that stand on a database."""
    if KIND == "sqlite":
        return
    urls = {"migrated_url", "each_migrated_url", "database_url", "upgraded_url"}
    chosen = [item for item in items if urls & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_collection_finish() -> None:
    """What has been imported is no garbage: not looking at it again and again saves a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    LOG.seek(0)
    LOG.truncate()
    logs.set_up(stream=LOG)  # a test of the demo or of the script may have set another level


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The log of a failed test is printed with its failure."""
    report = yield
    if report.failed and LOG.getvalue():
        report.sections.append((f"Program's log until {report.when}", LOG.getvalue()))
    return report


def told_nothing(talk: Talk, log: str) -> None:
    """The log of a story holds no token, nobody's name and nothing that anybody typed."""
    assert talk.sandbox.token not in log
    for actor in talk.people.values():
        assert len(actor.name) < 5 or actor.name not in log
        for message in actor.user.messages:
            typed = message.text or ""
            assert message.from_bot or len(typed) < 8 or typed.startswith("/") or typed not in log
    for line in log.splitlines():
        if re.search(r"route='(tap (was|rate|tick|settle|write|page|summary|done)|text feedback)'", line):
            assert re.search(r"event='update failed'|outcome='failed'", line), line
            assert not re.search(r"update=|person=|chat=|user=|name=", line), line


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server; its address without a database."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated SQLite file, made once and copied for each test."""
    file = str(tmp_path_factory.mktemp("template") / "koolla.db")
    run_in_thread(migrated(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def template_database(postgres: str) -> str:
    """The name of a migrated database on the PostgreSQL server, made once and copied for each test."""
    run_in_thread(on_server(postgres, "CREATE DATABASE template"))
    run_in_thread(migrated(postgres.format(database="template")))
    return "template"


@pytest.fixture
async def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a migrated database of the kind that the stories stand on."""
    async with copied(request, KIND, tmp_path) as url:
        yield url


@pytest.fixture(params=KINDS)
async def each_migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a migrated database, of each kind in turn."""
    async with copied(request, request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=KINDS)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'koolla.db'}"
        return
    async with new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The scenes that this worker has recorded."""
    return Recorder(tmp_path_factory.mktemp("scenes"))


@asynccontextmanager
async def _stage(request: pytest.FixtureRequest, folder: Path, url: str) -> AsyncIterator[Talk]:
    over_http = request.node.get_closest_marker("over_http") is not None
    # Scenes are recorded on SQLite, and not where a test may have changed the program.
    is_recorded = url.startswith("sqlite") and not over_http and "monkeypatch" not in request.fixturenames
    recorder = request.getfixturevalue("recorder") if is_recorded else None
    with nullcontext() if over_http else shared_engine(url) as engine:
        options = {"over_http": over_http, "engine": engine, "recorder": recorder}
        async with Talk.open(folder, **options, database={"url": url}) as talk:
            yield talk
            told_nothing(talk, LOG.getvalue())


@pytest.fixture
async def talk(request: pytest.FixtureRequest, tmp_path: Path, migrated_url: str) -> AsyncIterator[Talk]:
    async with _stage(request, tmp_path, migrated_url) as one:
        yield one


@pytest.fixture
async def talk_anywhere(request: pytest.FixtureRequest, tmp_path: Path, each_migrated_url: str) -> AsyncIterator[Talk]:
    """A stage on each kind of database in turn."""
    async with _stage(request, tmp_path, each_migrated_url) as one:
        yield one


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
