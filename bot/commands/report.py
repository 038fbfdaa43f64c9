"""`koolla report 2027 --language fi -o report.pdf`: a year's report, while the bot runs or not.

The only thing that it writes into the database is the snapshot that the report is made from.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot import db
from bot.commands import admin
from bot.commands.admin import OperatingError
from bot.config import Settings
from handlers.reports.annual.paper import report_pages, report_pdf
from handlers.reports.annual.report import version
from handlers.reports.annual.sheet import manifest_json, report_xlsx
from handlers.screen import File
from models.errors import Refused
from models.reports.annual import snapshots
from models.reports.annual.snapshots import SnapshotContent

Writer = Callable[[SnapshotContent, str, str], File]
"""Makes a file from a snapshot, a language and this program's version."""
WRITERS: dict[str, Writer] = {".pdf": report_pdf, ".xlsx": report_xlsx, ".json": manifest_json}
PAGES = ".png"
"""The ending for pictures, one for each page."""


async def report(settings: Settings, year: int, language: str, file: Path, *, snapshot: str = "") -> list[str]:
    """Writes the report of a year into a file, for PNG one for each page; returns lines for the operator.

    With the beginning of the fingerprint of a ``snapshot`` it is made from that one. Raises OperatingError.
    """
    ending = file.suffix.lower()
    if ending not in (*WRITERS, PAGES):
        known = ", ".join((*WRITERS, PAGES))
        raise OperatingError(f"-o {file}: the ending says what is made, and must be one of {known}")
    if not file.parent.is_dir():
        raise OperatingError(f"-o {file}: there is no folder {file.parent}")
    async with admin.opened(settings) as (_, sessions):
        content = await (_earlier(sessions, year, snapshot) if snapshot else _present(sessions, settings, year))
    return [*_write(_contents(content, ending, language, file)), *_about(content)]


REFUSALS = {
    "report-not-yet": "{year} has not begun yet. This year's figures: koolla report {this} -o FILE",
    "report-before-first": "{year} has no figures. The first year with figures: koolla report {first} -o FILE",
    "report-nothing-yet": "The report can be made when the first meeting has been held.",
}
"""Texts of refusals for the terminal: those for the chat name commands of the chat."""


async def _present(sessions: db.Sessions, settings: Settings, year: int) -> SnapshotContent:
    """The year's present figures, stored as a snapshot."""
    async with sessions.begin() as session:
        try:
            take = partial(snapshots.take, version=version(), now=datetime.now(UTC), organisation=settings.organisation)
            return (await take(session, year, settings.zone)).parsed
        except Refused as refusal:
            raise OperatingError(REFUSALS[refusal.key].format(**refusal.values)) from None


async def _earlier(sessions: db.Sessions, year: int, beginning: str) -> SnapshotContent:
    """An earlier snapshot. Raises OperatingError with a list unless the fingerprint names exactly one."""
    async with sessions() as session:
        matching = await snapshots.known(session, year, beginning.lower())
        if len(matching) == 1:
            return matching[0].parsed
        listed = matching or await snapshots.known(session, year)
    lines = [
        f"  {snapshot.fingerprint}  of {snapshot.made_at:%Y-%m-%d %H:%M} UTC, made with {snapshot.version}"
        for snapshot in listed
    ]
    several = f"--snapshot {beginning}: several of {year} begin so, write more of the one you mean:"
    none = f"--snapshot {beginning}: none of {year} begins so. " + ("There are:" if lines else "There is none at all.")
    raise OperatingError("\n".join([several if matching else none, *lines]))


def _contents(content: SnapshotContent, ending: str, language: str, file: Path) -> dict[Path, bytes]:
    """What to write into which file."""
    if ending != PAGES:
        return {file: WRITERS[ending](content, language, version()).content}
    pages = report_pages(content, language, version())
    return {file.with_name(f"{file.stem}-{number}{file.suffix}"): page.content for number, page in enumerate(pages, 1)}


def _write(contents: dict[Path, bytes]) -> list[str]:
    """Writes the files, over existing ones; returns lines for the operator."""
    lines = []
    for file, content in contents.items():
        try:
            file.write_bytes(content)
        except OSError as error:
            raise OperatingError(f"-o {file}: cannot be written: {error.strerror}") from None
        lines.append(f"{file}: {len(content) / 1e3:.0f} kB")
    return lines


def _about(content: SnapshotContent) -> list[str]:
    """Lines for the operator: what the report is made from."""
    year = content.figures
    when = f"{content.made_at:%Y-%m-%d %H:%M} UTC"
    lines = [f"{year.year}: figures of {when}, fingerprint {content.fingerprint}"]
    return lines if year.is_over else [*lines, f"{year.year} is not over: the figures will still change"]
