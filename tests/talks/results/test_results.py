"""Results in chat: every kind of question, changes, summaries, texts, highlights, themes, names; and whose they are."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models.feedback import named_answers, pooling
from models.feedback.answers import Ballot
from models.feedback.releases import OpenAnswer, Release
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.builtin_forms import ANNUAL_FORM
from models.forms.forms import Form, Question
from models.forms.items import Choice, Item, QuestionKind
from models.people.access import Role, RoleKind
from models.people.groups import Workgroup
from models.people.links import LinkKind, make
from models.people.people import Person
from models.results.themes import Mention, Theme
from tests.scenes import scene
from tests.talk import Actor, Talk, key
from tests.talks.people.test_privacy import erases

HOSTILE = '<b>x</b> & "y" \u05e9\u05dc\u05d5\u05dd {name} %s '
LONG = ("😀" * 40 + " sana ") * 20


@dataclass
class Office:
    """A group whose results come from made-up ballots, counted and released by the functions of models."""

    talk: Talk
    anna: Actor
    group: Workgroup
    version: forms.FormVersion
    questions: list[Question] = field(default_factory=list)

    async def writes(self, *items: Item, named: bool = False, again: bool = False) -> None:
        """Another form, or (``again``) another version of the one there is."""
        async with self.talk.app.sessions.begin() as session:
            known = await session.get(Form, self.version.form_id) if again else None
            form = known or Form(key=secrets.token_hex(4), name="Oma lomake", workgroup_id=self.group.id)
            session.add(form)
            await session.flush()
            self.version = await forms.write(session, form, items, named=named)
            self.questions = await forms.questions(session, self.version.id)

    def ballot(self, *values: Any) -> Ballot:
        """The answers to the questions in order; None is a skip, a pair an option with what was typed as other."""
        found: Ballot = {}
        for question, value in zip(self.questions, values, strict=False):
            if isinstance(value, tuple):
                found[question.id], found[-question.id] = value
            elif value is not None:
                found[question.id] = value
        return found

    async def released(self, ballots: Sequence[Ballot], *, asked: int = 40, is_named: bool = False) -> int:
        """Closes a form with these answers; returns its release's id."""
        now, keys = self.talk.clock.now(), self.talk.app.keys
        async with self.talk.app.sessions.begin() as session:
            run = Run(form_version_id=self.version.id, workgroup_id=self.group.id, threshold=5, named=is_named)
            run.opens_at, run.closes_at, run.state = now - timedelta(days=7), now, RunState.CLOSED
            run.asked, run.answered = asked, len(ballots)
            session.add(run)
            await session.flush()
            made = await pooling.release_or_wait(session, run, dict(enumerate(ballots)), keys, now=now)
            if is_named:
                people = (
                    await session.execute(select(Person).where(Person.name.startswith("Jäsen")).order_by(Person.id))
                ).scalars()
                named_answers.keep(session, run, {person.id: one for person, one in zip(people, ballots, strict=False)})
            return made[0].id

    async def all_of(self, table: type) -> list[Any]:
        async with self.talk.app.sessions() as session:
            return list((await session.execute(select(table))).scalars())

    async def reads(self, data: str) -> str:
        """All pages behind a button."""
        await self.anna.taps_data(data)
        pages = [self.anna.text]
        while "Seuraava ›" in self.anna.labels():
            await self.anna.taps("Seuraava ›", self.anna.last)
            pages.append(self.anna.text)
        assert all(len(page) <= 4096 for page in pages)
        return "\n\n".join(pages)


OPEN = Item(QuestionKind.OPEN, "Mitä muuta?")
CLAIM = Item(QuestionKind.SCALE, "Aikaa oli riittävästi", low=1, high=5)
FOUR = Item(
    QuestionKind.SCALE, "Tila oli hyvä", low=1, high=4, low_name="ei lainkaan", high_name="erittäin", dont_know=True
)
OWN = Item(QuestionKind.SINGLE, "Miten kuulit?", choices=(Choice("Sähköpostista"), Choice("Muualta")), other=True)


@pytest.fixture
@scene
async def office(talk: Talk, anna: Actor) -> Office:
    members = [talk.person(f"Jäsen {number}") for number in range(8)]
    group = await talk.group(members=members, coordinator=anna)
    async with talk.app.sessions.begin() as session:
        version = await forms.built_in(session, ANNUAL_FORM)
        questions = await forms.questions(session, version.id)
    return Office(talk, anna, group, version, questions)


def year(number: int, organisation: int = 1) -> list[Any]:
    """One person's answers to the annual form."""
    scales = [1 + (number + at) % 5 for at in range(7)]
    several = [1, *([2] if number % 2 else []), *([3] if number % 3 == 0 else [])]
    return [*scales, [1 + number % 2], several, [1], [1 + number % 3], [organisation], None, f"Teksti {number}"]


async def test_every_kind_of_question_with_its_n(office: Office) -> None:
    ballots = [office.ballot(*year(number, organisation=1 if number < 20 else 3)) for number in range(33)]
    ballots[32][office.questions[9].id] = [2]  # one says no: all but one say yes
    release = await office.released(ballots, asked=500)
    text = (await office.reads(f"result:{release}")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Vastasi 33 / 500 pyydetystä (7 %)" in text
    assert text.count("1 = täysin eri mieltä") == 1
    assert re.search(r"asialistaan\n[█░]{10} \d,\d, n = 33\nJakauma 1: \d+ · 2: \d+ · 3: \d+ · 4: \d+ · 5: \d+", text)
    assert "Erittäin hyvin: 17 (52 %)" in text
    assert "Huonosti: 0 (0 %)" in text
    assert "n = 33, osuudet vastaajista (sai valita useita)" in text
    assert "Tiedon jakaminen ajankohtaisista aiheista: ei näytetä" in text
    assert "Alueellisen toiminnan kehittäminen: 16 (48 %)" in text
    assert "Kyllä: 32 (97 %)" in text
    assert "tai ei kerrottu, yhteensä: 13 (39 %)" in text
    assert "Taustoja ei näytetä" in text  # the field: nobody told
    assert "33 avovastausta" in text
    assert {"PDF", "Excel", "CSV", "Kuva", "Takaisin"} <= set(office.anna.labels())


async def test_means_by_background_stand_behind_a_button(office: Office) -> None:
    ballots = [office.ballot(*year(number, organisation=1 if number < 20 else 3)) for number in range(33)]
    release = await office.released(ballots)
    await office.anna.taps_data(f"result:{release}")
    await office.anna.taps("Ryhmittäin")
    assert "Kunta: " in office.anna.text
    assert "n = 20" in office.anna.text
    assert "n = 13" in office.anna.text
    await office.anna.taps(key("back"))
    assert "Vastasi 33" in office.anna.text


async def test_scales_say_their_ends_and_who_cannot_say(office: Office) -> None:
    await office.writes(CLAIM, FOUR, OWN, OPEN)
    ballots = [
        office.ballot(1 + n % 5, -1 if n < 2 else 1 + n % 4, [1] if n < 9 else ([0], "Naapurilta"), None)
        for n in range(12)
    ]
    text = await office.reads(f"result:{await office.released(ballots)}")
    assert "1 = täysin eri mieltä\n5 = täysin samaa mieltä" in text
    assert "1 = ei lainkaan\n4 = erittäin" in text
    assert "En osaa sanoa: 2" in text
    assert "Sähköpostista: 9 (75\N{NO-BREAK SPACE}%)" in text
    assert "Muu: 3 (25\N{NO-BREAK SPACE}%)" in text
    assert "3 kirjoitti itse vastauksensa" in text
    assert "Ei avovastauksia" in text
    await office.anna.taps("Miten kuulit?: 3 tekstiä")
    assert office.anna.text.count("Naapurilta") == 3


async def test_what_is_withheld_says_why(office: Office) -> None:
    await office.writes(CLAIM, FOUR, OWN, OPEN)
    ballots = [office.ballot(5, 3 if n < 3 else None, [1], "Odottaa") for n in range(6)]
    text = await office.reads(f"result:{await office.released(ballots)}")
    assert "Lukua ei näytetä, jotta kenenkään vastaus ei paljastu (n = 6)." in text
    assert "Alle 5 vastausta, joten lukua ei näytetä." in text
    assert "Valintojen määrät näytetään, kun vastauksia on vähintään 10 (n = 6)." in text
    assert "Avovastaukset ja jakaumat näytetään vasta, kun vastauksia on vähintään 10." in text
    assert "Odottaa" not in text


async def test_a_mean_stands_beside_the_one_before_it_whatever_the_version(office: Office) -> None:
    await office.writes(CLAIM, OPEN)
    await office.released([office.ballot(n) for n in (3, 3, 3, 3, 4)])  # 3.2
    await office.talk.time_passes(days=40)
    await office.writes(FOUR, CLAIM, again=True)
    second = await office.released([office.ballot(2, n) for n in (4, 4, 4, 4, 5)])  # 4.2
    text = await office.reads(f"result:{second}")
    assert "4,2, n = 5, muutos +1,0 (vrt. 2.3.2027)" in text
    assert text.count("muutos") == 1
    await office.talk.time_passes(days=40)
    await office.writes(CLAIM)
    third = await office.released([office.ballot(n) for n in (4, 4, 4, 4, 3)])  # 3.8, of another form
    assert "muutos −0,4 (vrt. 11.4.2027)" in await office.reads(f"result:{third}")


async def test_a_summary_sums_the_releases_of_a_period(office: Office) -> None:
    await office.writes(CLAIM, OPEN)
    await office.released([office.ballot(n) for n in (3, 3, 3, 3, 4)], asked=10)
    await office.talk.time_passes(days=40)
    await office.writes(CLAIM, FOUR, OPEN, again=True)
    await office.released([office.ballot(n, 2) for n in (4, 4, 4, 4, 5)], asked=10)
    await office.anna.says("/results")
    await office.anna.taps("Yhteenveto")
    quarters = ["huhti–kesäkuu 2027", "tammi–maaliskuu 2027"]
    assert office.anna.labels() == ["2027", *quarters, "kaikki vuodet", "Takaisin"]
    await office.anna.taps("2027")
    assert "Oma lomake, 2027 (Lastensuojelu)" in office.anna.text
    assert "Vastasi 10 / 20 pyydetystä (50\N{NO-BREAK SPACE}%)." in office.anna.text
    assert "Mukana on 2 julkaistua tulosta." in office.anna.text
    assert "3,7, n = 10" in office.anna.text  # 37/10
    assert "PDF" not in office.anna.labels()
    await office.anna.taps("Kuva")
    assert office.anna.last.photo is not None
    await office.anna.taps_data("periods:1:2027-q2")
    assert "4,2, n = 5, muutos +1,0 (vrt. tammi–maaliskuu 2027)" in office.anna.text
    await office.anna.taps(key("back"))
    await office.anna.taps("kaikki vuodet")
    assert "3,7, n = 10" in office.anna.text


async def test_a_summary_asks_for_group_and_form_where_there_are_several(office: Office) -> None:
    other = await office.talk.group("Aikuiset", members=[], coordinator=office.anna)
    for group in (office.group, other):
        office.group = group
        for _ in range(2):
            await office.writes(CLAIM)
            await office.released([office.ballot(n) for n in (3, 3, 3, 3, 4)])
    await office.anna.says("/results")
    await office.anna.taps("Yhteenveto")
    assert office.anna.labels() == ["Aikuiset", "Lastensuojelu", "Takaisin"]
    await office.anna.taps("Aikuiset")
    await office.anna.taps("2027")
    assert office.anna.labels() == ["Oma lomake", "Oma lomake", "Takaisin"]
    await office.anna.taps("Oma lomake")
    assert "2027 (Aikuiset)" in office.anna.text


async def texts_of(office: Office, texts: Sequence[str]) -> int:
    await office.writes(CLAIM, OPEN)
    return await office.released([office.ballot(1 + n % 5, text) for n, text in enumerate(texts)])


async def test_texts_come_in_pages_and_are_marked(office: Office) -> None:
    release = await texts_of(office, [f"Teksti numero {n}." for n in range(20)])
    await office.anna.taps_data(f"result:{release}")
    await office.anna.taps("Avovastaukset (20)")
    assert office.anna.text.count("Teksti numero") == 8
    first = re.search(r"^1\. (.*)$", office.anna.text, re.M)
    assert first is not None
    on = next(str(b.data) for row in office.anna.last.buttons for b in row if b.label == "Nosta esiin 1")
    assert await office.anna.taps_data(on) == "Nostettu esiin."
    await office.anna.taps_data(on)  # twice is once
    assert f"1. {first[1]}\nNostettu esiin" in office.anna.text
    assert [one.text for one in await office.all_of(OpenAnswer) if one.highlighted] == [first[1]]
    await office.anna.taps("Poista nosto 1")
    assert not any(one.highlighted for one in await office.all_of(OpenAnswer))
    await office.anna.taps("Seuraava ›")
    assert "9. Teksti" in office.anna.text


async def test_only_what_is_marked_reaches_the_digest_and_stays_in_it(office: Office, maija: Actor) -> None:
    await office.talk.manager(maija)
    release = await texts_of(office, [f"Teksti numero {n}. {'Sanoja riittää. ' * 60}" for n in range(12)])
    await office.anna.taps_data(f"result:{release}")
    await office.anna.taps("Avovastaukset (12)")
    for number in (1, 2, 3):
        await office.anna.taps(f"Nosta esiin {number}")
    await office.talk.until(datetime(2027, 4, 1, 12, tzinfo=office.talk.clock.now().tzinfo))
    sent = maija.text
    assert "Avovastauksista" in sent
    marked = {one.text[:17] for one in await office.all_of(OpenAnswer) if one.highlighted}
    quoted = set(re.findall(r"”(Teksti numero \d+)", sent))
    assert len(quoted) == 2
    assert {one[: len(text)] for text in quoted for one in marked if one.startswith(text)} >= quoted
    assert len(sent) <= 1024
    assert all(line.endswith("…”") for line in sent.splitlines() if line.startswith("”"))
    await office.anna.taps_data(f"result-texts:{release}:{office.questions[1].id}")
    await office.anna.taps("Poista nosto 1")
    assert await maija.says("/digest 3/2027") == sent


async def test_themes_are_tapped_onto_texts_and_counted(office: Office) -> None:
    anna, release = office.anna, await texts_of(office, [f"Teksti {n}" for n in range(10)])
    await anna.taps_data(f"result-texts:{release}:{office.questions[1].id}")
    await anna.taps("Teemat")
    assert "10 tekstiä, teemoja merkitty 0 tekstiin." in anna.text
    assert "Teemoja ei vielä ole." in anna.text
    await anna.taps("Merkitse teemoja")
    assert "Teksti 1/10" in anna.text
    await anna.taps(key("theme-new"))
    await anna.says("Kiire")
    assert "✓ Kiire" in anna.labels()
    await anna.taps(key("theme-new"))
    await anna.says("Tilat <b>")
    assert "Teemat: Kiire, Tilat <b>" in anna.text
    for _ in range(3):
        await anna.taps("Seuraava ›", anna.last)
        await anna.taps("Kiire", anna.last)
    await anna.taps(key("theme-new"))
    await anna.says("kiire")  # the one that is there
    assert len(await office.all_of(Theme)) == 2
    await anna.taps("Teemojen yhteenveto")
    assert "10 tekstiä, teemoja merkitty 4 tekstiin." in anna.text
    assert "1. Kiire: 4 (40\N{NO-BREAK SPACE}% teksteistä)\n2. Tilat <b>: 1 (10" in anna.text
    await anna.taps("Merkitse teemoja")
    assert "Teksti 5/10" in anna.text  # goes on where no theme is yet


async def test_themes_last_over_forms_and_can_be_renamed_and_dropped(office: Office) -> None:
    anna, release = office.anna, await texts_of(office, [f"Teksti {n}" for n in range(10)])
    await anna.taps_data(f"themes:{release}:{office.questions[1].id}")
    await anna.taps(key("theme-new"))
    await anna.taps(key("cancel"))
    await anna.taps(key("theme-new"))
    await anna.says("x" * 41)
    assert "Lyhennä" in anna.text
    await anna.says("Kiire")
    later = await texts_of(office, [f"Myöhempi {n}" for n in range(10)])
    await anna.taps_data(f"themes:{later}:{office.questions[1].id}")
    assert "Kiire: ei mainintoja" in anna.text
    await anna.taps("Merkitse teemoja")
    await anna.taps("Kiire")
    await anna.taps("✓ Kiire")
    assert await office.all_of(Mention) == []
    await anna.taps("Kiire")
    await anna.taps("Teemojen yhteenveto")
    await anna.taps("Kiire")
    await anna.taps("Nimeä uudelleen")
    await anna.says("Kiire ja paine")
    assert "1. Kiire ja paine: 1" in anna.text
    await anna.taps("Kiire ja paine")
    await anna.taps("Poista teema")
    assert "Se on merkitty 1 tekstiin" in anna.text
    await anna.taps("Kyllä, poista teema")
    assert await office.all_of(Theme) == await office.all_of(Mention) == []
    assert len(await office.all_of(OpenAnswer)) == 20


async def test_a_named_form_tells_who_answered_what_until_they_are_erased(office: Office, aino: Actor) -> None:
    await aino.starts()
    await office.writes(CLAIM, OWN, OPEN, named=True)
    ballots = [office.ballot(1 + n % 5, [1] if n else ([0], "Naapurilta"), f"Sana {n}") for n in range(6)]
    release = await office.released(ballots, is_named=True)
    for actor in (office.anna, aino):
        await actor.taps_data(f"result:{release}") if actor.messages else None
        assert "Tähän kyselyyn vastattiin omalla nimellä." in actor.text
        await actor.taps("Kuka vastasi mitäkin")
        assert "6 vastasi omalla nimellään." in actor.text
    anna = office.anna
    await anna.taps("Jäsen 0")
    assert "Aikaa oli riittävästi\n1\n" in anna.text
    assert "Miten kuulit?\nMuu: Naapurilta" in anna.text
    assert "Mitä muuta?\nSana 0" in anna.text
    await anna.taps(key("back"))
    member = office.talk.people["Jäsen 0"]
    await erases(member)
    await anna.taps_data("named:1")
    assert "5 vastasi omalla nimellään." in anna.text
    assert "Jäsen 0" not in anna.labels()
    await anna.taps(key("back"))
    assert "Vastasi 6 / 40" in anna.text


async def test_the_list_has_pages_and_counts(office: Office) -> None:
    await office.writes(CLAIM)
    for _ in range(10):
        await office.talk.time_passes(days=1)
        await office.released([office.ballot(n) for n in (3, 3, 3, 3, 4)])
    await office.anna.says("/results")
    assert office.anna.text.count("vastasi 5 / 40 pyydetystä (13\N{NO-BREAK SPACE}%)") == 8
    days = re.findall(r"(\d+\.\d\.2027) Oma", office.anna.text)
    await office.anna.taps("Seuraava ›")
    days += re.findall(r"(\d+\.\d\.2027) Oma", office.anna.text)
    assert len(set(days)) == 10
    assert "‹ Edellinen" in office.anna.labels()
    await office.anna.taps_data("results:999999")
    assert "Tuloksia ei vielä ole" in office.anna.text or "Palautteen tulokset" in office.anna.text


async def test_an_open_form_tells_at_night_how_many_have_answered_at_least(talk: Talk, anna: Actor) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(7)]
    await talk.group(members=members, coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.time_passes(days=8, hours=4)
    for number, member in enumerate(members[:6]):
        await member.taps("Kyllä, etänä" if number else "En osallistunut")
        assert "lähetetty 7 ihmiselle. Vastausten määrä päivittyy öisin, ensimm" in await anna.says("/results")
        if number < 5:
            await rates_all(member, number)
    await talk.time_passes(days=1)
    assert "lähetetty 7 ihmiselle. Viime yönä vastauksia oli alle 5." in await anna.says("/results")
    await rates_all(members[5], 5)
    assert "Viime yönä vastauksia oli alle 5." in await anna.says("/results")
    await talk.time_passes(days=1)
    assert "lähetetty 7 ihmiselle. Viime yönä vastauksia oli vähintään 5." in await anna.says("/results")


async def rates_all(member: Actor, number: int) -> None:
    for _ in range(4 if number else 0):
        await member.taps("4")
    if number:
        await member.taps(key("feedback-finish"))


async def test_hostile_and_huge_texts_go_through_every_page(office: Office) -> None:
    claims = [
        Item(QuestionKind.SCALE, f"{n} {HOSTILE}{'väittämä ' * 18}"[:200].strip(), low=1, high=10, dont_know=True)
        for n in range(12)
    ]
    options = tuple(Choice(f"{n} {HOSTILE}{'vaihtoehto ' * 16}"[:200].strip()) for n in range(12))
    await office.writes(
        *claims, *(Item(QuestionKind.SEVERAL, f"Valitse {n}", choices=options, other=True) for n in range(3)), OPEN
    )
    texts = [HOSTILE, LONG[:1000], "x" * 1000, "&" * 1000, *["<i>" * 300] * 8]
    ballots = [
        office.ballot(*[1 + (n + at) % 10 for at in range(12)], *[([1 + n, 0], HOSTILE * 4)] * 3, text)
        for n, text in enumerate(texts)
    ]
    release = await office.released(ballots)
    whole = await office.reads(f"result:{release}")
    assert all(HOSTILE.strip() in whole for _ in claims)
    for question in office.questions[-4:]:
        await office.reads(f"result-texts:{release}:{question.id}")
    await office.reads(f"themes:{release}:{office.questions[-1].id}")
    await office.anna.taps("Merkitse teemoja")
    await office.anna.taps_data(f"result-picture:{release}")
    while "Seuraava ›" in office.anna.labels():
        await office.anna.taps("Seuraava ›", office.anna.last)
        assert office.anna.last.photo is not None or office.anna.text
    bad = [one for one in office.talk.sandbox.log if one.error_code == 400]
    refused = [one for one in bad if "not modified" not in one.description]
    assert refused == []


@pytest.mark.parametrize("role", ["member", "manager", "nobody"])
async def test_people_without_results_are_told_whom_to_ask(office: Office, maija: Actor, role: str) -> None:
    await office.writes(CLAIM)
    await office.released([office.ballot(n) for n in (3, 3, 3, 3, 4)])
    if role == "manager":
        await office.talk.manager(maija)
    elif role == "nobody":
        await maija.starts()
    actor = office.talk.people["Jäsen 0"] if role == "member" else maija
    text = await actor.says("/results")
    assert ("kuukausikoosteeseen" if role == "manager" else "Kysy tuloksia koordinoijalta") in text
    assert "Oma lomake" not in text


@pytest.mark.parametrize("who", ["Jäsen 0", "Maija", "Eeva", "Muukalainen"])
async def test_nobody_else_opens_any_of_it(office: Office, who: str) -> None:
    """A member, a manager of everything, a coordinator of another group, and a stranger."""
    talk, anna = office.talk, office.anna
    await office.writes(CLAIM, OPEN, named=True)
    release = await office.released([office.ballot(1 + n % 5, f"T {n}") for n in range(10)], is_named=True)
    question = office.questions[1].id
    await anna.taps_data(f"themes:{release}:{question}")
    await anna.taps(key("theme-new"))
    await anna.says("Kiire")
    if who != "Jäsen 0":
        talk.person(who)
    actor = talk.people[who]
    if who == "Maija":
        await talk.manager(actor)
    elif who == "Eeva":
        await talk.group("Toinen", members=[], coordinator=actor)
    else:
        await actor.starts()
    (text, *_) = await office.all_of(OpenAnswer)
    view = f"{office.group.id}.{office.version.form_id}"
    for address in (str(release), f"{view}.2027", f"{view}.2027-q1", f"{view}.all"):
        for route in (
            f"result:{address}",
            f"result-picture:{address}",
            f"result-texts:{address}:{question}",
            f"result-means:{address}:{question}",
            f"mark:{text.id:x}:on:{address}:{question}:0",
            f"themes:{address}:{question}",
            f"code:{text.id:x}:{address}:{question}",
            f"coded:{text.id:x}:1:on:{address}:{question}",
            f"theme-new:{address}:{question}",
            f"theme:1:{address}:{question}",
            f"theme-rename:1:{address}:{question}",
            f"theme-drop:1:{address}:{question}",
            f"theme-drop-yes:1:{address}:{question}",
            f"periods:{office.group.id}",
            f"periods:{office.group.id}:2027",
            "named:1",
            "named-of:1:2",
        ):
            assert "ei löytynyt" in await actor.taps_data(route[:64]), route
    assert len(await office.all_of(Theme)) == 1
    assert not any(one.highlighted for one in await office.all_of(OpenAnswer))
    assert await office.all_of(Mention) == []


FORGED = (
    "result:1.1",
    "result:1.1.",
    "result:1.1.2027-q5",
    "result:1.1.2027-",
    "result:1.1.1999",
    "result:1.99.2027",
    "result:1.2.all:x",
    "result:-1",
    "result:٣",
    "result:99999999999999999999",
    "result:1:-1",
    "mark:zz:on:1:2:0",
    "mark:ffffffffffffffff:on:1:2:0",
    "mark:1:on:1:2:0",
    "mark:1:perhaps:1:2:0",
    "code:1:1:2",
    "coded:1:1:on:1:2",
    "theme:9:1:2",
    "periods:1:2027-q9",
    "periods:99",
    "result-texts:1:1",
    "result-means:1:1",
    "named:1",
    "named:99",
)


@pytest.mark.parametrize("data", FORGED)
async def test_a_coordinator_gets_not_found_for_a_forged_button(office: Office, data: str) -> None:
    release = await texts_of(office, [f"Teksti {n}" for n in range(10)])
    assert release == 1
    await office.anna.says("/results")
    assert "ei löytynyt" in await office.anna.taps_data(data)


async def test_a_theme_goes_on_no_text_of_another_question_or_group(office: Office) -> None:
    anna = office.anna
    release = await texts_of(office, [f"Teksti {n}" for n in range(10)])
    await anna.taps_data(f"themes:{release}:{office.questions[1].id}")
    await anna.taps(key("theme-new"))
    await anna.says("Kiire")
    await office.writes(CLAIM, Item(QuestionKind.OPEN, "Toinen kysymys"))
    other = await office.released([office.ballot(1 + n % 5, f"Muu {n}") for n in range(10)])
    async with office.talk.app.sessions() as session:
        text = await session.scalar(select(OpenAnswer.id).where(OpenAnswer.release_id == other).limit(1))
        assert await session.scalar(select(func.count()).select_from(Release)) == 2
    where = f"{other}:{office.questions[1].id}"
    assert "ei löytynyt" in await anna.taps_data(f"coded:{text:x}:1:on:{where}")
    assert "ei löytynyt" in await anna.taps_data(f"theme:1:{where}")
    assert await office.all_of(Mention) == []


async def test_a_role_taken_in_mid_naming_ends_it(office: Office) -> None:
    release = await texts_of(office, [f"Teksti {n}" for n in range(10)])
    eeva = office.talk.person("Eeva")
    async with office.talk.app.sessions.begin() as session:
        link = await make(session, LinkKind.ROLE, now=office.talk.clock.now(), group_id=1, role=RoleKind.COORDINATOR)
    await eeva.starts(link.code)
    await eeva.taps_data(f"theme-new:{release}:{office.questions[1].id}")
    async with office.talk.app.sessions.begin() as session:
        await session.execute(update(Role).values(revoked_at=office.talk.clock.now()))
    assert "ei löytynyt" in await eeva.says("Kiire")
    assert await office.all_of(Theme) == []
