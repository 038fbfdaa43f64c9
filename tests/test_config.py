"""Settings: the example is whole, and every wrong setting is told in one readable line without its value."""

import sqlite3
import tomllib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.commands import config_check
from bot.config import ConfigError, Settings, load
from bot.telegram import make_bot
from models.policy import Policy
from tests.faults.network import served

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= keys(kind, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_the_example_shows_every_key_with_its_default() -> None:
    assert set(flat(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))) == keys(Settings)
    assert load(EXAMPLE).model_dump() == Settings().model_dump()


def test_the_settings_have_the_defaults_of_the_policy() -> None:
    assert Settings().policy() == Policy()


def test_every_key_of_the_example_has_a_comment_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for above, line in pairwise(lines):
        if "=" in line and not line.startswith("#"):
            assert above.startswith("#"), line


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOOLLA_ADMINS", "[12, 34]")
    monkeypatch.setenv("KOOLLA_TELEGRAM__TOKEN", "1:secret")
    monkeypatch.setenv("KOOLLA_FEEDBACK__OPEN_FOR", "3d")
    monkeypatch.setenv("KOOLLA_MEETINGS__REMINDER_LEADS", '["2d", "2h"]')
    settings = load(EXAMPLE)
    assert settings.admins == [12, 34]
    assert settings.telegram.token.get_secret_value() == "1:secret"
    assert settings.feedback.open_for == timedelta(days=3)
    assert settings.meetings.reminder_leads == [timedelta(days=2), timedelta(hours=2)]
    assert "secret" not in repr(settings)


WRONG = {
    "unknown key": ("colour = 1", "colour: there is no such setting"),
    "unknown nested key": ("[telegram]\ntokn = 'x'", "telegram.tokn: there is no such setting"),
    "no such zone": ('zone = "Europe/Nowhere"', "zone: name a time zone"),
    "no duration": ('[feedback]\nopen_for = "a week"', "feedback.open_for: write a duration"),
    "a bare number": ("[feedback]\ndelay = 15", "feedback.delay: write a duration"),
    "too short": ('[feedback]\nopen_for = "1m"', "feedback.open_for: must be from 1h to 60d"),
    "too long a lead": ('[meetings]\nsilent_lead = "61d"', "meetings.silent_lead: must be from 1s to 60d"),
    "no lead": ('[meetings]\nsilent_lead = "0d"', "meetings.silent_lead: must be from 1s to 60d"),
    "threshold too low": ("[feedback]\nthreshold = 2", "feedback.threshold: must be at least 3"),
    "no number": ('[feedback]\nthreshold = "five"', "feedback.threshold: write a whole number"),
    "no pace": ('[telegram]\nper_second = "fast"', "telegram.per_second: write a number"),
    "half": ("[feedback]\nthreshold = 5.5", "feedback.threshold: write a whole number"),
    "hour": ("[digest]\nhour = 25", "digest.hour: must be at most 23"),
    "language": ('language = "de"', "language: choose one of 'fi', 'sv' or 'en'"),
    "no text": ("[telegram]\ntoken = 5", "telegram.token: write a text in quotes"),
    "no switch": ('[quiet]\nweekends = "perhaps"', "quiet.weekends: write true or false"),
    "no section": ("telegram = 5", "telegram: write a section of its own"),
    "no list": ("admins = 5", "admins: write a list in brackets"),
    "no folder": ("[feedback]\nkeys = 5", "feedback.keys: write the path of a folder"),
    "database": ('[database]\nurl = "mysql://x"', "database.url: write sqlite"),
    "address": ('[telegram]\napi_url = "telegram.org"', "telegram.api_url: write an address"),
    "admins": ('admins = ["anna"]', "admins.0: write a whole number"),
    "no TOML": ("zone = = 1", "TOML"),
    "leads": ("[meetings]\nreminder_leads = []", "meetings.reminder_leads: write at least 1"),
    "quiet": ('[quiet]\nstart = "8 pm"', "quiet.start: write a time of day"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_wrong_setting_is_told_in_a_line_and_exits_2(case: str, tmp_path: Path) -> None:
    text, said = WRONG[case]
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert any(said.casefold() in fault.casefold() for fault in caught.value.faults), caught.value.faults
    for command in ("run", "check", "migrate"):
        result = CliRunner().invoke(cli, [command, "--config", str(file)])
        assert result.exit_code == 2
        assert "Traceback" not in result.output


FOREIGN = {
    "no list": ("KOOLLA_ADMINS", "abc", "admins: write a list in brackets"),
    "no list inside": ("KOOLLA_MEETINGS__REMINDER_LEADS", "2d", "meetings.reminder_leads: write a list"),
    "typing error": ("KOOLLA_ADMIN", "[1]", "KOOLLA_ADMIN: there is no such setting. Did you mean KOOLLA_ADMINS?"),
    "one underscore": ("KOOLLA_TELEGRAM_TOKEN", "1:x", "Did you mean KOOLLA_TELEGRAM__TOKEN?"),
    "inside": ("KOOLLA_TELEGRAM__TOKN", "1:x", "telegram.tokn: there is no such setting"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_wrong_variable_is_told_too(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, value, said = FOREIGN[case]
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load()
    assert any(said in fault for fault in caught.value.faults), caught.value.faults
    assert "pydantic" not in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("command", ["run", "migrate", "check"])
def test_a_database_or_folder_that_cannot_be_used_is_told_in_lines(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder, not a database, long enough to look like neither " * 30)

    def told(database: str, keys: str) -> list[str]:
        monkeypatch.setenv("KOOLLA_TELEGRAM__TOKEN", "123456:secretsecret")
        monkeypatch.setenv("KOOLLA_DATABASE__URL", database)
        monkeypatch.setenv("KOOLLA_FEEDBACK__KEYS", keys)
        monkeypatch.setenv("KOOLLA_TELEGRAM__API_URL", "http://127.0.0.1:9")
        result = CliRunner().invoke(cli, [command])
        assert result.exit_code == 2, result.output
        assert isinstance(result.exception, SystemExit)
        return [line.removeprefix("FAULT ") for line in result.output.splitlines()]

    good = f"sqlite:///{tmp_path / 'new.db'}"
    assert told(good, str(tmp_path / "file" / "keys"))[0].startswith("feedback.keys: ")
    assert told(f"sqlite:///{tmp_path / 'file' / 'x.db'}", str(tmp_path / "keys"))[0].startswith("database.url: ")
    for url in (f"sqlite:///{tmp_path / 'file'}", "postgresql://anna:hidden@127.0.0.1:9/koolla"):
        said = told(url, str(tmp_path / "keys"))
        assert any(line.startswith("database: ") and "cannot be used" in line for line in said)
        assert "hidden" not in " ".join(said)


def test_a_database_of_a_newer_koolla_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "koolla.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('20990101_01')")
    database.close()
    monkeypatch.setenv("KOOLLA_DATABASE__URL", f"sqlite:///{file}")
    monkeypatch.setenv("KOOLLA_FEEDBACK__KEYS", str(tmp_path / "keys"))
    result = CliRunner().invoke(cli, ["migrate"])
    assert (result.exit_code, "newer than this Koolla" in result.output) == (2, True)


def locked(_: Path) -> None:
    raise PermissionError(13, "Permission denied", "locked")


def test_a_missing_file_and_a_missing_token_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gone = CliRunner().invoke(cli, ["run", "--config", "nowhere.toml"])
    monkeypatch.setattr(Path, "is_dir", locked)  # root, who may run the tests, is denied nothing
    denied = CliRunner().invoke(cli, ["run", "--config", "locked/config.toml"])
    assert (denied.exit_code, "locked/config.toml: cannot be read (Permission denied)" in denied.output) == (2, True)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert (gone.exit_code, "nowhere.toml: there is no such file" in gone.output) == (2, True)
    empty = CliRunner().invoke(cli, ["run"])
    assert (empty.exit_code, "telegram.token: is missing" in empty.output) == (2, True)


def test_a_file_in_the_working_folder_is_taken_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text('language = "de"')
    (tmp_path / "other.toml").write_text('language = "sv"')
    here, other = CliRunner().invoke(cli, ["check"]), CliRunner().invoke(cli, ["check", "--config", "other.toml"])
    assert "language: choose one of" in here.output
    assert "language sv" in other.output
    folder = CliRunner().invoke(cli, ["check", "--config", "."])
    assert (folder.exit_code, "is a folder" in folder.output) == (2, True)


def test_check_finds_a_good_configuration_good_but_telegram_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOOLLA_TELEGRAM__TOKEN", "123456:secretsecret")
    monkeypatch.setenv("KOOLLA_TELEGRAM__API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("KOOLLA_DATABASE__URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("KOOLLA_FEEDBACK__KEYS", str(tmp_path / "keys"))
    result = CliRunner().invoke(cli, ["check"])
    assert result.exit_code == 2
    assert "ok    database:" in result.output
    assert "FAULT telegram: http://127.0.0.1:9 does not answer" in result.output
    assert "secretsecret" not in result.output


def test_a_database_that_cannot_be_written_is_told_with_what_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(database={"url": f"sqlite:///{tmp_path / 'koolla.db'}"})
    error = OperationalError(None, None, sqlite3.OperationalError("attempt to write a readonly database"))
    shared = tmp_path / "koolla.db-shm"
    shared.touch()
    monkeypatch.setattr(config_check.os, "access", lambda path, _: path != shared)  # root may write everything
    said = config_check.database_fault(settings, error)
    assert "(attempt to write a readonly database)" in said
    assert "koolla.db-shm cannot be written" in said
    monkeypatch.setattr(config_check, "MIN_FREE_BYTES", 10**18)
    said = config_check.database_fault(
        settings, OperationalError(None, None, sqlite3.OperationalError("disk I/O error"))
    )
    assert "(the disk is full). Make room" in said
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(cli, ["check"]).output
    assert "ok    database: data/koolla.db" in said
    assert "FAULT database: it can be read, but not written: the disk is full" in said


def test_check_tells_durations_and_a_pace_that_telegram_does_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOOLLA_MEETINGS__REMINDER_LEADS", '["2d", "90m"]')
    monkeypatch.setenv("KOOLLA_TELEGRAM__PER_SECOND", "40")
    said = CliRunner().invoke(cli, ["check"]).output  # without a token nobody is asked
    assert "reminders 2d, 90m before" in said
    assert "note  telegram.per_second: 40 is much: Telegram takes 30" in said
    assert "0 administrator(s) named: while there is none, a start prints a link" in said
    assert "ok    database: data/koolla.db" in said


async def test_check_tells_of_a_webhook_that_another_service_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram gives updates to a webhook alone, so that polling would get none."""
    (tmp_path / "koolla.db").touch(0o600)  # as the program makes it
    async with served() as network:
        settings = load(
            telegram={"token": network.sandbox.token, "api_url": network.address("koolla")},
            database={"url": f"sqlite:///{tmp_path / 'koolla.db'}"},
            feedback={"keys": tmp_path / "keys"},
        )
        assert all(finding.good for finding in await config_check.findings(settings))
        async with make_bot(settings) as bot:
            await bot.set_webhook("https://old.example/secret-path")
        (fault,) = [finding.text for finding in await config_check.findings(settings) if not finding.good]
    assert "a webhook is set for this token, at old.example:" in fault
    assert "secret-path" not in fault
    assert network.sandbox.token not in fault


def test_check_names_files_that_others_may_read_or_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config, database, keys = (tmp_path / name for name in ("config.toml", "koolla.db", "keys"))
    config.write_text(
        f'[telegram]\ntoken = "123456:secretsecret"\napi_url = "http://127.0.0.1:9"\n'
        f'[database]\nurl = "sqlite:///{database}"\n[feedback]\nkeys = "{keys}"\n'
    )
    database.touch()
    keys.mkdir()
    for path, mode, words in ((config, 0o666, "read and write"), (database, 0o644, "read"), (keys, 0o703, "write")):
        for other in (config, database, keys):
            other.chmod(0o700)
        path.chmod(mode)
        output = CliRunner().invoke(cli, ["check"]).output
        faults = [line for line in output.splitlines() if "other users" in line]
        assert len(faults) == 1, output
        assert f"{path.name}: other users of this machine may {words} it. Run: chmod o= " in faults[0]
    config.write_text(config.read_text().replace('token = "123456:secretsecret"', ""))
    config.chmod(0o644)  # without a token or password it holds no secret
    keys.chmod(0o700)
    assert "other users" not in CliRunner().invoke(cli, ["check"]).output
