"""Telegram's client: python-telegram-bot's `Bot` over aiohttp, with an error of its own for requests not sent.

The adapter distinguishes errors before sending (safe to retry) from errors after sending (unknown). Over httpx, the
library's default, a request cost fifteen times as much processor time with 25 in flight.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.request import getproxies

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.config import Settings

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 20.0
"""A picture uploads within a second, and Telegram answers within a few."""

RequestHandler = Callable[[str, dict[str, str], Any], Awaitable[tuple[int, bytes]]]
"""Answers a request in this process: from URL, parameters and files to status and body. Raises ConnectionRefusedError
where no connection would have been made, ConnectionResetError where it would have ended without an answer."""

OK = 200
EDITED = b'{"ok":true,"result":true}'
"""Returned for a successful edit in place of Telegram's answer, whose parsing would cost as much as the request."""


class NotSentError(NetworkError):
    """The request never reached Telegram: no connection was made. Safe to retry."""


class Quiet(BaseRequest):
    """Parses Telegram's answers without logging one that cannot be parsed: it may hold names and what people wrote, and
    the page of a proxy's 502 is long."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as an object, with a result unless it is an error. Raises NetworkError otherwise: somebody between
        has answered in Telegram's place, and what became of the request is not known."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise NetworkError("the answer is no JSON") from None
        if not isinstance(answer, dict) or (answer.get("ok") and "result" not in answer):
            raise NetworkError("the answer has no result")
        return answer


class Wire(Quiet):
    """Requests over aiohttp. There is no limit on waiting for a free connection."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT_S

    async def initialize(self) -> None:
        if self._session is None:
            # An office may name a proxy in the environment. Looking for one at each request would double its cost.
            has_proxy = bool(getproxies())
            self._session = aiohttp.ClientSession(headers={"User-Agent": self.USER_AGENT}, trust_env=has_proxy)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # noqa: PLR0917  (the library asks so)
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        """Makes one request; returns the answer's status and body."""
        if self._session is None:
            raise RuntimeError("not initialized")
        read_s = READ_TIMEOUT_S if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT_S, sock_read=read_s)
        try:
            async with self._session.request(method, url, data=_body(request_data), timeout=timeout) as answer:
                body = await answer.read()
                return answer.status, EDITED if answer.status == OK and "/editMessage" in url else body
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(type(error).__name__) from error
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error


def _body(data: RequestData | None) -> Any:
    """The parameters as form fields, with the files if there are any."""
    if data is None or not data.contains_files:
        return data.json_parameters if data else None
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form


class InProcess(Quiet, HTTPXRequest):
    """Requests to a sandbox in this process, through an httpx transport that never leaves it."""

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        import httpx

        try:
            return await super().do_request(*args, **options)
        except NetworkError as error:
            if isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
                raise NotSentError(str(error)) from error
            raise


class Direct(Quiet):
    """Requests to a sandbox in this process by a function call, without HTTP."""

    def __init__(self, answer: RequestHandler) -> None:
        self._answer = answer

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT_S

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        given = request_data.json_parameters if request_data else {}
        files = request_data.multipart_data if request_data and request_data.contains_files else {}
        try:
            return await self._answer(url, given, files)
        except ConnectionRefusedError as error:
            raise NotSentError(str(error)) from error
        except ConnectionResetError as error:
            raise NetworkError(str(error)) from error


class Polling(Quiet):
    """getUpdates requests that keep the answer as it is. The library would read all of it at once, fail at the first
    update that it does not understand, and log the whole answer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.answer: list[Any] = []
        """The updates of the last answer."""

    # The method of the library is static, and is called on the object.
    def parse_json_payload(self, payload: bytes) -> dict[str, Any]:  # type: ignore[override]
        answer = Quiet.parse_json_payload(payload)
        if answer.get("ok"):
            if not isinstance(answer["result"], list):
                raise NetworkError("the answer is no list of updates")
            self.answer, answer["result"] = answer["result"], []
        return answer


class PollingWire(Polling, Wire):
    pass


class PollingInProcess(Polling, InProcess):
    pass


class PollingDirect(Polling, Direct):
    pass


def make_polling(transport: Any = None) -> Polling:
    """The requests for updates; ``transport`` (of httpx, or a function that answers) takes the place of the network."""
    if transport is None:
        return PollingWire()
    return PollingDirect(transport) if callable(transport) else PollingInProcess(**_in_process(transport))


def _in_process(transport: Any) -> dict[str, Any]:
    return {"connection_pool_size": 64, "read_timeout": READ_TIMEOUT_S, "httpx_kwargs": {"transport": transport}}


def make_bot(settings: Settings, transport: Any = None, polling: Polling | None = None) -> Bot:
    """The client; ``transport`` (of httpx, or a function that answers) takes the place of the network."""
    api = settings.telegram.api_url
    request: BaseRequest
    if transport is None:
        request = Wire()
    else:
        request = Direct(transport) if callable(transport) else InProcess(**_in_process(transport))
    return Bot(
        settings.telegram.token.get_secret_value(),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=request,
        get_updates_request=polling or make_polling(transport),
    )
