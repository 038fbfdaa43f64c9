"""Scenes: what is restored is what was played, each test has its own copy, and other stages play them themselves."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from migrations.tables import metadata
from models.feedback.runs import Run
from models.people.groups import Workgroup
from tests.databases import KIND
from tests.scenes import Recorder, scene
from tests.talk import Actor, Talk, key, words

pytestmark = pytest.mark.skipif(KIND != "sqlite", reason="scenes are recorded on SQLite alone")

Open = Callable[[], Any]
PLAYED: list[str] = []


@scene
async def asked(talk: Talk, anna: Actor, bo: Actor) -> tuple[Workgroup, Actor]:
    """A meeting is over, and its form is in the chats of Bo and of somebody who is new on the stage."""
    PLAYED.append("asked")
    cilla = talk.person("Cilla")
    group = await talk.group(members=[bo, cilla], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=8, hours=4)
    return group, cilla


@scene
async def greeted(talk: Talk, anna: Actor, bo: Actor) -> None:
    """A scene that costs little."""
    PLAYED.append("greeted")
    for actor in (anna, bo):
        await actor.starts()


async def everything(talk: Talk) -> dict[str, Any]:
    """The database, the keys, all chats, the clock and the program's memory."""
    async with talk.app.sessions() as session:
        rows = {table.name: [*map(tuple, await session.execute(select(table)))] for table in metadata.sorted_tables}
    chats = {actor.name: [words(message) for message in actor.user.messages] for actor in talk.people.values()}
    memory = (talk.app.bot_name, talk.app.inbox.window.offset, talk.app.inbox.owner, talk.app.outbox.owner)
    return {"rows": rows, "chats": chats, "keys": talk.app.keys.names(), "now": talk.clock.now(), "memory": memory}


@pytest.fixture
def own(tmp_path: Path) -> Recorder:
    """A recorder of this test's own."""
    PLAYED.clear()
    (tmp_path / "scenes").mkdir()
    return Recorder(tmp_path / "scenes")


@pytest.fixture
def stage(tmp_path: Path, template_file: str, own: Recorder) -> Callable[..., Any]:
    """Opens a stage that uses the recorder."""

    def opened(name: str, **options: Any) -> Any:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(template_file, folder / "koolla.db")
        return Talk.open(folder, recorder=own, **options)

    return opened


async def test_a_restored_scene_is_what_was_played(stage: Callable[..., Any]) -> None:
    async with stage("first") as talk:
        group, cilla = await asked(talk, talk.person("Anna"), talk.person("Bo"))
        played = await everything(talk)
    async with stage("second") as talk:
        anna, bo = talk.person("Anna"), talk.person("Bo")
        again, cilla = await asked(talk, anna, bo)
        assert (PLAYED, again.name, cilla) == (["asked"], group.name, talk.people["Cilla"])
        assert await everything(talk) == played
        assert bo.user is talk.sandbox.users[bo.user.id]
        await bo.taps(key("attended-remote"))  # the form, the key and the buttons are at work
        await bo.taps("4")
        assert "2/" in bo.text


async def test_what_a_test_does_changes_nothing_for_the_next(stage: Callable[..., Any]) -> None:
    seen = []
    for name in ("first", "second", "third"):
        async with stage(name) as talk:
            anna, bo = talk.person("Anna"), talk.person("Bo")
            group, _ = await asked(talk, anna, bo)
            seen.append(await everything(talk))
            group.name = "Muu"
            await bo.says("/help")
            async with talk.app.sessions.begin() as session:
                for (run,) in await session.execute(select(Run)):
                    talk.app.keys.destroy(run.key)
            await talk.time_passes(days=9)
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("what", ["a tap", "a row", "a policy", "a fault", "time", "a user", "other people"])
async def test_a_scene_is_played_where_anything_has_happened_before(stage: Callable[..., Any], what: str) -> None:
    async with stage("first") as talk:
        await greeted(talk, talk.person("Anna"), talk.person("Bo"))
    async with stage("second") as talk:
        anna, bo = talk.person("Anna"), talk.person("Bo" if what != "other people" else "Bengt")
        match what:
            case "a tap":
                await bo.says("/help")
            case "a row":
                async with talk.app.sessions.begin() as session:
                    await session.execute(update(metadata.tables["form"]).values(name="Muu"))
            case "a policy":
                talk.app.policy = replace(talk.app.policy, threshold=9)
            case "a fault":
                talk.sandbox.faults.duplicate_updates()
            case "time":
                await talk.time_passes(minutes=1)
            case "a user":
                talk.sandbox.add_user("Eeva")
        await greeted(talk, anna, bo)
    assert PLAYED == ["greeted", "greeted"]


async def test_stages_of_other_settings_share_nothing(stage: Callable[..., Any]) -> None:
    for name, language in (("first", "fi"), ("second", "sv")):
        async with stage(name, language=language) as talk:
            await greeted(talk, talk.person("Anna"), talk.person("Bo"))
    assert PLAYED == ["greeted", "greeted"]


async def test_scenes_follow_each_other(stage: Callable[..., Any], own: Recorder) -> None:
    for name in ("first", "second"):
        async with stage(name) as talk:
            anna, maija = talk.person("Anna"), talk.person("Maija")
            await talk.group(members=[], coordinator=anna)
            await talk.manager(maija)
            await maija.says("/help")
    assert own.restored == 3  # the beginning, the group and the manager


async def test_what_fixtures_return_has_a_short_repr(stage: Callable[..., Any], own: Recorder) -> None:
    """See `Stage`."""
    async with stage("first") as talk:
        anna = talk.person("Anna")
        await talk.group(members=[], coordinator=anna)
        assert [size for each in (talk, anna, anna.user, own) if (size := len(repr(each))) > 500] == []
