"""The demo: the real bot, a Telegram of its own and a page with everybody's chats, on one local port.

Time is real but moved: the page's buttons push it on, from event to event, so that nothing on the way is skipped.
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
from bot.demo.cast import GROUPS, arrive, enter
from bot.sandbox import Limits, Sandbox
from bot.sandbox.page import page_routes
from bot.sandbox.page.controls import MOVED, NOTHING_DUE

log = structlog.get_logger()

ZONE = ZoneInfo("Europe/Helsinki")
MORNING = datetime(2027, 3, 2, 9, 0, tzinfo=ZONE)
"""A Tuesday, with a month before it of which nothing is told."""
NOON = 12
"""By then a month's first day has brought its digests."""
THRESHOLD = 3
"""Three participants answer in the demo, so three answers are enough to be shown. By default it takes five."""
PORTS = 20


class Demo:
    """What the page holds on to: the present sandbox, its clock and its people."""

    def __init__(self, language: str, address: str) -> None:
        self.language = language
        self.address = address
        self.clock = ShiftedClock(MORNING)
        self.sandbox = self._new_sandbox()
        self.app: App | None = None
        self.roles: dict[int, str] = {}
        self._turn = asyncio.Lock()
        self._folder: TemporaryDirectory[str] | None = None

    def _new_sandbox(self) -> Sandbox:
        # The token is nobody's secret, but a web page elsewhere must not guess it.
        token = f"1000000:{secrets.token_urlsafe(24)}"
        return Sandbox(token=token, now=self.clock.now, limits=Limits(chat=5))

    async def open(self) -> None:
        """Begin with an empty database in a folder of its own, and people who have just arrived."""
        self._folder = TemporaryDirectory(prefix="koolla-demo-", ignore_cleanup_errors=True)
        self.clock = ShiftedClock(MORNING)
        self.sandbox = self._new_sandbox()
        cast = enter(self.sandbox, self.language)
        self.roles = {user.id: role for role, users in cast.items() for user in users}
        self.app = App(self._settings(Path(self._folder.name)), self.clock)
        await migrate.upgrade(self.app.engine)
        await self.app.start()
        await arrive(self.app, cast, GROUPS[self.language])

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
        """Let the bot do what is due, at once when somebody acts and every second otherwise."""
        while True:
            try:
                async with self._turn:
                    if self.app is not None:
                        await self.app.settle()
            except Exception:
                log.exception("the demo's bot failed")
            if not self.sandbox.updates.waiting():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.sandbox.updates.arrival(), 1)

    async def stop(self, living: asyncio.Task[None]) -> None:
        """End between two turns: one cut short would leave its connection to the database open."""
        async with self._turn:
            living.cancel()
        await asyncio.wait([living])

    # What the page's buttons do: see Controls.

    def now(self) -> datetime:
        return self.clock.now()

    async def advance(self, by: timedelta) -> str:
        async with self._turn:
            await self._pass(self.now() + by)
        return MOVED

    async def next_event(self) -> str:
        assert self.app is not None
        async with self._turn:
            await self.app.settle()
            event = await ticks.next_event(self.app)
            if event is not None:
                await self._pass(event)
        return MOVED if event is not None else NOTHING_DUE

    async def next_month(self) -> str:
        here = self.now().astimezone(ZONE)
        first = (here.replace(day=1) + timedelta(days=32)).replace(day=1, hour=NOON, minute=0, second=0, microsecond=0)
        async with self._turn:
            await self._pass(first)
        return MOVED

    async def reset(self) -> None:
        async with self._turn:
            await self.close()
            await self.open()

    def add_person(self, name: str, language: str) -> None:
        self.sandbox.add_user(name, language=language)

    def role(self, person_id: int) -> str:
        return self.roles.get(person_id, "")

    def group(self) -> str:
        return GROUPS[self.language]

    async def _pass(self, until: datetime) -> None:
        """Let time pass from event to event, and let the bot do at each what is due then."""
        assert self.app is not None
        await self.app.settle()
        while (event := await ticks.next_event(self.app)) is not None and event <= until:
            # A millisecond on, so that an event that leaves nothing behind is not met for ever.
            self._move(max(event, self.now() + timedelta(milliseconds=1)))
            await self.app.settle()
        self._move(until)
        await self.app.settle()

    def _move(self, to: datetime) -> None:
        """Push the clock on; never back."""
        self.clock.offset += max(to - self.now(), timedelta(0))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the demo."""
        yield


def _listener(port: int) -> socket.socket:
    """The port, or the next free one; 0 is any."""
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
    """The demo while it runs, and the address of its page."""
    listener = _listener(port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    demo = Demo(language, address)
    settings = uvicorn.Config(
        _site(demo), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Server(settings)
    serving = asyncio.create_task(server.serve([listener]))
    living: asyncio.Task[None] | None = None
    try:
        await demo.open()
        living = asyncio.create_task(demo.live())
        yield demo, address
    finally:
        if living is not None:
            await demo.stop(living)
        await demo.close()
        # An open page is waiting for news: that it is cut off is no error.
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
