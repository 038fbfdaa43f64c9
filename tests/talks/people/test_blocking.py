"""Someone blocks the bot: whoever runs their groups hears of it once, and what to do."""

from datetime import datetime

import pytest
from sqlalchemy import func, select, update

from models.delivery.outbox import Delivery
from models.membership import blocking
from models.people import links
from models.people.access import Role, RoleKind
from models.people.groups import Membership
from models.people.people import Address, Person, Reachability
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk
from tests.talks.meetings.test_meetings import count

NOTE = "on estänyt botin eikä saa enää viestejä"


async def blocks(talk: Talk, actor: Actor) -> None:
    actor.user.blocks()
    await talk.settle()


async def returns(talk: Talk, actor: Actor) -> None:
    actor.user.unblocks()
    await talk.answered()


@pytest.fixture
@scene
async def group(talk: Talk, aino: Actor, anna: Actor, bo: Actor, cilla: Actor) -> None:
    """Anna's, with Bo and Cilla; Aino is the administrator."""
    await aino.starts()
    await talk.group(members=[bo, cilla], coordinator=anna)


async def test_the_coordinator_hears_who_and_what_to_do(
    talk: Talk, aino: Actor, anna: Actor, bo: Actor, group: None
) -> None:
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Person).where(Person.name == "Bo").values(contact="040 765 4321"))
    await blocks(talk, bo)
    assert f"Bo {NOTE}.\nTyöryhmä: Lastensuojelu\nYhteystieto: 040 765 4321" in anna.text
    assert "Soita tai kirjoita hänelle" in anna.text
    assert "painaa Käynnistä uudelleen" in anna.text
    assert [actor.name for actor in talk.people.values() if count(actor, NOTE)] == ["Anna"]
    await anna.taps("Jäsenen tiedot")
    assert "Yhteystieto: 040 765 4321" in anna.text


async def test_once_for_each_block(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    await blocks(talk, bo)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=9)
    assert count(anna, NOTE) == 1
    await returns(talk, bo)
    await blocks(talk, bo)
    assert count(anna, NOTE) == 2


async def test_whoever_goes_and_comes_all_day_is_told_of_once(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    for _ in range(4):
        await blocks(talk, bo)
        await talk.time_passes(minutes=20)
        await returns(talk, bo)
    assert count(anna, NOTE) == 1


async def test_a_note_waits_for_the_morning_and_is_dropped_if_the_person_is_back(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 6, 12, tzinfo=HELSINKI))  # a Saturday
    await blocks(talk, bo)
    await blocks(talk, cilla)
    await returns(talk, cilla)
    await talk.until(datetime(2027, 3, 8, 7, 55, tzinfo=HELSINKI))
    assert count(anna, NOTE) == 0
    await talk.until(datetime(2027, 3, 8, 8, 5, tzinfo=HELSINKI))
    assert count(anna, f"Bo</b> {NOTE}") == 1
    assert count(anna, f"Cilla</b> {NOTE}") == 0


async def test_a_note_dropped_is_put_back_if_they_block_again_the_same_day(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 3, 7, tzinfo=HELSINKI))
    await blocks(talk, bo)
    await returns(talk, bo)
    await talk.until(datetime(2027, 3, 3, 9, tzinfo=HELSINKI))
    assert count(anna, NOTE) == 0
    await blocks(talk, bo)
    assert count(anna, NOTE) == 1


async def test_one_note_names_all_of_the_readers_groups_and_no_others(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    eeva = talk.person("Eeva")
    await talk.group("Vammaispalvelut", members=[bo], coordinator=anna)
    await talk.group("Päihdetyö", members=[bo], coordinator=eeva)
    await blocks(talk, bo)
    assert "Työryhmät (2): Lastensuojelu, Vammaispalvelut\n" in anna.text
    assert "Työryhmä: Päihdetyö\n" in eeva.text
    assert count(anna, NOTE) == count(eeva, NOTE) == 1


async def test_every_coordinator_of_the_group_hears(talk: Talk, anna: Actor, bo: Actor, group: None) -> None:
    eeva = talk.person("Eeva")
    async with talk.app.sessions.begin() as session:
        group_id = await session.scalar(select(Membership.workgroup_id))
        link = await links.make(
            session, links.LinkKind.ROLE, now=talk.clock.now(), group_id=group_id, role=RoleKind.COORDINATOR
        )
    await eeva.starts(link.code)
    await blocks(talk, bo)
    assert count(anna, NOTE) == count(eeva, NOTE) == 1


async def test_when_the_only_coordinator_blocks_the_administrator_hears(
    talk: Talk, aino: Actor, anna: Actor, bo: Actor, group: None
) -> None:
    await blocks(talk, anna)
    assert f"Anna {NOTE}.\nTyöryhmä: Lastensuojelu" in aino.text
    await blocks(talk, bo)  # nor can Anna be told of others
    assert f"Bo {NOTE}" in aino.text


async def test_of_managers_administrators_and_strangers_nobody_hears(
    talk: Talk, aino: Actor, maija: Actor, dan: Actor, group: None
) -> None:
    await talk.manager(maija)
    await dan.starts()
    for actor in (maija, dan, aino):
        await blocks(talk, actor)
    assert not any(count(actor, NOTE) for actor in talk.people.values())


async def test_a_note_is_dropped_where_the_world_has_moved_on(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    await talk.until(datetime(2027, 3, 6, 12, tzinfo=HELSINKI))
    await blocks(talk, bo)
    await anna.says("/members")
    await anna.taps("Bo")
    await anna.taps("Poista")
    await anna.taps("Kyllä")
    await blocks(talk, cilla)
    async with talk.app.sessions.begin() as session:
        await session.execute(update(Role).where(Role.workgroup_id.is_not(None)).values(revoked_at=talk.clock.now()))
    await talk.until(datetime(2027, 3, 8, 12, tzinfo=HELSINKI))
    assert count(anna, NOTE) == 0


async def test_a_message_refused_for_ever_tells_of_it_too_and_once(
    talk: Talk, anna: Actor, bo: Actor, group: None
) -> None:
    wanted = select(Address.id).join(Person).where(Person.name == "Bo")
    for _ in range(3):
        async with talk.app.sessions.begin() as session:
            address_id = await session.scalar(wanted)
            assert address_id is not None
            now = talk.clock.now()
            await blocking.forbidden(session, address_id, Reachability.DEACTIVATED, policy=talk.app.policy, now=now)
        await talk.time_passes(days=1)
    assert count(anna, "on poistanut Telegram-tilinsä eikä saa enää viestejä") == 1
    assert "Uudella tilillä voi liittyä" in anna.text
    await blocks(talk, bo)  # heard of already
    async with talk.app.sessions() as session:
        notes = select(func.count()).select_from(Delivery).where(Delivery.kind == "blocked")
        assert await session.scalar(notes) == 1


async def test_a_block_that_telegram_did_not_tell_of_is_told_when_a_message_is_refused(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, group: None
) -> None:
    for actor in (bo, cilla):
        actor.user.blocks()
    talk.sandbox.updates.pending.clear()
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=9)
    assert count(anna, f"Bo</b> {NOTE}") == count(anna, f"Cilla</b> {NOTE}") == 1


SAID = {"sv": "Bo har blockerat boten", "en": "Bo has blocked the bot"}


@pytest.mark.parametrize("language", SAID)
async def test_in_the_readers_language(talk: Talk, bo: Actor, language: str) -> None:
    reader = talk.person("Reader", language=language)
    await talk.group(members=[bo], coordinator=reader)
    await blocks(talk, bo)
    assert SAID[language] in reader.text
