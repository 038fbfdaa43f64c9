"""A year that was once published, as a report: 30 meetings, 500 attendances, eight groups, 33 respondents by taps.

Every figure of the workbook is counted again from what was done, and found again on the pages and in the manifest.
"""

import hashlib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from models import forms, groups
from models.attendance import Attendance, Attended, HeadCount
from models.builtin_forms import ANNUAL_FORM
from models.groups import Workgroup
from models.invitations import Answer, Invitation
from models.meetings import Meeting, MeetingState, Mode
from models.people import Person
from models.releases import OFF, OpenAnswer
from models.replies import Reply
from models.snapshots import Snapshot
from tests.answering import mean, pdf_text, percent, sent
from tests.talk import HELSINKI, Actor, Talk
from tests.talks.test_workgroups_2022 import (
    ASKED,
    BACKGROUNDS,
    CHOICES,
    FIELD,
    ORGANISATION,
    PEOPLE,
    STATEMENTS,
    YIELD,
    N,
    what_they_say,
)

ROOT = Path(__file__).parent.parent.parent
GROUPS = (
    "Aikuissosiaalityö ja sosiaaliohjaus",
    "Lastensuojelu",
    "Lastensuojelun johtavat sosiaalityöntekijät",
    "Vammaispalvelu",
    "Kuntakokous",
    "Sosiaalihuollon kirjaamisklubi",
    "Rakenteellinen sosiaalityö",
    "Kohtaamispaikat",
)
OWN = "Kuntakokous"
"""The group whose forty members answer, and which meets in the chat."""
MEETINGS, ATTENDANCES = 30, 500
ASKED_AFTER = 8 + 5
"""Those who said in the chat that they were there, and were asked how it was."""
SAID, DONE = "Vertaistuki on ollut parasta.", "Asialista lähetetään nyt viikkoa ennen."
AFTER = datetime(2028, 1, 10, 10, tzinfo=HELSINKI)


@dataclass
class Done:
    """What was done, counted apart from the program; by group."""

    meetings: Counter[str] = field(default_factory=Counter)
    on_site: Counter[str] = field(default_factory=Counter)
    remote: Counter[str] = field(default_factory=Counter)
    people: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in GROUPS})
    heads: int = 0
    invited: int = 0
    yes: int = 0


@pytest.fixture
def done() -> Done:
    return Done()


async def year(talk: Talk, anna: Actor, done: Done, threshold: int) -> None:
    """Ends on a morning of January, when all is known."""
    talk.app.policy = replace(talk.app.policy, threshold=threshold)
    members = [talk.person(f"Jäsen {number}") for number in range(ASKED)]
    await talk.group(OWN, members=members, coordinator=anna)
    async with talk.app.sessions.begin() as session:
        form = (await forms.built_in(session, ANNUAL_FORM)).form
        for name in GROUPS:
            if name != OWN:
                await groups.found(session, name, now=talk.clock.now())
    sitting = await sent(talk, anna, form)
    told = what_they_say(sitting)
    told[3] = {**told[3], sitting.questions[-1].id: SAID}
    for member, said in zip(members, told, strict=False):
        await sitting.answer(member, said)
    await talk.time_passes(days=8)
    await in_the_chat(talk, anna, members, done)
    async with talk.app.sessions.begin() as session:
        await by_hand(session, done)
        await answered(session, now=talk.clock.now())
    talk.clock.moment = AFTER.astimezone(UTC)


async def in_the_chat(talk: Talk, anna: Actor, members: list[Actor], done: Done) -> None:
    """Two meetings: called, answered, attended, and their other people counted."""
    for day, there, heads in (("17.3.", 8, (7, 12)), ("14.4.", 5, (0, 0))):
        await talk.called_meeting(anna, f"{day} klo 9-12 Teams: Aihe {day}")
        for member in members[:12]:
            await member.taps("Etänä")
        date, month = (int(one) for one in day.rstrip(".").split("."))
        await talk.until(datetime(2027, month, date, 12, 30, tzinfo=HELSINKI))
        for member in members[:there]:
            await member.taps("Kyllä, etänä")
        async with talk.app.sessions() as session:
            newest = await session.scalar(select(Meeting.id).order_by(Meeting.id.desc()).limit(1))
        if any(heads):
            await anna.taps_data(f"m-heads:{newest}:0:{sum(heads)}")
            done.heads += sum(heads)
        done.meetings[OWN] += 1
        done.remote[OWN] += there + sum(heads)
        done.people[OWN] |= {member.name for member in members[:there]}
        done.invited, done.yes = done.invited + ASKED, done.yes + 12
        await talk.time_passes(days=14)  # past the closing of its form, and past Easter


async def by_hand(session: Any, done: Done) -> None:
    """The others of thirty meetings, with as many people as are missing of five hundred."""
    ids = {group.name: group.id for group in (await session.execute(select(Workgroup))).scalars()}
    people = list(
        (await session.execute(select(Person).where(Person.name.like("Jäsen %")).order_by(Person.id))).scalars()
    )
    left, count = ATTENDANCES - done.on_site.total() - done.remote.total(), MEETINGS - done.meetings.total()
    for number in range(count):
        group, invited = GROUPS[number % len(GROUPS)], people[number : number + 20] or people[:20]
        starts = datetime(2027, 1, 5, 9, tzinfo=HELSINKI) + timedelta(days=12 * number)
        row = held(ids[group], starts)
        session.add(row)
        await session.flush()
        came = left // count + (number < left % count)
        for place, person in enumerate(invited):
            answer = Answer.ON_SITE if place < 14 else Answer.NO
            session.add(Invitation(meeting_id=row.id, person_id=person.id, invited_at=starts, answer=answer))
            how = Attended.ON_SITE if place < 5 else Attended.REMOTE if place < 12 else Attended.NO
            known = Attendance(meeting_id=row.id, person_id=person.id, attended=how, own_word=True, marked_at=starts)
            session.add(known)
        named = min(12, len(invited))
        session.add(HeadCount(meeting_id=row.id, on_site=came - named, remote=0))
        done.meetings[group] += 1
        done.on_site[group] += 5 + came - named
        done.remote[group] += named - 5
        done.people[group] |= {person.name for person in invited[:12]}
        done.heads += came - named
        done.invited, done.yes = done.invited + len(invited), done.yes + min(14, len(invited))


def held(group_id: int, starts: datetime) -> Meeting:
    wall = starts.replace(tzinfo=None)
    row = Meeting(workgroup_id=group_id, starts_at=starts, ends_at=starts + timedelta(hours=2), starts_wall=wall)
    row.ends_wall, row.zone, row.mode, row.state = wall, HELSINKI.key, Mode.HYBRID, MeetingState.HELD
    row.created_at = starts
    return row


async def answered(session: Any, now: datetime) -> None:
    """The coordinator marks what was written, and answers to a statement."""
    text = (await session.execute(select(OpenAnswer))).scalars().one()
    text.highlighted = True
    question = next(one for one in await forms.questions(session, (await forms.built_in(session, ANNUAL_FORM)).id))
    group = await session.scalar(select(Workgroup.id).where(Workgroup.name == OWN))
    session.add(
        Reply(workgroup_id=group, release_id=text.release_id, question_id=question.id, text=DONE, created_at=now)
    )


# What the report must say


Figures = dict[tuple[str, str, str], float | None]


def of_meetings(done: Done) -> Figures:
    there, named = ATTENDANCES, ATTENDANCES - done.heads
    on_site, remote = done.on_site.total(), done.remote.total()
    people = set[str]().union(*done.people.values())
    told: list[tuple[str, int, int]] = [
        ("Työryhmiä vuoden lopussa", len(GROUPS), 0),
        ("Jäseniä vuoden lopussa (eri ihmisiä)", ASKED, 0),
        ("Pidettyjä kokouksia", MEETINGS, 0),
        ("Peruttuja kokouksia", 0, 0),
        ("Kutsuja pidettyihin kokouksiin", done.invited, 0),
        ("Ilmoittautui tulevansa", done.yes, done.invited),
        ("Osallistumisia", there, done.invited),
        ("– paikan päällä", on_site, there),
        ("– etänä", remote, there),
        ("– nimellä kirjattuja", named, there),
        ("– laskettu ilman nimeä", done.heads, there),
        ("Eri ihmisiä nimellä kirjatuissa", len(people), 0),
    ]
    found: Figures = {}
    for name, n, whole in told:
        found["Kokoukset ja osallistuminen", name, "Määrä"] = n
        if whole:
            found["Kokoukset ja osallistuminen", name, "Osuus"] = n / whole
    rows = {
        name: (done.meetings[name], done.on_site[name], done.remote[name], len(done.people[name])) for name in GROUPS
    }
    rows["Yhteensä"] = (MEETINGS, on_site, remote, len(people))
    for name, (meetings, here, away, who) in rows.items():
        counts = {"Kokouksia": meetings, "Osallistumisia": here + away, "Paikalla": here, "Etänä": away, "Ihmisiä": who}
        found |= {("Työryhmät", name, column): n for column, n in counts.items()}
    return found


def of_answers(told: dict[str, tuple[tuple[str, int | None], ...]]) -> Figures:
    """``told``: by question, its options with people, of whom None is not shown."""
    found: Figures = {}
    for heading, (forms_closed, asked, answered, released) in {
        "Kyselyt": (1, ASKED, PEOPLE, PEOPLE),
        "Palaute kokouksista": (2, ASKED_AFTER, 0, 0),
    }.items():
        found[heading, "Sulkeutuneita kyselyjä", "Määrä"] = forms_closed
        found[heading, "Kysyttiin", "Määrä"] = asked
        found[heading, "Vastasi", "Määrä"] = answered
        found[heading, "Vastasi", "Osuus"] = answered / asked
        found[heading, "– vastauksia, jotka ovat mukana luvuissa", "Määrä"] = released
    for question, options in told.items():
        for option, people in options:
            n = N.get(question, PEOPLE)
            found[question, option, "Vastauksia"] = people
            found[question, option, "Osuus"] = None if people is None else people / n
        found["Kysymykset ja vastausten määrät", question, "n"] = N.get(question, PEOPLE)
    for name, (_, counts) in STATEMENTS.items():
        total = sum(value * count for value, count in enumerate(counts, 1))
        found["Väittämät, asteikko 1–5", name, "Keskiarvo"] = total / PEOPLE
        found["Väittämät, asteikko 1–5", name, "n"] = PEOPLE
        found["Kysymykset ja vastausten määrät", name, "n"] = PEOPLE
    for question in (*STATEMENTS, *told):
        found["Kysymykset ja vastausten määrät", question, "Lomakkeita"] = 1
        found["Kysymykset ja vastausten määrät", question, "Ei näytetä"] = 0
    return found


OPEN = "Mitä muuta haluat sanoa?"
MERGED = {
    ORGANISATION: (
        ("Kunta", 23),
        ("Hyvinvointialue, Järjestö, Yritys, Oppilaitos, Muu tai ei kerrottu, yhteensä", 10),
    ),
    FIELD: (
        ("Lastensuojelu", 9),
        ("Muu toimiala", 9),
        ("Työikäisten palvelut", 5),
        ("ei kerrottu", 5),
        ("Lapsiperheiden palvelut, Vammaispalvelut tai Tutkimus, opetus, kehittäminen, yhteensä", 5),
    ),
}
"""The backgrounds with a threshold of five: the small ones together."""


def without() -> dict[str, tuple[tuple[str, int | None], ...]]:
    return {
        name: tuple((option, people) for option, people, _ in told) for name, told in (CHOICES | BACKGROUNDS).items()
    }


def with_five() -> dict[str, tuple[tuple[str, int | None], ...]]:
    everybody = next(option for option, people in without()[YIELD] if people == PEOPLE)
    known = tuple((option, None if option == everybody else people) for option, people in without()[YIELD])
    return {**without(), YIELD: known, **MERGED}


# Reading what came out


@dataclass
class Made:
    pdf: bytes
    xlsx: bytes
    manifest: dict[str, Any]

    @property
    def figures(self) -> Figures:
        sheet = openpyxl.load_workbook(io.BytesIO(self.xlsx))["Luvut"]
        _, *rows = sheet.iter_rows(values_only=True)
        found = {(str(row[0]), str(row[1]), str(row[2])): row[3] for row in rows}
        assert len(found) == len(rows)
        return found  # type: ignore[return-value]


async def asked_for(aino: Actor, line: str = "/report 2027") -> Made:
    found = {}
    await aino.says(line)
    number = next(str(b.data) for row in aino.last.buttons for b in row if b.label == "PDF-tiedosto").split(":")[1]
    for way in ("pdf", "xlsx", "json"):
        await aino.taps_data(f"report-file:{number}:{way}")
        assert aino.last.document is not None
        found[way] = aino.last.document.content
    return Made(found["pdf"], found["xlsx"], json.loads(found["json"]))


def printed(value: float | None, column: str) -> str:
    if value is None:
        return "–"
    if column == "Keskiarvo":
        total = round(value * PEOPLE)
        return mean([total // PEOPLE] * (PEOPLE - total % PEOPLE) + [total // PEOPLE + 1] * (total % PEOPLE))
    if column == "Osuus":
        near = Fraction(value).limit_denominator(1000)
        return percent(near.numerator, near.denominator)
    return str(int(value))


def has_every_figure(made: Made, wanted: Figures) -> None:
    told = {key: value for key, value in made.figures.items() if key[1] != OPEN}
    assert {key: value if value is None else pytest.approx(value) for key, value in wanted.items()} == told
    text = pdf_text(made.pdf)
    rows: dict[tuple[str, str], list[str]] = {}
    for (section, label, column), value in wanted.items():
        rows.setdefault((section, label), []).append(printed(value, column))
    for (_, label), figures in rows.items():
        between = r"(?: \w+)?(?: [a-zåäö]+)? "
        assert re.search(re.escape(label) + " " + between.join(map(re.escape, figures)), text), (label, figures)
    listed = {tuple(one["where"]): one for one in made.manifest["figures"]}
    assert listed.keys() == made.figures.keys()
    for key, one in listed.items():
        assert one["source"]
        assert bool(one["withheld"]) == (one["exact"] is None), key
        exact, value = one["exact"], made.figures[key]
        if isinstance(exact, dict):
            exact = exact["total"] / exact["n"] if "total" in exact else exact["part"] / exact["whole"]
        assert value == (None if exact is None else pytest.approx(exact))


def strongest_first(made: Made) -> list[str]:
    return [label for section, label, column in made.figures if section.startswith("Väittämät") and column == "n"]


@pytest.mark.slow
async def test_without_a_threshold_it_is_the_published_year(
    talk: Talk, aino: Actor, anna: Actor, done: Done, tmp_path: Path
) -> None:
    await aino.starts()
    await year(talk, anna, done, OFF)
    made = await asked_for(aino)
    (tmp_path / "report.pdf").write_bytes(made.pdf)
    has_every_figure(made, of_meetings(done) | of_answers(without()))
    means = [
        Fraction(sum(v * n for v, n in enumerate(STATEMENTS[name][1], 1)), PEOPLE) for name in strongest_first(made)
    ]
    assert means == sorted(means, reverse=True)
    options = [label for section, label, column in made.figures if section == YIELD and column == "Osuus"]
    assert options == [option for option, _, _ in CHOICES[YIELD]]  # published in order, and so are ours
    text = pdf_text(made.pdf)
    assert "30 pidettyjä kokouksia 500 osallistumisia" in text
    assert f"“{SAID}”" in text or SAID in text
    assert f"{OWN} " in text
    assert DONE in text
    assert "Vastausten vähimmäismäärä ei ole käytössä" in text
    assert 4 <= len(PdfReader(io.BytesIO(made.pdf)).pages) <= 8


@pytest.mark.slow
async def test_with_a_threshold_of_five_and_byte_for_byte_again(
    talk: Talk, aino: Actor, anna: Actor, done: Done, tmp_path: Path
) -> None:
    await aino.starts()
    await year(talk, anna, done, 5)
    made = await asked_for(aino)
    has_every_figure(made, of_meetings(done) | of_answers(with_five()))
    text = pdf_text(made.pdf)
    assert "100 %" not in text.replace("voivat olla yhteensä yli 100 %", "")
    everybody = "Tiedon jakaminen ajankohtaisista aiheista"
    hidden = [one for one in made.manifest["figures"] if one["where"][1] == everybody]
    assert [one["printed"] for one in hidden] == ["–", "–"]
    assert all(one["withheld"] and one["n"] == PEOPLE for one in hidden)
    again = await asked_for(aino)
    assert (again.pdf, again.xlsx, again.manifest) == (made.pdf, made.xlsx, made.manifest)
    async with talk.app.sessions() as session:
        (kept,) = (await session.execute(select(Snapshot))).scalars().all()
    assert made.manifest["fingerprint"] == kept.fingerprint == hashlib.sha256(kept.content.encode()).hexdigest()
    for name, content in (("pdf", made.pdf), ("xlsx", made.xlsx)):
        (tmp_path / f"report.{name}").write_bytes(content)
    file = tmp_path / "snapshot.json"
    columns = ("content", "fingerprint", "version")
    file.write_text(json.dumps({name: getattr(kept, name) for name in columns} | {"made_at": kept.made_at.isoformat()}))
    assert elsewhere(file) == [hashlib.sha256(one).hexdigest() for one in (made.pdf, made.xlsx)]


REBUILD = """
import hashlib, json, sys
from datetime import datetime
from handlers.report import report_pdf, version
from handlers.report_sheet import report_xlsx
from models.snapshots import Kept, thaw
raw = json.load(open(sys.argv[1]))
kept = Kept(thaw(raw["content"]), raw["fingerprint"], raw["version"], datetime.fromisoformat(raw["made_at"]))
for make in (report_pdf, report_xlsx):
    print(hashlib.sha256(make(kept, "fi", version()).content).hexdigest())
"""


def elsewhere(file: Path) -> list[str]:
    """What a process that has nothing but the snapshot makes of it."""
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()
