"""The sandbox over real HTTP, and the network in between: slow, cut, and watched request by request."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from bot.sandbox import Limits, Sandbox


@dataclass(frozen=True)
class Arrival:
    """One request of a program. ``taken`` is False on arrival, True once it took effect and is not answered."""

    program: str
    method: str
    taken: bool


class Cut(Exception):  # noqa: N818  (watchers raise it to lose a request or its answer)
    pass


Watcher = Callable[[Arrival], None]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the handling of signals to the harness."""
        yield


@dataclass
class Network:
    """The network to the sandbox. Each program has an address of its own, so that its requests can be distinguished.

    ``there`` and ``back`` are the seconds that a request and its answer travel, and up to ``jitter`` more, so that
    one may overtake another. A watcher is called twice for each
    request: it may kill a program, or raise `Cut`.
    """

    sandbox: Sandbox
    there: float = 0
    back: float = 0
    jitter: float = 0
    rng: random.Random = field(default_factory=random.Random)
    watchers: list[Watcher] = field(default_factory=list)
    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Requests by program and method, counted as they arrive."""
    port: int = 0
    _server: _Server | None = None
    _serving: asyncio.Task[None] | None = None

    def address(self, program: str) -> str:
        """The address that a program uses as Telegram's."""
        return f"http://127.0.0.1:{self.port}/{program}"

    async def up(self) -> None:
        """Accepts connections, on the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self._pass, log_level="critical", interface="asgi3", lifespan="off", access_log=False)
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)

    async def down(self) -> None:
        """Cuts every connection, answered or not, and refuses new ones."""
        if self._server is None or self._serving is None:
            return
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        for task in list(self._server.server_state.tasks):
            task.cancel()
        self._server.should_exit = self._server.force_exit = True
        await self._serving
        self._server = self._serving = None

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        await self.down()
        try:
            yield
        finally:
            await self.up()

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        program, _, path = scope["path"].lstrip("/").partition("/")
        method = path.rpartition("/")[2]
        self.arrived[program, method] += 1
        answered = False

        async def answer(message: Message) -> None:
            nonlocal answered
            if not answered:
                self._seen(Arrival(program, method, taken=True))
                await asyncio.sleep(self.back + self.rng.uniform(0, self.jitter))
                answered = True
            await send(message)

        try:
            sent = await _whole(receive)
            await asyncio.sleep(self.there + self.rng.uniform(0, self.jitter))
            self._seen(Arrival(program, method, taken=False))
            await self.sandbox.app({**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}, sent, answer)
        except Cut:
            if not answered:
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            raise  # a server closes a connection whose answer ends in the middle
        except asyncio.CancelledError:
            return  # the network is down

    def _seen(self, arrival: Arrival) -> None:
        for watcher in list(self.watchers):
            watcher(arrival)


async def _whole(receive: Receive) -> Receive:
    """Reads the whole request, which arrives even if its sender dies meanwhile."""
    body, incomplete = b"", True
    while incomplete:
        message = await receive()
        if message["type"] != "http.request":
            raise Cut  # the sender died while sending it
        body, incomplete = body + message.get("body", b""), message.get("more_body", False)
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def sent() -> Message:
        return parts.pop() if parts else await receive()

    return sent


@asynccontextmanager
async def served(limits: Limits | None = None) -> AsyncIterator[Network]:
    """A sandbox on a port of its own, by the real clock; without Telegram's limits unless some are given."""
    sandbox = Sandbox(now=lambda: datetime.now(UTC), limits=limits or Limits.off())
    network = Network(sandbox)
    await network.up()
    try:
        yield network
    finally:
        await network.down()
