"""The Bot API without HTTP: the bot's requests, answered from the world's state, with a log of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.calls import HANDLERS
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import DroppedError, Faults
from bot.sandbox.limits import Limits, Meter
from bot.sandbox.polling import BY_WEBHOOK, Poller
from bot.sandbox.requests import Request, Upload, read_leniently, read_request
from bot.sandbox.updates import Updates
from bot.sandbox.webhook import Webhook
from bot.sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One request of the bot and its outcome. ``parameters`` are parsed where possible, without files."""

    method: str
    parameters: dict[str, Any]
    chat_id: int | None
    ok: bool
    error_code: int | None
    description: str
    at: datetime


class Api:
    """The Bot API of one bot. ``now`` is its only clock, in aware UTC; ``limits`` are measured by it.

    ``strict`` rejects unknown parameters, which Telegram would ignore. ``answer_within`` is how long a tap may be
    answered. ``sleep`` is awaited by calls that are to hang (see `Faults.hang`).
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

    @property
    def updates(self) -> Updates:
        return self.world.updates

    async def call(self, method: str, given: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        """Answer one request of the bot. Raises ApiError, or DroppedError where the connection is to end unanswered."""
        try:
            result = await self.faults.around(method, lambda: self._act(method, given, uploads))
        except ApiError as error:
            self._note(method, given, error.code, error.description)
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
