"""The sandbox for its users: people who act, the bot's Bot API with a log, and ways to reach it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from starlette.applications import Starlette

from bot.sandbox import direct
from bot.sandbox.accounts import Account
from bot.sandbox.api import Api
from bot.sandbox.groups import Group, new_channel, new_group
from bot.sandbox.people import User
from bot.sandbox.server import build_app
from bot.sandbox.transport import SandboxTransport


class Sandbox(Api):
    """A local Telegram with one bot; the parameters are those of `Api`."""

    @cached_property
    def app(self) -> Starlette:
        """The server, as an ASGI application."""
        return build_app(self)

    @property
    def users(self) -> dict[int, User]:
        """The people by id."""
        return {chat.id: chat.user for chat in self.world.chats.values() if isinstance(chat.user, User)}

    @property
    def transport(self) -> SandboxTransport:
        """An httpx transport to this sandbox in process that keeps to the client's timeouts."""
        return SandboxTransport(self.app)

    @property
    def version(self) -> int:
        """Grows with each visible change."""
        return self.world.version

    async def changed(self, since: int, timeout: float) -> int:  # noqa: ASYNC109
        """Wait until the version is past ``since``, ``timeout`` seconds at most. Returns the version."""
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
        """A person with an account, who has not pressed Start yet. Raises ValueError if the id is taken."""
        user_id = id or self.world.next_user_id()
        user = User(user_id, first_name, last_name=last_name, username=username, language=language, world=self.world)
        self.world.add_chat(user.chat)
        return user

    def add_group(self, title: str, members: Sequence[Account] = (), *, supergroup: bool = False) -> Group:
        """A group with the bot in it. The first member is the creator."""
        return new_group(self.world, title, members, supergroup=supergroup)

    def add_channel(self, title: str, administrators: Sequence[Account]) -> Group:
        """A channel without the bot. The first administrator is the creator."""
        return new_channel(self.world, title, administrators)

    async def request(
        self, url: str, given: dict[str, Any], files: dict[str, tuple[str, bytes, str]]
    ) -> tuple[int, bytes]:
        """Answer a request of a bot in this process, without HTTP: status and body. Raises ConnectionError."""
        return await direct.request(self, url, given, files)
