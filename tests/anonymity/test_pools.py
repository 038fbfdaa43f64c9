"""Answers that wait for more: of how many different people they must be, and what somebody with the keys can tell."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from models.feedback import closing, pooling, pools
from models.feedback.answers import Ballot
from models.feedback.pool_content import SMALLEST, PoolContent
from models.feedback.pools import Pool, Pooled
from models.feedback.releases import Figure, OpenAnswer, OptionCount, Release
from models.feedback.runs import Run
from models.feedback.sealing import size_of
from models.forms import forms
from models.forms.forms import OTHER, FormVersion
from models.forms.items import Background, Choice, Item, QuestionKind
from models.results import results
from tests.anonymity.room import Answers, Room

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5, dont_know=True)
SECOND = Item(QuestionKind.SCALE, text="Toinen väite", low=1, high=5)
WAY = Item(QuestionKind.SINGLE, text="Tapa", choices=(Choice("Etänä"), Choice("Paikalla")), other=True)
HOUSE = Item(
    QuestionKind.SINGLE,
    text="Organisaatio",
    choices=(Choice("Kunta"), Choice("Yhdistys")),
    background=Background.ORGANISATION,
)
OPEN = Item(QuestionKind.OPEN, text="Muuta")
ALL = (SCALE, SECOND, WAY, HOUSE, OPEN)
WAIT_FOR = timedelta(days=730)


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str) -> AsyncIterator[Room]:
    async with Room.open(migrated_url, tmp_path) as room:
        yield room


async def held(room: Room, version: FormVersion, group: int, asked: Sequence[int], said: dict[int, Answers]) -> int:
    """A form that these people of the group answer, and that is closed."""
    run = await room.put(version, group, asked)
    await room.stage(run, said)
    await room.close(run)
    return run


async def waiting(room: Room, kind: str = "answers") -> tuple[Pool, PoolContent]:
    """The group's waiting pool of a kind, and what it holds."""
    (pool,) = [row for row in await room.rows(Pool) if row.kind == kind and row.opened_at is row.destroyed_at is None]
    async with room.sessions() as session:
        return pool, await pools.content_of(session, pool, room.keys)


async def test_one_person_who_answers_after_five_meetings_is_not_five_people(room: Room) -> None:
    """In a group of five one and the same person answers. The count of answers alone would open the pools."""
    group, people = await room.group(5)
    version = await room.form(ALL)
    for number in range(12):
        await held(room, version, group, people, {people[0]: {1: 1 + number % 5, 2: 4, 3: 1, 5: f"Ajatus {number}"}})
    for table in (Release, Figure, OptionCount, OpenAnswer):
        assert await room.rows(table) == []
    (pool, content), (_, texts) = await waiting(room), await waiting(room, "texts")
    assert pool.answered == 12
    assert {(len(answers.answers), answers.people) for answers in content.waiting.values()} == {(12, 1)}
    assert [len(answers.crowd) for answers in texts.waiting.values()] == [1]


async def test_a_pool_opens_when_enough_different_people_have_answered(room: Room) -> None:
    """Three people answer twice, then two others: eight answers of five people, all counted."""
    group, people = await room.group(8)
    version = await room.form([SCALE, SECOND])
    for _ in range(2):
        await held(room, version, group, people, {person: {1: 2, 2: 1 + person % 5} for person in people[:3]})
    assert await room.rows(Release) == []
    await held(room, version, group, people, {person: {1: 3, 2: 5} for person in people[3:5]})
    (release,) = await room.rows(Release)
    assert (release.run_id, release.asked, release.answered, release.people) == (None, 24, 8, 5)
    assert {(figure.n, figure.total) for figure in await room.rows(Figure)} >= {(8, 18)}
    assert await room.rows(OptionCount) == []  # a distribution needs ten people, not ten answers
    assert await room.rows(Pooled) == []
    assert [name for name in room.keys.names() if name.startswith("pool")] == []


async def test_a_distribution_needs_twice_as_many_people_and_not_answers(room: Room) -> None:
    group, people = await room.group(14)
    version = await room.form([SCALE, WAY])
    for number in range(4):
        some = [people[(number + place) % 5] for place in range(4)]
        await held(room, version, group, people, {person: {1: 1 + person % 5, 2: 1 + person % 2} for person in some})
    figures = sorted((figure.question_id, figure.n, figure.withheld) for figure in await room.rows(Figure))
    scale, way = version.questions
    # A choice has no mean that could be shown to fewer than ten.
    assert figures == [(scale.id, 8, None), (scale.id, 8, None), (way.id, None, "few"), (way.id, None, "few")]
    assert await room.rows(OptionCount) == []
    _, content = await waiting(room)
    assert {key: (len(kept.answers), kept.people) for key, kept in content.waiting.items()} == {way.id: (16, 5)}


async def test_nobody_gave_more_than_half_of_what_is_shown(room: Room) -> None:
    """A mean of ten answers of one person and four of others is nearly that person's mean."""
    group, people = await room.group(12)
    version = await room.form([SCALE, OPEN])
    for _ in range(10):
        await held(room, version, group, people, {people[0]: {1: 1, 2: "Minä"}})
    await held(room, version, group, people, {person: {1: 5, 2: "Me"} for person in people[1:5]})
    assert await room.rows(Release) == []
    await held(room, version, group, people, {person: {1: 4, 2: "Me"} for person in people[5:9]})
    assert await room.rows(Release) == []
    await held(room, version, group, people, {person: {1: 4, 2: "Me"} for person in people[8:11]})
    released = await room.rows(Release)
    assert [(release.answered, release.people) for release in released] == [(21, 11), (21, 11)]
    assert len(await room.rows(OpenAnswer)) == 21


async def test_what_few_people_answered_waits_on_in_the_next_pool(room: Room) -> None:
    group, people = await room.group(9)
    version = await room.form([SCALE, SECOND])
    await held(room, version, group, people, {person: {1: 2, 2: 1} for person in people[:2]})
    old, content = await waiting(room)
    tag_key = content.tag_key
    await held(room, version, group, people, {person: {1: 4} for person in people[2:5]})
    first, second = sorted(await room.rows(Figure), key=lambda figure: figure.question_id)
    assert (first.n, first.total, second.n, second.withheld) == (5, 16, None, "few")
    assert not room.keys.has(old.key)
    new, content = await waiting(room)
    assert (new.answered, new.oldest_on, content.tag_key) == (0, old.oldest_on, tag_key)
    assert [(kept.answers, kept.people) for kept in content.waiting.values()] == [([1, 1], 2)]
    await held(room, version, group, people, {person: {2: 5} for person in [people[0], *people[5:7]]})
    assert len(await room.rows(Release)) == 1  # one of them had answered before
    await held(room, version, group, people, {people[7]: {2: 5}})
    (figure,) = [row for row in await room.rows(Figure) if row.n and row.question_id == second.question_id]
    assert (figure.n, figure.total) == (6, 22)
    assert sorted((release.answered, release.people) for release in await room.rows(Release)) == [(5, 5), (6, 5)]


async def test_neither_a_pool_nor_its_figures_tell_who_answered_after_a_meeting_of_one(room: Room) -> None:
    """One person was at a meeting, and did not answer: the coordinator reads the same as if they had."""
    version = await room.form([SCALE, OPEN])
    read = []
    for does_answer in (True, False):
        group, people = await room.group(9)
        coordinator = await room.coordinator(group)
        await held(room, version, group, people[:1], {people[0]: {1: 3}} if does_answer else {})
        async with room.sessions() as session:
            waiting_pools = await results.waiting_pools(session, coordinator)
            texts_wait = await results.texts_wait_for(session, group, version.form_id)
        read.append(([(pool.threshold, pool.only_texts) for pool in waiting_pools], texts_wait))
        for some in (people[1:4], people[4:7]):
            await held(room, version, group, people, {person: {1: 3 + person % 2} for person in some})
    assert read[0] == read[1] == ([(5, False), (5, True)], 10)
    assert [release.asked for release in await room.rows(Release)] == [19, 19]


async def test_who_cannot_say_does_not_make_a_mean_of_few_larger(room: Room) -> None:
    group, people = await room.group(9)
    version = await room.form([SCALE])
    await held(room, version, group, people, {people[0]: {1: 1}, **{person: {1: -1} for person in people[1:4]}})
    await held(room, version, group, people, {person: {1: -1} for person in people[4:8]})
    assert await room.rows(Release) == []
    (answers,) = (await waiting(room))[1].waiting.values()
    assert (len(answers.answers), answers.people, len(answers.crowd)) == (8, 1, 8)


async def test_texts_need_many_who_may_have_written_them_and_several_who_did(room: Room) -> None:
    """Ten others who answer without a word would else uncover the texts of the only one who writes."""
    group, people = await room.group(14)
    version = await room.form([SCALE, OPEN])
    for number in range(3):
        others = people[1 + 3 * number :][:3]
        said = {people[0]: {1: 3, 2: "Kirjoitan aina"}, **{person: {1: 3 + person % 2} for person in others}}
        await held(room, version, group, people, said)
    _, texts = await waiting(room, "texts")
    assert [(kept.people, len(kept.crowd)) for kept in texts.waiting.values()] == [(1, 10)]
    await held(room, version, group, people, {person: {1: 3, 2: "Minäkin"} for person in people[10:13]})
    assert await room.rows(OpenAnswer) == []
    await held(room, version, group, people, {people[1]: {1: 3, 2: "Kerran"}})
    texts_of = sorted(answer.text for answer in await room.rows(OpenAnswer))
    assert texts_of == ["Kerran", *["Kirjoitan aina"] * 3, *["Minäkin"] * 3]
    (release,) = [row for row in await room.rows(Release) if row.people and row.people >= 10]
    assert release.people == 13


async def test_a_pool_holds_no_ballots(room: Room) -> None:
    """With the key one reads answers by question, sorted, and no backgrounds. All pools are of one size."""
    group, people = await room.group(12)
    version = await room.form(ALL)
    said = {person: {1: 1 + person % 5, 2: 5, 3: 2, 4: 1, 5: f"Teksti {person}"} for person in people[:4]}
    said[people[3]] = {3: (OTHER, "Hybridinä"), 4: 2}
    await held(room, version, group, people, dict(reversed(said.items())))
    questions = version.questions
    _, content = await waiting(room)
    assert set(content.waiting) == {questions[0].id, questions[1].id, questions[2].id}
    assert content.waiting[questions[0].id].answers == sorted(1 + person % 5 for person in people[:3])
    assert content.waiting[questions[2].id].answers == [[0], [2], [2], [2]]
    _, texts = await waiting(room, "texts")
    assert set(texts.waiting) == {questions[4].id, -questions[2].id}
    assert content.tag_key != texts.tag_key
    rows = await room.rows(Pooled)
    assert {size_of(row.blob) for row in rows} == {SMALLEST}
    assert len(rows) == 2


async def test_the_content_of_a_pool_tells_neither_order_nor_run(room: Room) -> None:
    """The same answers given in another order, and after other meetings, are the same content."""
    version = await room.form([SCALE, SECOND])
    contents = []
    for turned in (False, True):
        group, people = await room.group(8)
        answers: list[dict[int, Answers]] = [{people[0]: {1: 1, 2: 5}}, {people[1]: {1: 5, 2: 1}, people[2]: {2: 3}}]
        for said in answers[::-1] if turned else answers:
            await held(room, version, group, people, said)
        pool = max(await room.rows(Pool), key=lambda row: row.id)
        async with room.sessions() as session:
            content = await pools.content_of(session, pool, room.keys)
        contents.append({key: (kept.answers, len(kept.tags)) for key, kept in content.waiting.items()})
    assert contents[0] == contents[1]


async def test_an_earlier_content_in_a_backup_is_not_opened_by_the_keys_of_today(room: Room) -> None:
    """The difference of two contents would be the answers of one meeting."""
    group, people = await room.group(9)
    version = await room.form([SCALE])
    await held(room, version, group, people, {people[0]: {1: 1}})
    (backup,) = await room.rows(Pooled)
    await held(room, version, group, people, {people[1]: {1: 5}})
    (name,) = room.keys.names()
    assert name == (await room.rows(Pool))[0].key
    assert not room.keys.opens(name, backup.blob)


async def test_whoever_has_the_keys_learns_who_answered_a_pool_but_not_what(room: Room) -> None:
    """A known limit. It lasts until the pool opens or is destroyed."""
    group, people = await room.group(12)
    version = await room.form([SCALE, SECOND])
    said = {person: {1: 1 + person % 3, 2: 3 + person % 3} for person in people[4:8]}
    await held(room, version, group, people, said)
    _, content = await waiting(room)
    tags = {content.tag(person): person for person in people}
    for answers in content.waiting.values():
        assert {tags[tag] for tag in answers.tags} == set(said)
        assert answers.answers == sorted(answers.answers)
        assert answers.tags == sorted(answers.tags)


async def test_the_same_question_of_a_new_version_is_counted_on(room: Room) -> None:
    """A question goes on with all its answers; one that has lost an option keeps them apart, with their people."""
    group, people = await room.group(14)
    version = await room.form([SCALE, WAY])
    await held(room, version, group, people, {person: {1: 2, 2: 2} for person in people[:3]})
    fewer = Item(QuestionKind.SINGLE, text="Tapa", choices=(Choice("Hybridinä"), Choice("Etänä")))
    version = await room.form([fewer, SCALE], of=version.form_id)
    await held(room, version, group, people, {person: {2: 4, 1: 2} for person in people[2:6]})
    (release,) = await room.rows(Release)
    assert (release.form_version_id, release.answered, release.people) == (version.id, 7, 6)
    assert [figure.total for figure in await room.rows(Figure) if figure.n] == [22]
    _, content = await waiting(room)
    assert sorted((kept.people, len(kept.answers)) for kept in content.waiting.values()) == [(3, 3), (4, 4)]


async def old_pool(room: Room, group: int, people: Sequence[int], ballots: list[Answers], kind: str) -> Run:
    """A pool as earlier versions wrote it: one sealed row for each whole ballot."""
    version = await room.form(ALL)
    run_id = await room.put(version, group, people)
    (run,) = [row for row in await room.rows(Run) if row.id == run_id]
    async with room.sessions.begin() as session:
        await session.execute(delete(Pool))
        pool = Pool(kind=kind, workgroup_id=group, form_version_id=version.id, threshold=5, asked=9, answered=9)
        pool.answered, pool.oldest_on = len(ballots), room.now.date()
        session.add(pool)
        await session.flush()
        room.keys.create(pool.key)
        questions = await forms.questions(session, version.id)
        for answers in ballots:
            ballot: Ballot = {questions[position - 1].id: value for position, value in answers.items()}
            blob = room.keys.seal(pool.key, {str(key): value for key, value in ballot.items()}, size=9_000)
            session.add(Pooled(id=random.getrandbits(62), pool_id=pool.id, blob=blob))
    return run


async def test_whole_ballots_of_earlier_versions_are_split_and_count_as_nobodys(room: Room) -> None:
    """They come out together with those of enough different people, and only if they are not most of them."""
    group, people = await room.group(12)
    run = await old_pool(
        room, group, people, [{1: 1, 3: [2], 4: [1], 5: "Vanha"}, {1: 2, 4: [2]}, {1: 5, 4: [2]}], "answers"
    )
    (old_key,) = [pool.key for pool in await room.rows(Pool)]
    async with room.sessions.begin() as session:
        await pools.convert_ballots(session, room.keys)
        version = await forms.version(session, run.form_version_id)
    async with room.sessions() as session:
        await closing.destroy_keys(session, room.keys)
    assert old_key not in room.keys.names()
    assert len(await room.rows(Pooled)) == 2
    pool, content = await waiting(room)
    assert {key: (kept.answers, kept.people) for key, kept in content.waiting.items()} == {
        version.questions[0].id: ([1, 2, 5], 0),
        version.questions[2].id: ([[2]], 0),
    }
    _, texts = await waiting(room, "texts")
    assert [(kept.answers, kept.people, len(kept.crowd)) for kept in texts.waiting.values()] == [(["Vanha"], 0, 0)]
    async with room.sessions.begin() as session:
        await pools.convert_ballots(session, room.keys)  # finds nothing more to do
    await held(room, version, group, people, {person: {1: 4} for person in people[:4]})
    assert await room.rows(Release) == []
    await held(room, version, group, people, {people[4]: {1: 4}})
    (release,) = await room.rows(Release)
    assert (release.pool_id, release.answered, release.people) == (pool.id, 8, None)
    assert next((figure.n, figure.total) for figure in await room.rows(Figure) if figure.n) == (8, 28)


async def test_old_ballots_without_their_key_stay_until_an_operator_lets_them_go(room: Room) -> None:
    group, people = await room.group(12)
    await old_pool(room, group, people, [{1: 1}, {1: 2}], "answers")
    (pool,) = await room.rows(Pool)
    room.keys.destroy(pool.key)
    async with room.sessions.begin() as session:
        await pools.convert_ballots(session, room.keys)
    assert len(await room.rows(Pooled)) == 2


async def test_what_has_waited_too_long_is_destroyed_unread(room: Room) -> None:
    group, people = await room.group(12)
    version = await room.form([SCALE, OPEN])
    await held(room, version, group, people, {people[0]: {1: 1, 2: "Vanha teksti"}})
    olds = {pool.id for pool in await room.rows(Pool)}
    room.now += WAIT_FOR - timedelta(days=1)
    await held(room, version, group, people, {people[1]: {1: 2}})
    assert await destroyed(room) == []
    room.now += timedelta(days=2)
    assert await destroyed(room) == sorted(olds)
    assert await room.rows(Pooled) == []
    assert [(pool.answered, pool.destroyed_at is None) for pool in await room.rows(Pool)] == [(2, False), (2, False)]
    assert room.keys.names() == []
    assert {run.asked for run in await room.rows(Run)} == {12}
    await held(room, version, group, people, {people[2]: {1: 2}})
    pool, _ = await waiting(room)
    assert (pool.id in olds, pool.answered) == (False, 1)


async def test_answers_to_other_questions_outlive_those_that_are_too_old(room: Room) -> None:
    group, people = await room.group(12)
    version = await room.form([SCALE, SECOND])
    await held(room, version, group, people, {people[0]: {1: 1}})
    room.now += WAIT_FOR
    await held(room, version, group, people, {people[1]: {2: 2}})
    room.now += timedelta(days=2)
    assert len(await destroyed(room)) == 1
    pool, content = await waiting(room)
    assert [kept.answers for kept in content.waiting.values()] == [[2]]
    assert (pool.answered, len(room.keys.names())) == (0, 1)


async def test_a_pool_without_its_key_is_destroyed_when_its_time_comes(room: Room) -> None:
    group, people = await room.group(12)
    version = await room.form([SCALE])
    await held(room, version, group, people, {people[0]: {1: 1}})
    room.keys.destroy((await room.rows(Pool))[0].key)
    room.now += WAIT_FOR + timedelta(days=2)
    assert len(await destroyed(room)) == 1
    assert await room.rows(Pooled) == []


async def destroyed(room: Room) -> list[int]:
    """Destroys what has waited too long, in the steps of the program's clock; returns the ids of the pools."""
    async with room.sessions() as session:
        due = await pooling.due_to_destroy(session, wait_for=WAIT_FOR, now=room.now)
    for pool_id in due:
        async with room.sessions.begin() as session:
            await pooling.destroy(session, pool_id, room.keys, wait_for=WAIT_FOR, now=room.now)
    async with room.sessions() as session:
        await closing.destroy_keys(session, room.keys)
    return due


async def test_an_erased_person_stays_one_of_the_people(room: Room) -> None:
    from models.people.people import Person

    group, people = await room.group(9)
    version = await room.form([SCALE])
    await held(room, version, group, people, {person: {1: 2} for person in people[:3]})
    async with room.sessions.begin() as session:
        await session.execute(delete(Person).where(Person.id == people[0]))
    await held(room, version, group, people[1:], {person: {1: 4} for person in people[3:5]})
    (release,) = await room.rows(Release)
    assert (release.answered, release.people) == (5, 5)
