"""`python -m bot run` as a process: start, kill, stop, continue."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from tests.faults.network import Network

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0
"""Seconds that a scenario waits for a program."""


async def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Waits until the condition holds. Raises TimeoutError after ``patience`` seconds."""
    ends = monotonic() + patience
    while not condition():
        if monotonic() > ends:
            raise TimeoutError(f"not within {patience:.0f} s")
        await asyncio.sleep(0.02)


@dataclass
class Program:
    """One process after the other under one name. They log into ``folder/NAME.log``."""

    name: str
    network: Network
    folder: Path
    settings: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    exits: list[int] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def kills(self) -> int:
        """How many of its processes ended by SIGKILL."""
        return self.exits.count(-signal.SIGKILL)

    @property
    def log(self) -> str:
        path = self.folder / f"{self.name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    async def start(self, *, polling: bool = True) -> None:
        """Starts it. Returns when it polls for updates, or, if ``polling`` is False, at its first request."""
        method = "getUpdates" if polling else "getMe"
        before = self.network.arrived[self.name, method]
        await self.launch()
        await until(lambda: self.network.arrived[self.name, method] > before or not self.running)
        if not self.running:
            assert self.process is not None
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log[-4000:]}")

    async def launch(self) -> None:
        """Starts it without waiting for anything."""
        assert not self.running
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "run"),
                cwd=self.folder,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.starts += 1

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, which a process that has ended ignores."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                # `Process.send_signal` would poll the process first, and take its exit code away from asyncio.
                os.kill(self.process.pid, number)

    def kill_now(self) -> None:
        """SIGKILL without waiting, for watchers of the network. `ended` waits."""
        self.send(signal.SIGKILL)

    async def kill(self) -> None:
        self.kill_now()
        await self.ended()

    async def stop(self) -> float:
        """SIGTERM. Returns the seconds until the process has ended."""
        began = monotonic()
        self.send(signal.SIGTERM)
        await self.ended()
        return monotonic() - began

    async def ended(self, patience: float = PATIENCE) -> int:
        assert self.process is not None
        code = await asyncio.wait_for(self.process.wait(), patience)
        self.exits.append(code)
        return code

    def _environment(self) -> dict[str, str]:
        """This environment without Koolla's variables, plus the settings of the program."""
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "KOOLLA_TELEGRAM__TOKEN": self.network.sandbox.token,
            "KOOLLA_TELEGRAM__API_URL": self.network.address(self.name),
        }
        return {**given, **self.settings}
