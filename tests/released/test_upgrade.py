"""A database of a released program: its rows stay, and all that was under way in it goes on."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import db
from bot.commands import backup, migrate, restore
from bot.config import Settings
from bot.sandbox.content import Content
from bot.sandbox.entities import Text
from bot.sandbox.keyboards import Button, Markup, RequestUsers
from bot.sandbox.messages import Message
from models.base import Base
from models.delivery.updates import SeenUpdate
from models.feedback import pools
from models.feedback.pools import Pool, Pooled
from models.feedback.releases import Release
from models.feedback.runs import Run, RunState
from models.forms.forms import Form
from models.meetings.attendance import HeadCount
from models.meetings.changes_told import ChangeTold
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people.access import Role
from models.people.groups import Workgroup
from models.people.people import Person
from models.results.themes import Theme
from tests.databases import KINDS, copied, migrated, on_server, run_in_thread, shared_engine
from tests.released.database import Released
from tests.talk import HELSINKI, Actor, Talk, words

RUN = 5
"""The form that is being answered."""
STANDING = 12
"""Bo's invitation to the meeting that is still to come."""


async def upgraded(url: str) -> None:
    await Released.load().make(url)
    await migrated(url)


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The upgraded database as an SQLite file."""
    file = str(tmp_path_factory.mktemp("upgraded") / "koolla.db")
    run_in_thread(upgraded(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def upgraded_database(postgres: str) -> str:
    """The name of the upgraded database on the PostgreSQL server."""
    run_in_thread(on_server(postgres, "CREATE DATABASE upgraded"))
    run_in_thread(upgraded(postgres.format(database="upgraded")))
    return "upgraded"


@pytest.fixture(params=KINDS)
async def upgraded_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a copy of the upgraded database, of each kind in turn."""
    async with copied(request, request.param, tmp_path, "upgraded_file", "upgraded_database") as url:
        yield url


@pytest.fixture
async def talk(tmp_path: Path, upgraded_url: str) -> AsyncIterator[Talk]:
    """The story at the moment of its backup, on the upgraded database."""
    released, keys = Released.load(), tmp_path / "keys"
    released.write_keys(keys)
    settings: dict[str, Any] = {"database": {"url": upgraded_url}, "feedback": {"keys": keys, "threshold": 3}}
    with shared_engine(upgraded_url) as engine:
        async with Talk.open(tmp_path, engine=engine, **settings) as stage:
            stage.clock.moment = datetime.fromisoformat(released.moment).astimezone(UTC)
            stage.sandbox.updates.continue_after(released.last_update)
            for name, telegram_id in released.people.items():
                stage.person(name, id=telegram_id).user.started = True
            fill_chats(stage, released)
            yield stage
            async with stage.app.sessions() as session:
                assert await session.scalar(select(func.count(SeenUpdate.parked))) == 0


def fill_chats(talk: Talk, released: Released) -> None:
    """Puts one earlier message into each chat, and those of which the database knows."""
    world, asking = talk.sandbox.world, talk.people["K-roles"].user.chat
    chats = {row["id"]: row["chat_id"] for row in released.rows("address")}
    cards = [(chats[row["address_id"]], row["message_id"], row["kind"]) for row in released.rows("message")]
    keyboard = Markup(keyboard=((Button("Valitse", request_users=RequestUsers(1)),),))
    calendar = world.files.add("kutsu.ics", b"BEGIN:VCALENDAR", "text/calendar")
    for chat_id, message_id, kind in [*((actor.user.id, 1, "") for actor in talk.people.values()), *sorted(cards)]:
        content = Content(Text("Ennen"), markup=keyboard if chat_id == asking.id else Markup())
        if kind == "invitation":
            content = Content(Text("Ennen"), "document", calendar)
        if chat := world.chats.get(chat_id):
            chat.history.append(Message(chat, message_id, None, content, world.now()))
    world.message_ids.following = 1 + max(message_id for _, message_id, _ in cards)


def card(actor: Actor, kind: str, subject: int) -> Message:
    """The person's message of this kind and subject in the database."""
    released = Released.load()
    addresses = {row["id"]: row["chat_id"] for row in released.rows("address")}
    message_id = next(
        row["message_id"]
        for row in released.rows("message")
        if (addresses[row["address_id"]], row["kind"], row["subject"]) == (actor.user.id, kind, subject)
    )
    message = actor.user.chat.find(message_id)
    assert message is not None
    return message


def dialogue_numbers() -> dict[str, int]:
    """The numbers that the buttons of the dialogues under way carry, by the person's name."""
    released = Released.load()
    telegram_ids = {row["id"]: row["telegram_id"] for row in released.rows("person")}
    names = {telegram_id: name for name, telegram_id in released.people.items()}
    return {names[telegram_ids[row["person_id"]]]: json.loads(row["data"])["number"] for row in released.rows("draft")}


def data_of(actor: Actor) -> list[str]:
    """The data of the buttons on the newest message."""
    return [button.data or "" for row in actor.last.buttons for button in row]


async def press(actor: Actor, *prefixes: str) -> None:
    """Presses a button of the newest message whose data begins so; an earlier prefix goes before a later one."""
    matching = [data for prefix in prefixes for data in data_of(actor) if data.startswith(prefix)]
    assert matching, f"{actor.name} has none of {prefixes}, but {data_of(actor)} under: {actor.text}"
    await actor.taps_data(matching[0])


async def confirm(actor: Actor, go: str, *steps: str) -> None:
    """Takes the first answer that each question of a dialogue offers, until it can be confirmed, and confirms."""
    while not any(data.startswith(go) for data in data_of(actor)):
        await press(actor, *steps)
    await press(actor, go)


async def rows(talk: Talk, table: type[Base]) -> list[Any]:
    async with talk.app.sessions() as session:
        return list((await session.execute(select(table))).scalars())


def test_the_record_has_rows_in_every_table() -> None:
    """But for leases, which are for seconds."""
    assert {name for name, count in Released.load().counts.items() if not count} == {"lease"}


async def test_every_row_can_be_read(database_url: str) -> None:
    released, url = Released.load(), Settings(database={"url": database_url}).database.url
    await released.make(url)
    engine = db.make_engine(url)
    await migrate.upgrade(engine)
    async with db.make_sessions(engine)() as session:
        for mapper in Base.registry.mappers:
            read = (await session.execute(select(mapper.class_))).scalars().all()
            table = str(mapper.local_table)
            assert len(read) == released.counts.get(table, 0), table
    await engine.dispose()


async def test_a_backup_is_restored(tmp_path: Path) -> None:
    released = Released.load()
    await released.make(f"sqlite:///{tmp_path / 'backup.db'}")
    released.write_keys(tmp_path / "keys")
    target = f"sqlite:///{tmp_path / 'koolla.db'}"
    settings = Settings(database={"url": target}, feedback={"keys": tmp_path / "keys"})
    lines = await restore.restore(settings, tmp_path / "backup.db")
    assert lines[0] == f"Restored, at {migrate.newest()}. Sending is paused."
    assert not any("key" in line for line in lines)
    assert backup.check_backup(tmp_path / "koolla.db") == migrate.newest()


async def test_answers_that_waited_are_kept_by_question(talk: Talk) -> None:
    """Two ballots of a meeting with too few answers. With the keys at hand, the start of the program splits them."""
    of_answers, of_texts = sorted(await rows(talk, Pool), key=lambda pool: pool.kind)
    assert {(pool.answered, pool.opened_at, pool.oldest_on) for pool in (of_answers, of_texts)} == {
        (2, None, date(2027, 3, 18))
    }
    async with talk.app.sessions() as session:
        content = await pools.content_of(session, of_answers, talk.app.keys)
        texts = await pools.content_of(session, of_texts, talk.app.keys)
    waiting = content.waiting | texts.waiting
    assert {question: len(waiting[question].answers) for question in waiting} == {1: 2, 2: 2, 3: 2, 4: 2, 5: 1}
    assert {answers.people for answers in waiting.values()} == {0}
    assert len(await rows(talk, Pooled)) == 2
    assert "pool-1" not in talk.app.keys.names()


async def test_figures_are_what_they_were(talk: Talk) -> None:
    anna, maija = talk.people["Anna"], talk.people["Maija"]
    await anna.taps_data("result:1")
    assert [mean in anna.text for mean in ("4,2, n = 6", "2,5, n = 6", "4,3, n = 6")] == [True] * 3
    await anna.taps_data("result-texts:1:5")
    assert "Hyvä kokous!" in anna.text
    await anna.taps_data("themes:1:5")
    assert "Ajankäyttö: 1" in anna.text
    await maija.taps_data("digest:2027-03")
    lines = maija.text.replace("\N{NO-BREAK SPACE}", " ").splitlines()
    # The form about a meeting does not know who was asked; of the other, only two people had answered.
    answered = "Palautetta: 10 / 14 pyydetystä (71 %), 6 / 6 osallistuneesta (100 %)"
    few = "Lisäksi 1 kyselyssä alle 3 vastausta (pyydettiin 2)"
    assert {"Kokouksia 2", answered, few, "”Hyvä kokous!”"} <= set(lines)
    assert "Voin hyödyntää sisältöä työssäni: 2,5, n = 6" in lines
    await maija.taps_data("report:1")
    text = maija.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Osallistumisia 15: paikan päällä 5, etänä 10." in text
    assert "Palautetta kokouksista: 6 vastausta, 1 kyselyssä alle 3 vastausta." in text


async def test_cards_that_stand_are_edited(talk: Talk) -> None:
    bo, anna = talk.people["Bo"], talk.people["Anna"]
    standing = card(bo, "invitation", STANDING)
    await bo.taps_data(f"rsvp:{STANDING}:no:1", standing)
    assert "Jatko" in words(standing)
    await talk.time_passes(minutes=1)
    assert "Jatko" in words(card(anna, "meeting", 3))
    (invitation,) = [row for row in await rows(talk, Invitation) if row.id == STANDING]
    assert invitation.answer == "no"


async def test_the_form_that_is_being_answered_closes_with_all_its_answers(talk: Talk) -> None:
    """Of the seven asked Bo and Cilla had sent theirs; Dan, Elli and Göran had begun, and their answers count, too."""
    await talk.people["Dan"].taps_data(f"rate:{RUN}:2:4")
    assert talk.people["Dan"].text.startswith("3/5")
    await talk.until(datetime(2027, 4, 10, 12, tzinfo=HELSINKI))
    (run,) = [run for run in await rows(talk, Run) if run.id == RUN]
    (release,) = [release for release in await rows(talk, Release) if release.run_id == RUN]
    assert (run.state, run.answered, run.unreadable) == (RunState.CLOSED, 5, False)
    await talk.people["Anna"].taps_data(f"result:{release.id}")
    assert "4,2, n = 5" in talk.people["Anna"].text, talk.people["Anna"].text
    assert not (talk.app.settings.feedback.keys / f"run-{RUN}.key").exists()


async def test_what_was_planned_comes(talk: Talk) -> None:
    """The survey of the 7th, and the reminder of the meeting on the 14th."""
    await talk.until(datetime(2027, 4, 14, 8, 30, tzinfo=HELSINKI))
    cilla, bo = talk.people["Cilla"], talk.people["Bo"]
    assert cilla.sees("Työpaja")
    assert bo.sees("Jatko")
    assert not talk.people["Heli"].sees("Työpaja")


async def test_dialogues_about_meetings_go_on(talk: Talk) -> None:
    number, people = dialogue_numbers(), talk.people
    steps = ("nm-skip:", "nm-length:", "nm-mode:")
    await people["K-newmeeting"].says("Aihe 1")
    await confirm(people["K-newmeeting"], "nm-go:", *steps)
    await people["K-newmeeting2"].says("Aihe 2")
    await confirm(people["K-newmeeting2"], "nm-go:", *steps)
    await people["K-offers"].taps_data(f"nm-doubt:{number['K-offers']}:1")
    await people["K-offers"].says("Aihe 3")
    await confirm(people["K-offers"], "nm-go:", *steps)
    await people["K-edit"].taps_data(f"nm-edit:{number['K-edit']}:title")
    await people["K-edit"].says("Aihe 4")
    await confirm(people["K-edit"], "nm-go:", *steps)
    times = {row.title: (row.starts_at, row.ends_at) for row in await rows(talk, Meeting)}
    hour = timedelta(hours=1)
    for title, starts, length in (
        ("Aihe 1", datetime(2027, 4, 28, 6, tzinfo=UTC), 3 * hour),
        ("Aihe 2", datetime(2027, 4, 3, 6, tzinfo=UTC), hour),
        ("Aihe 3", datetime(2027, 10, 31, 1, 30, tzinfo=UTC), 1.5 * hour),
        ("Aihe 4", datetime(2027, 4, 14, 6, tzinfo=UTC), 3 * hour),
    ):
        assert times[title] == (starts, starts + length)
    await people["K-heads"].says("6 3")
    (heads,) = await rows(talk, HeadCount)
    assert (heads.on_site, heads.remote) == (6, 3)


async def test_dialogues_about_forms_go_on(talk: Talk) -> None:
    """Two surveys reach the card on which they would be sent; the third can be."""
    number, people = dialogue_numbers(), talk.people
    await people["K-newsurvey"].taps_data(f"survey-open:{number['K-newsurvey']}:now")
    await press(people["K-newsurvey"], "survey-close:")
    await people["K-newsurvey2"].taps_data(f"survey-close:{number['K-newsurvey2']}:week")
    for name in ("K-newsurvey", "K-newsurvey2"):
        assert "survey-edit" in " ".join(data_of(people[name]))
    await people["K-offers2"].taps_data(f"survey-doubt:{number['K-offers2']}:1")
    await confirm(people["K-offers2"], "survey-go:", "survey-close:")
    assert max(run.opens_at for run in await rows(talk, Run)) == datetime(2027, 11, 1, 6, tzinfo=UTC)
    await people["K-form"].says("Nimi: Uusi\n\nOliko hyvä? (1-5)")
    await press(people["K-form"], "form-save:")
    await people["K-same"].taps_data(f"form-save:{number['K-same']}:4")
    assert {"Uusi", "Paja"} <= {form.name for form in await rows(talk, Form)}
    await people["K-form2"].taps_data(f"form-same:{number['K-form2']}:2:0:1")
    assert "Paja oli hyvä" in people["K-form2"].text


async def test_dialogues_about_people_go_on(talk: Talk) -> None:
    people = talk.people
    await people["K-contact"].says("040 1234567")
    await people["K-roles"].chooses(people["Cilla"])
    await people["K-roster"].taps_data("roster-yes:1:2")
    persons = {person.name: person for person in await rows(talk, Person)}
    assert persons["Bo"].contact == "040 1234567"
    assert persons["Uuno Uusi"].organisation_name == "Kunta"
    assert persons["Cilla"].id in {role.person_id for role in await rows(talk, Role)}
    await people["Aino"].says("Kolmas ryhmä")
    await people["K-rename"].says("Toinen nimi")
    await press(people["K-rename"], "group-rename-yes:")
    assert {group.name for group in await rows(talk, Workgroup)} == {"Toinen nimi", "Aikuissosiaalityö", "Kolmas ryhmä"}


async def test_dialogues_about_results_go_on(talk: Talk) -> None:
    people = talk.people
    await people["K-theme"].says("Tila")
    await people["K-theme2"].says("Aika")
    assert {theme.name for theme in await rows(talk, Theme)} == {"Aika", "Tila"}
    await people["K-reply"].says("Salia vaihdettiin.")
    await press(people["K-reply"], "reply-save:")
    assert "Salia vaihdettiin." in {change.text for change in await rows(talk, ChangeTold)}
    await people["Göran"].says("Hyvin meni.")
    await press(people["Göran"], "done:")
    assert "Kiitos palautteesta!" in people["Göran"].text
