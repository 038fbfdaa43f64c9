"""`koolla verify-anonymity` finds nothing where nothing is, and names whatever is put there."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.commands import anonymity_audit
from bot.commands.anonymity_audit import Verdict
from bot.commands.backup import back_up
from bot.config import Settings
from models.feedback.runs import Run
from models.forms.items import Background, Choice, Item, QuestionKind
from tests.anonymity.room import Room
from tests.databases import KIND

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5)
YIELD = Item(QuestionKind.SEVERAL, text="Hyöty", choices=(Choice("Tieto"), Choice("Verkosto")), other=True)
HOUSE = Item(
    QuestionKind.SINGLE,
    text="Organisaatio",
    choices=(Choice("Kunta"), Choice("Yhdistys")),
    background=Background.ORGANISATION,
)
OPEN = Item(QuestionKind.OPEN, text="Muuta")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
NAME, WORDS = "Jäsen", "Avoin vastaus"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a furnished room is kept to be copied."""
    return tmp_path_factory.mktemp("furnished")


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str, furnished: Path) -> AsyncIterator[Room]:
    """A closed form with all that can be released, a waiting pool of each kind, and a form that is open."""
    file = tmp_path / "koolla.db"
    if not (furnished / "keys").exists() or KIND != "sqlite":
        async with Room.open(migrated_url, tmp_path) as new_room:
            await furnish(new_room)
        if KIND == "sqlite":
            shutil.copy(file, furnished)
            shutil.copytree(tmp_path / "keys", furnished / "keys")
    else:
        shutil.copy(furnished / file.name, file)
        shutil.copytree(furnished / "keys", tmp_path / "keys")
    async with Room.open(migrated_url, tmp_path) as opened_room:
        yield opened_room


async def furnish(room: Room) -> None:
    group, people = await room.group(12)
    version = await room.form([SCALE, YIELD, HOUSE, OPEN])
    for number in (12, 6, 3):
        run = await room.put(version, group, people)
        for person in people[:number]:
            ticks = [1, 2] if person % 3 else [2]
            await room.answer(run, person, {1: 1 + person % 5, 2: ticks, 3: 1 + person % 2, 4: WORDS})
        await room.close(run)
    run = await room.put(version, group, people)
    for person in people[:4]:
        await room.answer(run, person, {1: 3, 4: WORDS})


def settings_of(room: Room, folder: Path) -> Settings:
    url = room.engine.url.render_as_string(hide_password=False)
    return Settings(database={"url": url}, feedback={"keys": folder / "keys"})


async def verified(room: Room, folder: Path) -> Verdict:
    return await anonymity_audit.verify(settings_of(room, folder))


async def test_where_nothing_is_nothing_is_found(room: Room, tmp_path: Path) -> None:
    verdict = await verified(room, tmp_path)
    report = verdict.text()
    assert verdict.faults == [], report
    assert "nothing in them ties an answer to a person" in report
    assert NAME not in report
    assert WORDS not in report
    for figures in ("closed runs: 3", "sealed answers of open forms: 4", "pools that wait: 2 in 2 pools"):
        assert figures in report
    assert "staged" in report.split("tables that point at a person")[1].split("\n")[0]
    assert "option_count" in report.split("tables that hold figures")[1].split("\n")[0]


CORRUPTIONS: dict[str, tuple[Sequence[str], str]] = {
    "who was asked": (
        ["INSERT INTO participation (run_id, person_id, finished) VALUES (1, 1, :no)"],
        "left people asked: 1",
    ),
    "a sealed answer": (
        ["INSERT INTO staged (run_id, person_id, blob) VALUES (1, 1, :noise)"],
        "left sealed answers: 1",
    ),
    "a dialogue": (
        [
            "INSERT INTO draft (person_id, chat_id, subject, awaits, data, updated_at) "
            "VALUES (1, 1, 'feedback', 'text', '{\"run\": 1}', :then)"
        ],
        "left unfinished dialogues: 1",
    ),
    "a reminder": (
        [
            "INSERT INTO delivery (kind, subject, revision, address_id, slot, due_at, expires_at, urgent, state, "
            "attempts, ambiguous) "
            "SELECT 'feedback', 2, 0, id, 'again', :then, :then, :no, 'superseded', 0, :no FROM address "
            "WHERE id = 1",
        ],
        "left deliveries: 2",
    ),
    "a card": (
        [
            "INSERT INTO message (address_id, kind, subject, revision, message_id) "
            "SELECT id, 'feedback', 2, 0, 1 FROM address WHERE id = 1",
        ],
        "left messages: 2",
    ),
    "a replaced card": (
        [
            "INSERT INTO replaced_message (address_id, subject, message_id) SELECT id, 2, 1 FROM address WHERE id = 1",
        ],
        "left replaced messages: 2",
    ),
    "an edit of a card that has ended": (
        [
            "INSERT INTO delivery (kind, subject, revision, address_id, slot, due_at, expires_at, urgent, state, "
            "attempts, ambiguous) "
            "SELECT 'feedback-cleared', 2, 1, id, '7', :then, :then, :no, 'sent', 1, :no FROM address "
            "WHERE id = 1",
        ],
        "left ended edits of messages: 2",
    ),
    "a name": (
        ["INSERT INTO named_answer (run_id, person_id, ballot) VALUES (1, 1, '{}')"],
        "left answers by name (only where the form says so): 1",
    ),
    "an attendance": (
        [
            "INSERT INTO meeting (workgroup_id, starts_at, ends_at, starts_wall, ends_wall, zone, mode, state, "
            "revision, sequence, created_at) "
            "VALUES (1, :then, :then, :wall, :wall, 'UTC', 'remote', 'held', 1, 0, :then)",
            "UPDATE run SET meeting_id = (SELECT id FROM meeting) WHERE id = 1",
            "INSERT INTO attendance (meeting_id, person_id, attended, own_word, marked_at) "
            "SELECT id, 1, 'remote', :yes, :then FROM meeting",
        ],
        "attendances tell when or by whom they were marked: 1",
    ),
    "a blob of its own size": (
        ["UPDATE staged SET blob = :noise WHERE person_id = 1"],
        "sealed answers of open forms differ in size in runs: 4",
    ),
    "a blob in the clear": (
        ["UPDATE staged SET blob = :plain WHERE run_id = 4"],
        "sealed answers of open forms are legible",
    ),
    "a pooled blob of its own size": (
        ["UPDATE pooled SET blob = :noise WHERE pool_id = 1"],
        "pools that wait are of a size of their own: 1",
    ),
    "a pool that was opened": (
        ["UPDATE pool SET opened_at = :then WHERE id = 1"],
        "opened or destroyed still hold answers: 1",
    ),
    "ballots in a pool": (
        ["INSERT INTO pooled (id, pool_id, blob) SELECT 7, pool_id, blob FROM pooled WHERE pool_id = 1"],
        "hold the ballots of an earlier version, until the program starts with their keys: 1",
    ),
    "a pool that was destroyed": (
        ["UPDATE pool SET destroyed_at = :then WHERE id = 1"],
        "opened or destroyed still hold answers: 1",
    ),
    "a release of few people": (
        ["UPDATE release SET people = 4 WHERE id = 2"],
        "fewer than their threshold: release 2",
    ),
    "a pool for nobody": (["UPDATE pool SET threshold = 1 WHERE id = 2"], "threshold hides nothing: 2"),
    "texts in a row": (
        [
            "UPDATE open_answer SET id = 7 WHERE id = (SELECT min(id) FROM open_answer)",
            "UPDATE open_answer SET id = 8 WHERE id = (SELECT max(id) FROM open_answer)",
        ],
        "follow each other: 8",
    ),
    "a small release": (["UPDATE release SET threshold = 2"], "fewer than their threshold: release 1, release 2"),
    "a small figure": (
        ["UPDATE figure SET n = 4 WHERE release_id = 2"],
        "figures of fewer than the threshold: release 2",
    ),
    "a mean at an end": (
        ["UPDATE figure SET total = 5 * n WHERE question_id = 1 AND release_id = 1"],
        "means that tell all answers: release 1, question 1",
    ),
    "a small distribution": (
        ["INSERT INTO option_count (release_id, question_id, value, chosen) VALUES (2, 1, 5, 6)"],
        "distributions of fewer than twice the threshold: release 2, question 1",
    ),
    "what all ticked": (
        ["UPDATE option_count SET chosen = 12 WHERE question_id = 2 AND value = 1"],
        "distributions that tell all answers: release 1, question 2",
    ),
    "a small background": (["UPDATE cell SET n = 4 WHERE number = 1"], "backgrounds of too few: release 1, question 3"),
    "a small part": (["UPDATE cell_figure SET n = 2 WHERE number = 1"], "means of backgrounds of too few: release 1"),
    "a missing part": (["DELETE FROM cell_figure WHERE number = 1"], "leave some by subtraction: release 1"),
    "early texts": (
        ["INSERT INTO open_answer (id, release_id, question_id, text, highlighted) VALUES (1, 2, 4, 'x', :no)"],
        "texts of too few: 2",
    ),
    "a figure with a person": (
        ["ALTER TABLE figure ADD COLUMN person_id INTEGER REFERENCES person (id)"],
        "points at a person: figure, figure.person_id",
    ),
    "a foreign table": (
        ["CREATE TABLE diary (words TEXT)", "INSERT INTO diary VALUES ('Jäsen 1: 4')"],
        "tables not of the program: diary",
    ),
    "a foreign column": (["ALTER TABLE staged ADD COLUMN note TEXT"], "columns not of the program: staged.note"),
    "a foreign view": (["CREATE VIEW spy AS SELECT * FROM staged"], "parts that could copy: view spy"),
    "answers in the audit log": (
        [
            "INSERT INTO audit (at, action, detail) VALUES (:then, 'members-added', '12')",
            "INSERT INTO audit (at, action, detail) VALUES (:then, 'members-added', '{\"1\": 4}')",
        ],
        "entries of the audit log whose detail looks like answers: 2",
    ),
    "answers beside an update": (
        ["INSERT INTO seen_update (update_id, seen_at, parked, about) VALUES (9, :then, 'A1', 'rate 1 4')"],
        "records of updates with words that are no route: 9",
    ),
    "answers beside a refusal": (
        [
            "INSERT INTO recent_update (at, outcome, route, refusal, gate, reference) "
            "VALUES (:then, 'refused', 'tap rate:1:4', '', '', '')"
        ],
        "records of updates with words that are no route: 1",
    ),
    "answers in a dialogue": (
        [
            "INSERT INTO draft (person_id, chat_id, subject, awaits, data, updated_at) "
            "VALUES (1, 1, 'heads', '', '{\"number\": 1, \"answer\": 4}', :then)"
        ],
        "fields of no dialogue: heads.answer",
    ),
    "texts in order under spread keys": (
        [f"UPDATE open_answer SET id = {n}000000 WHERE id = (SELECT max(id) FROM open_answer)" for n in range(1, 13)],
        "released texts whose keys are not of chance",
    ),
    "attendances in the order of answering": (
        [
            "INSERT INTO meeting (workgroup_id, starts_at, ends_at, starts_wall, ends_wall, zone, mode, state, "
            "revision, sequence, created_at) "
            "VALUES (1, :then, :then, :wall, :wall, 'UTC', 'remote', 'held', 1, 0, :then)",
            "UPDATE run SET meeting_id = (SELECT id FROM meeting) WHERE id = 1",
            *(
                f"INSERT INTO attendance (meeting_id, person_id, attended, marked_at) "
                f"SELECT id, {person}, 'remote', :then FROM meeting"
                for person in (3, 1, 2)
            ),
        ],
        "meetings whose attendances are in another order",
    ),
    "a text with a time": (
        ["ALTER TABLE open_answer ADD COLUMN typed_at TIMESTAMP"],
        "times, which tell their order: open_answer",
    ),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
async def test_whatever_is_put_there_is_named(room: Room, tmp_path: Path, what: str) -> None:
    statements, message = CORRUPTIONS[what]
    values = {
        "no": False, "yes": True, "noise": bytes(range(200)), "plain": b'{"1": 4}' + b" " * 50,
        "then": NEW_YEAR if KIND == "postgresql" else "2027-01-01 00:00:00",
        "wall": NEW_YEAR.replace(tzinfo=None) if KIND == "postgresql" else "2027-01-01 00:00:00",
    }  # fmt: skip
    async with room.engine.begin() as connection:
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    verdict = await verified(room, tmp_path)
    assert any(message in fault.text for fault in verdict.faults), verdict.text()
    assert message in verdict.text().partition("Verdict")[2]


TRIGGERS = {
    "sqlite": ["CREATE TRIGGER spy AFTER INSERT ON staged BEGIN UPDATE person SET contact = 'x'; END"],
    "postgresql": [
        "CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER spy AFTER INSERT ON staged FOR EACH ROW EXECUTE FUNCTION spy()",
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.diary (words TEXT)",
    ],
}


async def test_what_could_copy_answers_is_named(room: Room, tmp_path: Path) -> None:
    async with room.engine.begin() as connection:
        for statement in TRIGGERS[KIND]:
            await connection.execute(text(statement))
    report = (await verified(room, tmp_path)).text()
    assert "trigger spy" in report
    if KIND == "postgresql":
        assert "function spy" in report
        assert "table elsewhere.diary" in report


@pytest.mark.skipif(KIND != "sqlite", reason="pages of a file of SQLite")
@pytest.mark.parametrize("journal", ["wal", "delete"])
async def test_answers_left_in_free_pages_are_named(room: Room, tmp_path: Path, journal: str) -> None:
    await room.engine.dispose()
    database = sqlite3.connect(tmp_path / "koolla.db", isolation_level=None)
    database.execute(f"PRAGMA journal_mode = {journal}")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    for number in range(200):
        database.execute(
            "INSERT INTO lease (name, owner, until, renewed_at) VALUES (?, ?, 0, 0)",
            (f"{number}", '{"1": 4, "2": 5}' * 20),
        )
    database.execute("DELETE FROM lease WHERE length(owner) > 200")
    faults = [fault.text for fault in (await verified(room, tmp_path)).faults]
    database.close()
    assert any(fault.startswith("pages with answers left over: ") for fault in faults), faults
    if journal == "delete":
        assert any(fault.startswith("free pages that were not overwritten: ") for fault in faults), faults


@pytest.mark.skipif(KIND != "sqlite", reason="files beside a file of SQLite")
async def test_keys_and_databases_beside_the_database_are_named(room: Room, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "koolla.db", tmp_path / "koolla.db.replaced")
    (tmp_path / "old").write_bytes(bytes(range(32)))
    (tmp_path / "keys" / ".run-4").write_bytes(bytes(range(32)))
    faults = [fault.text for fault in (await verified(room, tmp_path)).faults]
    assert any("koolla.db.replaced, old" in fault for fault in faults), faults
    assert any(".run-4" in fault for fault in faults), faults


async def test_keys_are_looked_for_where_they_should_not_be(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    names = {run.id: run.key for run in await room.rows(Run)}
    key = (folder / f"{names[4]}.key").read_bytes()
    (folder / f"{names[1]}.key").write_bytes(key)
    (folder / "pool-99.key").write_bytes(key)
    (folder / "notes.txt").write_text("x")
    (folder / f"{names[4]}.key").chmod(0o640)
    folder.chmod(0o750)
    async with room.engine.begin() as connection:
        await connection.execute(text("UPDATE staged SET blob = :key WHERE person_id = 1"), {"key": key * 9})
    faults = [fault.text for fault in (await verified(room, tmp_path)).faults]
    for message in (
        f"keys of the past: {names[1]}",
        "belongs to no form or pool is in it: pool-99, notes.txt",
        f"{names[4]}.key has mode 0640",
        "others may look into it: keys has mode 0750",
        "keys in the database: ",
    ):
        assert any(message in fault for fault in faults), (message, faults)


@pytest.mark.skipif(KIND != "sqlite", reason="`koolla backup` is of SQLite")
async def test_keys_beside_backups_are_named(room: Room, tmp_path: Path) -> None:
    settings = settings_of(room, tmp_path)
    back_up(settings.database.url, tmp_path / "kept" / "one.db")
    assert (await anonymity_audit.verify(settings)).faults == []
    (tmp_path / "kept" / "run-4.key").write_bytes(b"x")
    assert any("run-4.key" in fault.text for fault in (await anonymity_audit.verify(settings)).faults)


async def test_the_command_ends_with_a_verdict_and_a_code(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOOLLA_DATABASE__URL", settings_of(room, tmp_path).database.url)
    monkeypatch.setenv("KOOLLA_FEEDBACK__KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    good = await asyncio.to_thread(CliRunner().invoke, cli, ["verify-anonymity"])
    assert good.exit_code == 0, good.output
    async with room.engine.begin() as connection:
        await connection.execute(text("UPDATE figure SET n = 4 WHERE release_id = 2"))
    bad = await asyncio.to_thread(CliRunner().invoke, cli, ["verify-anonymity"])
    assert bad.exit_code == 1
    assert "figures of fewer than the threshold: release 2" in bad.output.partition("Verdict")[2]
