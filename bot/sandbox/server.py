"""The HTTP face: /bot<token>/<method> and /file/bot<token>/<path>."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.requests import Upload

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox


def build_app(sandbox: Sandbox) -> Starlette:
    async def call(http: HttpRequest) -> Response:
        if http.path_params["token"] != sandbox.token:
            return _failure(ApiError(401, "Unauthorized"))
        try:
            given, uploads = await _given(http)
            result = await sandbox.call(http.path_params["method"], given, uploads)
        except ApiError as refusal:
            return _failure(refusal)
        return JSONResponse({"ok": True, "result": result})

    async def download(http: HttpRequest) -> Response:
        file = sandbox.world.files.at(http.path_params["path"])
        if http.path_params["token"] != sandbox.token or file is None:
            return _failure(ApiError(404, "Not Found"))
        return Response(file.content, media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", download),
        ]
    )


def _failure(refusal: ApiError) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return JSONResponse(body, refusal.code)


async def _given(http: HttpRequest) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The parameters from wherever they may stand: query, JSON, form or multipart."""
    given: dict[str, Any] = dict(http.query_params)
    uploads: dict[str, Upload] = {}
    if http.headers.get("content-type", "").startswith("application/json"):
        try:
            given |= json.loads(await http.body() or b"{}")
        except (ValueError, TypeError):
            raise bad_request("can't parse JSON object") from None
        return given, uploads
    async with http.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                kind = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, await value.read(), kind)
            else:
                given[name] = value
    return given, uploads
