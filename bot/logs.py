"""Logs: one line per update (route, outcome, why) and per delivery; no person, no texts, no answers, no secrets.

Every URL of Telegram's API contains the token, so all lines are redacted, and libraries that log each request are set
to warnings.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{5,}")
PASSWORD = re.compile(r"(://[^:/@\s]+:)[^@\s]+@")


def redact(text: str) -> str:
    """The text with bot tokens, and passwords in addresses, masked."""
    return PASSWORD.sub(r"\1***@", TOKEN.sub("[token]", text))


def set_up(level: int = logging.INFO, stream: TextIO = sys.stderr) -> None:
    """Sets structlog and the standard library's logging up, both to one stream."""
    for noisy in ("httpx", "httpcore", "apscheduler", "telegram", "uvicorn.access", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
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


def _tracebacks(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the exception's class and the places of its traceback, without its message, which may quote what somebody
    wrote."""
    if event.pop("exc_info", None):
        kind, error, trace = sys.exc_info()
        event["error"] = kind.__name__ if kind else None
        places = []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}:{code.co_name}")
            trace = trace.tb_next
        event["where"] = " < ".join(reversed(places[-6:]))
        del error
    return event
