"""Protects the sandbox from other web pages that are open in the same browser."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Endpoint = Callable[[Request], Awaitable[Response]]

LOCAL = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def guarded(endpoint: Endpoint) -> Endpoint:
    """The endpoint, which rejects requests for other host names, and POST requests from other pages."""

    async def answer(request: Request) -> Response:
        if not _is_local(request):
            return PlainTextResponse("Only for this machine.", 403)
        if request.method == "POST" and not _is_own(request):
            return PlainTextResponse("Only for the page itself.", 403)
        response = await endpoint(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def _is_local(request: Request) -> bool:
    # A foreign name that resolves to 127.0.0.1 (DNS rebinding) comes with that name in Host.
    return urlsplit(f"//{request.headers.get('host', '')}").hostname in LOCAL


def _is_own(request: Request) -> bool:
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host')}"
