"""What the bot hears: people's messages in its private chats. What Telegram tells about chats is answered by nobody."""

from typing import Any

import pytest

from bot.sandbox.content import Content
from bot.sandbox.entities import Text, recognise_entities
from tests.talk import Actor, Talk, key, words
from tests.talks.test_unreadable import MISSING, message, sends

USER = {"id": 5, "is_bot": False, "first_name": "Bo"}
CHAT = {"id": -5, "type": "group", "title": "Tiimi"}
PHOTO = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
TASKS = {"checklist_message": MISSING, "tasks": []}
SUGGESTED = {"suggested_post_message": MISSING}
SERVICE: dict[str, Any] = {
    "new_chat_members": [USER],
    "left_chat_member": USER,
    "chat_owner_left": {},
    "chat_owner_changed": {"new_owner": USER},
    "new_chat_title": "Uusi",
    "new_chat_photo": PHOTO,
    "delete_chat_photo": True,
    "group_chat_created": True,
    "supergroup_chat_created": True,
    "channel_chat_created": True,
    "message_auto_delete_timer_changed": {"message_auto_delete_time": 86400},
    "migrate_from_chat_id": -6,
    "pinned_message": {"message_id": 1, "date": 1, "chat": CHAT, "text": "Muistio"},
    "successful_payment": {
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "",
        "telegram_payment_charge_id": "",
        "provider_payment_charge_id": "",
    },
    "refunded_payment": {
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "",
        "telegram_payment_charge_id": "",
    },
    "chat_shared": {"request_id": 1, "chat_id": -5},
    "gift": {},
    "unique_gift": {},
    "gift_upgrade_sent": {},
    "connected_website": "example.org",
    "write_access_allowed": {},
    "passport_data": {"data": [], "credentials": {"data": "", "hash": "", "secret": ""}},
    "proximity_alert_triggered": {"traveler": USER, "watcher": USER, "distance": 1},
    "boost_added": {"boost_count": 1},
    "chat_background_set": {"type": {"type": "chat_theme", "theme_name": "x"}},
    "checklist_tasks_done": {"marked_as_done_task_ids": [1]},
    "checklist_tasks_added": {"tasks": []},
    "direct_message_price_changed": {"are_direct_messages_enabled": True},
    "forum_topic_created": {"name": "Aihe", "icon_color": 1},
    "forum_topic_edited": {},
    "forum_topic_closed": {},
    "forum_topic_reopened": {},
    "general_forum_topic_hidden": {},
    "general_forum_topic_unhidden": {},
    "giveaway_created": {},
    "giveaway_completed": {"winner_count": 1},
    "managed_bot_created": {"bot": USER | {"is_bot": True}},
    "paid_message_price_changed": {"paid_message_star_count": 1},
    "poll_option_added": {},
    "poll_option_deleted": {},
    "suggested_post_approved": {"send_date": 1},
    "suggested_post_approval_failed": {"price": {"currency": "XTR", "amount": 1}},
    "suggested_post_declined": {},
    "suggested_post_paid": {"currency": "XTR"},
    "suggested_post_refunded": {"reason": "post_deleted"},
    "video_chat_scheduled": {"start_date": 1},
    "video_chat_started": {},
    "video_chat_ended": {"duration": 1},
    "video_chat_participants_invited": {"users": [USER]},
    "web_app_data": {"data": "x", "button_text": "x"},
    "a_kind_of_later_versions": {"text": "x"},
}
"""Every kind of message of the Bot API 10.1 by which Telegram tells that something has happened."""
PLACE = {"latitude": 60.0, "longitude": 25.0}
SENT: dict[str, Any] = {
    "photo": PHOTO,
    "sticker": {
        "file_id": "1",
        "file_unique_id": "1",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    },
    "voice": {"file_id": "1", "file_unique_id": "1", "duration": 1},
    "contact": {"phone_number": "1", "first_name": "Bo"},
    "dice": {"emoji": "🎲", "value": 1},
    "location": PLACE,
    "venue": {"location": PLACE, "title": "Talo", "address": "Katu"},
    "rich_message": {"blocks": []},
}
"""What people send besides text."""


def requests(talk: Talk, since: int) -> list[str]:
    """The methods that the bot has called, without getUpdates."""
    return [call.method for call in talk.sandbox.log[since:] if call.method != "getUpdates"]


@pytest.mark.parametrize("kind", SERVICE)
async def test_what_telegram_tells_about_a_chat_is_not_answered(talk: Talk, bo: Actor, kind: str) -> None:
    await bo.starts()
    since = len(talk.sandbox.log)
    for edited in (False, True):
        raw = message(talk, bo, text=MISSING, **{kind: SERVICE[kind]})
        if edited:
            raw["edited_message"] = raw.pop("message") | {"edit_date": raw["update_id"]}
        sends(talk, raw)
        await talk.answered()
    assert requests(talk, since) == []


@pytest.mark.parametrize("kind", SENT)
async def test_what_people_send_is_answered_once(talk: Talk, bo: Actor, kind: str) -> None:
    await bo.starts()
    before = len(bo.messages)
    sends(talk, message(talk, bo, text=MISSING, **{kind: SENT[kind]}))
    await talk.answered()
    assert len(bo.messages) == before + 1


@pytest.mark.parametrize(
    "shared", [{"request_id": 1, "users": []}, {"request_id": 1}, {"request_id": 1, "user_ids": [5]}]
)
async def test_a_share_without_a_person_is_no_failure(talk: Talk, aino: Actor, shared: dict[str, Any]) -> None:
    await aino.starts()
    before = len(aino.messages)
    sends(talk, message(talk, aino, text=MISSING, users_shared=shared))
    await talk.answered()
    assert len(aino.messages) == before + 1
    assert not aino.sees(key("failed"))


async def album(talk: Talk, actor: Actor, *, apart: bool, caption: int | None = None) -> list[str]:
    """A person sends ten photos as one, which come together or one by one. Returns the bot's answers."""
    before = len(actor.messages)
    for number in range(10):
        words_below = {"caption": "Kevään kokous"} if number == caption else {}
        photo = message(talk, actor, text=MISSING, photo=PHOTO, media_group_id="77", **words_below)
        photo["message"]["message_id"] += number
        sends(talk, photo)
        if apart:
            await talk.answered()
    await talk.answered()
    return [words(sent) for sent in actor.messages[before:]]


@pytest.mark.parametrize("apart", [False, True])
async def test_an_album_is_answered_once(talk: Talk, bo: Actor, apart: bool) -> None:
    await bo.starts()
    assert len(await album(talk, bo, apart=apart)) == 1


async def test_the_words_of_an_album_are_heard_wherever_they_stand(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    await aino.says("/newgroup")
    await album(talk, aino, apart=False, caption=3)
    assert aino.sees("Kevään kokous")


async def test_files_of_an_album_are_read_where_files_are_asked_for(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Lisää jäseniä")
    for number, name in enumerate(("Åke Öberg", "Maija Mäki")):
        file = talk.sandbox.world.files.add(f"{number}.csv", f"Nimi\n{name}\n".encode(), "text/csv")
        document = {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size}
        sent = message(talk, anna, text=MISSING, document=document, media_group_id="78")
        sent["message"]["message_id"] += number
        sends(talk, sent)
    await talk.answered()
    assert anna.has_button("Lisää 2")


@pytest.fixture
def group(talk: Talk, bo: Actor) -> Any:
    """A group of Telegram with the bot as an administrator, so that it gets every message."""
    group = talk.sandbox.add_group("Tiimi", [bo.user])
    group.sets_bot_status("administrator")
    return group


async def test_in_a_group_nothing_is_fetched_and_nothing_is_written(talk: Talk, bo: Actor, group: Any) -> None:
    await talk.answered()
    talk.sandbox.faults.bad_gateway(method="getFile", times=None)
    since = len(talk.sandbox.log)
    file = talk.sandbox.world.files.add("palkat.csv", b"Nimi\nBo", "text/csv")
    bo.user._posts(Content(recognise_entities(Text("")), "document", file), group)
    bo.user.says("/start", chat=group)
    bo.user.says("/nosuchcommand", chat=group)
    bo.user.says("Hei kaikki", chat=group)
    posted = talk.sandbox.world.post(group, Content(recognise_entities(Text("Ohjelma"))), None)
    bo.user.taps_data("help", posted)
    await talk.answered()
    assert requests(talk, since) == ["answerCallbackQuery"]


async def test_a_failure_in_a_group_writes_nothing_into_it(
    talk: Talk, bo: Actor, group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def falls(*_: Any) -> None:
        raise RuntimeError("the ceiling came down")

    monkeypatch.setattr("handlers.reports.digest.places.hear", falls)
    await talk.answered()
    since = len(talk.sandbox.log)
    posted = talk.sandbox.world.post(group, Content(recognise_entities(Text("Ohjelma"))), None)
    bo.user.taps_data("help", posted)
    group.migrates()
    await talk.answered()
    assert set(requests(talk, since)) <= {"answerCallbackQuery"}


async def test_a_file_that_no_dialogue_asks_for_is_not_fetched(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    since = len(talk.sandbox.log)
    await aino.sends("kuva.pdf", b"%PDF")
    await aino.says("/newgroup")
    await aino.sends("nimi.txt", b"Lastensuojelu")
    assert "getFile" not in requests(talk, since)


async def test_a_file_is_fetched_although_its_dialogue_began_just_before(talk: Talk, anna: Actor) -> None:
    """As after an hour without network, when all comes at once."""
    await talk.group(members=[], coordinator=anna)
    await anna.says("/members")
    anna.user.taps("Lisää jäseniä")
    anna.user.uploads("jäsenet.csv", "Nimi\nÅke Öberg\n".encode())
    await talk.answered()
    assert anna.has_button("Lisää 1")


@pytest.mark.parametrize(
    ("language", "refusal"),
    [
        ("fi", "Nimessä pitää olla ainakin yksi kirjain tai numero."),
        ("sv", "I namnet behövs minst en bokstav eller siffra."),
        ("en", "A name needs at least one letter or digit."),
    ],
)
async def test_a_group_needs_a_name_that_can_be_said(talk: Talk, language: str, refusal: str) -> None:
    aino = talk.person("Aino", language=language, id=900)
    await aino.starts()
    for name in ("👍", "...", "—", "👨‍👩‍👧", "!?"):
        assert refusal in await aino.says(f"/newgroup {name}")
    await aino.says("/newgroup")
    assert refusal in await aino.says("👍👍")
    await aino.says("Ryhmä 👍")
    assert aino.sees("Ryhmä 👍")
    await aino.says("/newgroup 112")
    assert aino.sees("112")
