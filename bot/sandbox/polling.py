"""getUpdates: long polling, one poller at a time. Updates are delivered again until they are confirmed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.requests import Request
from bot.sandbox.updates import Updates

_LONGEST = 50
_BY_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "terminated by setWebhook request"


class Poller:
    """The one getUpdates request that may be waiting. A newer request or setWebhook ends it with an error."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._ended: asyncio.Future[str] | None = None

    def end(self, reason: str) -> None:
        if self._ended and not self._ended.done():
            self._ended.set_result(reason)

    async def get_updates(self, request: Request) -> list[dict[str, Any]]:
        self.end(_BY_POLLER)
        ended = self._ended = asyncio.get_running_loop().create_future()
        if request.get("allowed_updates") is not None:
            self._updates.allowed = request.get("allowed_updates") or None
        if request.get("offset"):
            self._updates.confirm(request.get("offset"))
        timeout = min(request.get("timeout", 0), _LONGEST)
        if timeout > 0 and not self._updates.waiting():
            await _first(ended, self._updates.arrival(), timeout)
        if ended.done():
            raise ApiError(409, f"Conflict: {ended.result()}")
        self._ended = None
        limit = min(max(request.get("limit", 100), 1), 100)
        return [update.as_json() for update in self._updates.deliver(limit)]


async def _first(ended: asyncio.Future[str], arrival: Coroutine[Any, Any, None], timeout: float) -> None:  # noqa: ASYNC109
    waiting = asyncio.create_task(arrival)
    either: set[asyncio.Future[Any]] = {ended, waiting}
    try:
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
