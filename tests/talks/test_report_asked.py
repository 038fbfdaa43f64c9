"""/report in the chat: who may ask, what is no year, languages, files and pages; two who ask at once."""

import asyncio
import io
from datetime import datetime

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from handlers.texts import LANGUAGES, texts
from models import links
from models.access import RoleKind
from models.groups import Workgroup
from models.links import LinkKind
from models.snapshots import Snapshot
from tests.talk import HELSINKI, Actor, Talk, words


@pytest.fixture
async def held(talk: Talk, aino: Actor, anna: Actor, bo: Actor, maija: Actor) -> Workgroup:
    """One meeting of 2027, which Bo attended; nobody answered. It is January."""
    await aino.starts()
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.manager(maija)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.until(datetime(2027, 3, 10, 12, 30, tzinfo=HELSINKI))
    await bo.taps("Kyllä, etänä")
    await talk.time_passes(days=8)
    talk.clock.moment = datetime(2028, 1, 10, 10, tzinfo=HELSINKI)
    return group


async def snapshots_kept(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count(Snapshot.id))) or 0


async def test_without_a_year_it_is_the_last_one(talk: Talk, maija: Actor, held: Workgroup) -> None:
    for line in ("/report", "/report 2027", "/report  2027 "):
        await maija.says(line)
        assert maija.text.startswith("Vuosi 2027")
        assert "Kokouksia 1. Työryhmiä vuoden lopussa 1." in maija.text
        assert "Osallistumisia 1, 100" in maija.text
        assert "Eri ihmisiä 1, kun nimellä kirjattuja osallistumisia on 1." in maija.text
    assert await snapshots_kept(talk) == 1


async def test_files_and_pages_are_behind_buttons(talk: Talk, maija: Actor, held: Workgroup) -> None:
    await maija.says("/report")
    report = maija.last
    for label, name in (
        ("PDF", "vuosiraportti-2027.pdf"),
        ("Excel", "vuosiraportti-2027.xlsx"),
        ("Lukujen lähteet", "vuosiraportti-2027-manifest.json"),
    ):
        await maija.taps(label, report)
        assert maija.last.document is not None
        assert maija.last.document.file_name == name
    await maija.taps("Raportin luvut")
    assert maija.text.startswith("Vuosi 2027")
    await maija.taps("Sivut kuvina", report)
    count = len(maija.messages)
    seen = {maija.last.photo.content if maija.last.photo else b""}
    for _ in range(3):
        await maija.taps("Seuraava")
        assert maija.last.photo is not None
        seen.add(maija.last.photo.content)
    assert len(maija.messages) == count  # it turns in place, and after the last page the first comes again
    assert 1 <= len(seen - {b""}) <= 3


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_speaks_the_readers_language(talk: Talk, maija: Actor, held: Workgroup, language: str) -> None:
    if language != "fi":
        await maija.says("/settings")
        await maija.taps("Kieli")
        await maija.taps({"sv": "Svenska", "en": "English"}[language])
    await maija.says("/report 2027")
    assert texts(language)("report-answered-line", n=0, asked="1", rate="0%").unescape()[:6] in maija.text
    await maija.taps("PDF")
    assert maija.last.document is not None
    reader = PdfReader(io.BytesIO(maija.last.document.content))
    assert reader.trailer["/Root"]["/Lang"] == language
    assert texts(language)("report-title", year="2027").unescape() in reader.pages[0].extract_text()


async def test_a_year_under_way_says_that_it_is_not_over(talk: Talk, aino: Actor, held: Workgroup) -> None:
    await aino.says("/report 2028")
    assert "Vuosi 2028 on kesken. Luvut ovat tilanteesta ma 10.1.2028" in aino.text
    assert "Kokouksia 0." in aino.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2029", "Vuosi 2029 ei ole vielä alkanut. Kuluvan vuoden luvut saat näin: /report 2028"),
        ("2026", "Vuodelta 2026 ei ole mitään."),
        ("1999", "En tunnistanut vuotta."),
        ("vuosi", "En tunnistanut vuotta."),
        ("2027-03", "En tunnistanut vuotta."),
        ("9" * 300, "En tunnistanut vuotta."),
        ("2027; DROP TABLE snapshot", "En tunnistanut vuotta."),
        ("٢٠٢٧", "En tunnistanut vuotta."),
    ],
)
async def test_what_is_no_year_gets_kind_words(talk: Talk, maija: Actor, held: Workgroup, line: str, said: str) -> None:
    await maija.says(f"/report {line}")
    assert said in maija.text
    assert await snapshots_kept(talk) == 0


async def test_before_anything_has_happened_it_says_what_comes_first(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    await aino.says("/report")
    assert "yhtään kokousta ei ole pidetty" in aino.text


async def test_it_is_for_those_who_run_or_manage_the_organisation(
    talk: Talk, aino: Actor, cilla: Actor, dan: Actor, held: Workgroup
) -> None:
    async with talk.app.sessions.begin() as session:
        link = await links.make(session, LinkKind.ROLE, now=talk.clock.now(), group_id=held.id, role=RoleKind.MANAGER)
    await dan.starts(link.code)  # a manager of the group alone
    await cilla.starts()
    await aino.says("/report 2027")
    number = next(str(b.data) for row in aino.last.buttons for b in row if b.label.startswith("PDF")).split(":")[1]
    for actor in (talk.people["Anna"], talk.people["Bo"], cilla, dan):
        await actor.says("/report 2027")
        assert actor.text == texts("fi")("report-for-managers").striptags()
        for data in (f"report:{number}", f"report-file:{number}:pdf", f"report-page:{number}:0"):
            assert await actor.taps_data(data) == texts("fi")("report-for-managers").striptags()
        assert not [message for message in actor.messages if message.document and "vuosiraportti" in words(message)]


@pytest.mark.parametrize(
    "data",
    ["report:99", "report-file:1:exe", "report-file:1", "report-page:1", "report-page:1:x", "report-file:99:pdf"],
)
async def test_what_is_no_button_of_a_report_is_not_found(talk: Talk, maija: Actor, held: Workgroup, data: str) -> None:
    await maija.says("/report")
    assert await maija.taps_data(data) == texts("fi")("not-found").striptags()


async def test_two_who_ask_at_once_get_one_and_the_same(talk: Talk, aino: Actor, maija: Actor, held: Workgroup) -> None:
    aino.user.says("/report 2027")
    maija.user.says("/report 2027")
    await asyncio.gather(talk.answered(), talk.answered())
    assert aino.text == maija.text
    assert aino.text.startswith("Vuosi 2027")
    assert await snapshots_kept(talk) == 1
    for actor in (aino, maija):
        await actor.taps("PDF")
    assert aino.last.document is not None
    assert maija.last.document is not None
    assert aino.last.document.content == maija.last.document.content
