"""Whatever is sent, the sandbox answers with a refusal or a result, never with a crash."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox import Limits, Sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.methods import METHODS, Kind

# Field names of the objects that bots send, so that garbage gets past the first look.
WORDS = (
    "type media caption command description scope chat_id user_id text callback_data url copy_text style keyboard "
    "inline_keyboard request_users request_id offset length user id message_id emoji menu_button language unix_time"
)
NAMES = WORDS.split()
SCALARS = st.none() | st.booleans() | st.integers(-5, 6000) | st.sampled_from([*NAMES, "", "photo", "5001", "ä"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner))
OF_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.INTEGER: st.sampled_from([1, 2, 5001, 0, -1]),
    Kind.CHAT: st.sampled_from([5001, -1, -1_000_000_000_002, "@anna", 404]),
    Kind.STRING: st.sampled_from(["Hei", "<b>", "HTML", "", "typing", "fi"]),
    Kind.FILE: st.sampled_from(["attach://x", "file-1", ""]),
    Kind.BOOLEAN: st.booleans(),
    Kind.OBJECT: st.dictionaries(st.sampled_from(NAMES), JSON),
    Kind.LIST: st.lists(JSON, max_size=3),
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(sorted(METHODS.keys() - {"getUpdates"})))
    method = METHODS[name]
    sent = set(method.required) | draw(st.sets(st.sampled_from(sorted(method.parameters) or [""]), max_size=4))
    return name, {each: draw(OF_KIND[method.parameters[each]] | JSON) for each in sent & method.parameters.keys()}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(calls())
async def test_no_request_makes_the_server_fail(call: tuple[str, dict[str, Any]]) -> None:
    sandbox = Sandbox(now=lambda: datetime(2027, 4, 7, tzinfo=UTC), limits=Limits.off())
    anna = sandbox.add_user("Anna")
    anna.starts()
    sandbox.add_group("Lastensuojelu", [anna])
    sandbox.add_channel("Tiedotteet", [anna]).sets_bot_status("administrator")
    await sandbox.call("sendMessage", {"chat_id": anna.id, "text": "Hei"}, {})
    method, parameters = call
    with suppress(ApiError):
        await sandbox.call(method, parameters, {})
    assert sandbox.log[-1].error_code in (None, 400, 403)
    for message in anna.messages:
        message.as_json()
        assert message.html is not None
