"""Requests to Telegram that are repeated as far as that does no harm.

A refused connection, a broken one and a 502 are all treated alike: while Telegram cannot be reached nothing is tried,
and then the request is made again. What may have arrived already is repeated as often as it changes nothing, and a new
message once, so that nobody gets a third copy.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.backoff import FIRST_PAUSE_S, retry_after_s
from bot.context import Runtime
from bot.sending.breaker import Breaker
from bot.telegram import NotSentError
from handlers.screen import Progress

OUTAGE = timedelta(hours=1)
"""For how long a reply is tried: no new updates arrive while Telegram cannot be reached."""
MAX_RATE_LIMIT_WAIT_S = 300
"""Seconds that a reply waits at most when Telegram answers 429; with a longer wait it is dropped, the person asks
again. Others are not held by it."""
TRIES, TRIES_OF_NEW_MESSAGE = 8, 2
"""How often a request is made that may have arrived, while Telegram answers others."""
LONGEST_PAUSE_S = 4.0

Answer = TypeVar("Answer")


class Requests:
    def __init__(self, runtime: Runtime, breaker: Breaker) -> None:
        self.runtime = runtime
        self.breaker = breaker

    async def make(self, request: Callable[[], Awaitable[Answer]], *, progress: Progress | None = None) -> Answer:
        """Makes a request until Telegram has answered it. With ``progress`` it sends new messages, and goes on after
        those that have been sent. Raises TelegramError: Telegram's refusal, or the last error if it was not reached."""
        tries, pause, ends = 0, FIRST_PAUSE_S, self.runtime.now + OUTAGE
        while True:
            await self.breaker.closed(ends)
            sent = progress.sent if progress else 0
            try:
                return await request()
            except RetryAfter as error:
                if retry_after_s(error) > MAX_RATE_LIMIT_WAIT_S or self.runtime.now >= ends:
                    raise
                await self.runtime.clock.sleep(retry_after_s(error))
            except BadRequest:
                raise  # Telegram has answered; the library calls it an error of the network
            except NetworkError as error:
                self.breaker.record(error, self.runtime.now)
                has_advanced = progress is not None and progress.sent > sent
                tries = (0 if has_advanced else tries) + (not isinstance(error, NotSentError))
                if tries >= (TRIES if progress is None else TRIES_OF_NEW_MESSAGE) or self.runtime.now >= ends:
                    raise
                await self.runtime.clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
