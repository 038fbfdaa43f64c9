"""The rig of a scenario: a sandbox over HTTP, an organisation, and programs on its database.

async with rigged(seed, {"Lastensuojelu": 300}) as rig:
    program = rig.program()
    await program.start()
    ...
    await program.kill()
"""

import random
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import Limits, Sandbox
from tests.databases import on_server
from tests.faults.network import Arrival, Network, served
from tests.faults.office import Office, as_environment, create_office, settings_for
from tests.faults.program import Program, until


@dataclass
class Rig:
    network: Network
    office: Office
    folder: Path
    rng: random.Random
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def sandbox(self) -> Sandbox:
        return self.network.sandbox

    def program(self, name: str = "koolla", **environment: str) -> Program:
        """A program on the organisation's database, one process for each name."""
        settings = {**as_environment(self.office.settings), **environment}
        made = self.programs[name] = Program(name, self.network, self.folder, settings)
        return made

    async def all_confirmed(self, patience: float = 120) -> None:
        """Waits until every update is confirmed."""
        await until(lambda: not self.sandbox.updates.waiting(), patience)

    def at_request(self, program: Program, number: int, *, method: str | None = None, taken: bool = True) -> "Strike":
        """Kills a program at a request, counted from now: before it takes effect, or (``taken``) after."""
        strike = Strike(program, number, method, taken)
        self.network.watchers.append(strike)
        return strike


@dataclass
class Strike:
    """A watcher of the network that kills a program once, at a request."""

    program: Program
    left: int
    method: str | None
    taken: bool
    done: bool = False

    def __call__(self, arrival: Arrival) -> None:
        matches = arrival.program == self.program.name and arrival.taken is self.taken
        if self.done or not matches or self.method not in (None, arrival.method):
            return
        self.left -= 1
        if self.left <= 0:
            self.done = True
            self.program.kill_now()


SERVERS: list[str] = []
"""The PostgreSQL server that rigs use, with --postgresql."""


@asynccontextmanager
async def rigged(
    seed: int, sizes: dict[str, int], *, url: str | None = None, limits: Limits | None = None, **settings: Any
) -> AsyncIterator[Rig]:
    """A rig with groups of so many members by name, on a SQLite file unless the address of a database is given."""
    if url is None and SERVERS:
        url = await new_database(SERVERS[0])
    with tempfile.TemporaryDirectory(prefix="koolla-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with served(limits) as network:
            network.sandbox.faults.seed(seed)
            network.rng.seed(seed)
            office = await create_office(settings_for(folder, url, network.sandbox, **settings), network.sandbox, sizes)
            rig = Rig(network, office, folder, random.Random(seed))
            try:
                yield rig
            finally:
                for program in rig.programs.values():
                    if program.running:
                        await program.kill()


async def new_database(server: str) -> str:
    """The address of a new, empty database on a server."""
    name = f"koolla_{secrets.token_hex(4)}"
    await on_server(server, f"CREATE DATABASE {name}")
    return server.format(database=name)
