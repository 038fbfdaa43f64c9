"""Backups while people tap; after a restore nothing is sent until `koolla resume`, and nothing that has expired."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from bot.sandbox.people import User
from tests.faults.checking import fates
from tests.faults.presses import Presses, buttons, cards
from tests.faults.program import Program
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import settled
from tests.faults.terminal import koolla

BAR = "every backup whole and complete; restored: 0 sent while paused, 0 expired sent, 0 sent of what was dropped"
QUIET = 3.0
"""Seconds in which a program that is not paused would have sent something."""
SOON = 8.0
"""Seconds until the meeting begins whose invitations are to expire."""


@dataclass(frozen=True)
class Size:
    people: int
    presses: int
    backups: int


FULL = Size(people=200, presses=4000, backups=10)
QUICK = Size(people=15, presses=150, backups=2)


@dataclass
class Operator:
    """The operator, with the output of each command, for the notes of a failing run."""

    program: Program
    said: list[str] = field(default_factory=list)

    async def asks(self, *words: str, code: int = 0) -> str:
        """Runs a command, which must end with the exit code. Returns its output."""
        exit_code, output = await koolla(self.program, *words)
        self.said.append(f"koolla {' '.join(words)} -> {exit_code}: {output}")
        assert exit_code == code, self.said
        return output


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("backup", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        (group_id,) = rig.office.members
        await rig.office.hand_out(group_id, "Kokous")
        program, presses = rig.program(), Presses(rig.sandbox)
        operator = Operator(program)
        await program.start()
        await under_load(rig, presses, size, result, operator)
        await restored(rig, group_id, result, operator)
        result.count(await _fates(rig))
    result.unanswered = presses.unanswered()
    result.done = f"{size.backups} backups during {len(presses.made)} presses; restored twice"
    if result.misses:
        result.notes += operator.said
    return result


async def _fates(rig: Rig) -> list:
    """Of the meeting that expired alone: the other's invitations are sent again on purpose."""
    async with rig.office.sessions() as sessions:
        return [fate for fate in await fates(sessions, rig.sandbox) if fate.kind == "invitation" and not fate.copies]


async def under_load(rig: Rig, presses: Presses, size: Size, result: Result, operator: Operator) -> None:
    """Backups one after the other while everyone taps: each holds all that was confirmed before it began."""
    pressing = asyncio.create_task(_press(rig, presses, size))
    for number in range(size.backups):
        confirmed = {update.update_id for update in rig.sandbox.updates.confirmed}
        file = rig.folder / f"copy-{number}.db"
        await operator.asks("backup", str(file))
        compared, missing = _missing(file, presses, rig, confirmed)
        result.lost += len(missing)
        result.require(number == 0 or compared > 0, f"{file.name}: nothing to compare")
        result.notes += missing[:3]
        await asyncio.sleep(rig.rng.random())
    await pressing
    await rig.all_confirmed()
    result.require_none("lost")
    result.require(len(rig.sandbox.updates.confirmed) >= size.presses, "all presses are confirmed")
    left = [path.name for path in rig.folder.glob("*.part")]
    result.require(not left, f"half backups left: {left}")


async def _press(rig: Rig, presses: Presses, size: Size) -> None:
    for user in rig.rng.choices(rig.office.everyone, k=size.presses):
        card = cards(user)[0]
        presses.press(user, card, rig.rng.choice(list(buttons(card))))
        await asyncio.sleep(rig.rng.expovariate(1 / 0.006))


def _missing(file: Path, presses: Presses, rig: Rig, confirmed: set[int]) -> tuple[int, list[str]]:
    """The number of invitations with a tap that was confirmed before the backup, and those that it lacks."""
    newest: dict[int, int] = {}
    ids = {update.content["id"]: update.update_id for update in rig.sandbox.updates.confirmed if "id" in update.content}
    for press in presses.made:
        update_id = ids.get(press.tap_id)
        if update_id in confirmed:
            newest[press.invitation_id] = update_id
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        stored = dict(copy.execute("SELECT id, update_id FROM invitation").fetchall())
    lost = [
        f"{file.name}: invitation {invitation_id} lags"
        for invitation_id, update_id in newest.items()
        if (stored[invitation_id] or 0) < update_id
    ]
    return len(newest), lost if verdict == "ok" else [f"{file.name}: {verdict}"]


async def restored(rig: Rig, group_id: int, result: Result, operator: Operator) -> None:
    """Restores one backup twice: what is due is sent on resume, or dropped. What has expired is never sent."""
    file, program = str(rig.folder / "before.db"), operator.program
    await operator.asks("pause")
    await rig.office.call_meeting(group_id, "Vanhenee", in_days=SOON / 86400)
    began = monotonic()
    await rig.office.call_meeting(group_id, "Myöhemmin")
    await operator.asks("backup", file)
    await asyncio.sleep(max(0.0, SOON + 1 - (monotonic() - began)))
    await operator.asks("resume")
    await settled(rig)
    result.require(_copies(rig, "Myöhemmin") == {1}, "before restoring, everyone has one card of the later meeting")
    refused = await operator.asks("restore", file, code=2)
    result.require("running" in refused, "a restore beside a running program is refused in words")
    for option, copies in ((("resume",), 2), (("resume", "--drop-due"), 2)):
        await program.stop()
        output = await operator.asks("restore", file)
        result.require(
            "paused" in output and "would go out at once" in output, f"the restore says what is due: {output}"
        )
        before = _messages(rig)
        await program.start()
        await asyncio.sleep(QUIET)
        output = await operator.asks("status", code=1)
        result.require(
            "Sending is paused" in output and "on resume these would go out" in output, f"status says it: {output}"
        )
        result.require(_messages(rig) == before, "nothing goes out while it is paused")
        await operator.asks(*option)
        await settled(rig)
        result.require(_copies(rig, "Myöhemmin") == {copies}, f"copies after {option}: {_copies(rig, 'Myöhemmin')}")
        result.require(_copies(rig, "Vanhenee") == {0}, "nothing expired is sent")
    await operator.asks("status", code=0)
    await program.stop()


def _messages(rig: Rig) -> int:
    return sum(len(user.messages) for user in rig.office.everyone)


def _copies(rig: Rig, title: str) -> set[int]:
    """How many cards about a meeting people have."""
    return {sum(title in (card.caption or card.text or "") for card in _bot(user)) for user in rig.office.everyone}


def _bot(user: User) -> list:
    return [message for message in user.messages if message.from_bot]


SCENARIOS = (Scenario("backup", run),)
