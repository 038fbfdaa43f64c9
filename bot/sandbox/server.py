"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.sandbox import direct
from bot.sandbox.api import Api
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.faults import DroppedError
from bot.sandbox.requests import Upload


def build_app(api: Api) -> Starlette:
    async def call(http: HttpRequest) -> Response:
        token, method = http.path_params["token"], http.path_params["method"]
        try:
            given, uploads = await _given(http)
            return _answer(*await direct.call(api, token, method, given, uploads))
        except ApiError as error:
            return _answer(*direct.failure(error))
        except DroppedError as drop:
            return _NoAnswer(drop)

    async def download(http: HttpRequest) -> Response:
        try:
            file = direct.download(api, http.path_params["token"], http.path_params["path"])
        except DroppedError as drop:
            return _NoAnswer(drop)
        if file is None:
            return await _unknown(http)
        return Response(file.content, media_type="application/octet-stream")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        pushing = asyncio.create_task(api.webhook.run())
        yield
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing

    routes = [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", download),
        Route("/{path:path}", _unknown, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _unknown(_: HttpRequest) -> Response:
    return _answer(*direct.failure(ApiError(404, "Not Found")))


def _answer(status: int, body: bytes) -> Response:
    return Response(body, status, media_type="application/json")


class _NoAnswer(Response):
    """A connection that ends in the middle: an exception after the beginning of the answer makes a server close it.

    In process the same exception reaches httpx's client, as from a broken network.
    """

    def __init__(self, drop: DroppedError) -> None:
        super().__init__()
        self._error = httpx.ConnectError if drop.connection_refused else httpx.ReadError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        raise self._error("the sandbox dropped the connection")


async def _given(http: HttpRequest) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The parameters and uploads of a request, from its query, JSON, form or multipart body."""
    given: dict[str, Any] = dict(http.query_params)
    if http.headers.get("content-type", "").startswith("application/json"):
        try:
            return given | json.loads(await http.body() or b"{}"), {}
        except (ValueError, TypeError):
            raise bad_request("can't parse JSON object") from None
    uploads: dict[str, Upload] = {}
    async with http.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                kind = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, await value.read(), kind)
            else:
                given[name] = value
    return given, uploads
