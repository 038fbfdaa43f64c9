"""Requests of a bot in the same process, without HTTP. The server answers with the same functions."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.sandbox.api import Api
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import DroppedError
from bot.sandbox.files import File
from bot.sandbox.requests import Upload


async def request(
    api: Api, url: str, given: dict[str, Any], files: dict[str, tuple[str, bytes, str]]
) -> tuple[int, bytes]:
    """The status and the body of the answer to one request. The values of ``given`` are strings, as in a form.

    Raises ConnectionRefusedError, or ConnectionResetError where a connection would have ended without an answer.
    """
    try:
        return await _answer(api, url, given, files)
    except DroppedError as drop:
        error = ConnectionRefusedError if drop.connection_refused else ConnectionResetError
        raise error("the sandbox dropped the connection") from drop


async def _answer(
    api: Api, url: str, given: dict[str, Any], files: dict[str, tuple[str, bytes, str]]
) -> tuple[int, bytes]:
    kind, _, rest = unquote(urlsplit(url).path).removeprefix("/").partition("/")
    if kind == "file":
        token, _, path = rest.partition("/")
        file = download(api, token.removeprefix("bot"), path)
        return failure(ApiError(404, "Not Found")) if file is None else (200, file.content)
    uploads = {name: Upload(*file) for name, file in files.items()}
    return await call(api, kind.removeprefix("bot"), rest, given, uploads)


async def call(
    api: Api, token: str, method: str, given: dict[str, Any], uploads: dict[str, Upload]
) -> tuple[int, bytes]:
    """The status and the body of the answer to a method."""
    if token != api.token:
        return failure(ApiError(401, "Unauthorized"))
    try:
        result = await api.call(method, given, uploads)
    except ApiError as error:
        return failure(error)
    return 200, _json({"ok": True, "result": result})


def download(api: Api, token: str, path: str) -> File | None:
    """A file by its path; None if there is no such file or the token is another."""
    if api.faults.down:
        raise DroppedError(connection_refused=True)
    return api.world.files.by_path(path) if token == api.token else None


def failure(error: ApiError) -> tuple[int, bytes]:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return error.code, _json(body)


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
