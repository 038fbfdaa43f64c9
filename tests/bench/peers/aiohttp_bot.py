"""The limit: raw aiohttp and sqlite3, one commit for a batch of updates, answers and edits sent all at once.

It keeps the same promise: a batch is confirmed to Telegram when it is committed and shown.
"""

import asyncio
import html
import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.bench.peers.place import API_URL, DATABASE, TOKEN

ANSWERS = {"on_site": "Paikan päällä", "remote": "Etänä", "no": "En pääse"}
FIND = """
    SELECT m.title, m.starts_at, m.ends_at, m.place, m.link, m.description, m.state, m.revision, g.name
    FROM person p JOIN invitation i ON i.person_id = p.id JOIN meeting m ON m.id = i.meeting_id
    JOIN workgroup g ON g.id = m.workgroup_id WHERE p.telegram_id = ? AND i.id = ?
"""
STORE = """
    UPDATE invitation SET answer = ?, answered_at = ?, update_id = ?
    WHERE id = ? AND (update_id IS NULL OR update_id < ?)
"""


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(DATABASE, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def answer(connection: sqlite3.Connection, update: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Stores one answer; returns the calls that show it."""
    query = update["callback_query"]
    _, invitation_id, chosen, revision = query["data"].split(":")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    row = connection.execute(FIND, (query["from"]["id"], int(invitation_id))).fetchone()
    if row is None or row[6] != "announced" or row[1] <= now or row[7] != int(revision):
        return [("answerCallbackQuery", {"callback_query_id": query["id"], "text": "Tähän ei voi vastata"})]
    connection.execute(STORE, (chosen, now, update["update_id"], int(invitation_id), update["update_id"]))
    title, starts, ends, place, link, about, _, revision, group = row
    caption = (
        f"<b>{html.escape(group)}</b>: {html.escape(title)}\n{starts[:16]}–{ends[11:16]}\n"
        f"{html.escape(place)}, etänä: {html.escape(link)}\n{html.escape(about)}\n\n"
        f"Vastauksesi: <b>{ANSWERS[chosen]}</b>"
    )
    buttons = [
        {"text": f"✓ {label}" if key == chosen else label, "callback_data": f"rsvp:{invitation_id}:{key}:{revision}"}
        for key, label in ANSWERS.items()
    ]
    edit = {
        "chat_id": query["message"]["chat"]["id"],
        "message_id": query["message"]["message_id"],
        "caption": caption,
        "parse_mode": "HTML",
        "reply_markup": json.dumps({"inline_keyboard": [buttons[:2], buttons[2:]]}),
    }
    toast = {"callback_query_id": query["id"], "text": ANSWERS[chosen]}
    return [("answerCallbackQuery", toast), ("editMessageCaption", edit)]


async def main() -> None:
    connection, offset = connect(), 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def call(method: str, fields: dict[str, Any]) -> Any:
            async with http.post(f"{API_URL}/bot{TOKEN}/{method}", data=fields) as response:
                return await response.json()

        while True:
            batch = (await call("getUpdates", {"offset": offset, "timeout": 25}))["result"]
            if not batch:
                continue
            connection.execute("BEGIN IMMEDIATE")
            calls = [arguments for update in batch for arguments in answer(connection, update)]
            connection.execute("COMMIT")
            await asyncio.gather(*(call(*arguments) for arguments in calls))
            offset = batch[-1]["update_id"] + 1


if __name__ == "__main__":
    asyncio.run(main())
