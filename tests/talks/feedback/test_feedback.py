"""Feedback from the first question to the release: sealed while open, counted at closing, pooled when too few."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import ticks
from migrations.tables import metadata
from models.delivery.drafts import Draft
from models.feedback import closing
from models.feedback.closing import count_and_close
from models.feedback.pools import Pool, Pooled
from models.feedback.releases import Figure, OpenAnswer, OptionCount, Release
from models.feedback.runs import Participation, Run, Staged
from models.forms import forms
from models.forms.forms import Form, GroupForm
from models.forms.items import Item, QuestionKind
from models.meetings import attendance
from models.meetings.attendance import Attendance, Attended
from models.meetings.meetings import Meeting
from models.people.groups import Workgroup
from models.people.people import Person
from tests.databases import KIND
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key

LINE = "Lastensuojelu {day} klo 9-12 Teams: {title}"


@scene
async def held(talk: Talk, anna: Actor, day: str = "ke 10.3.2027", title: str = "Aihe") -> None:
    """A meeting called and over; its form is in the chats."""
    await talk.called_meeting(anna, LINE.format(day=day, title=title))
    async with talk.app.sessions() as session:
        end = (await session.execute(select(Meeting.ends_at).order_by(Meeting.id.desc()))).scalars().first()
    assert end is not None
    await talk.until(end)
    await talk.time_passes(minutes=30)


async def answers(member: Actor, ratings: Sequence[str], text: str = "") -> None:
    await member.taps(key("attended-remote"))
    for rating in ratings:
        await member.taps(rating)
    if text:
        await member.says(text)
    await member.taps(key("feedback-finish"))


async def rows(talk: Talk, table: type) -> list:
    async with talk.app.sessions() as session:
        return list((await session.execute(select(table))).scalars())


@pytest.fixture
@scene
async def members(talk: Talk, anna: Actor) -> list[Actor]:
    people = [talk.person(f"Jäsen {number}") for number in range(12)]
    await talk.group(members=people, coordinator=anna)
    return people


async def everything(talk: Talk) -> str:
    """The whole database as text."""
    async with talk.app.sessions() as session:
        found = [[list(row) for row in await session.execute(select(table))] for table in metadata.sorted_tables]
    return json.dumps(found, default=str, ensure_ascii=False)


async def test_open_answers_are_nowhere_in_the_clear(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    await answers(members[0], "5543", "Salaisuus-xyzzy")
    assert "xyzzy" not in await everything(talk)
    assert len({len(staged.blob) for staged in await rows(talk, Staged)}) == 1


async def test_closing_leaves_counts_and_nobody(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for number, member in enumerate(members[:10]):
        await answers(member, ["5", "4", str(1 + number % 5), "Ohita"], f"Sana {number}")
    await talk.time_passes(days=8)
    assert await rows(talk, Staged) == await rows(talk, Participation) == []
    (run,) = await rows(talk, Run)
    assert (run.asked, run.present, run.answered) == (12, 10, 10)
    figures = [(figure.n, figure.total, figure.withheld) for figure in await rows(talk, Figure)]
    assert figures == [(10, None, "agree"), (10, None, "agree"), (10, 30, None), (None, None, "few")]
    assert {count.chosen for count in await rows(talk, OptionCount)} == {2}  # the third alone: the others agree
    assert sorted(answer.text for answer in await rows(talk, OpenAnswer)) == [f"Sana {n}" for n in range(10)]
    assert talk.app.keys.names() == []


@pytest.mark.skipif(KIND != "sqlite", reason="about SQLite's file; a PostgreSQL server vacuums by itself")
async def test_an_export_of_the_file_holds_no_deleted_answer(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:5]:
        await answers(member, "4435", "Salaisuus-xyzzy")
    (staged, *_) = await rows(talk, Staged)
    await talk.time_passes(days=8)
    url = talk.app.settings.database.url.partition(":///")[2]
    from pathlib import Path

    for suffix in ("", "-wal"):
        path = Path(url + suffix)
        content = path.read_bytes() if path.exists() else b""
        assert staged.blob[:32] not in content
        assert b"xyzzy" not in content  # five answers: means only, the texts wait sealed


async def test_five_give_means_ten_give_distributions(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for number, member in enumerate(members[:5]):
        await answers(member, [str(number + 1)] * 4, "Odottava teksti")
    await talk.time_passes(days=8)
    assert await rows(talk, OptionCount) == []
    assert await rows(talk, OpenAnswer) == []
    assert "3,0" in anna.text
    assert "vähintään 10" in anna.text


async def test_few_answers_wait_in_the_pool_until_they_are_enough(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await held(talk, anna, "ke 10.3.2027", "Eka")
    for member in members[:3]:
        await answers(member, "5555", "Ensimmäinen")
    await talk.time_passes(days=8)
    assert await rows(talk, Release) == []
    await anna.says("/results")
    assert "alle 5" in anna.text.casefold()
    await held(talk, anna, "ke 24.3.2027", "Toka")
    for member in members[3:6]:
        await answers(member, "4321", "Toinen")
    await talk.time_passes(days=8)
    (release,) = await rows(talk, Release)
    assert (release.run_id, release.asked, release.present, release.answered) == (None, 24, 6, 6)
    totals = [figure.total for figure in await rows(talk, Figure)]
    assert totals == [27, 24, 21, 18]
    assert "Usean kokouksen" in anna.text
    assert "6 vastausta, 6 ihmistä. Vastasi" in anna.text
    await anna.says("/results")
    assert "6 vastausta, 6 ihmistä." in anna.text
    (old, new) = sorted(await rows(talk, Pool), key=lambda pool: pool.id)
    assert (old.kind, old.opened_at is not None) == ("answers", True)
    assert (new.kind, new.opened_at, new.answered) == ("texts", None, 6)  # they wait for ten possible writers
    assert await rows(talk, OpenAnswer) == []


async def test_texts_that_waited_come_out_with_a_larger_crowd(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna, "ke 10.3.2027", "Eka")
    for member in members[:6]:
        await answers(member, "5432", "Ensimmäinen")
    await talk.time_passes(days=8)
    assert await rows(talk, OpenAnswer) == []
    await held(talk, anna, "ke 24.3.2027", "Toka")
    for member in members[4:11]:
        await answers(member, "5432", "Toinen")
    await talk.time_passes(days=8)
    texts = sorted(answer.text for answer in await rows(talk, OpenAnswer))
    assert texts == ["Ensimmäinen"] * 6 + ["Toinen"] * 7
    eka, toka, together = sorted(await rows(talk, Release), key=lambda release: release.id)
    assert (eka.answered, toka.answered) == (6, 7)
    assert (together.answered, together.people) == (13, 11)
    assert {answer.release_id for answer in await rows(talk, OpenAnswer)} == {together.id}
    assert {figure.release_id for figure in await rows(talk, Figure)} == {eka.id, toka.id}
    await anna.taps("Avovastaukset (13)")
    assert anna.sees("Ensimmäinen")


async def test_answers_that_nobody_joins_are_destroyed_unread(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:2]:
        await answers(member, "4321", "Odottava teksti")
    await talk.time_passes(days=8)
    await anna.says("/results")
    assert anna.text.count("Odottaa: Lastensuojelu") == 2
    talk.clock.moment += talk.app.policy.feedback_wait_for + timedelta(days=1)
    await ticks.destroy_waiting_answers(talk.app)
    await anna.says("/results")
    assert "Odottaa" not in anna.text
    assert anna.text.count("hävitettiin lukematta") == 1  # not whether there were texts, too
    assert [pool.answered for pool in await rows(talk, Pool)] == [2, 2]
    assert talk.app.keys.names() == []


async def test_a_period_says_that_texts_wait_and_not_how_many(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    for day in ("ke 10.3.2027", "ke 24.3.2027"):
        await held(talk, anna, day)
        for member in members[:5] if day == "ke 24.3.2027" else members[:10]:
            await answers(member, "5432", "Teksti" if day == "ke 24.3.2027" and member is members[0] else "")
        await talk.time_passes(days=8)
    await anna.taps_data("result:1.1.2027")
    assert str(key("result-texts-waiting", least=10).text("fi")) in anna.text
    assert "Ei avovastauksia näytettäväksi" not in anna.text


async def test_attendance_tells_no_order_after_closing(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in reversed(members):
        await answers(member, "4321")
        await talk.time_passes(minutes=1)
    before = [row.person_id for row in sorted(await rows(talk, Attendance), key=lambda row: row.id)]
    await talk.time_passes(days=8)
    after = sorted(await rows(talk, Attendance), key=lambda row: row.id)
    assert sorted(row.person_id for row in after) == sorted(before)
    assert [row.person_id for row in after] != before  # by chance alike once in 12! = 479,001,600
    assert {(row.own_word, row.marked_at) for row in after} == {(None, after[0].marked_at)}


async def test_who_was_not_there_after_all_has_no_answers(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:6]:
        await answers(member, "4321")
    await members[0].taps_data("was:1:no")
    await talk.time_passes(days=8)
    (run,) = await rows(talk, Run)
    assert (run.asked, run.present, run.answered) == (12, 5, 5)


async def test_a_form_that_all_skipped_has_no_answers(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:6]:
        await answers(member, ["Ohita"] * 4)
    await talk.time_passes(days=8)
    (run,) = await rows(talk, Run)
    assert (run.asked, run.present, run.answered) == (12, 6, None)
    assert await rows(talk, Release) == await rows(talk, Pooled) == []
    pools = await rows(talk, Pool)  # as if there were answers, which their absence would deny
    assert [(pool.kind, pool.asked, pool.answered) for pool in pools] == [("answers", 12, 0), ("texts", 12, 0)]


async def test_only_those_who_have_not_finished_are_reminded_once(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    await held(talk, anna)
    done, started, absent, silent = members[:4]
    await answers(done, "4444")
    await started.taps(key("attended-remote"))
    await started.taps("3")
    await absent.taps("En osallistunut")
    await talk.time_passes(days=6)

    def reminders(member: Actor) -> int:
        return sum(
            "Muistutus: et ole" in (call.parameters.get("text") or "")
            for call in talk.sandbox.log
            if call.chat_id == member.user.id and call.method == "sendMessage"
        )

    assert [reminders(member) for member in (done, started, absent, silent)] == [0, 1, 0, 1]
    assert "2/5" in started.text  # where they left off
    await started.taps("3")
    assert "3/5" in started.text


async def test_a_missing_key_is_said_and_holds_nothing_up(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:5]:
        await answers(member, "4435")
    (run,) = await rows(talk, Run)
    talk.app.keys.destroy(run.key)
    await members[5].taps(key("attended-remote"))
    await members[5].taps("4")
    assert "ei voi enää avata" in members[5].toast or "4" not in members[5].labels()
    await talk.time_passes(days=8)
    (run,) = await rows(talk, Run)
    assert run.state == "closed"
    assert run.unreadable
    await anna.says("/results")
    assert "avain puuttuu" in anna.text


async def test_a_form_that_cannot_be_closed_keeps_no_other_open(
    talk: Talk, anna: Actor, members: list[Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the keys of those that are closed."""
    await held(talk, anna)
    await held(talk, anna, "to 11.3.2027", "Toinen")
    talk.clock.moment += timedelta(days=9)
    with monkeypatch.context() as patched:

        async def failing(session: AsyncSession, run_id: int, *args: Any, **others: Any) -> Run | None:
            if run_id == 1:
                raise ValueError("what somebody wrote")
            return await count_and_close(session, run_id, *args, **others)

        patched.setattr(closing, "count_and_close", failing)
        await ticks.close_forms(talk.app)
    is_open, is_closed = await rows(talk, Run)
    assert (is_open.state, is_closed.state) == ("open", "closed")
    assert talk.app.keys.names() == [is_open.key]
    await ticks.close_forms(talk.app)
    assert {run.state for run in await rows(talk, Run)} == {"closed"}
    assert talk.app.keys.names() == []


async def test_a_meeting_whose_form_cannot_open_holds_up_no_other(
    talk: Talk, anna: Actor, members: list[Actor]
) -> None:
    """It is tried again: once what was wrong with it is mended, it is asked about."""
    await talk.group("Vammaispalvelu", members=members[:2], coordinator=anna)
    async with talk.app.sessions.begin() as session:  # a form without any version
        group = (await session.execute(select(Workgroup).where(Workgroup.name == "Lastensuojelu"))).scalar_one()
        form = Form(key="own", name="Oma", workgroup_id=group.id, created_at=talk.clock.now())
        session.add(form)
        await session.flush()
        session.add(GroupForm(workgroup_id=group.id, form_id=form.id))
    for line in ("Lastensuojelu ke 10.3.2027 klo 9-12 Teams: Eka", "Vammaispalvelu ke 10.3.2027 klo 9-12 Teams: Toka"):
        await talk.called_meeting(anna, line)
    await talk.until(datetime(2027, 3, 10, 12, 30, tzinfo=HELSINKI))
    assert [run.workgroup_id for run in await rows(talk, Run)] == [group.id + 1]
    assert [member.sees("Osallistuitko tähän kokoukseen?") for member in members] == [True] * 2 + [False] * 10
    async with talk.app.sessions.begin() as session:
        await forms.write(session, await session.get_one(Form, form.id), [Item(QuestionKind.OPEN, "Mitä kuuluu?")])
    await talk.time_passes(minutes=1)
    assert len(await rows(talk, Run)) == 2
    assert all(member.sees("Osallistuitko tähän kokoukseen?") for member in members)


async def test_who_is_marked_absent_in_mid_sentence_is_told(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    """What they type is no answer any more, and nothing waits for it."""
    await held(talk, anna)
    bo = members[0]
    await bo.taps(key("attended-remote"))
    for _ in range(4):
        await bo.taps("4")
    async with talk.app.sessions.begin() as session:
        meeting = (await session.execute(select(Meeting))).scalar_one()
        person = (await session.execute(select(Person).where(Person.name == bo.name))).scalar_one()
        await attendance.mark_invited(session, meeting, person.id, Attended.NO, now=talk.clock.now())
    await bo.says("Hyvä kokous")
    assert "Selvä, et osallistunut" in bo.text
    assert "Osallistuin sittenkin" in bo.labels()
    assert await rows(talk, Draft) == []


async def test_closing_twice_counts_once(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    for member in members[:5]:
        await answers(member, "4435")
    await talk.time_passes(days=8)
    async with talk.app.sessions.begin() as session:
        assert await count_and_close(session, 1, talk.app.keys, policy=talk.app.policy, now=talk.clock.now()) is None
    assert len(await rows(talk, Release)) == 1


async def test_an_open_question_takes_only_what_is_meant_for_it(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await held(talk, anna)
    bo = members[0]
    await bo.taps(key("attended-remote"))
    for _ in range(4):
        await bo.taps("4")
    await bo.says("Hyvä kokous")
    assert "Kirjoitit: Hyvä kokous" in bo.text
    await bo.says("2222222222")  # a code, though nobody's
    await bo.taps("Muuta 4")
    await bo.says("Mikä tämä on?")
    assert bo.text.startswith("Viestiäsi ei tallennettu")
    assert "Kirjoitit: Hyvä kokous" in bo.text  # the form is below, where they left off
    await bo.taps("Kirjoita vastaus", bo.last)
    await bo.says("Erittäin hyvä")
    assert "Kirjoitit: Erittäin hyvä" in bo.text


async def test_an_open_question_leaves_another_dialogue_open(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await talk.group("Toinen", members=[anna], coordinator=members[0])
    await held(talk, anna)
    bo = members[0]
    await bo.says("/newmeeting")
    form = next(message for message in bo.messages if (message.text or "").startswith("Osallistuitko"))
    await bo.taps(key("attended-remote"), form)
    for _ in range(4):
        await bo.taps("4", form)
    assert "Kirjoita vastaus" in bo.labels(form)
    await bo.says("Aihe")
    assert "Minä päivänä?" in bo.text
    await bo.taps("Kirjoita vastaus", form)
    await bo.says("Hyvä kokous")
    assert "Kirjoitit: Hyvä kokous" in bo.text
