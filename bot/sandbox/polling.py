"""getUpdates: long polling, one poller at a time, delivery again and again until confirmed."""

import asyncio
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.requests import Request
from bot.sandbox.world import World

_CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Poller:
    """Holds the one getUpdates request that may be waiting; a newer one ends it."""

    def __init__(self) -> None:
        self._displaced = asyncio.Event()

    async def get_updates(self, world: World, request: Request) -> Any:
        self._displaced.set()
        displaced = self._displaced = asyncio.Event()
        updates = world.updates
        if request.get("allowed_updates") is not None:
            updates.allowed = request.get("allowed_updates") or None
        if request.get("offset") is not None:
            updates.confirm(request.get("offset"))
        if not updates.waiting():
            await _first(displaced.wait(), updates.arrival(), timeout=min(request.get("timeout", 0), 50))
        if displaced.is_set():
            raise ApiError(409, _CONFLICT)
        limit = request.get("limit", 100)
        return [update.as_json() for update in updates.waiting()[: limit if 1 <= limit <= 100 else 100]]


async def _first(*events: Any, timeout: float) -> None:  # noqa: ASYNC109
    """Wait for the first of the events, at most ``timeout`` seconds."""
    if timeout <= 0:
        for event in events:
            event.close()
        return
    tasks = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
