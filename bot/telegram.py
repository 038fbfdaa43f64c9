"""Telegram's client: python-telegram-bot's `Bot` over aiohttp, with errors that tell what surely was not sent.

Over httpx, the library's default, a request cost fifteen times as much with 25 under way.
"""

from collections.abc import Awaitable, Callable, Container
from typing import Any
from urllib.request import getproxies

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.config import Settings

CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 20.0
"""Seconds. A picture is up within the second; Telegram itself answers within a few."""

Answer = Callable[[str, dict[str, str], Any], Awaitable[tuple[int, bytes]]]
"""Answers a request in this process: from URL, parameters and files to status and body. Raises ConnectionRefusedError
where no connection would have been made, ConnectionResetError where it would have ended without an answer."""

OK = 200
DONE = b'{"ok":true,"result":true}'
"""What an edit is taken to have brought: reading back the whole message would cost as much as sending it."""


class NotSentError(NetworkError):
    """The request surely never reached Telegram: no connection was made."""


class Wire(BaseRequest):
    """Requests over aiohttp. A request waits for a connection of its own as long as it must."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT

    async def initialize(self) -> None:
        if self._session is None:
            # An office may have a proxy, named in the environment; to look for one at each request costs as much as it.
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
        """One request; the status and the body of its answer."""
        if self._session is None:
            raise RuntimeError("not initialized")
        reading = READ_TIMEOUT if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT, sock_read=reading)
        try:
            async with self._session.request(method, url, data=_body(request_data), timeout=timeout) as answer:
                body = await answer.read()
                return answer.status, DONE if answer.status == OK and "/editMessage" in url else body
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(type(error).__name__) from error
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error


def _body(data: RequestData | None) -> Any:
    """The parameters as a form, with the files if there are any."""
    if data is None or not data.contains_files:
        return data.json_parameters if data else None
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form


class InProcess(HTTPXRequest):
    """Requests to a sandbox in this process, through an httpx transport that never leaves it."""

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        import httpx

        try:
            return await super().do_request(*args, **options)
        except NetworkError as error:
            if isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
                raise NotSentError(str(error)) from error
            raise


class Direct(BaseRequest):
    """Requests to a sandbox in this process by a function call, without HTTP."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT

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


class Polling(BaseRequest):
    """Requests for updates that leave out those in hand: to read one again costs a good part of handling it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.in_hand: Container[int] = ()
        self.held = 0
        """How many updates the last answer held, with those left out."""

    # The library's is static, and is called on the object.
    def parse_json_payload(self, payload: bytes) -> dict[str, Any]:  # type: ignore[override]
        answer = BaseRequest.parse_json_payload(payload)
        if isinstance(found := answer.get("result"), list):
            self.held = len(found)
            answer["result"] = [update for update in found if update["update_id"] not in self.in_hand]
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
    return {"connection_pool_size": 64, "read_timeout": READ_TIMEOUT, "httpx_kwargs": {"transport": transport}}


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
