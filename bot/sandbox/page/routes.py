"""The page's few addresses: its own files, the state that it waits for, and what people do on it."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox import Sandbox
from bot.sandbox.files import DOWNLOAD_LIMIT, picture_size
from bot.sandbox.page.actions import WishError, find_person, new_person, perform
from bot.sandbox.page.controls import Controls, Jump
from bot.sandbox.page.guard import Endpoint, guarded
from bot.sandbox.page.state import counts, moment, person_json, typing

HERE = Path(__file__).parent
FILES = ("style.css", "page.js", "words.json")
PICTURES = ("image/png", "image/jpeg", "image/gif")
PATIENCE = 20.0
"""Seconds that a request for news waits for them."""


def page_routes(sandbox: Callable[[], Sandbox], controls: Controls, *, language: str = "fi") -> list[BaseRoute]:
    """The routes of the page at ``/``; ``sandbox`` gives the present one, which a reset replaces."""
    page = _Page(sandbox, controls, language)
    return [
        Route("/", _file("index.html")),
        *[Route(f"/sandbox/{name}", _file(name)) for name in FILES],
        Route("/sandbox/state", guarded(page.state)),
        Route("/sandbox/file/{file_id}", guarded(page.file)),
        Route("/sandbox/act", guarded(page.act), methods=["POST"]),
        Route("/sandbox/upload", guarded(page.upload), methods=["POST"]),
    ]


def _file(name: str) -> Endpoint:
    async def answer(_: Request) -> Response:
        return FileResponse(HERE / name)

    return guarded(answer)


class _Page:
    def __init__(self, sandbox: Callable[[], Sandbox], controls: Controls, language: str) -> None:
        self._sandbox = sandbox
        self.controls = controls
        self.language = language
        self.jumping = asyncio.Lock()
        self.jump: Jump | None = None
        self._known: Sandbox | None = None
        self._epoch = ""

    @property
    def sandbox(self) -> Sandbox:
        """The present sandbox. Each has an epoch, by which the page sees that everything is new."""
        sandbox = self._sandbox()
        if sandbox is not self._known:
            self._known, self._epoch = sandbox, secrets.token_hex(4)
        return sandbox

    def stamp(self) -> str:
        """Differs whenever there is something new to draw."""
        sandbox = self.sandbox
        return "-".join(map(str, (self._epoch, sandbox.version, *typing(sandbox))))

    async def state(self, request: Request) -> Response:
        """Everything there is, as soon as it is not what the page has ``since``."""
        since, end = request.query_params.get("since"), monotonic() + PATIENCE
        while since == self.stamp() and monotonic() < end and not await request.is_disconnected():
            sandbox = self.sandbox
            # Typing wakes nobody, so look again soon.
            await sandbox.changed(sandbox.version, 0.3)
        return JSONResponse(self._drawn())

    def _drawn(self) -> dict[str, Any]:
        sandbox, jump = self.sandbox, self.jump
        people = [person_json(sandbox, user, self.controls.role(user.id)) for user in sandbox.users.values()]
        return {
            "stamp": self.stamp(),
            "epoch": self._epoch,
            "language": self.language,
            "bot": sandbox.world.me["username"],
            "group": self.controls.group(),
            "now": moment(self.controls.now()),
            "busy": self.jumping.locked(),
            "jump": jump
            and {
                "outcome": jump.outcome,
                "before": moment(jump.before),
                "after": moment(jump.after),
                "news": [{"person": person_id, "count": count} for person_id, count in jump.news.items()],
            },
            "people": people,
        }

    async def act(self, request: Request) -> Response:
        try:
            wish = await request.json()
            if not isinstance(wish, dict):
                raise WishError("an action is a JSON object")
            return JSONResponse(await self._done(wish))
        except (WishError, ValueError) as fault:
            return JSONResponse({"error": str(fault)}, 400)

    async def _done(self, wish: dict[str, Any]) -> dict[str, Any]:
        match wish:
            case {"do": "advance", "hours": int(hours)} if 1 <= hours <= 24 * 366:
                await self._jump(lambda: self.controls.advance(timedelta(hours=hours)))
            case {"do": "next_event"}:
                await self._jump(self.controls.next_event)
            case {"do": "next_month"}:
                await self._jump(self.controls.next_month)
            case {"do": "reset"}:
                async with self.jumping:
                    await self.controls.reset()
                    self.jump = None
            case {"do": "add"}:
                self.controls.add_person(*new_person(wish))
            case _:
                answer = perform(self.sandbox, wish)
                self.sandbox.world.touch()
                return answer
        self.sandbox.world.touch()
        return {}

    async def _jump(self, move: Callable[[], Any]) -> None:
        async with self.jumping:
            self.sandbox.world.touch()
            before, had = self.controls.now(), counts(self.sandbox)
            outcome = await move()
            more = {person_id: count - had.get(person_id, 0) for person_id, count in counts(self.sandbox).items()}
            news = {person_id: count for person_id, count in more.items() if count > 0}
            self.jump = Jump(outcome, before, self.controls.now(), news)

    async def upload(self, request: Request) -> Response:
        content = await request.body()
        name = Path(request.query_params.get("name", "")).name
        try:
            if not name or not 0 < len(content) <= DOWNLOAD_LIMIT:
                raise WishError("a file has a name and up to 20 MB of content")
            person = find_person(self.sandbox, int(request.query_params.get("person", "0")))
        except (WishError, ValueError) as fault:
            return JSONResponse({"error": str(fault)}, 400)
        person.uploads(name, content, request.query_params.get("caption", "")[:1024])
        return JSONResponse({})

    async def file(self, request: Request) -> Response:
        """Pictures to be seen, everything else to be saved, so that no file can act as a page of ours."""
        file = self.sandbox.world.files.find(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("There is no such file.", 404)
        if picture_size(file.content):
            return Response(file.content, media_type=file.mime_type if file.mime_type in PICTURES else "image/png")
        disposition = f"attachment; filename*=UTF-8''{quote(file.file_name, safe='')}"
        return Response(
            file.content, media_type="application/octet-stream", headers={"Content-Disposition": disposition}
        )
