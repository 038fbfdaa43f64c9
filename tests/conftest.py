"""The cast, and the stage they stand on."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.talk import ADMIN_ID, Actor, Talk, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once and copied for each story."""
    path = tmp_path_factory.mktemp("template") / "koolla.db"
    asyncio.run(make_template(path))
    return path


@pytest.fixture
async def talk(tmp_path: Path, template: Path) -> AsyncIterator[Talk]:
    shutil.copy(template, tmp_path / "koolla.db")
    async with Talk.open(tmp_path) as one:
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
