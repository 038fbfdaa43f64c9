"""`koolla verify-anonymity`: evidence for an auditor that nothing ties an answer to a person.

Reads the database, the key folder and the folder of the last backup; changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from mmap import ACCESS_READ, mmap
from pathlib import Path

from sqlalchemy import LargeBinary, select
from telegram.constants import UpdateType

from bot import db, set_aside
from bot.commands import admin, backup, sqlite_remains
from bot.config import Settings
from handlers import routes
from migrations.tables import metadata
from models.feedback import keys_set_aside
from models.feedback.keys_set_aside import KEPT_FOR
from models.feedback.sealing import FILE_BYTES, KEY_BYTES
from models.privacy import evidence, evidence_figures, evidence_schema, evidence_words
from models.privacy.evidence import Finding, finding

KEY_SIZES = (KEY_BYTES, 2 * KEY_BYTES, FILE_BYTES)
"""Sizes of key files of any version, and of a key in hexadecimal digits."""
GRACE = timedelta(days=1)
"""The bot may have been stopped when something was to be destroyed."""
HEAD = (
    "What can be told from this database about who answered what. Nothing below names a person or repeats an answer.",
)


SQLITE = b"SQLite format 3\0"
"""The beginning of each database file."""
NOT_LOOKED_AT = (
    "other copies of the database and the disk (snapshots, replicas, archived WAL, backups moved elsewhere), dead rows "
    "of PostgreSQL, the machine's memory and swap, the journal, what Telegram keeps, and what a text itself gives away"
)


@dataclass(frozen=True)
class Verdict:
    findings: dict[str, list[Finding]]
    """By heading."""

    @property
    def faults(self) -> list[Finding]:
        return [finding for findings in self.findings.values() for finding in findings if not finding.good]

    def text(self) -> str:
        lines = [*HEAD]
        for heading, findings in self.findings.items():
            lines += ["", heading, *(f"  {finding}" for finding in findings)]
        return "\n".join([*lines, "", *self._end()])

    def _end(self) -> list[str]:
        checked = sum(len(findings) for findings in self.findings.values())
        if not self.faults:
            return [
                f"Verdict: {checked} things were checked, and nothing in them ties an answer to a person.",
                f"Not looked at: {NOT_LOOKED_AT}.",
            ]
        count = len(self.faults)
        return [f"Verdict: {count} of {checked} things FAIL:", *(f"  - {finding.text}" for finding in self.faults)]


async def verify(settings: Settings) -> Verdict:
    """Checks everything, the database in one transaction; the program may run meanwhile."""
    folder = settings.feedback.keys
    async with admin.opened(settings) as (_, sessions):
        async with sessions.begin() as session:
            rows = await evidence.all_of(session)
            rows += await (await session.connection()).run_sync(evidence_schema.foreign_parts, _own_columns())
            rows += await evidence_words.all_of(session, _routes())
            figures = await evidence_figures.all_of(session)
            names = sorted(path.stem for path in folder.glob("*.key"))
            past, strange = await evidence.obsolete_keys(session, names)
        in_database = await _keys_in_database(settings, sessions)
    return Verdict(
        {
            "In the database": rows,
            "In the figures": figures,
            "In what is left of deleted rows": _remains(settings),
            f"In the key folder, {folder}": [*_modes(folder), *_leftover(folder, names, past, strange)],
            "Keys apart from what they open": [
                in_database,
                _in_backups(settings),
                _beside_database(settings),
                _set_aside(settings),
            ],
        }
    )


def _own_columns() -> dict[str, set[str]]:
    """The columns of the program's tables, by table."""
    return {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}


def _routes() -> set[str]:
    """What the program writes about an update in place of its content, see `dispatch.route_of`."""
    known = routes.load()
    words = {"tap ?", "message", "member", "other", *(f"unreadable {kind}" for kind in ("?", *UpdateType))}
    return (
        words
        | {f"tap {name}" for name in known.taps}
        | {f"/{name}" for name in known.commands}
        | {f"text {subject}" for subject in known.text_inputs}
    )


def _remains(settings: Settings) -> list[Finding]:
    file = db.database_file(settings.database.url)
    if file is None:
        return [
            Finding(True, "dead rows and pg_wal of PostgreSQL are not read: see the guide on what the server keeps")
        ]
    remains = sqlite_remains.look(file)
    return [
        finding("free pages hold nothing", remains.uncleared, "free pages that were not overwritten"),
        finding("free bytes of pages hold no answers in plain words", remains.legible, "pages with answers left over"),
    ]


def _modes(folder: Path) -> list[Finding]:
    if not folder.is_dir():
        return [Finding(True, "there is none yet: nothing was ever sealed")]
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [
        finding("only its owner may look into it (0700)", _open(folder, [folder], 0o700), "others may look into it"),
        finding(
            f"its {len(files)} file(s) may be read by their owner alone (0600)",
            _open(folder, files, 0o600),
            "others may read or write files in it",
        ),
    ]


def _open(folder: Path, paths: Iterable[Path], most: int) -> list[str]:
    modes = {path: path.stat().st_mode & 0o777 for path in paths}
    return [f"{path.name} has mode {mode:04o}" for path, mode in modes.items() if mode & ~most]


def _leftover(folder: Path, names: list[str], past: list[str], strange: list[str]) -> list[Finding]:
    others = [path.name for path in folder.glob("*") if path.suffix != ".key"] if folder.is_dir() else []
    others = [name for name in others if keys_set_aside.set_aside_at(Path(name)) is None]
    return [
        finding(f"keys: {len(names)}, of open forms and waiting pools; none of a past one", past, "keys of the past"),
        finding("nothing else is in it", [*strange, *sorted(others)], "what belongs to no form or pool is in it"),
    ]


async def _keys_in_database(settings: Settings, sessions: db.Sessions) -> Finding:
    """Searches for the bytes of the keys: in the files of SQLite, in the binary columns of PostgreSQL."""
    keys = {path.stem: path.read_bytes()[:KEY_BYTES] for path in sorted(settings.feedback.keys.glob("*.key"))}
    keys = {name: key for name, key in keys.items() if len(key) == KEY_BYTES}
    file = db.database_file(settings.database.url)
    if file is not None:
        wrong = sorted({name for end in ("", "-wal") for name in _in_file(file.with_name(file.name + end), keys)})
    else:
        contents = await _binary(sessions)
        wrong = [name for name, key in keys.items() if any(key in content for content in contents)]
    return finding(f"none of the {len(keys)} key(s) is in the database, byte by byte", wrong, "keys in the database")


def _in_file(file: Path, keys: dict[str, bytes]) -> list[str]:
    if not file.is_file() or not file.stat().st_size:
        return []
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
        return [name for name, key in keys.items() if content.find(key) >= 0]


async def _binary(sessions: db.Sessions) -> list[bytes]:
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    contents: list[bytes] = []
    async with sessions() as session:
        for column in columns:
            if not isinstance(column.type, LargeBinary):
                continue
            contents += [
                bytes(value) for value in (await session.execute(select(column))).scalars() if value is not None
            ]
    return contents


def _in_backups(settings: Settings) -> Finding:
    last = backup.last(settings.database.url)
    if last is None:
        return Finding(True, "backups: none is known here, so that none was looked at")
    folder = Path(last[1]).parent
    wrong = [path.name for path in sorted(folder.glob("*.key"))] if folder.is_dir() else []
    if folder.resolve() == settings.feedback.keys.resolve():
        wrong.append(Path(last[1]).name)
    return finding(f"backups: no key lies beside the last one, in {folder}", wrong, f"keys and backups lie in {folder}")


def _beside_database(settings: Settings) -> Finding:
    """Files beside the database that are another database, or of a key's size under another name."""
    file = db.database_file(settings.database.url)
    if file is None or not file.parent.is_dir():
        return Finding(True, "beside the database: there is no file of it on this machine")
    replaced = set_aside.replaced_databases(file)
    own = {file, *replaced, *(log for path in replaced for log in set_aside.logs(path))}
    others = sorted(path for path in file.parent.iterdir() if path.is_file() and path not in own)
    wrong = [path.name for path in others if _is_database(path) or path.stat().st_size in KEY_SIZES]
    return finding(
        f"beside the database: {len(others)} file(s), no other database and nothing of a key's size",
        wrong,
        "beside the database lie other databases, or what may be keys",
    )


def _set_aside(settings: Settings) -> Finding:
    """What restores have set aside, and whether the bot has destroyed it in time."""
    file, now = db.database_file(settings.database.url), datetime.now(UTC)
    keys = keys_set_aside.listed(settings.feedback.keys)
    databases = set_aside.replaced_databases(file) if file is not None else []
    times = {key.name: key.at for key in keys} | {path.name: keys_set_aside.set_aside_at(path) for path in databases}
    late = [name for name, at in times.items() if at is None or not now - KEPT_FOR - GRACE < at < now + GRACE]
    return finding(
        f"set aside by restores, for {KEPT_FOR.days} days at most: {len(databases)} database(s), {len(keys)} key(s)",
        late,
        "set aside by a restore, and not destroyed in time",
    )


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
