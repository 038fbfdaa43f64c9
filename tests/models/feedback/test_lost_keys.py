"""Lost keys: who is asked again, and that unreadable answers do not stop anything else."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.delivery.outbox import Delivery
from models.feedback import lost_keys
from models.feedback.pools import Pool
from models.feedback.releases import Release
from models.feedback.runs import Participation, Run, Staged
from models.feedback.sealing import Keyring
from models.people.people import Person, Reachability
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words
from tests.talks.feedback.test_feedback import answers, held, rows

RATINGS = ["5", "4", "3", "2"]


@pytest.fixture
@scene
async def members(talk: Talk, anna: Actor) -> list[Actor]:
    people = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=people, coordinator=anna)
    await held(talk, anna)
    return people


async def asked_again(talk: Talk) -> int:
    async with talk.app.sessions.begin() as session:
        (run,) = (await session.execute(select(Run))).scalars()
        policy, now = talk.app.policy, talk.clock.now()
        return await lost_keys.ask_again(session, run.id, talk.app.keys, policy=policy, now=now)


async def forms(talk: Talk) -> list[lost_keys.OpenForm]:
    async with talk.app.sessions.begin() as session:
        return await lost_keys.open_forms(session, talk.app.keys, now=talk.clock.now())


async def _sends(talk: Talk, member: Actor, ratings: list[str]) -> None:
    """Sends answers; the member has already said that they were present."""
    for rating in ratings:
        await member.taps(rating)
    await member.taps(key("feedback-finish"))


async def test_all_are_asked_again_whether_they_answered_or_not_and_counted_once(
    talk: Talk, members: list[Actor]
) -> None:
    for member in members[:3]:
        await answers(member, RATINGS)
    await _lose_key(talk)
    (form,) = await forms(talk)
    assert (form.is_lost, form.has_key, form.sealed, form.is_over) == (True, False, 3, False)
    assert await asked_again(talk) == 6
    assert await rows(talk, Staged) == []
    assert {row.finished for row in await rows(talk, Participation)} == {False}
    await talk.time_passes(minutes=5)
    for member in members:
        assert sum("teknisen vian" in words(message) for message in member.messages) == 1
    waiting = [d for d in await rows(talk, Delivery) if d.kind == "feedback" and d.state == "due"]
    assert [delivery.revision for delivery in waiting] == [1] * 6  # one reminder each, none from the first time
    for member in members[:3]:
        await _sends(talk, member, RATINGS)
    for member in members[3:5]:
        await answers(member, RATINGS)
    assert not (await forms(talk))[0].is_lost
    await talk.time_passes(days=8)
    (run,) = await rows(talk, Run)
    assert (run.answered, run.unreadable) == (5, False)
    assert len(await rows(talk, Release)) == 1


async def test_a_person_whose_answers_can_be_decrypted_is_not_asked_again(talk: Talk, members: list[Actor]) -> None:
    await answers(members[0], RATINGS)
    await _another_key(talk)
    await answers(members[1], RATINGS)
    (form,) = await forms(talk)
    assert (form.is_lost, form.has_key, form.sealed, form.unreadable) == (True, True, 2, 1)
    assert await asked_again(talk) == 5
    await talk.time_passes(minutes=5)
    assert not members[1].sees("teknisen vian")
    assert members[0].sees("teknisen vian")
    assert len(await rows(talk, Staged)) == 1


async def _another_key(talk: Talk) -> None:
    """Replaces the key, as when an old backup is restored twice: the key was created after the first time."""
    talk.app.keys.create(await _lose_key(talk))


async def _lose_key(talk: Talk) -> str:
    """Destroys the key of the run; returns its name."""
    (run,) = await rows(talk, Run)
    talk.app.keys.destroy(run.key)
    return str(run.key)


async def test_a_form_whose_time_is_over_closes_without_the_unreadable_answers(
    talk: Talk, members: list[Actor]
) -> None:
    await answers(members[0], RATINGS)
    await _another_key(talk)
    for member in members[1:]:
        await answers(member, RATINGS)
    await talk.time_passes(days=8)
    (run,) = await rows(talk, Run)
    assert (run.answered, run.unreadable) == (5, True)
    assert await asked_again(talk) == 0
    assert await rows(talk, Staged) == []


async def test_a_second_loss_asks_a_second_time(talk: Talk, members: list[Actor]) -> None:
    for times in (1, 2):
        await _lose_key(talk)
        assert await asked_again(talk) == 6
        await talk.time_passes(minutes=5)
        seen = [sum("teknisen vian" in words(m) for m in member.messages) for member in members]
        assert seen == [1] * 6, times  # the later message replaces the earlier one


async def test_the_operator_and_the_coordinator_read_how_many_get_a_message(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    members[0].user.blocks()
    await talk.answered()
    members[1].user.deactivates()
    async with talk.app.sessions.begin() as session:
        gone = update(Person).where(Person.telegram_id == members[1].user.id)
        await session.execute(gone.values(reach=Reachability.DEACTIVATED))
    await _lose_key(talk)
    assert await asked_again(talk) == 4
    for _ in range(2):
        await anna.taps_data("m-arrived:1:0")
        assert "Palautekysely on lähetetty 6 ihmiselle." in anna.text  # the two were asked at first
        await talk.time_passes(days=3)


async def test_a_pool_without_its_key_is_emptied_and_can_fill_again(talk: Talk, members: list[Actor]) -> None:
    for member in members[:2]:
        await answers(member, RATINGS)
    await talk.time_passes(days=8)
    (pool,) = [pool for pool in await rows(talk, Pool) if pool.kind == "answers"]
    async with talk.app.sessions.begin() as session:
        assert await lost_keys.lost_pools(session, talk.app.keys) == []
        talk.app.keys.destroy(pool.key)
        talk.app.keys.create(pool.key)
        assert [lost.id for lost in await lost_keys.lost_pools(session, talk.app.keys)] == [pool.id]
        assert await lost_keys.empty_lost_pools(session, talk.app.keys) == 2
        assert await lost_keys.lost_pools(session, talk.app.keys) == []
    (pool,) = [pool for pool in await rows(talk, Pool) if pool.kind == "answers"]
    assert (pool.answered, pool.asked) == (0, 0)


def test_a_damaged_key_file_decrypts_nothing(tmp_path: Path) -> None:
    keys = Keyring(tmp_path)
    keys.create("run-1")
    blob = keys.seal("run-1", {"1": [5, 1, 1]}, size=64)
    assert keys.opens("run-1", blob)
    (tmp_path / "run-1.key").write_bytes(b"half a key")
    assert not keys.opens("run-1", blob)
    assert not keys.opens("run-2", blob)
