"""Updates come until they are confirmed, to one poller at a time."""

import asyncio

import pytest
from telegram import Bot
from telegram.error import Conflict

from bot.sandbox import Sandbox, User
from bot.sandbox.content import Content
from bot.sandbox.entities import Text
from tests.sandbox.conftest import Clock, bot_for


def kinds(sandbox: Sandbox) -> list[str]:
    return [update.kind for update in sandbox.updates.pending]


async def test_an_update_comes_again_until_a_higher_offset(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    for text in ("yksi", "kaksi", "kolme"):
        anna.says(text)
    first = await bot.get_updates()
    assert [update.message.text for update in first if update.message] == ["yksi", "kaksi", "kolme"]
    assert await bot.get_updates(offset=first[0].update_id) == first
    assert await bot.get_updates(offset=first[1].update_id, limit=1) == (first[1],)
    assert await bot.get_updates(offset=first[2].update_id + 1) == ()
    assert len(sandbox.updates.confirmed) == 3


async def test_a_negative_offset_keeps_the_newest(bot: Bot, anna: User) -> None:
    for text in ("yksi", "kaksi", "kolme"):
        anna.says(text)
    newest = await bot.get_updates(offset=-2)
    assert [update.message.text for update in newest if update.message] == ["kaksi", "kolme"]
    assert await bot.get_updates() == newest


async def test_updates_are_kept_a_day_and_taps_150_seconds(
    sandbox: Sandbox, bot: Bot, anna: User, clock: Clock
) -> None:
    message = sandbox.world.post(anna.chat, Content(Text("Hei")), None)
    anna.says("Hei")
    anna.taps_data("x", message)
    clock.passes(seconds=149)
    assert len(await bot.get_updates()) == 2
    clock.passes(seconds=1)
    assert len(await bot.get_updates()) == 1
    clock.passes(hours=24)
    assert await bot.get_updates() == ()


async def test_a_long_poll_ends_with_the_first_update(bot: Bot, anna: User) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=50))
    await asyncio.sleep(0.01)
    assert not poll.done()
    anna.says("Hei")
    assert len(await poll) == 1


async def test_a_second_poller_ends_the_first(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=50))
    await asyncio.sleep(0.01)
    async with bot_for(sandbox) as other:
        second = asyncio.create_task(other.get_updates(timeout=50))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        anna.says("Hei")
        assert len(await second) == 1


async def test_only_the_allowed_kinds_of_updates_come(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    await bot.get_updates(allowed_updates=["message"])
    anna.says("Hei")
    anna.blocks()
    anna.unblocks()
    assert kinds(sandbox) == ["message"]
    await bot.get_updates(allowed_updates=[])
    anna.blocks()
    assert kinds(sandbox) == ["message", "my_chat_member"]


async def test_an_update_may_come_twice(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    sandbox.faults.duplicate_updates()
    anna.says("Hei")
    (update,) = await bot.get_updates()
    assert await bot.get_updates(offset=update.update_id + 1) == (update,)
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_an_update_may_come_after_younger_ones(sandbox: Sandbox, bot: Bot, anna: User) -> None:
    sandbox.faults.late_updates(behind=2)
    anna.says("yksi")
    anna.says("kaksi")
    (second,) = await bot.get_updates()
    anna.says("kolme")
    came = await bot.get_updates(offset=second.update_id + 1)
    assert [update.message.text for update in came if update.message] == ["kolme", "yksi"]
    assert await bot.get_updates(offset=max(update.update_id for update in came) + 1) == ()
