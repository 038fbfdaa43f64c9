"""The demo: the real bot, the sandbox and a page with everybody's chats, on one local port.

The clock is the real one plus an offset. The page's buttons move it forward from event to event: none is skipped.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import config, ticks
from bot.app import App
from bot.clock import ShiftedClock
from bot.commands import migrate
from bot.demo.cast import GROUPS, add_people, set_up_group
from bot.sandbox import Limits, Sandbox
from bot.sandbox.page import page_routes
from bot.sandbox.page.controls import MOVED, NOTHING_DUE

log = structlog.get_logger()

ZONE = ZoneInfo("Europe/Helsinki")
MORNING = datetime(2027, 3, 2, 9, 0, tzinfo=ZONE)
"""When the demo begins: a Tuesday. The month before it has no digest."""
NOON = 12
"""The hour by which the digests of a month's first working day have been sent."""
THRESHOLD = 3
"""The demo has three participants, so three answers are enough to show results. The default is five."""
PORTS = 20
"""How many ports are tried."""


class Demo:
    """The demo behind the page: the present sandbox, clock, program and people."""

    def __init__(self, language: str, address: str) -> None:
        self.language = language
        self.address = address
        self.clock = ShiftedClock(MORNING)
        self.sandbox = self._new_sandbox()
        self.app: App | None = None
        self.roles: dict[int, str] = {}
        self._round = asyncio.Lock()
        self._folder: TemporaryDirectory[str] | None = None

    def _new_sandbox(self) -> Sandbox:
        # The token protects nothing, but other web pages must not guess it.
        token = f"1000000:{secrets.token_urlsafe(24)}"
        return Sandbox(token=token, now=self.clock.now, limits=Limits(chat=5))

    async def open(self) -> None:
        """Starts the program with an empty database in a temporary folder, and people who have just joined."""
        self._folder = TemporaryDirectory(prefix="koolla-demo-", ignore_cleanup_errors=True)
        self.clock = ShiftedClock(MORNING)
        self.sandbox = self._new_sandbox()
        cast = add_people(self.sandbox, self.language)
        self.roles = {user.id: role for role, users in cast.items() for user in users}
        self.app = App(self._settings(Path(self._folder.name)), self.clock)
        await migrate.upgrade(self.app.engine)
        await self.app.start()
        await set_up_group(self.app, cast, GROUPS[self.language])

    def _settings(self, folder: Path) -> config.Settings:
        return config.load(
            admins=[person_id for person_id, role in self.roles.items() if role == "administrator"],
            language=self.language,
            zone=ZONE.key,
            telegram={"token": self.sandbox.token, "api_url": self.address},
            database={"url": f"sqlite:///{folder / 'koolla.db'}"},
            feedback={"keys": folder / "keys", "threshold": THRESHOLD},
        )

    async def close(self) -> None:
        if self.app is not None:
            await self.app.close()
        if self._folder is not None:
            self._folder.cleanup()
        self.app = self._folder = None

    async def live(self) -> None:
        """Lets the bot do what is due: at once when somebody acts, and otherwise every second."""
        while True:
            try:
                async with self._round:
                    if self.app is not None:
                        await self.app.settle()
            except Exception:
                log.exception("the demo's bot failed")
            if not self.sandbox.updates.waiting():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.sandbox.updates.arrival(), 1)

    async def stop(self, running: asyncio.Task[None]) -> None:
        """Cancels `live` between two rounds: one that is interrupted would leave its database connection open."""
        async with self._round:
            running.cancel()
        await asyncio.wait([running])

    # For the page: see Controls.

    def now(self) -> datetime:
        return self.clock.now()

    async def advance(self, by: timedelta) -> str:
        async with self._round:
            await self._pass_time(self.now() + by)
        return MOVED

    async def next_event(self) -> str:
        assert self.app is not None
        async with self._round:
            await self.app.settle()
            event = await ticks.next_event(self.app)
            if event is not None:
                await self._pass_time(event)
        return MOVED if event is not None else NOTHING_DUE

    async def next_month(self) -> str:
        local = self.now().astimezone(ZONE)
        first = (local.replace(day=1) + timedelta(days=32)).replace(day=1, hour=NOON, minute=0, second=0, microsecond=0)
        async with self._round:
            await self._pass_time(first)
        return MOVED

    async def reset(self) -> None:
        async with self._round:
            await self.close()
            await self.open()

    def add_person(self, name: str, language: str) -> None:
        self.sandbox.add_user(name, language=language)

    def role(self, person_id: int) -> str:
        return self.roles.get(person_id, "")

    def group(self) -> str:
        return GROUPS[self.language]

    async def _pass_time(self, until: datetime) -> None:
        """Moves the clock from event to event, and lets the bot do at each what is due."""
        assert self.app is not None
        await self.app.settle()
        while (event := await ticks.next_event(self.app)) is not None and event <= until:
            # At least a millisecond, so that an event that changes nothing cannot repeat for ever.
            self._move(max(event, self.now() + timedelta(milliseconds=1)))
            await self.app.settle()
        self._move(until)
        await self.app.settle()

    def _move(self, to: datetime) -> None:
        """Moves the clock forward, never back."""
        self.clock.offset += max(to - self.now(), timedelta(0))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the handling of signals to the caller."""
        yield


def _listener(port: int) -> socket.socket:
    """A socket on the port or the next free one; 0 stands for any. Raises OSError if `PORTS` in a row are taken."""
    for candidate in range(port, port + PORTS) if port else (0,):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
        else:
            return listener
    raise OSError(f"No free port between {port} and {port + PORTS - 1}: choose another with --port.")


def _site(demo: Demo) -> ASGIApp:
    page = Starlette(routes=page_routes(lambda: demo.sandbox, demo, language=demo.language))

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        is_bot = scope["type"] == "http" and scope["path"].startswith(("/bot", "/file/"))
        await (demo.sandbox.app if is_bot else page)(scope, receive, send)

    return TrustedHostMiddleware(site, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)


@asynccontextmanager
async def playing(port: int, language: str) -> AsyncIterator[tuple[Demo, str]]:
    """Runs the demo while the context is open: the demo and the address of its page."""
    listener = _listener(port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    demo = Demo(language, address)
    settings = uvicorn.Config(
        _site(demo), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Server(settings)
    serving = asyncio.create_task(server.serve([listener]))
    running: asyncio.Task[None] | None = None
    try:
        await demo.open()
        running = asyncio.create_task(demo.live())
        yield demo, address
    finally:
        if running is not None:
            await demo.stop(running)
        await demo.close()
        # An open page waits for a change of the state. Ending its request is no error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.should_exit = True
        await serving
        listener.close()


async def demo(port: int, language: str, open_browser: bool) -> None:
    """Run the demo until it is interrupted."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: there Ctrl+C cancels this task
            loop.add_signal_handler(number, stop.set)
    async with playing(port, language) as (_, address):
        print(f"Koolla demo: {address}  (Ctrl+C ends it)", flush=True)
        if open_browser and has_screen():
            await asyncio.to_thread(webbrowser.open, address)
        await stop.wait()


def has_screen() -> bool:
    """Whether a browser would open in a window, not as text in this terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
