"""The sandbox as its users hold it: people to act through, a bot to be talked to, and a log of both."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from starlette.applications import Starlette

from bot.sandbox import direct
from bot.sandbox.calls import HANDLERS
from bot.sandbox.chats import Chat
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import DroppedError, Faults
from bot.sandbox.limits import Limits, Meter
from bot.sandbox.people import User
from bot.sandbox.polling import BY_WEBHOOK, Poller
from bot.sandbox.requests import Request, Upload, read_leniently, read_request
from bot.sandbox.server import build_app
from bot.sandbox.transport import SandboxTransport
from bot.sandbox.updates import Updates
from bot.sandbox.webhook import Webhook
from bot.sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One request of the bot and how it ended; ``parameters`` as read, without the bytes of files."""

    method: str
    parameters: dict[str, Any]
    chat_id: int | None
    ok: bool
    error_code: int | None
    description: str
    at: datetime


class Sandbox:
    """A local Telegram with one bot. ``now`` is its only clock, in aware UTC; ``limits`` are measured by it.

    ``strict`` refuses unknown parameters, which Telegram would ignore. ``answer_within`` is how long a tap may be
    answered. ``sleep`` is what a hanging call waits with.
    """

    def __init__(
        self,
        *,
        token: str = "1000000:sandbox",  # noqa: S107 - no secret: it opens nothing but this sandbox
        username: str = "koolla_bot",
        now: Callable[[], datetime],
        limits: Limits | None = None,
        strict: bool = True,
        answer_within: timedelta = timedelta(minutes=1),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Koolla", "username": username}
        self.token = token
        self.strict = strict
        self.world = World(me=me, now=now, meter=Meter(limits or Limits()), answer_within=answer_within)
        self.log: list[Call] = []
        self.faults = Faults(self.updates, sleep)
        self.webhook = Webhook(self.updates, now, sleep=sleep)
        self._poller = Poller(self.updates)

    @cached_property
    def app(self) -> Starlette:
        """The server, as an ASGI application."""
        return build_app(self)

    @property
    def users(self) -> dict[int, User]:
        return self.world.users

    @property
    def updates(self) -> Updates:
        return self.world.updates

    @property
    def transport(self) -> SandboxTransport:
        """An httpx transport to this sandbox in process that keeps to the client's timeouts."""
        return SandboxTransport(self.app)

    @property
    def version(self) -> int:
        """Grows with each change that somebody can see."""
        return self.world.version

    async def changed(self, since: int, timeout: float) -> int:  # noqa: ASYNC109
        """The version as soon as it is past ``since``, or as it stands after ``timeout`` seconds."""
        return await self.world.changed(since, timeout)

    def add_user(
        self,
        first_name: str,
        *,
        last_name: str = "",
        username: str | None = None,
        language: str | None = "fi",
        id: int | None = None,  # noqa: A002 - as Telegram calls it
    ) -> User:
        return self.world.add_user(id, first_name, last_name=last_name, username=username, language=language)

    def add_group(self, title: str, members: Sequence[User] = (), *, supergroup: bool = False) -> Chat:
        """A group that the bot is in; its first member has made it."""
        return self.world.add_group(title, members, supergroup=supergroup)

    def add_channel(self, title: str, administrators: Sequence[User]) -> Chat:
        """A channel that the bot is not in; the first of its administrators has made it."""
        return self.world.add_channel(title, administrators)

    async def request(
        self, url: str, given: dict[str, Any], files: dict[str, tuple[str, bytes, str]]
    ) -> tuple[int, bytes]:
        """Answer one request of a bot in this process, without HTTP: status and body, or ConnectionError."""
        return await direct.request(self, url, given, files)

    async def call(self, method: str, given: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        """Answer one request of the bot: its result, ApiError, or DroppedError."""
        try:
            result = await self.faults.around(method, lambda: self._act(method, given, uploads))
        except ApiError as refusal:
            self._note(method, given, refusal.code, refusal.description)
            raise
        except DroppedError:
            self._note(method, given, None, "dropped", ok=False)
            raise
        self._note(method, given, None, "", ok=True)
        return result

    async def _act(self, method: str, given: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        request = read_request(method, given, uploads, strict=self.strict)
        if request.method == "getUpdates":
            return await self._get_updates(request)
        if request.method in ("setWebhook", "deleteWebhook"):
            self.webhook.set(request)
            self._poller.end(BY_WEBHOOK)
            return True
        if request.method == "getWebhookInfo":
            return self.webhook.info()
        return HANDLERS[request.method](self.world, request)

    async def _get_updates(self, request: Request) -> Any:
        if self.webhook.url:
            active = "can't use getUpdates method while webhook is active"
            raise ApiError(409, f"Conflict: {active}; use deleteWebhook to delete the webhook first")
        return await self._poller.get_updates(request)

    def _note(
        self, method: str, given: dict[str, Any], code: int | None, description: str, *, ok: bool = False
    ) -> None:
        parameters = read_leniently(method, given)
        chat_id = parameters.get("chat_id")
        number = chat_id if isinstance(chat_id, int) else None
        self.log.append(Call(method, parameters, number, ok, code, description, self.world.now()))
