"""Webhooks: setWebhook, and pushing updates to the bot."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.sandbox.errors import bad_request
from bot.sandbox.requests import Request
from bot.sandbox.updates import Update, Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of the header


@dataclass
class Webhook:
    """Pushes updates in their order, each again until it is answered with a 2xx.

    ``run`` pushes for ever: the app's lifespan starts it. ``deliver`` pushes what is pending: tests call it.
    ``transport`` reaches a bot in this process (``httpx.ASGITransport``).
    """

    updates: Updates
    now: Callable[[], datetime]
    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error_at: datetime | None = None
    last_error: str = ""
    transport: httpx.AsyncBaseTransport | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _is_set: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, request: Request) -> None:
        """Take the parameters of setWebhook, where an empty address means deleteWebhook."""
        url, secret = request.get("url", ""), request.get("secret_token")
        _check(url, secret)
        if request.get("drop_pending_updates"):
            self.updates.drop()
        if request.get("allowed_updates") is not None:
            self.updates.allowed = request.get("allowed_updates") or None
        self.url, self.secret = url, secret
        self.max_connections = request.get("max_connections", 40)
        self.last_error, self.last_error_at = "", None
        (self._is_set.set if url else self._is_set.clear)()
        self.updates.wake()

    def info(self) -> dict[str, Any]:
        """The WebhookInfo of the Bot API."""
        info: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.waiting()),
        }
        if self.url:
            info["max_connections"] = self.max_connections
        if self.last_error_at:
            info["last_error_date"] = int(self.last_error_at.timestamp())
            info["last_error_message"] = self.last_error
        if self.updates.allowed is not None:
            info["allowed_updates"] = list(self.updates.allowed)
        return info

    async def deliver(self) -> int:
        """Push the pending updates until none is left or one fails. Returns how many were accepted."""
        accepted = 0
        async with httpx.AsyncClient(transport=self.transport) as client:
            while self.url and (batch := self.updates.deliver(1)):
                if not await self._push(client, batch[0]):
                    break
                self.updates.take(batch[0])
                accepted += 1
        return accepted

    async def run(self) -> None:
        """Push updates as they arrive. After a failure the pause doubles, up to a minute."""
        pause = 1.0
        while True:
            await self._is_set.wait()
            await self.deliver()
            if self.updates.waiting() and self.url:
                await self.sleep(pause)
                pause = min(60.0, 2 * pause)
            elif self.url:
                pause = 1.0
                await self.updates.arrival()

    async def _push(self, client: httpx.AsyncClient, update: Update) -> bool:
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        try:
            response = await client.post(self.url, json=update.as_json(), headers=headers)
        except httpx.HTTPError as error:
            return self._failed(f"Connection failed: {type(error).__name__}")
        if response.is_success:
            return True
        return self._failed(f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}")

    def _failed(self, error: str) -> bool:
        self.last_error, self.last_error_at = error, self.now()
        return False


def _check(url: str, secret: str | None) -> None:
    parts = urlsplit(url)
    # Telegram wants HTTPS. Its local server also takes plain HTTP, and so does the sandbox on this machine.
    if url and not (parts.hostname and (parts.scheme == "https" or _is_local(parts.hostname))):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and len(secret) > 256:
        raise bad_request("secret token is too long")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]+", secret):
        raise bad_request("secret token contains unallowed characters")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
