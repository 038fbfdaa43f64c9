"""The chat page over HTTP: what it shows, what people do on it, and who may not."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardButtonRequestUsers
from telegram import ReplyKeyboardMarkup as Keyboard

from bot.sandbox import Limits, Sandbox
from bot.sandbox import page as page_package
from bot.sandbox.page import page_routes
from bot.sandbox.page.controls import MOVED, NOTHING_DUE
from bot.sandbox.people import User
from tests.sandbox.conftest import Clock

HERE = "http://127.0.0.1:8765"
FOLDER = Path(page_package.__file__).parent
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x02\0\0\0"


@dataclass
class Controls:
    """A clock on which nothing happens but one message to everybody at each hour."""

    clock: Clock
    sandbox: Sandbox
    bot: Bot
    added: list[tuple[str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock.now()

    async def advance(self, by: timedelta) -> str:
        self.clock.time += by
        for user in self.sandbox.users.values():
            await self.bot.send_message(user.id, "Kello lyö")
        return MOVED

    async def next_event(self) -> str:
        return NOTHING_DUE

    async def next_month(self) -> str:
        return await self.advance(timedelta(days=30))

    async def reset(self) -> None:
        self.sandbox = Sandbox(now=self.clock.now, limits=Limits.off())

    def add_person(self, name: str, language: str) -> None:
        self.sandbox.add_user(name, language=language)

    def role(self, person_id: int) -> str:
        return "coordinator" if person_id == 5001 else ""

    def group(self) -> str:
        return "Lastensuojelu"


@pytest.fixture
def controls(clock: Clock, sandbox: Sandbox, bot: Bot) -> Controls:
    return Controls(clock, sandbox, bot)


@pytest.fixture
async def page(controls: Controls) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=page_routes(lambda: controls.sandbox, controls, language="sv"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=HERE, headers={"Origin": HERE}) as client:
        yield client


@pytest.fixture
def anna(sandbox: Sandbox) -> User:
    anna = sandbox.add_user("Anna", last_name="Koski")
    anna.starts()
    return anna


async def state(page: httpx.AsyncClient, since: str = "") -> dict[str, Any]:
    body: dict[str, Any] = (await page.get("/sandbox/state", params={"since": since})).json()
    return body


async def acts(page: httpx.AsyncClient, person: User, **wish: Any) -> dict[str, Any]:
    answer = await page.post("/sandbox/act", json={"person": person.id, **wish})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_page_comes_with_all_its_files_and_nothing_from_elsewhere(page: httpx.AsyncClient) -> None:
    answer = await page.get("/")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', answer.text)
    assert {"/sandbox/page.js", "/sandbox/style.css"} == set(addresses)
    for address in (*addresses, "/sandbox/words.json"):
        response = await page.get(address)
        assert response.status_code == 200
        assert not re.search(r"(?:src|href|url|import|fetch)\W{1,4}https?:", response.text)


async def test_it_speaks_three_languages_in_step() -> None:
    words = json.loads((FOLDER / "words.json").read_text())
    assert list(words) == ["fi", "sv", "en"]
    assert words["fi"].keys() == words["sv"].keys() == words["en"].keys()
    for key in words["fi"]:
        fields = [sorted(re.findall(r"\{\w+\}", each[key])) for each in words.values()]
        assert fields[0] == fields[1] == fields[2], key
    used = set(re.findall(r'data-(?:word|label|title)="(\w+)"', (FOLDER / "index.html").read_text()))
    used |= set(re.findall(r'\bword\("(\w+)"', (FOLDER / "page.js").read_text()))
    put_together = {key for key in words["fi"] if key.startswith(("role_", "jump_"))}
    assert used | put_together == words["fi"].keys()


async def test_it_shows_people_and_messages_as_they_see_them(page: httpx.AsyncClient, anna: User, bot: Bot) -> None:
    await bot.set_my_commands([("help", "Ohje")])
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Etänä", callback_data="i:1")]])
    sent = await bot.send_message(anna.id, "<b>Ke</b> 7.4.", "HTML", disable_notification=True, reply_markup=buttons)
    await bot.edit_message_text("<i>To</i> 8.4.", anna.id, sent.message_id, parse_mode="HTML", reply_markup=buttons)
    drawn = await state(page)
    (person,) = drawn["people"]
    assert (drawn["language"], drawn["bot"], drawn["jump"]) == ("sv", "koolla_bot", None)
    assert (person["name"], person["role"], person["started"]) == ("Anna Koski", "coordinator", True)
    assert person["commands"] == [{"command": "help", "description": "Ohje"}]
    own, reply = person["messages"]
    assert (own["mine"], own["text"]) == (True, "/start")
    assert (reply["text"], reply["entities"], reply["silent"]) == (
        "To 8.4.",
        [{"type": "italic", "offset": 0, "length": 2}],
        True,
    )
    assert [version["text"] for version in reply["versions"]] == ["Ke 7.4."]
    assert reply["rows"][0][0]["label"] == "Etänä"


async def test_the_state_waits_for_a_change(page: httpx.AsyncClient, anna: User, bot: Bot) -> None:
    waiting = asyncio.create_task(state(page, (await state(page))["stamp"]))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await bot.send_message(anna.id, "Hei")
    async with asyncio.timeout(2):
        drawn = await waiting
    assert drawn["people"][0]["messages"][-1]["text"] == "Hei"


async def test_it_shows_typing_until_the_bot_has_written(page: httpx.AsyncClient, anna: User, bot: Bot) -> None:
    await bot.send_chat_action(anna.id, "typing")
    assert (await state(page))["people"][0]["typing"]
    await bot.send_message(anna.id, "Hei")
    assert not (await state(page))["people"][0]["typing"]


async def test_people_write_tap_and_see_the_answer(page: httpx.AsyncClient, anna: User, bot: Bot) -> None:
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Etänä", callback_data="i:1")]])
    sent = await bot.send_message(anna.id, "Tuletko?", reply_markup=buttons)
    await acts(page, anna, do="say", text="  hei ")
    tap = await acts(page, anna, do="tap", message=sent.message_id, data="i:1")
    *_, written, tapped = await bot.get_updates()
    assert written.message is not None
    assert tapped.callback_query is not None
    assert (written.message.text, tapped.callback_query.data) == ("hei", "i:1")
    await bot.answer_callback_query(tapped.callback_query.id, "Kiitos", show_alert=True)
    (toast,) = (await state(page))["people"][0]["toasts"]
    assert toast == {"text": "Kiitos", "alert": True, "tap": tap["tap"], "url": None}


async def test_people_start_with_a_link_block_and_unblock(page: httpx.AsyncClient, sandbox: Sandbox) -> None:
    bo = sandbox.add_user("Bo", language="sv")
    await acts(page, bo, do="start", payload="g_12")
    assert (bo.started, bo.messages[-1].text) == (True, "/start g_12")
    await acts(page, bo, do="block")
    assert (await state(page))["people"][0]["blocked"]
    await acts(page, bo, do="unblock")
    assert not bo.blocked


async def test_people_choose_other_people(page: httpx.AsyncClient, anna: User, sandbox: Sandbox, bot: Bot) -> None:
    bo = sandbox.add_user("Bo")
    key = KeyboardButton("Valitse", request_users=KeyboardButtonRequestUsers(7))
    await bot.send_message(anna.id, "Kuka?", reply_markup=Keyboard([[key]], input_field_placeholder="Nimi"))
    keyboard = (await state(page))["people"][0]["keyboard"]
    assert keyboard == {"rows": [[{"label": "Valitse", "asks": {"id": 7, "most": 1}}]], "placeholder": "Nimi"}
    await acts(page, anna, do="choose", request=7, people=[bo.id])
    *_, update = await bot.get_updates()
    assert update.message is not None
    assert update.message.users_shared.users[0].user_id == bo.id
    assert (await state(page))["people"][0]["messages"][-1]["shared"] == [bo.id]


async def test_files_go_both_ways_and_only_pictures_open(page: httpx.AsyncClient, anna: User, bot: Bot) -> None:
    query = {"person": anna.id, "name": "../väki.csv", "caption": "Jäsenet"}
    assert (await page.post("/sandbox/upload", params=query, content=b"Bo;Kunta")).status_code == 200
    await bot.send_photo(anna.id, PNG, filename="kuva.png")
    await bot.send_document(anna.id, b"<script>alert(1)</script>", filename='a"b.html')
    table, picture, document = (each["file"] for each in (await state(page))["people"][0]["messages"][1:])
    assert (table["name"], picture["picture"], document["picture"]) == ("väki.csv", True, False)
    response = await page.get(f"/sandbox/file/{picture['id']}")
    saved = await page.get(f"/sandbox/file/{document['id']}")
    assert (response.content, response.headers["content-type"]) == (PNG, "image/png")
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''a")
    assert (saved.headers["content-type"], saved.headers["x-content-type-options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert (await page.get("/sandbox/file/none")).status_code == 404


async def test_the_clock_moves_and_counts_the_new_messages(
    page: httpx.AsyncClient, anna: User, sandbox: Sandbox, controls: Controls
) -> None:
    for wish in ({"do": "advance", "hours": 24}, {"do": "next_month"}):
        assert (await page.post("/sandbox/act", json=wish)).status_code == 200
    jump = (await state(page))["jump"]
    assert (jump["outcome"], jump["news"]) == (MOVED, [{"person": anna.id, "count": 1}])
    assert (jump["before"], jump["after"]) == ("2027-04-08T09:00:00.000+00:00", "2027-05-08T09:00:00.000+00:00")
    await page.post("/sandbox/act", json={"do": "next_event"})
    assert (await state(page))["jump"]["outcome"] == NOTHING_DUE


async def test_reset_begins_anew_and_people_can_be_added(page: httpx.AsyncClient, anna: User) -> None:
    before = await state(page)
    await page.post("/sandbox/act", json={"do": "reset"})
    await page.post("/sandbox/act", json={"do": "add", "name": " Ella ", "language": "en"})
    after = await state(page, before["stamp"])
    assert before["epoch"] != after["epoch"]
    assert [(each["name"], each["language"], each["started"]) for each in after["people"]] == [("Ella", "en", False)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8765", "Origin": "http://evil.example:8765"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
async def test_no_other_page_can_act(page: httpx.AsyncClient, anna: User, headers: dict[str, str]) -> None:
    for address in ("/sandbox/act", f"/sandbox/upload?person={anna.id}&name=a"):
        answer = await page.post(address, content=b'{"do": "block", "person": 5001}', headers=headers)
        assert answer.status_code == 403
    assert not anna.blocked


async def test_a_foreign_host_name_reads_nothing(page: httpx.AsyncClient) -> None:
    for address in ("/", "/sandbox/state", "/sandbox/file/x", "/sandbox/page.js"):
        assert (await page.get(address, headers={"Host": "rebound.example"})).status_code == 403


@pytest.mark.parametrize(
    "wish",
    [
        [],
        {},
        {"do": "say", "text": "hei"},
        {"do": "say", "person": 1, "text": "hei"},
        {"do": "say", "person": 5001, "text": "   "},
        {"do": "say", "person": 5001, "text": "x" * 4097},
        {"do": "tap", "person": 5001, "message": 1, "data": "forged"},
        {"do": "choose", "person": 5001, "request": 1, "people": [9]},
        {"do": "advance", "hours": -1},
        {"do": "advance", "hours": 10**9},
        {"do": "add", "name": "", "language": "fi"},
        {"do": "add", "name": "Ella", "language": "xx"},
        {"do": "dance", "person": 5001},
    ],
)
async def test_impossible_actions_are_refused(page: httpx.AsyncClient, anna: User, wish: Any) -> None:
    before = (await state(page))["people"]
    assert (await page.post("/sandbox/act", json=wish)).status_code == 400
    assert (await state(page))["people"] == before


@pytest.mark.parametrize("query", [{"person": "5001"}, {"person": "x", "name": "a"}, {"person": "5001", "name": "a"}])
async def test_an_upload_needs_a_person_a_name_and_content(
    page: httpx.AsyncClient, anna: User, query: dict[str, str]
) -> None:
    assert (await page.post("/sandbox/upload", params=query, content=b"")).status_code == 400
