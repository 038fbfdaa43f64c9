"""The digest in a channel: who may bring it there, what everybody sees, and what ends it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from bot.sandbox.groups import Group
from bot.ticks import plan_digests
from models.delivery.outbox import Delivery, Sending
from models.people.access import Role
from models.people.people import Address, Person
from models.reports.subscriptions import Subscription
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words
from tests.talks.reports.test_digest import a_good_month, at, months_of

NOTES = ("digest-place", "digest-mute", "digest-foreign", "digest-ended")

pytestmark = pytest.mark.slow


@pytest.fixture
@scene
async def march(talk: Talk, anna: Actor, maija: Actor) -> None:
    """March with one meeting, and Maija, who has March's digest."""
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1))


async def set_rights(
    talk: Talk, channel: Group, status: str, by: Actor | None = None, *, may_post: bool = True
) -> None:
    """Somebody who runs the channel changes what the bot is there."""
    channel.sets_bot_status(status, by=by.user if by else None, may_post=may_post)
    await talk.answered()
    await talk.settle()


async def brought(talk: Talk, *run_by: Actor, title: str = "Tiedotteet", may_post: bool = True) -> Group:
    """A channel of which the first of these, who all run it, has just made the bot an administrator."""
    channel = talk.sandbox.add_channel(title, [one.user for one in run_by])
    await set_rights(talk, channel, "administrator", run_by[0], may_post=may_post)
    return channel


def posts(channel: Group) -> list[str]:
    return [words(message) for message in channel.messages if message.from_bot]


async def kept(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count(Subscription.address_id))) or 0


async def notes(talk: Talk) -> list[str]:
    """The notes about places, to whomever, in their order."""
    async with talk.app.sessions() as session:
        wanted = select(Delivery.kind).where(Delivery.kind.in_(NOTES), Delivery.state == Sending.SENT)
        return list((await session.execute(wanted.order_by(Delivery.id))).scalars())


async def loses_roles(talk: Talk, actor: Actor) -> None:
    async with talk.app.sessions.begin() as session:
        theirs = select(Person.id).where(Person.telegram_id == actor.user.id).scalar_subquery()
        await session.execute(update(Role).where(Role.person_id == theirs).values(revoked_at=talk.clock.now()))


async def test_a_channel_gets_what_everybody_may_see(talk: Talk, maija: Actor, march: None) -> None:
    await maija.taps("Asetukset")
    assert "lisää minut sinne (kanavalle ylläpitäjäksi)" in maija.text
    channel = await brought(talk, maija)
    assert maija.text.startswith("Pääsen nyt kirjoittamaan ryhmään tai kanavalle Tiedotteet. Lähetänkö sinne")
    await maija.taps(key("digest-place-yes"))
    assert "lisää minut sinne" not in maija.text
    await maija.taps("English")
    assert posts(channel) == []
    await talk.until(at(2027, 5, 4))
    (post,) = (message for message in channel.messages if message.from_bot)
    assert words(post).startswith("Monthly digest: April 2027")
    assert post.photo is not None
    assert post.buttons == []
    assert months_of(maija)[-1] == "huhtikuu 2027"
    await plan_digests(talk.app)
    await talk.time_passes(days=3)
    assert len(posts(channel)) == 1


async def test_an_administrator_may_bring_it_and_choose_the_groups(talk: Talk, aino: Actor, march: None) -> None:
    await aino.starts()
    await brought(talk, aino)
    await aino.taps(key("digest-place-yes"))
    await aino.taps("Neljännesvuosittain")
    assert "✓ Neljännesvuosittain" in aino.labels()
    await aino.taps(key("digest-set-choose-groups"))
    assert "Lastensuojelu" in aino.labels()


async def test_without_the_right_to_post_it_asks_for_that_first(talk: Talk, maija: Actor, march: None) -> None:
    channel = await brought(talk, maija, may_post=False)
    assert maija.text.startswith("Olen ryhmässä tai kanavalla Tiedotteet, mutta en saa kirjoittaa siellä.")
    assert maija.labels() == []
    await set_rights(talk, channel, "administrator", maija)
    await maija.taps(key("digest-place-yes"))
    assert await notes(talk) == ["digest-mute", "digest-place"]
    await talk.until(at(2027, 5, 4))
    assert len(posts(channel)) == 1


async def test_other_rights_come_and_go_without_a_word(talk: Talk, maija: Actor, march: None) -> None:
    channel = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    await set_rights(talk, channel, "administrator", maija)
    assert await notes(talk) == ["digest-place"]
    assert await kept(talk) == 1


async def test_whoever_loses_the_right_to_post_hears_so_once(talk: Talk, maija: Actor, march: None) -> None:
    matti = talk.person("Matti")
    channel = await brought(talk, maija, matti)
    await maija.taps(key("digest-place-yes"))
    await set_rights(talk, channel, "administrator", matti, may_post=False)
    assert maija.text.startswith("En pääse enää kirjoittamaan ryhmään tai kanavalle Tiedotteet:")
    await set_rights(talk, channel, "left", matti)
    await talk.until(at(2027, 5, 4))
    assert posts(channel) == []
    assert await notes(talk) == ["digest-place", "digest-ended"]
    assert await kept(talk) == 0
    assert months_of(maija)[-1] == "huhtikuu 2027"
    assert matti.messages == []


async def test_what_was_sent_before_a_right_came_back_is_not_sent_again(talk: Talk, maija: Actor, march: None) -> None:
    channel = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    await talk.until(at(2027, 5, 4))
    await set_rights(talk, channel, "administrator", maija, may_post=False)
    await talk.time_passes(minutes=5)
    await set_rights(talk, channel, "administrator", maija)
    await maija.taps(key("digest-place-yes"))
    await talk.time_passes(days=5)
    assert len(posts(channel)) == 1
    await talk.until(at(2027, 6, 3))
    assert len(posts(channel)) == 2


Loss = Callable[[Group], object]
LOSSES: dict[str, Loss] = {
    "deleted": lambda channel: channel.deletes(),
    "mute": lambda channel: setattr(channel, "bot_may_post", False),
    "kicked": lambda channel: setattr(channel, "bot_status", "kicked"),
    "left": lambda channel: setattr(channel, "bot_status", "left"),
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_loss_that_nobody_told_of_is_found_when_it_writes(
    talk: Talk, maija: Actor, march: None, loss: str
) -> None:
    """Of a deletion bots are never told, of the rest not if they were away for a day."""
    channel = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    LOSSES[loss](channel)
    await talk.until(at(2027, 5, 4))
    assert posts(channel) == []
    assert await notes(talk) == ["digest-place", "digest-ended"]
    assert maija.sees("En pääse enää kirjoittamaan ryhmään tai kanavalle Tiedotteet:")
    assert await kept(talk) == 0
    tried = [call for call in talk.sandbox.log if call.chat_id == channel.id]
    assert [call.ok for call in tried] == [False]


async def test_whoever_may_not_read_digests_is_told_why_and_a_stranger_nothing(
    talk: Talk, anna: Actor, maija: Actor, march: None
) -> None:
    stranger = talk.person("Muukalainen")
    first, second = await brought(talk, anna), await brought(talk, stranger, title="Vieras")
    assert anna.text.startswith("En lähetä mitään ryhmään tai kanavalle Tiedotteet:")
    assert anna.labels() == []
    assert stranger.messages == []
    await talk.until(at(2027, 5, 4))
    assert posts(first) == posts(second) == []
    assert await notes(talk) == ["digest-foreign"]
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count(Address.id)).where(Address.person_id.is_(None))) == 0


async def test_one_digest_goes_to_a_channel_though_two_may_bring_it(talk: Talk, maija: Actor, march: None) -> None:
    matti = talk.person("Matti")
    await talk.manager(matti)
    channel = await brought(talk, maija, matti)
    asked = maija.last
    await set_rights(talk, channel, "left", maija)
    await set_rights(talk, channel, "administrator", matti)
    await matti.taps(key("digest-place-yes"))
    await maija.taps(key("digest-place-yes"), asked)
    assert maija.toast.startswith("Sinne menee jo jonkun toisen kooste.")
    await talk.until(at(2027, 5, 4))
    assert len(posts(channel)) == 1
    await loses_roles(talk, matti)
    await maija.taps(key("digest-place-yes"), asked)
    assert await kept(talk) == 1
    await talk.until(at(2027, 6, 3))
    assert len(posts(channel)) == 2


async def test_when_its_owner_is_no_manager_any_more_it_stops(talk: Talk, maija: Actor, march: None) -> None:
    channel = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    await loses_roles(talk, maija)
    await talk.until(at(2027, 5, 4))
    assert posts(channel) == []


async def test_posts_and_commands_in_a_channel_are_ignored(talk: Talk, maija: Actor, march: None) -> None:
    """An earlier program may have asked Telegram for them: they are passed over without a fault."""
    channel = await brought(talk, maija)
    told = len(maija.messages)
    talk.sandbox.updates.allowed = None
    with capture_logs() as log:
        for text in ("Hei kaikki", "/start", "/digest@koolla_bot"):
            post = maija.user.says(text, chat=channel)
        maija.user.edits(post, "/report 2027")
        assert [update.kind for update in talk.sandbox.updates.pending] == ["channel_post"] * 3 + [
            "edited_channel_post"
        ]
        await talk.answered()
    assert posts(channel) == []
    assert len(maija.messages) == told
    assert talk.app.metrics.parked == 0
    assert {line["log_level"] for line in log} == {"info"}
    assert talk.sandbox.updates.waiting() == []
    for text in ("Hei kaikki", "/start"):
        maija.user.says(text, chat=channel)
    assert talk.sandbox.updates.pending == []  # and this one does not ask for them


async def test_a_button_pressed_in_a_channel_opens_nothing(talk: Talk, anna: Actor, maija: Actor, march: None) -> None:
    """There are none; a forged one, whoever presses it, stops turning and shows nobody anything."""
    channel = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    await talk.until(at(2027, 5, 4))
    (post,) = (message for message in channel.messages if message.from_bot)
    said, stranger = words(post), talk.person("Muukalainen")
    stranger.user.joins(channel)
    for actor in (stranger, anna, maija):
        for data in ("digest-groups:2027-04", "digest-sheet:2027-04", "digest-settings", "start"):
            toasts = len(actor.user.toasts)
            assert await actor.taps_data(data, post) == ""
            assert len(actor.user.toasts) == toasts + 1
    assert [words(message) for message in channel.messages] == [said]
    assert post.buttons == []
    assert stranger.messages == []
