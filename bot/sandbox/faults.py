"""Faults on demand between the bot and Telegram: errors, lost connections, delays, repeated and late updates."""

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import ApiError, too_many_requests
from bot.sandbox.updates import Updates


class DroppedError(Exception):
    """The connection ends without an answer. ``connection_refused``: it was not accepted at all."""

    def __init__(self, *, connection_refused: bool = False) -> None:
        super().__init__("the sandbox dropped the connection")
        self.connection_refused = connection_refused


@dataclass
class _Fault:
    """Waits ``seconds`` and then raises ``raises``: before the call takes effect, or ``after`` that."""

    method: str | None
    times: int | None
    probability: float
    raises: Callable[[], Exception] | None = None
    after: bool = False
    seconds: float = 0


class Faults:
    """The faults that were ordered.

    Each is for a ``method`` (None: for all), happens so many ``times`` (None: until cleared), and for each call with a
    ``probability`` that is drawn from a seeded generator, so that a run can be repeated.
    """

    def __init__(self, updates: Updates, sleep: Callable[[float], Awaitable[None]], seed: int = 0) -> None:
        self.down = False
        self._updates = updates
        self._sleep = sleep
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._due: list[_Fault] = []

    @property
    def is_clear(self) -> bool:
        """Whether nothing is to go wrong."""
        return not (self.down or self._due or self._updates.late or self._updates.duplicates)

    def seed(self, seed: int) -> None:
        self._random.seed(seed)

    def too_many(
        self, retry_after: int = 1, *, method: str | None = None, times: int | None = 1, probability: float = 1
    ) -> None:
        """429, with the seconds to wait."""
        self._due.append(_Fault(method, times, probability, lambda: too_many_requests(retry_after)))

    def bad_gateway(
        self, *, after: bool = False, method: str | None = None, times: int | None = 1, probability: float = 1
    ) -> None:
        """502, before the call takes effect or ``after``."""
        self._due.append(_Fault(method, times, probability, lambda: ApiError(502, "Bad Gateway"), after))

    def drop(
        self, *, after: bool = False, method: str | None = None, times: int | None = 1, probability: float = 1
    ) -> None:
        """Close the connection without an answer, before the call takes effect or ``after``."""
        self._due.append(_Fault(method, times, probability, DroppedError, after))

    def hang(
        self,
        seconds: float,
        *,
        after: bool = False,
        method: str | None = None,
        times: int | None = 1,
        probability: float = 1,
    ) -> None:
        """Wait ``seconds`` before the call takes effect, or ``after`` that and before its answer.

        In process the client's timeout ends the waiting only with ``Sandbox.transport``.
        """
        self._due.append(_Fault(method, times, probability, after=after, seconds=seconds))

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Refuse all connections while the context is open. ``down = True`` does the same until it is unset."""
        self.down = True
        try:
            yield
        finally:
            self.down = False

    def duplicate_updates(self, times: int = 1) -> None:
        """Deliver the next updates once more after they have been confirmed."""
        self._updates.duplicates += times

    def late_updates(self, times: int = 1, *, behind: int = 1) -> None:
        """Deliver the next updates only after ``behind`` younger ones each."""
        self._updates.late += times
        self._updates.behind = behind

    def clear(self) -> None:
        """Cancel all faults, and deliver the updates that were held back."""
        self.down = False
        self._due = []
        self._updates.late = self._updates.duplicates = 0
        self._updates.release()

    async def around(self, method: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Await ``act()``, with the next fault for ``method``, if there is one, before or after it."""
        if self.down:
            raise DroppedError(connection_refused=True)
        fault = self._take(method)
        if fault and not fault.after:
            await self._strike(fault)
        result = await act()
        if self.down:
            raise DroppedError
        if fault and fault.after:
            await self._strike(fault)
        return result

    async def _strike(self, fault: _Fault) -> None:
        if fault.seconds:
            await self._sleep(fault.seconds)
        if fault.raises:
            raise fault.raises()

    def _take(self, method: str) -> _Fault | None:
        for fault in self._due:
            if fault.method in (None, method) and self._random.random() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                    self._due = [other for other in self._due if other.times != 0]
                return fault
        return None
