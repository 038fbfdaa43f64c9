"""The log: one line per update and per delivery, and no secret in it, whatever goes wrong."""

import io
import logging

import pytest
import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

from bot import logs
from bot.sending import outcomes
from bot.sending.outgoing import log_state
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Sending
from tests.conftest import LOG
from tests.talk import Talk

TOKEN = "123456789:AAE-secret_secret_secret"


def test_tokens_and_passwords_are_redacted_everywhere() -> None:
    stream = io.StringIO()
    logs.set_up(stream=stream)
    try:
        logging.getLogger("httpx").warning("POST https://api.telegram.org/bot%s/getMe", TOKEN)
        structlog.get_logger().warning("db", url="postgresql://koolla:hunter2@db/koolla")
        try:
            raise ValueError(f"what Anna wrote, and {TOKEN}")
        except ValueError:
            structlog.get_logger().exception("update failed", update=7)
    finally:
        logs.set_up(stream=LOG)
    said = stream.getvalue()
    assert "[token]" in said
    assert "secret" not in said
    assert "hunter2" not in said
    assert "Anna" not in said
    assert "ValueError" in said
    assert "test_logs.py" in said


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.telegram.org/bot123456789%3AAAE-hidden_hidden/getMe",
        "GET https://proxy/?url=https%3A%2F%2Fapi%2Fbot123456789%253aAAE-hidden_hidden%2FgetMe",
        "postgresql+asyncpg://koolla:hid@den@hidden@db:5432/koolla",
        "postgresql://:hidden@db/koolla",
        "postgresql://db/koolla?user=koolla&password=hidden",
        "connect(user='koolla', password='hidden')",
        "smtp%3A//koolla:hidden@mail/",
    ],
)
def test_a_secret_is_redacted_in_every_spelling(text: str) -> None:
    redacted = logs.redact(text)
    assert "hid" not in redacted
    assert "den" not in redacted
    assert redacted != text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Forbidden("bot was blocked by the user"), "error='blocked' reason='Forbidden: bot was blocked by the user'"),
        (BadRequest('Unsupported start tag "Salainen"'), "error='bad-request' reason='BadRequest'"),
        (BadRequest("Not enough rights: Salainen"), "error='chat-closed' reason='BadRequest'"),
        (TelegramError("Salainen: what?"), "error='program-fault' reason='TelegramError'"),
        (ValueError("Salainen"), "error='program-fault' reason='ValueError'"),
    ],
)
def test_what_telegram_says_of_a_delivery_is_logged_only_where_it_quotes_nothing(error: Exception, reason: str) -> None:
    mark = LOG.tell()
    delivery = Delivery(id=7, kind=DeliveryKind.INVITATION, state=Sending.FAILED)
    outcomes.note(delivery, error)
    log_state(delivery)
    line = LOG.getvalue()[mark:]
    assert reason in line
    assert "Salainen" not in line


async def test_one_line_for_an_update_and_one_for_a_delivery(talk: Talk) -> None:
    anna, bo = talk.person("Anna"), talk.person("Bo")
    await talk.group(members=[bo], coordinator=anna)
    mark = LOG.tell()
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Salainen asia")
    lines = LOG.getvalue()[mark:].splitlines()
    assert len([line for line in lines if "event='update'" in line]) == 4  # the line, two skips, the confirmation
    assert len([line for line in lines if "event='delivery'" in line and "state='sent'" in line]) == 1
    assert "Salainen" not in "\n".join(lines)
