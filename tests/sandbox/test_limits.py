"""429, by the sandbox's clock: messages count, edits and answers do not."""

from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import RetryAfter

from bot.sandbox import Group, Limits, Sandbox, User
from tests.sandbox.conftest import Clock, bot_for


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(now=clock.now)


@pytest.fixture
def group(sandbox: Sandbox, anna: User) -> Group:
    return sandbox.add_group("Lastensuojelu", [anna])


async def test_one_message_a_second_to_one_person(bot: Bot, anna: User, clock: Clock) -> None:
    message = await bot.send_message(anna.id, "yksi")
    for text in ("kaksi", "kolme"):
        await message.edit_text(text)
    with pytest.raises(RetryAfter, match="1"):
        await bot.send_message(anna.id, "neljä")
    clock.passes(seconds=1)
    await bot.send_message(anna.id, "neljä")
    assert [message.text for message in anna.messages[1:]] == ["kolme", "neljä"]


async def test_thirty_a_second_to_all(sandbox: Sandbox, bot: Bot, clock: Clock) -> None:
    people = [sandbox.add_user(f"Jäsen {number}") for number in range(31)]
    for person in people:
        person.starts()
    for person in people[:30]:
        await bot.send_message(person.id, "Hei")
    with pytest.raises(RetryAfter):
        await bot.send_message(people[30].id, "Hei")
    clock.passes(seconds=1)
    await bot.send_message(people[30].id, "Hei")


async def test_twenty_a_minute_to_a_group(bot: Bot, group: Group, clock: Clock) -> None:
    for _ in range(20):
        await bot.send_message(group.id, "Hei")
        clock.passes(seconds=1)
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(group.id, "Hei")
    assert refused.value.retry_after == timedelta(seconds=40)
    clock.passes(seconds=40)
    await bot.send_message(group.id, "Hei")


async def test_limits_scale(clock: Clock) -> None:
    sandbox = Sandbox(now=clock.now, limits=Limits(scale=2))
    anna = sandbox.add_user("Anna")
    anna.starts()
    async with bot_for(sandbox) as bot:
        await bot.send_message(anna.id, "yksi")
        await bot.send_message(anna.id, "kaksi")
        with pytest.raises(RetryAfter):
            await bot.send_message(anna.id, "kolme")
    refusal = sandbox.log[-1]
    assert (refusal.chat_id, refusal.ok, refusal.description) == (anna.id, False, "Too Many Requests: retry after 1")
