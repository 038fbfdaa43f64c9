"""`koolla report`: a year's report from the terminal, while the bot runs or not; faults in words and an exit code."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from typer.testing import CliRunner

from bot import db
from bot.__main__ import cli
from bot.config import Settings
from models.meetings.meetings import Meeting, MeetingState, Mode
from models.people import groups
from models.reports.annual.snapshots import Snapshot

YEAR = datetime.now(UTC).year - 1


def koolla(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


async def meet(name: str = "Lastensuojelu") -> None:
    """A meeting of last year, and one of this."""
    engine = db.make_engine(Settings().database.url)
    async with db.make_sessions(engine).begin() as session:
        group = await groups.create(session, name, now=datetime(YEAR, 1, 1, tzinfo=UTC))
        for starts in (datetime(YEAR, 1, 2, 9, tzinfo=UTC), datetime(YEAR + 1, 1, 2, 9, tzinfo=UTC)):
            row = Meeting(workgroup_id=group.id, starts_at=starts, ends_at=starts + timedelta(hours=1))
            row.starts_wall = row.ends_wall = starts.replace(tzinfo=None)
            row.zone, row.mode, row.state, row.created_at = "Europe/Helsinki", Mode.REMOTE, MeetingState.HELD, starts
            session.add(row)
    await engine.dispose()


async def snapshots_kept() -> int:
    engine = db.make_engine(Settings().database.url)
    async with db.make_sessions(engine)() as session:
        count = await session.scalar(select(func.count(Snapshot.id)))
    await engine.dispose()
    return count or 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template_file: str) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(template_file, "data/koolla.db")
    asyncio.run(meet())
    return tmp_path


def test_each_ending_makes_its_kind_of_file(folder: Path) -> None:
    for ending in ("pdf", "xlsx", "json", "png"):
        code, output = koolla("report", str(YEAR), "--language", "en", "-o", f"report.{ending}")
        assert code == 0, output
        assert f"{YEAR}: figures of" in output
    assert f"The workgroups' year {YEAR}" in PdfReader(folder / "report.pdf").pages[0].extract_text()
    assert "Figures" in openpyxl.load_workbook(folder / "report.xlsx").sheetnames
    manifest = json.loads((folder / "report.json").read_text())
    assert manifest["year"] == YEAR
    assert [figure["exact"] for figure in manifest["figures"] if figure["key"] == "activity/meetings"] == [1]
    pages = sorted(path.name for path in folder.glob("report-*.png"))
    assert pages == [f"report-{number}.png" for number in range(1, len(pages) + 1)]
    assert len(pages) == len(PdfReader(folder / "report.pdf").pages)


def test_without_a_language_it_is_in_the_configurations(folder: Path) -> None:
    (folder / "config.toml").write_text('language = "sv"\norganisation = "  Det  regionala\\n centret "\n')
    assert koolla("report", str(YEAR), "-o", "report.pdf")[0] == 0
    reader = PdfReader(folder / "report.pdf")
    assert reader.trailer["/Root"]["/Lang"] == "sv"
    assert "Det regionala centret" in reader.pages[0].extract_text()


def test_asked_again_it_is_the_same_file_from_the_same_snapshot(folder: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        assert koolla("report", str(YEAR), "-o", name)[0] == 0
    assert (folder / "one.pdf").read_bytes() == (folder / "two.pdf").read_bytes()
    assert asyncio.run(snapshots_kept()) == 1


def told_fingerprint(*words: str) -> str:
    code, output = koolla("report", *words)
    assert code == 0, output
    return output.split("fingerprint ")[1].split()[0]


def test_an_earlier_report_is_made_again_from_its_snapshot(folder: Path) -> None:
    year = str(YEAR)
    first = told_fingerprint(year, "-o", "first.pdf")
    asyncio.run(meet("Aikuiset"))
    assert told_fingerprint(year, "-o", "second.pdf") != first
    for beginning in (first, first[:16], first[:16].upper()):
        assert told_fingerprint(year, "--snapshot", beginning, "-o", "again.pdf") == first
        assert (folder / "again.pdf").read_bytes() == (folder / "first.pdf").read_bytes()
    assert (folder / "second.pdf").read_bytes() != (folder / "first.pdf").read_bytes()
    assert asyncio.run(snapshots_kept()) == 2


def test_a_snapshot_that_is_not_there_or_not_one_is_told_with_those_that_are(folder: Path) -> None:
    prints: list[str] = []
    while len({fingerprint[0] for fingerprint in prints}) == len(prints):  # until two begin alike
        asyncio.run(meet(f"Ryhmä {len(prints)}"))
        prints.append(told_fingerprint(str(YEAR), "-o", "report.json"))
    alike = [fingerprint for fingerprint in prints if fingerprint[0] == prints[-1][0]]
    code, output = koolla("report", str(YEAR), "--snapshot", alike[0][0], "-o", "report.pdf")
    assert (code, "several" in output) == (2, True)
    assert [fingerprint for fingerprint in prints if fingerprint in output] == alike
    for beginning in ("%", "_", "x", prints[0] + "0", "'; --"):
        code, output = koolla("report", str(YEAR), "--snapshot", beginning, "-o", "report.pdf")
        assert (code, "none of" in output) == (2, True)
        assert all(fingerprint in output for fingerprint in prints)
    code, output = koolla("report", str(YEAR + 1), "--snapshot", prints[0], "-o", "report.pdf")
    assert (code, "There is none at all." in output) == (2, True)
    assert not (folder / "report.pdf").exists()


def test_a_year_under_way_says_so(folder: Path) -> None:
    code, output = koolla("report", str(YEAR + 1), "-o", "report.pdf")
    assert code == 0
    assert f"{YEAR + 1} is not over" in output
    assert "on kesken" in PdfReader(folder / "report.pdf").pages[0].extract_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((str(YEAR), "-o", "report.doc"), ".pdf, .xlsx, .json, .png"),
        ((str(YEAR), "-o", "report"), "the ending says what is made"),
        ((str(YEAR), "-o", "nowhere/report.pdf"), "there is no folder nowhere"),
        ((str(YEAR), "--language", "de", "-o", "report.pdf"), "--language: choose one of fi, sv, en"),
        ((str(YEAR + 5), "-o", "report.pdf"), f"has not begun yet. This year's figures: koolla report {YEAR + 1} -o"),
        ((str(YEAR - 1), "-o", "report.pdf"), f"The first year with figures: koolla report {YEAR} -o FILE"),
        (("19", "-o", "report.pdf"), "2000"),
        (("99999999999999999999", "-o", "report.pdf"), "2199"),
        (("last", "-o", "report.pdf"), "valid integer"),
        ((str(YEAR),), "--output"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(folder: Path, words: tuple[str, ...], message: str) -> None:
    before = {path.name for path in folder.iterdir()}
    code, output = koolla("report", *words)
    assert (code, "Traceback" in output) == (2, False)
    assert message in output
    assert not {path.name for path in folder.iterdir()} - before - {"koolla.db-wal", "koolla.db-shm"}


def test_a_file_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "report.pdf").mkdir()
    code, output = koolla("report", str(YEAR), "-o", "report.pdf")
    assert code == 2
    assert "cannot be written" in output


def test_where_there_is_no_database_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = koolla("report", str(YEAR), "-o", "report.pdf")
    assert code == 2
    assert "There is no database" in output


def test_before_any_meeting_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert koolla("migrate")[0] == 0
    code, output = koolla("report", str(YEAR), "-o", "report.pdf")
    assert (code, "when the first meeting has been held" in output, "/" in output) == (2, True, False)
