"""Single weaknesses that were found in reviews, each with a test that they are closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from models.delivery.outbox import Delivery
from models.delivery.updates import SeenUpdate
from models.feedback import asked, closing, feedback, submissions
from models.feedback.answers import Press
from models.feedback.asked import Progress
from models.feedback.named_answers import NamedAnswer
from models.feedback.pools import Pool, Pooled
from models.feedback.releases import CellFigure, Figure, OpenAnswer, Release
from models.feedback.runs import Run, RunState, Staged
from models.forms.items import Background, Choice, Item, QuestionKind
from models.people.people import Address, Person
from models.results import aggregates
from models.valid_figures import Share
from tests.anonymity.room import Room
from tests.databases import KIND
from tests.talk import Actor, Talk
from tests.talks.feedback.test_feedback import held

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5)
OPEN = Item(QuestionKind.OPEN, text="Muuta")
HOUSES = tuple(Choice(f"Talo {number}") for number in range(3))
HOUSE = Item(QuestionKind.SINGLE, text="Organisaatio", choices=HOUSES, background=Background.ORGANISATION)


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str) -> AsyncIterator[Room]:
    async with Room.open(migrated_url, tmp_path) as room:
        yield room


async def test_named_answers_are_not_put_among_anonymous_ones(room: Room) -> None:
    """In a pool of four named answers and one anonymous answer, subtraction would show the anonymous one."""
    group, people = await room.group(12)
    open_to_all = await room.form([SCALE, OPEN])
    under_names = await room.form([SCALE, OPEN], of=open_to_all.form_id, named=True)
    first = await room.put(under_names, group, people)
    for person in people[:4]:
        await room.answer(first, person, {1: 4, 2: "Nimellä"})
    await room.close(first)
    second = await room.put(open_to_all, group, people)
    await room.answer(second, people[4], {1: 1, 2: "Nimettä"})
    await room.close(second)
    assert len(await room.rows(NamedAnswer)) == 4
    assert await room.rows(Release) == await room.rows(Figure) == []
    assert [(pool.kind, pool.answered) for pool in await room.rows(Pool)] == [("answers", 1), ("texts", 1)]


async def test_what_was_not_sent_is_told_under_no_name(room: Room) -> None:
    """It is not in the figures either: the named answers could be subtracted from them."""
    group, people = await room.group(8)
    version = await room.form([SCALE, OPEN], named=True)
    run = await room.put(version, group, people)
    for person in people[:6]:
        await room.answer(run, person, {1: 2 + person % 3, 2: "Lähetin"})
    await room.press(run, people[6], 1, 1)
    await room.press(run, people[6], 2, ("write", "En lähettänyt"))
    await room.close(run)
    assert {row.person_id for row in await room.rows(NamedAnswer)} == set(people[:6])
    (release,) = await room.rows(Release)
    assert (release.asked, release.answered) == (8, 6)
    (figure,) = (row for row in await room.rows(Figure) if row.n is not None)
    assert figure.n == 6
    assert await room.rows(Staged) == []


async def test_an_open_form_counts_only_those_who_have_sent_something(room: Room) -> None:
    group, people = await room.group(8)
    run = await room.put(await room.form([SCALE]), group, people)
    for person in people[:5]:
        await room.answer(run, person, {1: 3})
    await room.done(run, people[5])
    await room.press(run, people[6], 1, 4)
    now = room.now + timedelta(days=1)
    async with room.sessions.begin() as session:
        await asked.update_counts(session, zone=room.policy.zone, now=now)
        assert await asked.progress(session, [await session.get_one(Run, run)]) == {run: Progress(8, 0, 5)}


async def test_a_form_of_open_questions_alone_tells_how_many_answered(room: Room) -> None:
    """Its releases have no figures, but the people who answered are counted in no other release."""
    group, people = await room.group(14)
    version = await room.form([OPEN])
    for first, last in ((0, 10), (0, 6), (8, 12)):
        run = await room.put(version, group, people)
        for person in people[first:last]:
            await room.answer(run, person, {1: "Teksti"})
        await room.close(run)
    releases = await room.rows(Release)
    async with room.sessions() as session:
        shown = [await aggregates.aggregate_of(session, [release]) for release in releases]
        together = await aggregates.aggregate_of(session, releases)
    assert [(aggregate.response.of_asked, len(aggregate.texts)) for aggregate in shown] == [
        (Share(10, 14), 10),
        (Share(6, 14), 0),
        (None, 10),  # texts that waited, of the two smaller forms: those who answered the second are counted already
    ]
    assert together.response.of_asked == Share(16, 28)


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite takes one transaction at a time")
async def test_two_replicas_put_a_groups_answers_into_one_pool(room: Room) -> None:
    """If a group and form had two pools, one of them would never be released."""
    group, people = await room.group(8)
    version = await room.form([SCALE])
    runs = [await room.put(version, group, people) for _ in range(2)]
    for run in runs:
        for person in people[:2]:
            await room.answer(run, person, {1: 3})
    after = room.now + timedelta(days=8)

    async def close(run: int) -> None:
        async with room.sessions.begin() as session:
            await closing.count_and_close(session, run, room.keys, policy=room.policy, now=after)
            await asyncio.sleep(0.2)  # its changes are not committed yet

    await asyncio.gather(*map(close, runs))
    (pool,) = await room.rows(Pool)
    assert pool.answered == 4
    assert len(await room.rows(Pooled)) == 1


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite takes one transaction at a time")
async def test_two_replicas_that_release_forms_of_one_group_do_not_deadlock(room: Room) -> None:
    """Each inserts its release, which refers to the group, and then adds the texts to the group's pool."""
    group, people = await room.group(12)
    version = await room.form([SCALE, OPEN])
    runs = [await room.put(version, group, people) for _ in range(2)]
    for run in runs:
        for person in people[:6]:
            await room.answer(run, person, {1: 1 + person % 5, 2: "Teksti"})
    after = room.now + timedelta(days=8)

    async def close(run: int) -> None:
        async with room.sessions.begin() as session:
            await closing.count_and_close(session, run, room.keys, policy=room.policy, now=after)

    await asyncio.gather(*map(close, runs))
    assert len(await room.rows(Release)) == 2
    (pool,) = await room.rows(Pool)
    assert (pool.kind, pool.answered) == ("texts", 12)


async def test_named_texts_make_no_crowd_for_anonymous_ones(room: Room) -> None:
    group, people = await room.group(12)
    open_to_all = await room.form([SCALE, OPEN])
    under_names = await room.form([SCALE, OPEN], of=open_to_all.form_id, named=True)
    for version in (under_names, open_to_all):
        run = await room.put(version, group, people)
        for person in people[:6]:
            await room.answer(run, person, {1: 3, 2: "Teksti"})
        await room.close(run)
    assert len(await room.rows(Release)) == 2
    assert await room.rows(OpenAnswer) == []
    (pool,) = await room.rows(Pool)
    assert (pool.kind, pool.answered) == ("texts", 6)


async def test_a_mean_alone_does_not_say_that_all_agree_on_it(room: Room) -> None:
    """If only the distribution were hidden, readers could conclude that all ten people chose the mean."""
    group, people = await room.group(10)
    version = await room.form([SCALE, Item(QuestionKind.SCALE, text="Toinen", low=1, high=5)])
    run = await room.put(version, group, people)
    for number, person in enumerate(people):
        await room.answer(run, person, {1: 4, 2: 1 + number % 5})
    await room.close(run)
    agreed, other = sorted(await room.rows(Figure), key=lambda figure: figure.question_id)
    assert (agreed.n, agreed.total, agreed.withheld) == (10, None, "agree")
    assert (other.total, other.withheld) == (30, None)


async def test_means_of_parts_that_would_tell_a_part_are_not_kept(room: Room) -> None:
    group, people = await room.group(10)
    version = await room.form([SCALE, HOUSE])
    run = await room.put(version, group, people)
    for number, person in enumerate(people):
        await room.answer(run, person, {1: 5 if number == 0 else 4, 2: 1 + number % 2})
    await room.close(run)
    (figure,) = await room.rows(Figure)
    assert figure.total == 41
    assert await room.rows(CellFigure) == []


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite takes one transaction at a time")
async def test_a_press_in_the_second_of_closing_is_counted_or_refused(room: Room) -> None:
    """An answer that is not counted would stay in the database with its person's id."""
    group, people = await room.group(6)
    version = await room.form([SCALE])
    run = await room.put(version, group, people)
    for person in people[:5]:
        await room.answer(run, person, {1: 1 + person % 5})
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def late() -> None:
        async with room.sessions.begin() as session:
            person = await session.get_one(Person, people[5])
            submission = await submissions.access_submission(session, person, run, room.keys, now=room.now)
            begun.set()
            await may_end.wait()
            await feedback.choose(
                session,
                submission,
                submission.questions[0],
                5,
                keys=room.keys,
                press=Press(room.update_id + 1, room.now),
            )

    pressing = asyncio.create_task(late())
    await begun.wait()
    after = room.now + timedelta(days=8)
    async with room.sessions.begin() as session:
        assert await closing.count_and_close(session, run, room.keys, policy=room.policy, now=after) is None
    may_end.set()
    await pressing
    async with room.sessions.begin() as session:
        closed = await closing.count_and_close(session, run, room.keys, policy=room.policy, now=after)
    assert closed is not None
    assert (closed.state, closed.answered) == (RunState.CLOSED, 6)
    assert await room.rows(Staged) == []


async def test_neither_who_wrote_nor_who_was_reminded_can_be_told(talk: Talk, anna: Actor) -> None:
    """The time of a chat's last message, times of updates, the log and the deliveries show neither."""
    from tests.conftest import LOG

    members = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=members, coordinator=anna)
    await held(talk, anna)
    mark = LOG.tell()
    async with talk.app.sessions() as session:
        before = (await session.execute(Address.__table__.select())).all()
    writer = members[0]
    await writer.taps_data("was:1:remote")
    for question in range(1, 5):
        await writer.taps_data(f"rate:1:{question}:4")
    await writer.taps_data("write:1:5")
    await writer.says("Kirjoitin jotakin")
    await writer.taps_data("done:1")
    assert "event='update'" not in LOG.getvalue()[mark:]
    async with talk.app.sessions() as session:
        assert (await session.execute(Address.__table__.select())).all() == before
        seen = (await session.execute(SeenUpdate.__table__.select())).mappings().all()
    assert {row["seen_at"].time().isoformat() for row in seen} == {"00:00:00"}
    await talk.time_passes(days=8)
    async with talk.app.sessions() as session:
        addresses = (await session.execute(Address.__table__.select())).mappings().all()
        deliveries = (await session.execute(Delivery.__table__.select())).mappings().all()
        (run,) = (await session.execute(Run.__table__.select())).mappings().all()
    assert (run["state"], run["answered"]) == (RunState.CLOSED, None)
    people_with_times = {address["person_id"] for address in addresses if address["free_at"] is not None}
    assert len(people_with_times) <= 1  # Anna's, who has just heard that there are results
    assert not [row for row in deliveries if row["kind"] == "feedback"]
