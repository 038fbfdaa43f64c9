"""A full disk during a broadcast: nothing is sent that cannot be recorded, and sending goes on when there is room.

The disk is full for the program alone: the system lets it write no file any further (RLIMIT_FSIZE), which needs no
rights and no disk of one's own.
"""

import asyncio
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from bot.sending.outbox import IN_FLIGHT
from models.delivery.outbox import Sending
from tests.faults.presses import Presses, buttons, cards
from tests.faults.program import Program, until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import at_rate, cards_sent, outcome, settled, slow_down

BAR = "full disk: sending stops, nothing sent unrecorded, said in words; room again: 0 lost, 0 twice, taps answered"
RECORDED = {Sending.SENT, Sending.SENDING}


@dataclass(frozen=True)
class Size:
    people: int
    times: int


FULL = Size(people=300, times=5)
QUICK = Size(people=30, times=1)


@dataclass
class OnDisk(Program):
    """A program whose disk can be full. Its log goes through a pipe, which needs no disk."""

    lines: list[str] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    @property
    def log(self) -> str:
        return "".join(self.lines)

    async def launch(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=self.folder,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read())
        self.starts += 1

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode())

    def disk(self, *, full: bool) -> None:
        assert self.process is not None
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("disk", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        (group_id,) = rig.office.members
        await rig.office.hand_out(group_id, "Kokous")
        slow_down(rig)
        port = _free_port()
        settings = {**rig.program().settings, **at_rate(25), "KOOLLA_WEB__PORT": str(port)}
        program = OnDisk("koolla", rig.network, rig.folder, settings)
        rig.programs[program.name] = program
        await program.start()
        await rig.office.call_meeting(group_id, "Toinen")
        presses = Presses(rig.sandbox)
        for number in range(1, size.times + 1):
            await until(lambda: cards_sent(rig) >= size.people * number // (size.times + 1))  # noqa: B023
            await full(rig, program, presses, port, result)
        await settled(rig)
        await rig.all_confirmed()
        result.count([fate for fate in await outcome(rig) if fate.kind == "invitation"])
        result.require(await program.stop() < 10, "it stops within ten seconds")
    result.unanswered = presses.unanswered()
    result.done = f"{size.people} to send, the disk full {size.times} times"
    result.require_none("lost", "twice", "wrong", "unanswered")
    return result


async def full(rig: Rig, program: OnDisk, presses: Presses, port: int, result: Result) -> None:
    """The disk is full for a while, and somebody taps during that time."""
    before = cards_sent(rig)
    program.disk(full=True)
    user = rig.rng.choice(rig.office.everyone)
    presses.press(user, cards(user)[0], rig.rng.choice(list(buttons(cards(user)[0]))))
    await eventually(lambda: _is(port, 503), "it says that it is not ready")
    await asyncio.sleep(1)
    stood = cards_sent(rig)
    result.require(stood - before <= 2 * IN_FLIGHT, f"{stood - before} went out on a full disk")
    await asyncio.sleep(2)
    result.require(cards_sent(rig) == stood, "nothing goes out any more")
    unrecorded = [fate for fate in await outcome(rig) if fate.copies and fate.state not in RECORDED]
    result.require(not unrecorded, f"sent and not recorded: {unrecorded}")
    answer = (await _page(port)).text
    result.require("disk is full" in answer, f"/readyz says why: {answer}")
    result.require("disk is full" in program.log, "the log says why")
    result.require("\nkoolla_" in (await _page(port, "metrics")).text, "figures are there all the same")
    program.disk(full=False)
    await eventually(lambda: _is(port, 200), "it is ready again by itself")


async def eventually(condition: Callable[[], Awaitable[bool]], failure: str) -> None:
    for _ in range(300):
        if await condition():
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(failure)


async def _is(port: int, status: int) -> bool:
    with suppress(httpx.HTTPError):
        return (await _page(port)).status_code == status
    return False


async def _page(port: int, name: str = "readyz") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}/{name}", timeout=10)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


SCENARIOS = (Scenario("disk", run),)
