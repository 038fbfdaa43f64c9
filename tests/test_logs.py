"""The log: one line per update and per delivery, and no secret in it, whatever goes wrong."""

import io
import logging

import structlog

from bot import logs
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


async def test_one_line_for_an_update_and_one_for_a_delivery(talk: Talk) -> None:
    anna, bo = talk.person("Anna"), talk.person("Bo")
    await talk.group(members=[bo], coordinator=anna)
    mark = LOG.tell()
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Salainen aihe")
    lines = LOG.getvalue()[mark:].splitlines()
    assert len([line for line in lines if "event='update'" in line]) == 4  # the line, two skips, the confirmation
    assert len([line for line in lines if "event='delivery'" in line and "state='sent'" in line]) == 1
    assert "Salainen" not in "\n".join(lines)
