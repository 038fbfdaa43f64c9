"""Logs: one line per update (route, outcome, why) and per delivery; no person, no texts, no answers, no secrets.

Every URL of Telegram's API contains the token, so all lines are redacted, and libraries that log each request are set
to warnings. The library for Telegram logs nothing: where it fails, it logs what it received. Of exceptions only the
class and the places are logged, whoever logs them, because their message may quote what somebody wrote.
"""

import asyncio
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

TOKEN = re.compile(r"\d{5,}(?::|%(?:25)*3A)[A-Za-z0-9_-]{5,}", re.IGNORECASE)
"""A bot's token; its colon may be URL-encoded, more than once."""
PASSWORD = re.compile(r"((?::|%(?:25)*3A)//[^:/@\s]*:)\S+@", re.IGNORECASE)
"""A password in an address. It ends at the last @: an @ in the password itself may not be encoded."""
NAMED_SECRET = re.compile(r"\b(password|passwd|pwd|token|secret)((?:=|%3D)['\"]?)[^\s&'\",;)]+", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with bot tokens, passwords in addresses, and values that are named as secrets, masked."""
    return NAMED_SECRET.sub(r"\1\2***", PASSWORD.sub(r"\1***@", TOKEN.sub("[token]", text)))


def set_up(level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Sets structlog and the standard library's logging up, both to one stream."""
    for noisy in ("httpx", "httpcore", "apscheduler", "uvicorn.access", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    library = logging.getLogger("telegram")
    library.handlers, library.propagate = [logging.NullHandler()], False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tracebacks,
            _render_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_BestEffortStream(stream)),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )


class _BestEffortStream:
    """A stream whose write errors are ignored: a full disk must not stop the program."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


KEYS = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])


def _render_line(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return redact(KEYS(logger, method, event))


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is the library's)
        return " ".join(f"{key}={value!r}" for key, value in _described(ei[1]).items())


def _described(error: BaseException | None) -> dict[str, str | None]:
    """An exception's class and the places of its traceback, without its message."""
    places, trace = [], error.__traceback__ if error else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__ if error else None, "where": " < ".join(reversed(places[-6:]))}


def _tracebacks(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces ``exc_info`` by the description of the exception: the given one, or the one that is being handled."""
    if given := event.pop("exc_info", None):
        event.update(_described(given if isinstance(given, BaseException) else sys.exc_info()[1]))
    return event


def log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's exception handler. asyncio's own logs the message of the exception."""
    structlog.get_logger().error("error in the background", **_described(context.get("exception")))
