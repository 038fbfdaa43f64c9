"""You said, we did: a line about a weak statement, heard once by those who were there, and how it fits on a card."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.delivery.drafts import Draft
from models.feedback import pooling
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Form
from models.forms.items import Item, QuestionKind
from models.meetings.changes_told import ChangeTold
from models.meetings.meetings import Meeting
from models.people import links
from models.people.access import Role, RoleKind
from models.people.audit import Audit
from models.people.groups import Workgroup
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key
from tests.talks.meetings.test_meetings import count, event, moved
from tests.talks.people.test_privacy import erases
from tests.talks.test_refusals import said, world

CLAIMS = ("Aikaa oli riittävästi", "Tila oli hyvä", "Kuulin uutta", "Sovimme yhdessä")
MEANS = ((4, 4, 4, 4, 3), (2, 2, 2, 2, 3), (5, 5, 5, 5, 4), (3, 3, 3, 3, 4))
LINE = "Varaamme jatkossa isomman huoneen."
TOLD = f"”Tila oli hyvä” sai 2,2 (n = 5). Teimme: {LINE}"
CALL = "Lastensuojelu ke 17.3. klo 9-12 Teams: Seuraava"
HEADING = "Sanoit, teimme"


@dataclass
class Room:
    """A group that has given feedback on four statements."""

    talk: Talk
    anna: Actor
    bo: Actor
    group: Workgroup
    release: int = 0
    question: int = 0
    """Of the weakest statement."""
    hidden: int = 0
    """Of the statement whose mean is withheld: all said the same."""

    async def released(self, *texts: str) -> None:
        """A form closed with five answers, opened a week before."""
        now, talk = self.talk.clock.now(), self.talk
        claims = texts or CLAIMS
        items = [Item(QuestionKind.SCALE, text, low=1, high=5) for text in (*claims, "Kaikki samaa mieltä")]
        async with talk.app.sessions.begin() as session:
            form = Form(key=secrets.token_hex(4), name="Oma lomake", workgroup_id=self.group.id, created_at=now)
            session.add(form)
            await session.flush()
            version = await forms.write(session, form, items)
            questions = await forms.questions(session, version.id)
            run = Run(form_version_id=version.id, workgroup_id=self.group.id, threshold=5, state=RunState.CLOSED)
            run.opens_at, run.closes_at, run.asked, run.answered = now - timedelta(days=7), now, 6, 5
            session.add(run)
            await session.flush()
            means = [MEANS[place % 4] for place in range(len(claims))] + [(5,) * 5]
            ballots = [{q.id: mean[n] for q, mean in zip(questions, means, strict=True)} for n in range(5)]
            made = await pooling.release_or_wait(session, run, dict(enumerate(ballots)), talk.app.keys, now=now)
        self.release, self.question = made[0].id, questions[min(1, len(claims) - 1)].id
        self.hidden = questions[-1].id

    async def replies(self, line: str = LINE, question: int | None = None) -> None:
        await self.anna.taps_data(f"reply:{self.release}:{question or self.question}")
        await self.anna.says(line)
        await self.anna.taps("Tallenna")

    async def rows(self, table: type) -> list[Any]:
        async with self.talk.app.sessions() as session:
            return list((await session.execute(select(table))).scalars())

    async def write(self, statement: Any) -> None:
        async with self.talk.app.sessions.begin() as session:
            await session.execute(statement)


@pytest.fixture
@scene
async def room(talk: Talk, anna: Actor, bo: Actor) -> Room:
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.time_passes(days=8)
    one = Room(talk, anna, bo, group)
    await one.released()
    return one


async def joined(room: Room, member: Actor) -> None:
    """Somebody new in the group."""
    async with room.talk.app.sessions.begin() as session:
        link = await links.join_link(session, room.group.id, now=room.talk.clock.now())
    await member.starts(link.code)


async def test_a_line_goes_from_the_results_to_those_who_were_there(room: Room, dan: Actor) -> None:
    anna, bo = room.anna, room.bo
    await anna.taps_data(f"result:{room.release}")
    await anna.taps("Vastaa palautteeseen")
    assert anna.labels() == [
        "1. Tila oli hyvä",
        "2. Sovimme yhdessä",
        "3. Aikaa oli riittävästi",
        "4. Kuulin uutta",
        "Takaisin",
    ]
    assert "1. Tila oli hyvä\nHeikoimpia: keskiarvo 2,2 (asteikko 1–5), n = 5" in anna.text
    assert anna.text.count("Heikoimpia") == 2
    assert "Kaikki samaa" not in anna.text
    await anna.taps("1. Tila")
    assert "enintään 200 merkkiä" in anna.text
    await anna.says(LINE)
    assert f"{HEADING}\n{TOLD}" in anna.text
    assert "Ryhmässä on nyt 1 niistä" in anna.text
    await anna.taps("Tallenna")
    assert anna.toast.startswith("Tallennettu")
    assert f"Vastaus odottaa seuraavaa kokouskutsua: {LINE}" in anna.text
    await joined(room, dan)
    await room.talk.called_meeting(anna, CALL)
    assert bo.text.endswith(f"Pääsetkö mukaan?\n\n{HEADING}\n{TOLD}")
    assert HEADING not in dan.text
    assert "Seuraava" in dan.text
    await anna.taps_data(f"replies:{room.release}")
    assert f"Vastaus kerrottiin 17.3.2027 pidettävän kokouksen kutsussa: {LINE}" in anna.text
    assert "1. Tila oli hyvä" not in anna.labels()
    noted = [(one.action, one.workgroup_id, one.detail) for one in await room.rows(Audit)]
    assert ("reply-written", room.group.id, "") in noted


async def test_the_card_keeps_the_lines_whatever_becomes_of_it(room: Room) -> None:
    anna, bo = room.anna, room.bo
    await room.replies()
    await room.talk.called_meeting(anna, CALL)
    calendar = event(bo).to_ical()
    await bo.taps("Etänä")
    assert "osallistun etänä" in bo.text
    assert bo.text.endswith(LINE)
    await moved(anna, "to 18.3.")
    await room.talk.settle()
    assert "to 18.3.2027" in bo.text
    assert bo.text.endswith(LINE)
    assert HEADING.encode() not in calendar + event(bo).to_ical()
    await bo.says("/meetings")
    await bo.taps_data("card:1")
    assert bo.text.endswith(LINE)
    await room.talk.time_passes(days=6)
    assert "Muistutus" in bo.text or "Et ole vielä" in bo.text
    assert bo.text.endswith(LINE)


async def test_a_line_is_changed_and_taken_back_until_it_is_heard(room: Room) -> None:
    anna = room.anna
    await room.replies()
    await anna.taps("1. Tila")
    assert LINE in anna.text
    old = anna.last
    await anna.taps("Muuta")
    assert f"Vastaus nyt: {LINE}" in anna.text
    await anna.says("Vaihdamme tilaa.")
    await anna.taps("Tallenna")
    assert [one.text for one in await room.rows(ChangeTold)] == ["Vaihdamme tilaa."]
    await anna.taps("1. Tila")
    await anna.taps("Poista")
    assert "Vaihdamme tilaa." in anna.text
    await anna.taps("Kyllä, poista")
    assert await room.rows(ChangeTold) == []
    assert await anna.taps_data(f"reply-drop-yes:{room.release}:{room.question}") == said("already-done")
    await room.replies()
    await room.talk.called_meeting(anna, CALL)
    before = await world(room.talk, but=anna)
    for data in ("reply", "reply-write", "reply-drop", "reply-drop-yes"):
        assert await anna.taps_data(f"{data}:{room.release}:{room.question}", old) == said("reply-is-heard")
    assert await world(room.talk, but=anna) == before
    assert [one.action for one in await room.rows(Audit)][-4:] == [
        "reply-written",
        "reply-changed",
        "reply-removed",
        "reply-written",
    ]


async def test_a_double_tap_saves_once_and_an_old_preview_not_at_all(room: Room) -> None:
    anna = room.anna
    await anna.taps_data(f"reply:{room.release}:{room.question}")
    await anna.says("Ensimmäinen")
    first = anna.last
    await anna.says("Toinen")
    await anna.taps("Tallenna", first)
    assert anna.toast == said("reply-card-is-old")
    assert await room.rows(ChangeTold) == []
    card = anna.last
    anna.user.taps("Tallenna", card)
    anna.user.taps("Tallenna", card)
    await room.talk.answered()
    assert [one.text for one in await room.rows(ChangeTold)] == ["Toinen"]
    assert anna.toast == said("dialogue-is-over")
    assert "Toinen" in anna.text


async def test_of_two_coordinators_the_later_does_not_undo_the_earlier(room: Room, aino: Actor) -> None:
    await aino.starts()
    for actor in (aino, room.anna):
        await actor.taps_data(f"reply:{room.release}:{room.question}")
        await actor.says(f"{actor.name}n rivi")
    await aino.taps("Tallenna")
    await room.anna.taps("Tallenna")
    assert room.anna.toast == said("reply-changed-meanwhile")
    assert [one.text for one in await room.rows(ChangeTold)] == ["Ainon rivi"]


async def test_the_dialogue_waits_for_days_goes_back_and_is_cancelled(room: Room) -> None:
    anna = room.anna
    await anna.taps_data(f"reply:{room.release}:{room.question}")
    await room.talk.time_passes(days=9)
    await anna.says("Ensin näin")
    await anna.taps(key("back"))
    assert "enintään 200 merkkiä" in anna.text
    await anna.says("x" * 201)
    assert "Lyhennä" in anna.text
    await anna.says("x" * 200)
    await anna.taps(key("cancel"))
    assert "Vastaa palautteeseen" in anna.text
    assert await room.rows(Draft) == await room.rows(ChangeTold) == []
    await anna.says("Tämä ei ole enää vastaus")
    assert await room.rows(ChangeTold) == []


async def test_three_at_once_oldest_first_and_the_rest_next_time(room: Room) -> None:
    async with room.talk.app.sessions() as session:
        release = await forms.questions(session, (await room.rows(Form))[-1].id)
    for number, question in enumerate(release[:4]):
        await room.replies(f"Rivi {number}.", question.id)
    await room.talk.called_meeting(room.anna, CALL)
    assert [f"Rivi {number}." in room.bo.text for number in range(4)] == [True, True, True, False]
    await room.talk.called_meeting(room.anna, "Lastensuojelu ke 24.3. klo 9-12 Teams: Sitä seuraava")
    assert [f"Rivi {number}." in room.bo.text for number in range(4)] == [False, False, False, True]


@pytest.mark.parametrize("sent", [False, True])
async def test_what_nobody_heard_because_of_a_cancelling_waits(room: Room, sent: bool) -> None:
    anna, bo = room.anna, room.bo
    await room.replies()
    if not sent:
        await room.talk.until(datetime(2027, 3, 10, 22, tzinfo=HELSINKI))
    await room.talk.called_meeting(anna, CALL)
    assert count(bo, LINE) == int(sent)
    await anna.taps(key("meeting-cancel"))
    await anna.taps("Kyllä, peru")
    await room.talk.settle()
    await room.talk.called_meeting(anna, "Lastensuojelu to 18.3. klo 9-12 Teams: Uusi")
    await room.talk.time_passes(days=1)
    assert count(bo, LINE) == 1
    assert (LINE in bo.text) is not sent


ROUTES = ("replies", "reply", "reply-write", "reply-drop", "reply-drop-yes")


@pytest.mark.parametrize("route", ROUTES)
async def test_only_who_coordinates_the_group_replies(room: Room, dan: Actor, maija: Actor, route: str) -> None:
    eeva = room.talk.person("Eeva")
    await room.talk.group("Muu", members=[dan], coordinator=eeva)
    await room.talk.manager(maija)
    await room.replies()
    before = await world(room.talk)
    for actor in (room.bo, dan, eeva, maija):
        assert await actor.taps_data(f"{route}:{room.release}:{room.question}") == said("not-found")
    for forged in ("0:0", f"{room.release}:999", f"{room.release}:{room.hidden}", f"{'9' * 18}:1", "x", ""):
        if route != "replies" or not forged.startswith(str(room.release)):
            assert await room.anna.taps_data(f"{route}:{forged}") == said("not-found")
    assert await world(room.talk) == before


@pytest.mark.parametrize("step", ["typing", "saving", "going back"])
async def test_a_role_taken_away_in_mid_dialogue_ends_it(room: Room, step: str) -> None:
    anna = room.anna
    await anna.taps_data(f"reply:{room.release}:{room.question}")
    await anna.says(LINE)
    await room.write(update(Role).values(revoked_at=room.talk.clock.now()))
    if step == "typing":
        await anna.says("Uusi rivi")
        assert anna.text == said("not-found")
        assert await room.rows(Draft) == []
    else:
        await anna.taps("Tallenna" if step == "saving" else "Takaisin")
        assert anna.toast == said("not-found")
    assert await room.rows(ChangeTold) == []


async def test_the_buttons_of_a_dialogue_are_nobody_elses(room: Room, aino: Actor) -> None:
    await aino.starts()
    await room.anna.taps_data(f"reply:{room.release}:{room.question}")
    await room.anna.says(LINE)
    buttons = [str(button.data) for row in room.anna.last.buttons for button in row]
    before = await world(room.talk)
    for data in (*buttons, "reply-save", "reply-save:1", "reply-again:x:y", "reply-stop::::"):
        assert await aino.taps_data(data) in {said("dialogue-is-over"), said("not-found")}
    assert await world(room.talk) == before


async def test_an_archived_group_shows_what_was_replied_and_takes_no_more(room: Room) -> None:
    await room.replies()
    await room.write(update(Workgroup).values(archived_at=room.talk.clock.now()))
    await room.anna.taps_data(f"replies:{room.release}")
    assert said("replies-archived") in room.anna.text
    assert LINE in room.anna.text
    assert room.anna.labels() == ["Takaisin"]
    assert await room.anna.taps_data(f"reply:{room.release}:{room.question}") == said("replies-archived")


HOSTILE = {
    "HTML": "<b>Varaamme</b> & <script>alert(1)</script> &lt; {line} %s",
    "right to left": "\u202eemmatuum\u202c \u200f\u2066Ajan",
    "NUL and controls": "Varaa\x00mme\x07\x1b[31m",
    "emoji": "😀" * 200,
    "combining": "a" + "\u0301" * 199,
    "too long": "x" * 4096,
    "nothing": " \u3000\u200b\t ",
}


@pytest.mark.parametrize(("case", "language"), [*((case, "fi") for case in HOSTILE), ("HTML", "sv"), ("emoji", "en")])
async def test_hostile_lines_and_the_longest_card_fit(room: Room, case: str, language: str) -> None:
    anna, bo = room.anna, room.bo
    await room.write(update(Workgroup).values(name="Pitkä ryhmä 😀 " * 4))
    await bo.says("/settings")
    await bo.taps("Kieli")
    await bo.taps({"fi": "✓ Suomi", "sv": "Svenska", "en": "English"}[language])
    for number in range(3):
        await room.released(f"{number} <i>Väittämä</i> & {'pitkä ' * 30}".strip())
        await anna.taps_data(f"reply:{room.release}:{room.question}")
        await anna.says(HOSTILE[case])
        if "Tallenna" not in anna.labels():
            assert "Lyhennä" in anna.text or "tyhjä" in anna.text
            await anna.says(f"{number} {'muutimme asian ' * 13}"[:200])
        await anna.taps("Tallenna")
    await room.write(update(Workgroup).values(name="Lastensuojelu"))
    await anna.says(f"/newmeeting Lastensuojelu ke 17.3. klo 9-12 hybridi: {'Aihe ' * 23}")
    for answer in ("Paikka " * 17, "https://teams.example/" + "a" * 400, "Kuvaus " * 57):
        await anna.says(answer.strip())
    await anna.taps(key("confirm-send"))
    await room.talk.settle()
    for label in (None, 0, 1, 2):
        if label is not None:
            await bo.taps(bo.labels()[label])
        assert len(bo.text) <= 1024
        assert bo.text.count("Kuvaus") == 57
        assert bo.last.document is not None
    await bo.taps(bo.labels()[-1])
    assert {"fi": HEADING, "sv": "Du sade, vi gjorde", "en": "You said, we did"}[language] in bo.text
    assert all(f"{number} <i>Väittämä</i> & pitkä" in bo.text for number in range(3))
    assert [c for c in room.talk.sandbox.log if c.error_code == 400 and "not modified" not in c.description] == []


async def test_lines_on_a_card_are_cut_at_words_and_read_whole_behind_the_button(room: Room) -> None:
    long = ("Muutimme asian niin kuin toivoitte " * 6)[:199].strip()
    for number in range(3):
        await room.released(f"Väittämä numero {number} {'kestää ja jatkuu ' * 5}".strip())
        await room.replies(f"{number} {long}"[:200].strip())
    await room.talk.called_meeting(room.anna, CALL)
    assert "lue kaikki" not in " ".join(room.bo.labels())  # an ordinary card has room for three
    await room.talk.time_passes(days=1)
    for number in range(3):
        await room.released(f"Väittämä numero {number} {'kestää ja jatkuu ' * 5}".strip())
        await room.replies(f"{number} {long}"[:200].strip())
    await room.anna.says("/newmeeting Lastensuojelu to 25.3. klo 9-12 Teams: Toinen")
    await room.anna.taps(key("skip-link"))
    await room.anna.says("Kuvaus " * 40)
    await room.anna.taps(key("confirm-send"))
    await room.talk.settle()
    lines = room.bo.text.partition(f"{HEADING}\n")[2].splitlines()
    assert len(lines) == 3
    assert all(line.endswith("…") and line[:-1].split()[-1] in f"{long} niin" for line in lines)
    assert len(room.bo.text) <= 1024
    await room.bo.taps("Sanoit, teimme: lue kaikki")
    assert room.bo.text.count("Muutimme asian niin kuin toivoitte Muutimme") >= 3
    assert "…" not in room.bo.text
    assert await room.anna.taps_data("heard:1") == said("not-found")


@pytest.mark.parametrize(
    ("language", "heading", "button"),
    [("sv", "Svara på responsen", "Spara"), ("en", "Reply to feedback", "Save")],
)
async def test_a_coordinator_replies_in_their_own_language(
    room: Room, language: str, heading: str, button: str
) -> None:
    await room.write(update(Role).values(revoked_at=room.talk.clock.now()))
    other = room.talk.person("Kim", language=language)
    async with room.talk.app.sessions.begin() as session:
        now = room.talk.clock.now()
        link = await links.make(
            session, links.LinkKind.ROLE, now=now, group_id=room.group.id, role=RoleKind.COORDINATOR
        )
    await other.starts(link.code)
    await other.taps_data(f"result:{room.release}")
    await other.taps(heading)
    await other.taps("1. Tila")
    await other.says("Större rum.")
    await other.taps(button)
    assert "Större rum." in other.text
    assert [one.text for one in await room.rows(ChangeTold)] == ["Större rum."]
    assert not any("Heikoimpia" in (message.text or "") for message in other.messages)


async def test_who_erases_themselves_leaves_the_line_without_a_name(room: Room) -> None:
    await room.replies()
    await erases(room.anna)
    (reply,) = await room.rows(ChangeTold)
    assert (reply.text, reply.created_by) == (LINE, None)
    assert await room.rows(Meeting) == []
