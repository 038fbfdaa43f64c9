"""`koolla status`: the state of the bot in plain words, first what needs attention."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import db, set_aside
from bot.commands import admin, backup, config_check, migrate
from bot.config import Settings
from models import leases
from models.delivery import updates
from models.delivery.outbox import DeliveryError, Sending
from models.feedback import lost_keys
from models.feedback.sealing import Keyring
from models.operations import health

MAX_SILENCE = timedelta(seconds=120)
"""A poller without a renewed lease for this long counts as hanging; it renews at least once a minute."""
MAX_DELAY = timedelta(minutes=10)
"""A delivery due for longer than this counts as late."""
DAY = timedelta(days=1)
MAX_BACKUP_AGE = timedelta(days=8)
MIN_FREE_BYTES = 500_000_000
"""With less free space, or less than twice the database, the disk counts as filling up."""
MAX_PARKED_LINES = 20
REASONS = {
    DeliveryError.BLOCKED: "the person has blocked the bot",
    DeliveryError.DEACTIVATED: "the person's Telegram account is gone",
    DeliveryError.UNCLAIMED: "the person has not pressed Start",
    DeliveryError.CHAT_CLOSED: "the group or channel is gone, or the bot may not write there",
    DeliveryError.CHAT_MIGRATED: "the group has a new number at Telegram",
    DeliveryError.BAD_REQUEST: "Telegram rejected the message; the log says why",
    DeliveryError.NOT_MODIFIED: "there was nothing to change",
    DeliveryError.RATE_LIMITED: "Telegram wanted a rest",
    DeliveryError.INVALID_TOKEN: "Telegram does not know the bot's token",
    DeliveryError.NOT_SENT: "Telegram could not be reached",
    DeliveryError.TIMED_OUT: "Telegram did not answer in time",
    DeliveryError.NETWORK: "the connection broke, or Telegram failed",
    DeliveryError.PROGRAM_FAULT: "a fault of the program",
    DeliveryError.DROPPED: "dropped by an operator",
    DeliveryError.OTHER: "another version of the program recorded why",
    None: "the program died while sending",
}
"""Why a delivery did not arrive, in words."""


@dataclass
class Status:
    needs: list[str] = field(default_factory=list)
    """What needs attention, with what to do: one sentence each."""
    lines: list[str] = field(default_factory=list)
    """The state, a line for each thing."""

    def text(self) -> str:
        head = (
            ["Something needs attention:", *(f"  - {need}" for need in self.needs)] if self.needs else ["All is well."]
        )
        return "\n".join([*head, "", *self.lines])


async def read(settings: Settings) -> Status:
    """The state, read from the database and the disk; the program may run or not."""
    status, now = Status(), datetime.now(UTC)
    async with admin.opened(settings) as (_, sessions):
        await _add_life(status, sessions, settings, now)
        await _add_size(status, sessions, settings, now)
        await _add_waiting(status, sessions, settings, now)
        await _add_undelivered(status, sessions, now)
        await _add_parked(status, sessions, settings)
        await _add_forms(status, sessions, settings, now)
    _add_backup(status, settings, now)
    _add_disk(status, settings)
    return status


def _wall(moment: datetime, settings: Settings) -> str:
    """A moment by the organisation's wall clock."""
    return f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M}"


def _span(span: timedelta) -> str:
    """A duration in the largest unit of which there are at least two."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


async def _add_life(status: Status, sessions: db.Sessions, settings: Settings, now: datetime) -> None:
    is_running = config_check.is_running(settings)
    async with sessions.begin() as session:
        sign, pace = await leases.last_sign(session, leases.POLLER), await health.pace(session)
    _add_running(status, is_running, sign, settings)
    if pace is not None and pace.paused_at is not None:
        status.needs.append("Sending is paused: `koolla resume` lets messages go out, `--drop-due` without those due")
        status.lines.append(f"sending: paused since {_wall(pace.paused_at, settings)}")
    elif pace is not None and pace.free_at > now + timedelta(minutes=1):
        status.lines.append(f"sending: Telegram wants a rest until {_wall(pace.free_at, settings)}")
    else:
        status.lines.append("sending: yes")


def _add_running(
    status: Status, is_running: bool | None, sign: tuple[datetime, datetime] | None, settings: Settings
) -> None:
    """Whether it runs: by the database's lock where there is one, else by the poller's lease.

    ``sign`` is when the lease was last renewed, and the database's time now; None without a lease.
    """
    ago = "" if sign is None else _span(sign[1] - sign[0])
    if sign is None and is_running:
        status.lines.append("running: yes, it is about to begin")
    elif sign is None:
        status.needs.append("It does not run: start it (koolla run, or systemctl start koolla)")
        status.lines.append("running: no")
    elif is_running is False:
        status.needs.append(
            "It does not run, and was not stopped in good order: start it (koolla run, or systemctl start koolla), "
            "and look at its log"
        )
        status.lines.append(f"running: no, last sign of life {ago} ago")
    elif sign[1] - sign[0] > MAX_SILENCE:
        status.needs.append(
            f"It has shown no sign of life for {ago}: look at its log, and start it again if it is dead"
        )
        status.lines.append(f"running: no sign of life since {_wall(sign[0], settings)}")
    else:
        status.lines.append(f"running: yes, last sign of life {ago} ago")


async def _add_size(status: Status, sessions: db.Sessions, settings: Settings, now: datetime) -> None:
    async with sessions.begin() as session:
        size = await health.size(session, now=now)
    file = db.database_file(settings.database.url)
    status.lines.append(f"database: {file or db.without_password(settings.database.url)}, at {migrate.newest()}")
    if file is not None and (replaced := set_aside.replaced_databases(file)):
        until = set_aside.destroyed_at(replaced[-1])
        status.lines.append(
            f"  {len(replaced)} kept when a backup was restored; newest: {replaced[-1].name}"
            + (f", which the bot destroys after {_wall(until, settings)}" if until else "")
        )
    status.lines.append(
        f"people: {size.people} with Telegram, {size.without_telegram} without; "
        f"groups: {size.groups}; coming meetings: {size.meetings}"
    )


async def _add_waiting(status: Status, sessions: db.Sessions, settings: Settings, now: datetime) -> None:
    async with sessions.begin() as session:
        waiting = await health.waiting(session, now=now)
        oldest = await health.oldest_due(session, now=now)
        pace = await health.pace(session)
    due, later = sum(backlog.due for backlog in waiting), sum(backlog.later for backlog in waiting)
    expired, doubtful = sum(backlog.expired for backlog in waiting), sum(backlog.doubtful for backlog in waiting)
    status.lines.append(f"messages: {due} due, {later} wait for their time, {expired} expired and stay unsent")
    is_paused = pace is not None and pace.paused_at is not None
    if due:
        kinds = ", ".join(f"{backlog.due} {backlog.kind}" for backlog in waiting if backlog.due)
        status.lines.append(f"  {'on resume these would go out' if is_paused else 'due'}: {kinds}")
    if doubtful:
        status.lines.append(f"  {doubtful} of them may have arrived once already")
    is_held = pace is not None and pace.free_at > now
    if oldest is not None and now - oldest > MAX_DELAY and not is_paused and not is_held:
        status.needs.append(
            f"Messages are late, the oldest by {_span(now - oldest)}: does Telegram answer? `koolla check` tells"
        )
    if oldest is not None:
        status.lines.append(f"  the oldest is due since {_wall(oldest, settings)}")


async def _add_undelivered(status: Status, sessions: db.Sessions, now: datetime) -> None:
    async with sessions.begin() as session:
        undelivered = await health.undelivered(session, since=now - DAY)
    for part in undelivered:
        what = "failed" if part.state is Sending.FAILED else "may have arrived or not"
        fault = f" ({part.fault})" if part.fault else ""
        status.lines.append(f"  in the last day {part.count} {what}: {REASONS[part.error]}{fault}")
        if part.state is Sending.FAILED and part.error is DeliveryError.PROGRAM_FAULT:
            status.needs.append(f"{part.count} message(s) could not be written{fault}: report it with the log's lines")


async def _add_parked(status: Status, sessions: db.Sessions, settings: Settings) -> None:
    async with sessions.begin() as session:
        parked = await updates.parked(session)
    if parked:
        status.needs.append(
            f"{len(parked)} tap(s) or message(s) could not be handled: report them with the log's lines by reference"
        )
    for update in parked[:MAX_PARKED_LINES]:
        at = _wall(update.seen_at, settings)
        status.lines.append(f"  put aside {at}: reference {update.parked}, {update.about}")
    if len(parked) > MAX_PARKED_LINES:
        status.lines.append(f"  and {len(parked) - MAX_PARKED_LINES} earlier ones")


async def _add_forms(status: Status, sessions: db.Sessions, settings: Settings, now: datetime) -> None:
    keys = Keyring(settings.feedback.keys)
    async with sessions.begin() as session:
        forms = await lost_keys.open_forms(session, keys, now=now)
    missing = await admin.lost(sessions, keys, now)
    status.lines.append(
        f"open forms: {len(forms)}, keys in {settings.feedback.keys}: {len(forms) - len(missing.forms)}"
    )
    if missing:
        status.needs.append(
            "Answers cannot be opened for want of their keys (below): put the keys back, or `koolla resume --ask-again`"
        )
        status.lines += [f"  {line}" for line in admin.about_lost(missing, settings)]


def _add_backup(status: Status, settings: Settings, now: datetime) -> None:
    if db.database_file(settings.database.url) is None:
        status.lines.append("last backup: pg_dump leaves no word here")
        return
    last = backup.last(settings.database.url)
    if last is None:
        status.lines.append("last backup: none is known; `koolla backup FILE` makes one while the bot runs")
        return
    made_at, file = last
    status.lines.append(f"last backup: {_wall(made_at, settings)}, {file}")
    if now - made_at > MAX_BACKUP_AGE:
        status.needs.append(f"The last backup is {_span(now - made_at)} old: look at what should make them")


def _add_disk(status: Status, settings: Settings) -> None:
    file = db.database_file(settings.database.url)
    folder = settings.feedback.keys if file is None else file.parent
    size = 0 if file is None else file.stat().st_size
    free = shutil.disk_usage(_existing(folder)).free
    status.lines.append(
        f"disk: {_bytes(free)} free in {folder}" + (f", the database has {_bytes(size)}" if size else "")
    )
    if free < config_check.MIN_FREE_BYTES:
        status.needs.append(f"The disk is full: nothing goes out. Make room in {folder}; it goes on by itself")
    elif free < max(MIN_FREE_BYTES, 2 * size):
        status.needs.append(f"The disk is filling up: {_bytes(free)} free in {folder}. A full disk stops the bot")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest parent that exists."""
    return folder if folder.exists() else _existing(folder.absolute().parent)


def _bytes(number: int) -> str:
    if number < 1e6:
        return "less than 1 MB"
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number // 1_000_000} MB"
