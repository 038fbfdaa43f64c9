"""Telegram's refusals: one row for each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.sandbox import Group, Limits, Message, Sandbox, User
from bot.sandbox.calls import HANDLERS
from bot.sandbox.limits import Meter
from bot.sandbox.methods import METHODS
from tests.sandbox.conftest import Api, Clock

BUTTON = {"text": "Tulen", "callback_data": "i:1"}
KEYBOARD = {"inline_keyboard": [[BUTTON]]}


@dataclass
class Scene:
    """Everybody to whom something can go wrong."""

    sandbox: Sandbox
    clock: Clock
    anna: User
    blocker: User
    gone: User
    stranger: User
    unmet: User
    group: Group
    left: Group
    lost: Group
    migrated: Group
    channel: Group
    mute: Group
    closed: Group
    banned: Group
    deleted: Group
    post: Message
    text: Message
    picture: Message
    keyboard: Message
    said: Message
    old_tap: str
    fresh_tap: str
    large_file: str
    others: list[asyncio.Task[Any]] = field(default_factory=list)


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (64).to_bytes(4) + (48).to_bytes(4)


@pytest.fixture
async def scene(sandbox: Sandbox, clock: Clock, api: Api, anna: User) -> Scene:
    people = {name: sandbox.add_user(name) for name in ("blocker", "gone", "stranger", "unmet")}
    groups = {name: sandbox.add_group(name, [anna, people["stranger"]]) for name in ("group", "left", "lost", "old")}
    for name in ("blocker", "gone"):
        people[name].starts()
    picture = sandbox.world.files.add("kuva.png", PNG, "image/png")
    await api("sendMessage", chat_id=anna.id, text="<b>Kokous</b>", parse_mode="HTML", reply_markup=KEYBOARD)
    await api("sendPhoto", chat_id=anna.id, photo=picture.file_id, caption="Kuva")
    await api("sendMessage", chat_id=anna.id, text="Valitse", reply_markup={"keyboard": [["Kyllä"]]})
    text, photo, keyboard = anna.messages[-3:]
    said = anna.says("Hei")
    large = anna.uploads("iso.zip", b"PK", claimed_size=20 * 1024 * 1024 + 1)
    old_tap = anna.taps("Tulen")
    clock.passes(minutes=2)
    people["blocker"].blocks()
    people["gone"].deactivates()
    groups["left"].sets_bot_status("left")
    groups["lost"].sets_bot_status("kicked")
    groups["old"].migrates()
    channels = {name: sandbox.add_channel(name, [anna]) for name in ("channel", "mute", "closed", "banned", "deleted")}
    for channel in channels.values():
        channel.sets_bot_status("administrator")
    await api("sendMessage", chat_id=channels["mute"].id, text="Kooste")
    channels["mute"].sets_bot_status("administrator", may_post=False)
    channels["closed"].sets_bot_status("left")
    channels["banned"].sets_bot_status("kicked")
    channels["deleted"].deletes()
    assert large.document
    return Scene(
        sandbox=sandbox,
        clock=clock,
        anna=anna,
        blocker=people["blocker"],
        gone=people["gone"],
        stranger=people["stranger"],
        unmet=people["unmet"],
        group=groups["group"],
        left=groups["left"],
        lost=groups["lost"],
        migrated=groups["old"],
        **channels,
        post=channels["mute"].messages[-1],
        text=text,
        picture=photo,
        keyboard=keyboard,
        said=said,
        old_tap=old_tap,
        fresh_tap=anna.taps("Tulen"),
        large_file=large.document.file_id,
    )


Given = Callable[[Scene], dict[str, Any]]
Row = tuple[int, str, str, Given]


def say(text: str = "Hei", **parameters: Any) -> Given:
    return lambda scene: {"chat_id": scene.anna.id, "text": text, **parameters}


def html(text: str) -> Given:
    return say(text, parse_mode="HTML")


def to(chat: str, **parameters: Any) -> Given:
    return lambda scene: {"chat_id": getattr(scene, chat).id, "text": "Hei", **parameters}


def at(chat: str) -> Given:
    return lambda scene: {"chat_id": getattr(scene, chat).id}


def on_post(**parameters: Any) -> Given:
    return lambda scene: {"chat_id": scene.mute.id, "message_id": scene.post.message_id, **parameters}


def on(message: str, **parameters: Any) -> Given:
    return lambda scene: {"chat_id": scene.anna.id, "message_id": getattr(scene, message).message_id, **parameters}


def anna(**parameters: Any) -> Given:
    return lambda scene: {"chat_id": scene.anna.id, **parameters}


def only(**given: Any) -> Given:
    return lambda _: given


def markup(*buttons: Any, **parameters: Any) -> Given:
    return say(reply_markup={"inline_keyboard": [list(buttons)]} | parameters)


def when(prepare: Callable[[Scene], object], given: Given) -> Given:
    """The same request after something has happened."""

    def prepared(scene: Scene) -> dict[str, Any]:
        prepare(scene)
        return given(scene)

    return prepared


def a_token_is_revoked(scene: Scene) -> None:
    scene.sandbox.token = "1000000:uusi"


def the_webhook_is_set(scene: Scene) -> None:
    scene.sandbox.webhook.url = "https://koolla.example/hook"


def meanwhile(method: str, **given: Any) -> Callable[[Scene], None]:
    """Another request arrives while the one of the row is waiting."""

    def arrives(scene: Scene) -> None:
        scene.sandbox.updates.drop()
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, lambda: scene.others.append(loop.create_task(scene.sandbox.call(method, given, {}))))

    return arrives


def messages_went(chat: str, number: int) -> Callable[[Scene], None]:
    """So many messages went to one chat or, if to nobody in particular, to many, just now."""

    def went(scene: Scene) -> None:
        meter = scene.sandbox.world.meter = Meter(Limits())
        group = chat in ("group", "channel")
        ids = [scene.anna.id + each for each in range(1, number + 1)] if chat == "many" else [getattr(scene, chat).id]
        for chat_id in ids:
            meter.count(chat_id, group=group, now=scene.clock.now(), messages=number // len(ids))

    return went


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
PARSE = "can't parse entities: "
INLINE = "can't parse inline keyboard button: "
MEDIA = "can't parse InputMedia: "

BAD_REQUESTS: list[tuple[str, str, Given]] = [
    # Texts
    ("message text is empty", "sendMessage", anna()),
    ("message text is empty", "sendMessage", say("")),
    ("message text is empty", "sendMessage", say(" \n\t ")),
    ("message text is empty", "sendMessage", html("<b> </b>")),
    ("message is too long", "sendMessage", say("ä" * 4097)),
    ("message is too long", "sendMessage", say("😀" * 4097)),
    ("text is too long", "sendMessage", say("ä" * 16_385)),
    ("message caption is too long", "sendPhoto", anna(photo="x", caption="ä" * 1025)),
    ("unsupported parse_mode", "sendMessage", say(parse_mode="BBCode")),
    ("can't parse MessageEntity: Can't find field \"offset\"", "sendMessage", say(entities=[{"type": "bold"}])),
    # HTML
    (PARSE + 'Can\'t find end tag corresponding to start tag "b"', "sendMessage", html("<i>a</i><b>c")),
    (PARSE + 'Unsupported start tag "div" at byte offset 3', "sendMessage", html("ä <div>b</div>")),
    (PARSE + 'Unsupported start tag "" at byte offset 2', "sendMessage", html("2 < 3")),
    (PARSE + 'Unsupported start tag "3" at byte offset 2', "sendMessage", html("2 <3 hei>")),
    (PARSE + "Unclosed start tag at byte offset 2", "sendMessage", html("a <b")),
    (PARSE + "Unexpected end tag at byte offset 1", "sendMessage", html("a</b>")),
    (
        PARSE + 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        "sendMessage",
        html("<b><i>a</b></i>"),
    ),
    (PARSE + "Unclosed end tag at byte offset 4", "sendMessage", html("<b>a</b")),
    (
        PARSE + 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        "sendMessage",
        html("<a href>b</a>"),
    ),
    (PARSE + "Unclosed start tag at byte offset 0", "sendMessage", html('<a href="x>b')),
    (PARSE + "Unexpected end of name token at byte offset 8", "sendMessage", html("<a href=x/y>b</a>")),
    (PARSE + 'Tag "span" must have class "tg-spoiler" at byte offset 0', "sendMessage", html("<span>a</span>")),
    (PARSE + "Invalid custom emoji identifier specified", "sendMessage", html('<tg-emoji emoji-id="x">a</tg-emoji>')),
    # Buttons
    ("BUTTON_DATA_INVALID", "sendMessage", markup({"text": "a", "callback_data": "ä" * 33})),
    ("BUTTON_DATA_INVALID", "sendMessage", markup({"text": "a", "callback_data": ""})),
    ("BUTTON_COPY_TEXT_INVALID", "sendMessage", markup({"text": "a", "copy_text": {"text": "a" * 257}})),
    (
        "inline keyboard button URL 'ei osoite' is invalid: Wrong HTTP URL",
        "sendMessage",
        markup({"text": "a", "url": "ei osoite"}),
    ),
    (INLINE + "Text buttons are unallowed in the inline keyboard", "sendMessage", markup({"text": "a"})),
    (INLINE + 'Can\'t find field "text"', "sendMessage", markup({"callback_data": "a"})),
    (INLINE + 'Field "text" must be of type String', "sendMessage", markup({"text": 1, "callback_data": "a"})),
    (INLINE + "Invalid button style specified", "sendMessage", markup(BUTTON | {"style": "pink"})),
    (
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        "sendMessage",
        say(reply_markup={"inline_keyboard": [BUTTON]}),
    ),
    ("reply markup is too long", "sendMessage", say(reply_markup={"inline_keyboard": [[BUTTON]] * 101})),
    (
        "users can be requested in private chats only",
        "sendMessage",
        to("group", reply_markup={"keyboard": [[{"text": "a", "request_users": {"request_id": 1}}]]}),
    ),
    ("inline keyboard expected", "editMessageText", on("text", text="a", reply_markup={"force_reply": True})),
    # Chats and messages
    ("chat_id is empty", "sendMessage", only(text="Hei")),
    ("chat_id is empty", "sendMessage", only(chat_id="", text="Hei")),
    ("chat not found", "sendMessage", only(chat_id=404, text="Hei")),
    ("chat not found", "sendMessage", only(chat_id="@anna", text="Hei")),
    ("chat not found", "sendMessage", to("unmet")),
    ("message to be replied not found", "sendMessage", say(reply_parameters={"message_id": 404})),
    ("message to edit not found", "editMessageText", anna(message_id=404, text="a")),
    ("message identifier is not specified", "editMessageText", anna(text="a")),
    ("message can't be edited", "editMessageText", on("said", text="a")),
    ("message can't be edited", "editMessageText", on("keyboard", text="a")),
    ("there is no text in the message to edit", "editMessageText", on("picture", text="a")),
    ("there is no caption in the message to edit", "editMessageCaption", on("text", caption="a")),
    (
        NOT_MODIFIED,
        "editMessageText",
        on("text", text=" <strong>Kokous</strong>", parse_mode="HTML", reply_markup=KEYBOARD),
    ),
    (NOT_MODIFIED, "editMessageReplyMarkup", on("text", reply_markup=KEYBOARD)),
    (NOT_MODIFIED, "editMessageCaption", on("picture", caption="Kuva")),
    ("message to delete not found", "deleteMessage", anna(message_id=404)),
    (
        "message can't be deleted for everyone",
        "deleteMessage",
        when(lambda scene: scene.clock.passes(hours=48), on("text")),
    ),
    ("message identifiers are not specified", "deleteMessages", anna(message_ids=[])),
    ("message to copy not found", "copyMessage", lambda s: anna(from_chat_id=s.anna.id, message_id=404)(s)),
    ("message to forward not found", "forwardMessage", lambda s: anna(from_chat_id=s.anna.id, message_id=404)(s)),
    ("message to pin not found", "pinChatMessage", anna(message_id=404)),
    (
        "not enough rights to manage pinned messages in the chat",
        "pinChatMessage",
        lambda scene: {"chat_id": scene.group.id, "message_id": 1},
    ),
    ("message to react not found", "setMessageReaction", anna(message_id=404)),
    ("REACTION_INVALID", "setMessageReaction", on("said", reaction=[{"type": "emoji", "emoji": "🥕"}])),
    ("wrong parameter action in request", "sendChatAction", anna(action="dancing")),
    ("PARTICIPANT_ID_INVALID", "getChatMember", anna(user_id=404)),
    # Taps
    (TOO_OLD, "answerCallbackQuery", only(callback_query_id="404")),
    (TOO_OLD, "answerCallbackQuery", lambda scene: {"callback_query_id": scene.old_tap}),
    (
        "MESSAGE_TOO_LONG",
        "answerCallbackQuery",
        lambda scene: {"callback_query_id": scene.fresh_tap, "text": "ä" * 201},
    ),
    ("URL_INVALID", "answerCallbackQuery", lambda s: {"callback_query_id": s.fresh_tap, "url": "https://kunta.fi"}),
    # Files
    ("there is no photo in the request", "sendPhoto", anna()),
    ("there is no document in the request", "sendDocument", anna()),
    ("wrong remote file identifier specified: Wrong string length", "sendDocument", anna(document="x")),
    ("failed to get HTTP URL content", "sendDocument", anna(document="https://kunta.fi/a.pdf")),
    ("invalid file_id", "getFile", only(file_id="x")),
    ("file_id not specified", "getFile", only()),
    ("file is too big", "getFile", lambda scene: {"file_id": scene.large_file}),
    ("there are no messages to send", "sendMediaGroup", anna(media=[])),
    (
        "too many messages to send as an album",
        "sendMediaGroup",
        anna(media=[{"type": "photo", "media": "x"}] * 11),
    ),
    (MEDIA + "media not found", "editMessageMedia", on("picture", media={"type": "photo"})),
    (MEDIA + 'type "gif" is unsupported', "editMessageMedia", on("picture", media={"type": "gif", "media": "x"})),
    # Menus and the webhook
    ("BOT_COMMAND_INVALID", "setMyCommands", only(commands=[{"command": "Apua", "description": "a"}])),
    ("BOT_COMMAND_DESCRIPTION_INVALID", "setMyCommands", only(commands=[{"command": "apua", "description": " "}])),
    ("BOT_COMMANDS_TOO_MUCH", "setMyCommands", only(commands=[{"command": "a", "description": "a"}] * 101)),
    ("LANG_CODE_INVALID", "setMyCommands", only(commands=[], language_code="suomi")),
    ("chat not found", "getMyCommands", only(scope={"type": "chat", "chat_id": 404})),
    (
        "bad webhook: An HTTPS URL must be provided for webhook",
        "setWebhook",
        only(url="http://koolla.example/hook"),
    ),
    ("secret token contains unallowed characters", "setWebhook", only(url="https://koolla.example", secret_token="ä")),
    ("secret token is too long", "setWebhook", only(url="https://koolla.example", secret_token="a" * 257)),
    # In channels
    ("need administrator rights in the channel chat", "sendMessage", to("mute")),
    (
        "need administrator rights in the channel chat",
        "forwardMessage",
        lambda scene: on("text")(scene) | {"from_chat_id": scene.anna.id, "chat_id": scene.mute.id},
    ),
    ("message can't be edited", "editMessageText", on_post(text="Uusi")),
    ("inline keyboard expected", "sendMessage", to("channel", reply_markup={"keyboard": [["Kyllä"]]})),
    ("inline keyboard expected", "sendMessage", to("channel", reply_markup={"remove_keyboard": True})),
    ("chat not found", "sendMessage", to("deleted")),
    # What Telegram would let pass, and the sandbox does not
    ("sandbox: sendMessage has no parameter 'txet'", "sendMessage", say(txet="Hei")),
    (
        "sandbox: sendMessage parameter 'disable_notification' must be Boolean, not 'maybe'",
        "sendMessage",
        say(disable_notification="maybe"),
    ),
    ("sandbox: sendMessage parameter 'text' must be String, not 5", "sendMessage", anna(text=5)),
    (
        "sandbox: editMessageText parameter 'message_id' must be Integer, not 'x'",
        "editMessageText",
        anna(message_id="x", text="a"),
    ),
    ("sandbox: sendMessage parameter 'reply_markup' must be Object, not '{'", "sendMessage", say(reply_markup="{")),
    ("sandbox: deleteMessages needs parameter 'message_ids'", "deleteMessages", anna()),
    ("sandbox: it reads HTML only, not Markdown", "sendMessage", say(parse_mode="MarkdownV2")),
    (
        "sandbox: a MessageEntity reaches beyond the text",
        "sendMessage",
        say("Hei", entities=[{"type": "bold", "offset": 1, "length": 3}]),
    ),
]

OTHERS: list[Row] = [
    (403, "Forbidden: bot was blocked by the user", "sendMessage", to("blocker")),
    (403, "Forbidden: user is deactivated", "sendMessage", to("gone")),
    (403, "Forbidden: bot can't initiate conversation with a user", "sendMessage", to("stranger")),
    (403, "Forbidden: bot is not a member of the group chat", "sendMessage", to("left")),
    (403, "Forbidden: bot was kicked from the group chat", "sendMessage", to("lost")),
    (403, "Forbidden: bot is not a member of the channel chat", "sendMessage", to("closed")),
    (403, "Forbidden: bot is not a member of the channel chat", "getChat", at("closed")),
    (403, "Forbidden: bot was kicked from the channel chat", "sendMessage", to("banned")),
    (403, "Forbidden: bot was kicked from the channel chat", "getChatMemberCount", at("banned")),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", "sendMessage", to("migrated")),
    (404, "Not Found", "sendMesage", say()),
    (401, "Unauthorized", "getMe", when(a_token_is_revoked, only())),
    (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        "getUpdates",
        when(meanwhile("getUpdates"), only(timeout=50)),
    ),
    (
        409,
        "Conflict: terminated by setWebhook request",
        "getUpdates",
        when(meanwhile("setWebhook", url="https://koolla.example/hook"), only(timeout=50)),
    ),
    (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        "getUpdates",
        when(the_webhook_is_set, only()),
    ),
    (429, "Too Many Requests: retry after 1", "sendMessage", when(messages_went("anna", 1), say())),
    (429, "Too Many Requests: retry after 1", "sendMessage", when(messages_went("many", 30), say())),
    (429, "Too Many Requests: retry after 60", "sendMessage", when(messages_went("group", 20), to("group"))),
    (429, "Too Many Requests: retry after 60", "sendMessage", when(messages_went("channel", 20), to("channel"))),
    (502, "Bad Gateway", "sendMessage", when(lambda scene: scene.sandbox.faults.bad_gateway(), say())),
]

ROWS = [(400, f"Bad Request: {text}", method, given) for text, method, given in BAD_REQUESTS] + OTHERS


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[2]}: {row[1]}" for row in ROWS])
async def test_every_refusal_has_telegrams_description(api: Api, scene: Scene, row: Row) -> None:
    code, description, method, given = row
    parameters, before = given(scene), scene.sandbox.version
    answer = await api(method, **parameters)
    assert (answer["ok"], answer.get("error_code"), answer.get("description")) == (False, code, description)
    assert scene.sandbox.version == before


def test_every_method_of_the_table_is_answered() -> None:
    about_updates = {"getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo"}
    assert set(METHODS) == set(HANDLERS) | about_updates


async def test_a_migrated_group_names_its_new_address(api: Api, scene: Scene) -> None:
    answer = await api("sendMessage", chat_id=scene.migrated.id, text="Hei")
    assert scene.migrated.migrated_to
    assert answer["parameters"] == {"migrate_to_chat_id": scene.migrated.migrated_to.id}


async def test_a_tap_is_answered_once(api: Api, scene: Scene) -> None:
    assert (await api("answerCallbackQuery", callback_query_id=scene.fresh_tap))["ok"]
    again = await api("answerCallbackQuery", callback_query_id=scene.fresh_tap)
    assert again["description"] == f"Bad Request: {TOO_OLD}"


async def test_what_telegram_ignores_is_refused_only_if_strict(sandbox: Sandbox, api: Api, anna: User) -> None:
    sandbox.strict = False
    assert (await api("sendMessage", chat_id=anna.id, text="Hei", txet="Hei"))["ok"]
