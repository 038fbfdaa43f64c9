"""An httpx transport to the sandbox in this process."""

import asyncio

import httpx
from starlette.types import ASGIApp


class SandboxTransport(httpx.AsyncBaseTransport):
    """Like ``httpx.ASGITransport``, and a call that takes longer than the client's read timeout raises ReadTimeout."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        read_timeout = request.extensions.get("timeout", {}).get("read")
        try:
            return await asyncio.wait_for(self._inner.handle_async_request(request), read_timeout)
        except TimeoutError:
            raise httpx.ReadTimeout("the sandbox did not answer in time", request=request) from None
