"""What keeps its identity when a form is written anew; and that a preview is in no figure of anything."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.commands import status
from models.delivery.drafts import Draft
from models.delivery.outbox import Delivery
from models.feedback import closing, lost_keys, previews, runs, submissions
from models.feedback import feedback as answering
from models.feedback.answers import Press
from models.feedback.named_answers import NamedAnswer
from models.feedback.pools import Pool
from models.feedback.releases import Release
from models.feedback.runs import Participation, Run, RunState, Staged
from models.forms import form_book, forms, version_diff
from models.forms.form_book import FormContent
from models.forms.items import Item, QuestionKind, identified, identity_of
from models.forms.version_diff import Worded
from models.months import Month
from models.people.people import Person
from models.periods import Scope
from models.privacy import erasure, own_data
from models.reports import digests, statistics
from models.reports.funnel import funnel
from models.results import results
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk

SECRET = "Salaisuus-xyzzy"
ITEMS = (Item(QuestionKind.SCALE, "Kahvi oli hyvää", low=1, high=4), Item(QuestionKind.OPEN, "Mitä muuta?"))


def scale(text: str, high: int = 5) -> Worded:
    return Worded(identified(Item(QuestionKind.SCALE, text, low=1, high=high)), text)


def saved(new: Sequence[Worded], before: Sequence[Worded], same: bool) -> tuple[Item, ...]:
    """The questions as they are saved, when every pair is said to be the same, or none."""
    kept = version_diff.keep_identities(new, before)
    pairs = version_diff.pairs(kept, before)
    return version_diff.apply_decisions(kept, pairs, {pair.now.identity for pair in pairs} if same else ())


def test_the_same_words_are_the_same_question() -> None:
    before = [scale("Kahvi oli hyvää"), scale("Tee oli hyvää")]
    after = saved([scale("tee oli HYVÄÄ."), scale("Mehu oli kylmää"), scale("Kahvi oli hyvää")], before, same=False)
    assert [one.identity for one in after] == [before[1].identity, identity_of("Mehu oli kylmää"), before[0].identity]


def test_only_what_resembles_and_is_of_the_same_kind_and_scale_is_asked_about() -> None:
    before = [scale("Kahvi oli hyvää")]
    assert len(version_diff.pairs([scale("Kahvi oli oikein hyvää")], before)) == 1
    assert not version_diff.pairs([scale("Kahvi oli oikein hyvää", high=4)], before)
    assert not version_diff.pairs([Worded(Item(QuestionKind.OPEN, "Kahvi oli hyvää?"), "Kahvi oli hyvää?")], before)
    assert not version_diff.pairs([scale("Ryhmätyö sujui")], before)
    assert not version_diff.pairs(
        [scale("Kahvi oli hyvää"), scale("Kahvi oli oikein hyvää")], before
    )  # it is still there


def test_of_several_that_resemble_the_likest_is_asked_about_once() -> None:
    before = [scale("Kahvi oli hyvää"), scale("Kahvi oli kuumaa")]
    new = [scale("Kahvi oli hyvin kuumaa"), scale("Kahvi oli hyvää tänään")]
    pairs = version_diff.pairs(new, before)
    assert [(pair.before.words, pair.now.words) for pair in pairs] == [
        ("Kahvi oli kuumaa", "Kahvi oli hyvin kuumaa"),
        ("Kahvi oli hyvää", "Kahvi oli hyvää tänään"),
    ]


def test_a_reworded_question_keeps_its_identity_for_good_and_its_old_words_become_another() -> None:
    first = [scale("Kahvi oli hyvää")]
    (reworded,) = saved([scale("Kahvi oli oikein hyvää")], first, same=True)
    assert (reworded.identity, reworded.text) == (first[0].identity, "Kahvi oli oikein hyvää")
    second = [Worded(reworded, "Kahvi oli oikein hyvää")]
    third = saved([scale("Kahvi oli oikein hyvää"), scale("Kahvi oli hyvää")], second, same=False)
    assert third[0] == reworded
    assert third[1].identity not in {reworded.identity, ""}
    again = saved([scale("Kahvi oli oikein hyvää"), scale("Kahvi oli hyvää")], worded(third), same=False)
    assert again == third


def worded(items: Sequence[Item]) -> list[Worded]:
    return [Worded(item, item.text or "") for item in items]


# Previews


@scene
async def anna_and_all(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        form = await form_book.create(
            session, await person(session, anna), 1, "Oma", FormContent(ITEMS, named=True), now=talk.clock.now()
        )
    assert form.id


async def person(session: Any, actor: Actor) -> Person:
    return (await session.execute(select(Person).where(Person.telegram_id == actor.user.id))).scalar_one()


@scene
async def tried(talk: Talk, anna: Actor) -> int:
    """A preview, answered and sent; its run."""
    async with talk.app.sessions.begin() as session:
        reader, now = await person(session, anna), talk.clock.now()
        form_id = await session.scalar(select(forms.Form.id).where(forms.Form.name == "Oma"))
        owned = await form_book.access_form(session, reader, form_id or 0)
        run = await previews.begin(session, reader, owned, talk.app.keys, policy=talk.app.policy, now=now)
        page = await submissions.access_submission(session, reader, run.id, talk.app.keys, now=now)
        assert page.is_preview
        press = Press(1_000_000, now)
        first, second = page.questions
        await answering.choose(session, page, first, 4, keys=talk.app.keys, press=press)
        await answering.write(session, page, second, SECRET, keys=talk.app.keys, press=press)
        await answering.finish(session, page, keys=talk.app.keys, press=press)
        return run.id


@pytest.fixture
@scene
async def preview(talk: Talk, anna: Actor, bo: Actor) -> int:
    await anna_and_all(talk, anna, bo)
    return await tried(talk, anna)


async def count(talk: Talk, table: Any) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def figures(talk: Talk, anna: Actor, maija: Actor) -> list[Any]:
    """What the coordinator and the manager may read, and what the operator and the clock see."""
    now, policy = talk.clock.now(), talk.app.policy
    day = now.astimezone(HELSINKI)
    scope = Scope(Month(day.year, day.month), HELSINKI, None)
    async with talk.app.sessions() as session:
        return [
            await funnel(session, scope),
            await statistics.digest_figures(session, scope),
            await lost_keys.open_forms(session, talk.app.keys, now=now),
            await runs.next_closing(session, now=now),
            await runs.due_to_close(session, now=now + previews.LIFETIME * 2),
            await results.latest(session, await person(session, anna)),
            await digests.access_own_digest(
                session, await person(session, maija), scope.period, policy=policy, now=now
            ),
        ]


async def test_a_preview_is_in_no_figure_of_anything(talk: Talk, anna: Actor, bo: Actor, maija: Actor) -> None:
    await anna_and_all(talk, anna, bo)
    await talk.manager(maija)
    before = await figures(talk, anna, maija)
    run_id = await tried(talk, anna)
    assert await figures(talk, anna, maija) == before
    assert not await count(talk, Delivery.__table__.select().where(Delivery.kind == "feedback").subquery())
    async with talk.app.sessions() as session:
        others = await own_data.export(session, await person(session, bo), talk.app.keys, now=talk.clock.now())
    assert SECRET not in str(others)
    async with talk.app.sessions.begin() as session:
        late = talk.clock.now() + previews.LIFETIME * 2
        assert await closing.count_and_close(session, run_id, talk.app.keys, policy=talk.app.policy, now=late) is None
    await talk.time_passes(days=40)
    for table in (Run, Release, Pool, NamedAnswer, Staged, Participation):
        assert not await count(talk, table), table
    assert talk.app.keys.names() == []


async def test_the_operator_sees_no_open_form_in_a_preview(talk: Talk, preview: int) -> None:
    found = await status.read(talk.app.settings)
    assert any(line.startswith("open forms: 0") for line in found.lines), found.lines


async def test_a_preview_ends_with_its_day(talk: Talk, anna: Actor, preview: int) -> None:
    await talk.time_passes(hours=23)
    assert await count(talk, Staged) == 1
    await talk.time_passes(hours=1)
    assert (await count(talk, Run), await count(talk, Staged), await count(talk, Participation)) == (0, 0, 0)
    assert talk.app.keys.names() == []


async def test_the_next_preview_is_the_same_run_without_answers(talk: Talk, anna: Actor, preview: int) -> None:
    await talk.time_passes(hours=23)
    async with talk.app.sessions.begin() as session:
        reader = await person(session, anna)
        owned = (await form_book.usable(session, reader))[0]
        run = await previews.begin(session, reader, owned, talk.app.keys, policy=talk.app.policy, now=talk.clock.now())
        page = await submissions.access_submission(session, reader, run.id, talk.app.keys, now=talk.clock.now())
        assert (run.id, run.state, run.named) == (preview, RunState.PREVIEW, False)
        assert not page.answers
        assert not page.finished
    await talk.time_passes(hours=2)
    assert await count(talk, Run) == 1  # a day from now


async def test_who_erases_themselves_leaves_no_preview(talk: Talk, anna: Actor, preview: int) -> None:
    async with talk.app.sessions.begin() as session:
        await erasure.erase(session, await person(session, anna), now=talk.clock.now())
    await talk.settle()
    for table in (Run, Staged, Participation, Draft):
        assert not await count(talk, table), table
    assert talk.app.keys.names() == []


async def test_a_lost_key_is_made_anew_at_the_next_preview(talk: Talk, anna: Actor, preview: int) -> None:
    async with talk.app.sessions() as session:
        talk.app.keys.destroy((await session.get_one(Run, preview)).key)
    assert await tried(talk, anna) == preview
