"""Documents that a dialogue asked for, fetched beside the handling of updates: nobody waits for somebody's file."""

import asyncio

import structlog
from telegram import Document, Update
from telegram.error import TelegramError

from bot.context import Runtime
from handlers import dispatch
from models.errors import Refused

log = structlog.get_logger()

MAX_FILE_BYTES = 512 * 1024
MAX_FETCH_S = 5.0
"""Seconds for which a file may be fetched: until then Telegram keeps at most 99 later updates of others for us."""
FILES_AT_ONCE = 5
"""How many files of one person are fetched at the same time. Further ones are not read."""

File = bytes | None | Refused
"""The content of the document in an update, None without one, or why it could not be fetched."""


async def is_wanted(runtime: Runtime, update: Update) -> bool:
    """Whether the sender of a document is in a dialogue that reads files."""
    async with runtime.sessions() as session:
        return await dispatch.wants_file(session, update)


async def fetch(runtime: Runtime, document: Document) -> File:
    """The content of a document; b"" if over `MAX_FILE_BYTES` or of unknown size."""
    if (document.file_size or 0) > MAX_FILE_BYTES:
        return b""
    try:
        async with asyncio.timeout(MAX_FETCH_S):
            file = await runtime.bot.get_file(document.file_id)
            size = document.file_size or file.file_size
            if size is None or size > MAX_FILE_BYTES:
                return b""
            content = bytes(await file.download_as_bytearray())
            return content if len(content) <= MAX_FILE_BYTES else b""
    except (TelegramError, TimeoutError, RuntimeError) as error:  # RuntimeError: Telegram has no path for it
        log.warning("file not fetched", error=type(error).__name__)
        return Refused("file-not-fetched")
