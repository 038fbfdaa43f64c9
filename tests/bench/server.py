"""A Bot API server that takes as little time as possible, so that its client is measured.

It runs as a process of its own on the standard library alone, answers with the least that Telegram's clients accept,
and notes when each tap was answered and edited. The strict sandbox would be everybody's bottleneck.

``POST /control/load`` brings taps and starts the clock; ``GET /control/report`` tells how far they are.
"""

import argparse
import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

ME = {"id": 7, "is_bot": True, "first_name": "Koolla", "username": "koolla_bot", "can_join_groups": True}
TRUE = b'{"ok":true,"result":true}'
IN_FORM = re.compile(rb'name="(\w+)"(?:\r\n[^\r\n]+)*\r\n\r\n([^\r\n]*)\r\n')
Fields = dict[str, Any]


@dataclass
class Tap:
    """A tap that was made in advance: its update as JSON, and its times."""

    id: int
    text: str
    query: str
    card: tuple[int, int]
    available: float = 0.0
    answered: float | None = None
    edited: float | None = None

    @classmethod
    def read(cls, update: dict[str, Any]) -> "Tap":
        query = update["callback_query"]
        message = query["message"]
        card = message["chat"]["id"], message["message_id"]
        return cls(update["update_id"], json.dumps(update, ensure_ascii=False), query["id"], card)

    @property
    def seconds(self) -> float | None:
        """Seconds from being available to being answered and edited; None before."""
        if self.answered is None or self.edited is None:
            return None
        return max(self.answered, self.edited) - self.available


@dataclass
class Poll:
    """A waiting getUpdates request."""

    reply: Callable[[bytes], None]
    limit: int
    timer: asyncio.TimerHandle


@dataclass
class Telegram:
    """The state: updates that are not confirmed, taps, messages."""

    delay: float = 0.0
    per_second: int = 0
    """Messages accepted in any second; 0 means no limit."""
    pending: deque[Tap] = field(default_factory=deque)
    taps: list[Tap] = field(default_factory=list)
    queries: dict[str, Tap] = field(default_factory=dict)
    cards: dict[tuple[int, int], deque[Tap]] = field(default_factory=dict)
    coming: deque[Tap] = field(default_factory=deque)
    """Taps not available yet."""
    gap: float | None = None
    """If set, taps come one by one, each so many seconds after the last was served."""
    poll: Poll | None = None
    sent: list[float] = field(default_factory=list)
    window: deque[float] = field(default_factory=deque)
    strictest: int = 0
    """The largest number of messages accepted in one second."""
    refused: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    last_message: int = 1_000_000

    # Taps

    def load(self, wanted: Fields) -> None:
        """Makes taps available: all at once, one each ``every`` seconds, or one after the other with a ``gap``."""
        self.taps = [Tap.read(update) for update in wanted["taps"]]
        self.coming.extend(self.taps)
        self.gap = wanted.get("gap")
        if self.gap is not None:
            self._next(1)
        elif every := wanted.get("every"):
            self._every(asyncio.get_running_loop().time(), every)
        else:
            self._next(len(self.taps))

    def _every(self, began: float, every: float, number: int = 0) -> None:
        self._next(1)
        if self.coming:
            number += 1
            asyncio.get_running_loop().call_at(began + number * every, self._every, began, every, number)

    def _next(self, count: int) -> None:
        now = time.monotonic()
        for _ in range(min(count, len(self.coming))):
            tap = self.coming.popleft()
            tap.available = now
            self.queries[tap.query] = tap
            self.cards.setdefault(tap.card, deque()).append(tap)
            self.pending.append(tap)
        if self.poll is not None:
            self._answer_poll()

    def get_updates(self, fields: Fields, reply: Callable[[bytes], None]) -> None:
        """Removes confirmed updates. Answers with the pending ones, or waits for some."""
        offset = int(fields.get("offset") or 0)
        while self.pending and self.pending[0].id < offset:
            self.pending.popleft()
        if self.poll is not None:
            self._answer_poll()  # a new poller replaces the old one
        timeout = float(fields.get("timeout") or 0)
        timer = asyncio.get_running_loop().call_later(timeout, self._answer_poll)
        self.poll = Poll(reply, int(fields.get("limit") or 100), timer)
        if self.pending or not timeout:
            self._answer_poll()

    def _answer_poll(self) -> None:
        poll, self.poll = self.poll, None
        if poll is not None:
            poll.timer.cancel()
            batch = [self.pending[index].text for index in range(min(poll.limit, len(self.pending)))]
            poll.reply(f'{{"ok":true,"result":[{",".join(batch)}]}}'.encode())

    def answer(self, fields: Fields) -> bytes:
        tap = self.queries.pop(fields["callback_query_id"], None)
        if tap is not None:
            tap.answered = time.monotonic()
            self._served(tap)
        return TRUE

    def edit(self, fields: Fields) -> bytes:
        card = int(fields["chat_id"]), int(fields["message_id"])
        waiting = self.cards.get(card)
        if waiting:
            tap = waiting.popleft()
            tap.edited = time.monotonic()
            self._served(tap)
        return self._message(*card)

    def _served(self, tap: Tap) -> None:
        if self.gap is not None and tap.seconds is not None:
            asyncio.get_running_loop().call_later(self.gap, self._next, 1)

    # Messages

    def send(self, fields: Fields) -> bytes | None:
        """A new message; None if there were too many in the last second."""
        now = time.monotonic()
        while self.window and self.window[0] <= now - 1:
            self.window.popleft()
        if self.per_second and len(self.window) >= self.per_second:
            self.refused += 1
            return None
        self.window.append(now)
        self.sent.append(now)
        self.strictest = max(self.strictest, len(self.window))
        self.last_message += 1
        return self._message(int(fields["chat_id"]), self.last_message)

    def _message(self, chat_id: int, message_id: int) -> bytes:
        chat = f'{{"id":{chat_id},"type":"private","first_name":"X"}}'
        return f'{{"ok":true,"result":{{"message_id":{message_id},"date":1700000000,"chat":{chat}}}}}'.encode()

    def report(self) -> Fields:
        served = [tap for tap in self.taps if tap.seconds is not None]
        return {
            "taps": len(self.taps),
            "done": len(served),
            "began": min((tap.available for tap in self.taps), default=None),
            "ended": max((tap.available + (tap.seconds or 0) for tap in served), default=None),
            "seconds": [tap.seconds for tap in served],
            "pending": len(self.pending),
            "sent": len(self.sent),
            "first_sent": self.sent[0] if self.sent else None,
            "last_sent": self.sent[-1] if self.sent else None,
            "strictest": self.strictest,
            "refused": self.refused,
            "calls": self.calls,
        }


class Connection(asyncio.Protocol):
    """HTTP/1.1 with content lengths: all clients of the Bot API use it."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", 0))
            if "transfer-encoding" in headers:
                self.write("411 Length Required", b"")
                return
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.hear(first.split()[1], headers.get("content-type", ""), rest[:length])

    def hear(self, path: str, kind: str, body: bytes) -> None:
        name = path.rpartition("/")[2]
        if path.startswith("/control/"):
            if name == "load":
                self.telegram.load(json.loads(body))
            self.write("200 OK", json.dumps(self.telegram.report()).encode())
            return
        self.telegram.calls[name] = self.telegram.calls.get(name, 0) + 1
        fields = read(kind, body)
        if name == "getUpdates":
            self.telegram.get_updates(fields, self.later)
        elif name == "answerCallbackQuery":
            self.later(self.telegram.answer(fields))
        elif name.startswith("editMessage"):
            self.later(self.telegram.edit(fields))
        elif name.startswith("send") and name != "sendChatAction":
            answer = self.telegram.send(fields)
            self.later(answer or self.too_many(), "200 OK" if answer else "429 Too Many Requests")
        else:
            self.later(json.dumps({"ok": True, "result": ME}).encode() if name == "getMe" else TRUE)

    def too_many(self) -> bytes:
        error = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
        return json.dumps({**error, "parameters": {"retry_after": 1}}).encode()

    def later(self, body: bytes, status: str = "200 OK") -> None:
        """Answers after the round trip."""
        if self.telegram.delay:
            asyncio.get_running_loop().call_later(self.telegram.delay, self.write, status, body)
        else:
            self.write(status, body)

    def write(self, status: str, body: bytes) -> None:
        if not self.transport.is_closing():
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)


def read(kind: str, body: bytes) -> Fields:
    """A request's parameters, from JSON, a form or multipart."""
    if kind.startswith("application/json"):
        return json.loads(body) if body else {}  # type: ignore[no-any-return]
    if kind.startswith("multipart/"):
        return {name.decode(): value.decode("utf-8", "replace") for name, value in IN_FORM.findall(body)}
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


async def serve(telegram: Telegram) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(telegram), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0, help="the round trip in seconds")
    parser.add_argument("--per-second", type=int, default=0, help="sends accepted in any one second")
    given = parser.parse_args()
    asyncio.run(serve(Telegram(given.delay, given.per_second)))


if __name__ == "__main__":
    main()
