"""The sandbox as its users hold it: people to act through, a bot to be talked to, and a log of both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.calls import HANDLERS
from bot.sandbox.errors import ApiError
from bot.sandbox.limits import Limits, Meter
from bot.sandbox.people import Chat, User
from bot.sandbox.polling import Poller
from bot.sandbox.requests import Upload, read_request
from bot.sandbox.server import build_app
from bot.sandbox.updates import Updates
from bot.sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One request of the bot and how it ended."""

    method: str
    parameters: dict[str, Any]
    chat_id: int | None
    ok: bool
    error_code: int | None
    description: str
    at: datetime


class Sandbox:
    """A local Telegram with one bot. ``now`` is its only clock; ``limits`` are enforced by it."""

    def __init__(
        self,
        *,
        token: str = "1000000:sandbox",  # noqa: S107 - no secret: it opens nothing but this sandbox
        username: str = "koolla_bot",
        now: Callable[[], datetime],
        limits: Limits | None = None,
        strict: bool = True,
        answer_within: timedelta = timedelta(minutes=1),
    ) -> None:
        self.token = token
        self.strict = strict
        self.world = World(
            bot_id=int(token.partition(":")[0]),
            username=username,
            now=now,
            answer_within=answer_within,
            meter=Meter(limits or Limits()),
        )
        self.log: list[Call] = []
        self.poller = Poller()
        self.app = build_app(self)

    @property
    def users(self) -> dict[int, User]:
        return self.world.users

    @property
    def updates(self) -> Updates:
        return self.world.updates

    @property
    def version(self) -> int:
        return self.world.version

    async def changed(self, since: int, timeout: float) -> int:  # noqa: ASYNC109
        return await self.world.changed(since, timeout)

    def add_user(
        self,
        first_name: str,
        *,
        last_name: str = "",
        username: str | None = None,
        language: str | None = "fi",
        id: int | None = None,  # noqa: A002 - as Telegram calls it
    ) -> User:
        return self.world.add_user(first_name, id=id, last_name=last_name, username=username, language=language)

    def add_group(self, title: str, members: Sequence[User] = (), *, supergroup: bool = False) -> Chat:
        return self.world.add_group(title, list(members), supergroup=supergroup)

    async def call(self, method: str, given: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        """Answer one request of the bot: its result, or ApiError."""
        try:
            request = read_request(method, given, uploads, strict=self.strict)
            if request.method == "getUpdates":
                result = await self.poller.get_updates(self.world, request)
            elif request.method in HANDLERS:
                result = HANDLERS[request.method](self.world, request)
            else:
                raise ApiError(404, "Not Found")
        except ApiError as refusal:
            self._note(method, given, refusal)
            raise
        self._note(request.method, request.values, None)
        return result

    def _note(self, method: str, parameters: dict[str, Any], refusal: ApiError | None) -> None:
        chat_id = parameters.get("chat_id")
        code, description = (refusal.code, refusal.description) if refusal else (None, "")
        self.log.append(
            Call(
                method,
                parameters,
                chat_id if isinstance(chat_id, int) else None,
                refusal is None,
                code,
                description,
                self.world.now(),
            )
        )
