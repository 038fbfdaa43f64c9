"""`koolla demo --script` in each language: every step happens, and what it writes is there."""

from pathlib import Path

import pytest

from bot import logs
from bot.demo.script import play
from tests.conftest import LOG


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_whole_loop_is_played(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert play(language, tmp_path) == 0
    finally:
        logs.set_up(stream=LOG)
    output = capsys.readouterr().out
    assert (tmp_path / f"transcript-{language}.txt").read_text(encoding="utf-8").strip() == output.strip()
    assert (tmp_path / f"digest-{language}.png").read_bytes().startswith(b"\x89PNG")
