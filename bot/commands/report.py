"""`koolla report 2027 --language fi -o report.pdf`: a year's report from the terminal, while the bot runs or not.

It reads the database alone, and writes there nothing but the snapshot that the report is made from.
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

Make = Callable[[SnapshotContent, str, str], File]
WAYS: dict[str, Make] = {".pdf": report_pdf, ".xlsx": report_xlsx, ".json": manifest_json}
PAGES = ".png"


async def report(settings: Settings, year: int, language: str, file: Path, *, snapshot: str = "") -> list[str]:
    """Makes the report of a year into a file, or (of PNG) into a file for each page; returns what is told of it.

    With the beginning of a ``snapshot``'s fingerprint it is made again from that one.
    """
    way = file.suffix.lower()
    if way not in (*WAYS, PAGES):
        known = ", ".join((*WAYS, PAGES))
        raise OperatingError(f"-o {file}: the ending says what is made, and must be one of {known}")
    if not file.parent.is_dir():
        raise OperatingError(f"-o {file}: there is no folder {file.parent}")
    async with admin.opened(settings) as (_, sessions):
        content = await (_earlier(sessions, year, snapshot) if snapshot else _kept(sessions, settings, year))
    return [*_put(_made(content, way, language, file)), *_about(content)]


REFUSALS = {
    "report-not-yet": "{year} has not begun yet. This year's figures: koolla report {this} -o FILE",
    "report-before-first": "{year} has no figures. The first year with figures: koolla report {first} -o FILE",
    "report-nothing-yet": "The report can be made when the first meeting has been held.",
}
"""In the terminal's words: those of the chat name its commands."""


async def _kept(sessions: db.Sessions, settings: Settings, year: int) -> SnapshotContent:
    """The year's figures as they stand now, frozen."""
    async with sessions.begin() as session:
        try:
            take = partial(snapshots.take, version=version(), now=datetime.now(UTC), organisation=settings.organisation)
            return (await take(session, year, settings.zone)).parsed
        except Refused as refusal:
            raise OperatingError(REFUSALS[refusal.key].format(**refusal.values)) from None


async def _earlier(sessions: db.Sessions, year: int, beginning: str) -> SnapshotContent:
    """Figures that were frozen once; where not one of the year's is meant, those that there are."""
    async with sessions() as session:
        meant = await snapshots.known(session, year, beginning.lower())
        if len(meant) == 1:
            return meant[0].parsed
        there = meant or await snapshots.known(session, year)
    told = [
        f"  {snapshot.fingerprint}  of {snapshot.made_at:%Y-%m-%d %H:%M} UTC, made with {snapshot.version}"
        for snapshot in there
    ]
    several = f"--snapshot {beginning}: several of {year} begin so, write more of the one you mean:"
    none = f"--snapshot {beginning}: none of {year} begins so. " + ("There are:" if told else "There is none at all.")
    raise OperatingError("\n".join([several if meant else none, *told]))


def _made(content: SnapshotContent, way: str, language: str, file: Path) -> dict[Path, bytes]:
    if way != PAGES:
        return {file: WAYS[way](content, language, version()).content}
    drawn = report_pages(content, language, version())
    return {file.with_name(f"{file.stem}-{number}{file.suffix}"): one.content for number, one in enumerate(drawn, 1)}


def _put(made: dict[Path, bytes]) -> list[str]:
    """Writes the files; ones that are there are replaced."""
    said = []
    for file, content in made.items():
        try:
            file.write_bytes(content)
        except OSError as error:
            raise OperatingError(f"-o {file}: cannot be written: {error.strerror}") from None
        said.append(f"{file}: {len(content) / 1e3:.0f} kB")
    return said


def _about(content: SnapshotContent) -> list[str]:
    """What the report is made from."""
    year = content.figures
    when = f"{content.made_at:%Y-%m-%d %H:%M} UTC"
    said = [f"{year.year}: figures of {when}, fingerprint {content.fingerprint}"]
    return said if year.is_over else [*said, f"{year.year} is not over: the figures will still change"]
