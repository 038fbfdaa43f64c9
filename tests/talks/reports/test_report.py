"""A year that was once published, as a report: 30 meetings, 500 attendances, eight groups, 33 respondents.

As it was published, all of it is done in the chat; with a threshold of five its rows are written, which is quick.
Every figure of the workbook is counted again from what was done, and found again on the pages and in the manifest.
"""

import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from models.feedback.releases import OFF
from models.reports.annual.snapshots import Snapshot
from tests.answering import mean, pdf_text, percent
from tests.talk import Actor, Talk
from tests.talks.reports.report_year import (
    ATTENDANCES,
    DONE,
    GROUPS,
    MEETINGS,
    OWN,
    SAID,
    WEAKEST,
    Done,
    by_taps,
    in_rows,
)
from tests.talks.reports.test_workgroups_2022 import (
    ASKED,
    BACKGROUNDS,
    CHOICES,
    FIELD,
    ORGANISATION,
    PEOPLE,
    STATEMENTS,
    YIELD,
    N,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture
def done() -> Done:
    return Done()


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
        ("Kutsuja lähetetty pidettyihin kokouksiin", done.invited, 0),
        ("Ilmoitti tulevansa", done.yes, done.invited),
        ("Osallistumisia", there, 0),
        ("– paikan päällä", on_site, there),
        ("– etänä", remote, there),
        ("– nimellä kirjattuja", named, done.invited),
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


def of_answers(told: dict[str, tuple[tuple[str, int | None], ...]], done: Done, threshold: int) -> Figures:
    """``told``: by question, its options with people, of whom None is not shown."""
    found: Figures = {}
    for heading, (forms_closed, answered) in {"Kyselyt": (1, PEOPLE), "Palaute kokouksista": (MEETINGS, 0)}.items():
        found[heading, "Sulkeutuneita kyselyjä", "Määrä"] = forms_closed
        found[heading, "– vastauksia, jotka ovat mukana luvuissa", "Määrä"] = answered
    rates = {("Kyselyt", "Pyydettiin", "Vastasi pyydetyistä"): (ASKED, PEOPLE)}
    if threshold == OFF:
        rates["Palaute kokouksista", "Pyydettiin", "Vastasi pyydetyistä"] = done.asked, 0
        present = "Osallistui, kun palautetta kysyttiin"
        rates["Palaute kokouksista", present, "Vastasi osallistuneista"] = ATTENDANCES, 0
    else:
        few = "Kyselyjä, joissa liian vähän vastauksia (eivät yllä)"
        found["Palaute kokouksista", few, "Määrä"] = MEETINGS
        found["Palaute kokouksista", "– pyydettiin niissä", "Määrä"] = done.asked
    for (heading, of, by), (whole, part) in rates.items():
        found[heading, of, "Määrä"], found[heading, by, "Määrä"] = whole, part
        found[heading, by, "Osuus"] = part / whole
    told = {BACKGROUND_NAMES.get(name, name): options for name, options in told.items()}
    for question, options in told.items():
        for option, people in options:
            n = N.get(question, PEOPLE)
            found[question, option, "Vastauksia"] = people
            found[question, option, "Osuus"] = None if people is None else people / n
        found["Kyselyjen kysymykset", question, "n"] = N.get(question, PEOPLE)
    for name, (_, counts) in STATEMENTS.items():
        total = sum(value * count for value, count in enumerate(counts, 1))
        found["Väittämät, asteikko 1–5", name, "Keskiarvo"] = total / PEOPLE
        found["Väittämät, asteikko 1–5", name, "n"] = PEOPLE
        found["Kyselyjen kysymykset", name, "n"] = PEOPLE
    weakest = next(name for name in STATEMENTS if name.startswith(WEAKEST))
    for column in ("Keskiarvo", "n"):
        found["Sanoit, teimme", f"{OWN}: {weakest}", column] = found["Väittämät, asteikko 1–5", weakest, column]
    for question in (*STATEMENTS, *told):
        found["Kyselyjen kysymykset", question, "Lomakkeita"] = 1
        found["Kyselyjen kysymykset", question, "Ei näytetä"] = 0
    return found


BACKGROUND_NAMES = {ORGANISATION: "Taustaorganisaatio", FIELD: "Toimiala"}
"""Nobody is asked in a report."""
OPEN = "Mitä muuta haluat sanoa?"
MERGED = {
    ORGANISATION: (
        ("Kunta", 23),
        ("Hyvinvointialue, Järjestö, Yritys, Oppilaitos, Muu organisaatio tai ei kerrottu, yhteensä", 10),
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

    @cached_property
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
    for (section, label), figures in rows.items():
        if section == "Sanoit, teimme":
            group, statement = label.split(": ", 1)
            told = f"{group} ”{statement}” sai {figures[0]} (n = {figures[1]}). Teimme: {DONE}"
            assert told in text
            continue
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
    await by_taps(talk, anna, done, OFF)
    assert all(talk.people[f"Jäsen {number}"].sees(DONE) for number in range(ASKED))  # in the next invitation
    made = await asked_for(aino)
    (tmp_path / "report.pdf").write_bytes(made.pdf)
    has_every_figure(made, of_meetings(done) | of_answers(without(), done, OFF))
    means = [
        Fraction(sum(v * n for v, n in enumerate(STATEMENTS[name][1], 1)), PEOPLE) for name in strongest_first(made)
    ]
    assert means == sorted(means, reverse=True)
    options = [label for section, label, column in made.figures if section == YIELD and column == "Osuus"]
    assert options == [option for option, _, _ in CHOICES[YIELD]]  # published in order, and so are ours
    text = pdf_text(made.pdf)
    assert "Pidettyjä kokouksia 30 Osallistumisia 500" in text
    assert f"“{SAID}”" in text or SAID in text
    assert f"{OWN} " in text
    assert DONE in text
    assert "Vastausten vähimmäismäärä ei ole käytössä" in text
    assert 4 <= len(PdfReader(io.BytesIO(made.pdf)).pages) <= 8


async def test_with_a_threshold_of_five_and_byte_for_byte_again(
    talk: Talk, aino: Actor, anna: Actor, done: Done, tmp_path: Path
) -> None:
    await aino.starts()
    await in_rows(talk, anna, done, 5)
    made = await asked_for(aino)
    has_every_figure(made, of_meetings(done) | of_answers(with_five(), done, 5))
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
from handlers.reports.annual.paper import report_pdf
from handlers.reports.annual.report import version
from handlers.reports.annual.sheet import report_xlsx
from models.reports.annual.snapshots import SnapshotContent, annual_from_json
raw = json.load(open(sys.argv[1]))
figures = annual_from_json(raw["content"])
kept = SnapshotContent(figures, raw["fingerprint"], raw["version"], datetime.fromisoformat(raw["made_at"]))
for make in (report_pdf, report_xlsx):
    print(hashlib.sha256(make(kept, "fi", version()).content).hexdigest())
"""


def elsewhere(file: Path) -> list[str]:
    """What a process that has nothing but the snapshot makes of it."""
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()
