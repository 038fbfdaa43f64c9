"""Taking answers to forms out of a chat: typed lines are deleted, messages that show answers are edited."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from telegram.error import BadRequest

from bot.context import Runtime
from handlers.screen import Screen, edit
from models.delivery import cards
from models.feedback import typed_lines
from models.people import people

Requesting = Callable[[Callable[[], Awaitable[object]]], Awaitable[bool]]
"""Makes a request to Telegram with retries; returns whether it succeeded."""


async def tidy(runtime: Runtime, screens: Sequence[tuple[int, Screen]], request: Requesting) -> None:
    """Deletes and edits what screens say, each given with the id of its chat. The ids of typed lines that remain stay
    in the sealed answers."""
    lines: dict[tuple[int, int | None], set[int]] = {}
    for chat_id, screen in screens:
        if screen.erases is not None:
            lines.setdefault((chat_id, screen.erases.run_id), set()).update(screen.erases.message_ids)
        if screen.clears is not None:
            cleared = Screen(screen.clears.text)
            for message_id in screen.clears.message_ids:
                await request(partial(edit, runtime.bot, chat_id, message_id, cleared, has_file=False))
    for (chat_id, run_id), message_ids in lines.items():
        deleted = [line for line in sorted(message_ids) if await request(partial(_delete, runtime, chat_id, line))]
        if deleted and run_id is not None:
            await request(partial(_forget, runtime, chat_id, run_id, deleted))


async def _delete(runtime: Runtime, chat_id: int, message_id: int) -> None:
    """Deletes a message. Raises no error if it is gone, or so old that it can never be deleted."""
    try:
        await runtime.bot.delete_message(chat_id, message_id)
    except BadRequest as error:
        if "to delete not found" not in error.message and "can't be deleted" not in error.message:
            raise


async def _forget(runtime: Runtime, chat_id: int, run_id: int, message_ids: list[int]) -> None:
    async with runtime.sessions.begin() as session:
        await typed_lines.forget(session, chat_id, run_id, message_ids, runtime.keys)


async def plan_clearing(runtime: Runtime, chat_id: int, run_id: int, message_id: int) -> None:
    """Plans that a form's message in a private chat is edited to show no answers."""
    async with runtime.sessions.begin() as session:
        address_id = await people.private_address(session, chat_id)
        if address_id is not None:
            await cards.clear(session, address_id, run_id, message_id, now=runtime.now)
