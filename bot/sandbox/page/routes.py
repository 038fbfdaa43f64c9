"""The page's routes: its files, its state by long polling, and the actions of people."""

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
from bot.sandbox.page.actions import ActionError, find_person, new_person, perform
from bot.sandbox.page.controls import Controls, Jump
from bot.sandbox.page.guard import Endpoint, guarded
from bot.sandbox.page.state import counts, moment, person_json, typing

HERE = Path(__file__).parent
FILES = ("style.css", "page.js", "words.json")
PICTURES = ("image/png", "image/jpeg", "image/gif")
LONG_POLL_S = 20.0
"""Seconds that a request for the state waits for a change."""


def page_routes(sandbox: Callable[[], Sandbox], controls: Controls, *, language: str = "fi") -> list[BaseRoute]:
    """The routes of the page at ``/``. ``sandbox()`` returns the present one: a reset replaces it."""
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
        """The present sandbox. Each has an epoch: when it changes, the page draws everything anew."""
        sandbox = self._sandbox()
        if sandbox is not self._known:
            self._known, self._epoch = sandbox, secrets.token_hex(4)
        return sandbox

    def stamp(self) -> str:
        """Changes whenever there is something new to draw."""
        sandbox = self.sandbox
        return "-".join(map(str, (self._epoch, sandbox.version, *typing(sandbox))))

    async def state(self, request: Request) -> Response:
        """The whole state, as soon as its stamp differs from the page's (``since``)."""
        since, end = request.query_params.get("since"), monotonic() + LONG_POLL_S
        while since == self.stamp() and monotonic() < end and not await request.is_disconnected():
            sandbox = self.sandbox
            # "Typing" changes no version, so check again soon.
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
            action = await request.json()
            if not isinstance(action, dict):
                raise ActionError("an action is a JSON object")
            return JSONResponse(await self._done(action))
        except (ActionError, ValueError) as fault:
            return JSONResponse({"error": str(fault)}, 400)

    async def _done(self, action: dict[str, Any]) -> dict[str, Any]:
        match action:
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
                self.controls.add_person(*new_person(action))
            case _:
                answer = perform(self.sandbox, action)
                self.sandbox.world.touch()
                return answer
        self.sandbox.world.touch()
        return {}

    async def _jump(self, move: Callable[[], Any]) -> None:
        async with self.jumping:
            self.sandbox.world.touch()
            before, counts_before = self.controls.now(), counts(self.sandbox)
            outcome = await move()
            added = {
                person_id: count - counts_before.get(person_id, 0) for person_id, count in counts(self.sandbox).items()
            }
            news = {person_id: count for person_id, count in added.items() if count > 0}
            self.jump = Jump(outcome, before, self.controls.now(), news)

    async def upload(self, request: Request) -> Response:
        content = await request.body()
        name = Path(request.query_params.get("name", "")).name
        try:
            if not name or not 0 < len(content) <= DOWNLOAD_LIMIT:
                raise ActionError("a file has a name and up to 20 MB of content")
            person = find_person(self.sandbox, int(request.query_params.get("person", "0")))
        except (ActionError, ValueError) as fault:
            return JSONResponse({"error": str(fault)}, 400)
        person.uploads(name, content, request.query_params.get("caption", "")[:1024])
        return JSONResponse({})

    async def file(self, request: Request) -> Response:
        """Pictures are shown; everything else is a download, so that no file can run as a page of this origin."""
        file = self.sandbox.world.files.find(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("There is no such file.", 404)
        if picture_size(file.content):
            return Response(file.content, media_type=file.mime_type if file.mime_type in PICTURES else "image/png")
        disposition = f"attachment; filename*=UTF-8''{quote(file.file_name, safe='')}"
        return Response(
            file.content, media_type="application/octet-stream", headers={"Content-Disposition": disposition}
        )
