"""/report in the chat: who may ask, what is no year, languages, files and pages; two who ask at once."""

import asyncio
import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from bot.app import App
from bot.receiving.reading import read
from handlers import responses
from handlers.texts import LANGUAGES, texts
from models.feedback.response import Response
from models.people import links
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.links import LinkKind
from models.reports.annual.snapshots import Snapshot
from tests.answering import pdf_text
from tests.scenes import scene
from tests.talk import ADMIN_ID, HELSINKI, Actor, Talk, key, words

JANUARY = datetime(2028, 1, 10, 10, tzinfo=HELSINKI)


@scene
async def one_meeting(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> Workgroup:
    """One meeting of 2027, which Bo attended; nobody answered. It is January."""
    await aino.starts()
    group = await talk.group(members=[bo], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe")
    await talk.until(datetime(2027, 3, 10, 12, 30, tzinfo=HELSINKI))
    await bo.taps(key("attended-remote"))
    await talk.time_passes(days=8)
    talk.clock.moment = JANUARY
    return group


@pytest.fixture
@scene
async def held(talk: Talk, aino: Actor, anna: Actor, bo: Actor, maija: Actor) -> Workgroup:
    group = await one_meeting(talk, aino, anna, bo)
    await talk.manager(maija)
    return group


async def snapshots_kept(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count(Snapshot.id))) or 0


async def test_without_a_year_it_is_the_last_one(talk: Talk, maija: Actor, held: Workgroup) -> None:
    for line in ("/report", "/report 2027", "/report  2027 "):
        await maija.says(line)
        assert maija.text.startswith("Vuosi 2027")
        assert "Kokouksia 1. Työryhmiä vuoden lopussa 1." in maija.text
        assert "Osallistumisia 1: paikan päällä 0, etänä 1." in maija.text
        assert "nimellä kirjattuja 1, 100\N{NO-BREAK SPACE}% kutsutuista. Niissä on eri ihmisiä 1." in maija.text
        assert "Palautetta kokouksista: 1 kyselyssä alle 5 vastausta (pyydettiin 1)." in maija.text
    assert await snapshots_kept(talk) == 1


async def test_files_and_pages_are_behind_buttons(talk: Talk, maija: Actor, held: Workgroup) -> None:
    await maija.says("/report")
    report = maija.last
    for label, name in (
        ("PDF", "vuosiraportti-2027.pdf"),
        ("Excel", "vuosiraportti-2027.xlsx"),
        ("Tarkistustiedosto", "vuosiraportti-2027-manifest.json"),
    ):
        await maija.taps(label, report)
        assert maija.last.document is not None
        assert maija.last.document.file_name == name
    await maija.taps("Raportin luvut")
    assert maija.text.startswith("Vuosi 2027")
    await maija.taps("Sivut kuvina", report)
    count = len(maija.messages)
    seen = {maija.last.photo.content if maija.last.photo else b""}
    for part in ("Sivu 1/", "Pidettyjä kokouksia: 1", "Palautteita kokouksista: 0", "– Kokoukset ja osallistuminen"):
        assert part in maija.text
    for _ in range(3):
        await maija.taps("Seuraava")
        assert maija.last.photo is not None
        assert "Tällä sivulla:" in maija.text
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
    t = texts(language)
    few = responses.few(t, Response(few=1, few_asked=1, below=5))
    assert t("report-answered-after-meetings", response=few).unescape() in maija.text
    await maija.taps("PDF")
    assert maija.last.document is not None
    reader = PdfReader(io.BytesIO(maija.last.document.content))
    assert reader.trailer["/Root"]["/Lang"] == language
    assert texts(language)("report-title", year="2027").unescape() in reader.pages[0].extract_text()


async def test_a_year_under_way_says_that_it_is_not_over(talk: Talk, aino: Actor, held: Workgroup) -> None:
    await aino.says("/report 2028")
    assert "Luonnos: vuosi 2028 on kesken. Luvut ovat tilanteesta 10.1.2028" in aino.text
    assert "Työryhmiä nyt 1." in aino.text
    assert "PDF on luonnos, kunnes vuosi on päättynyt." in aino.text
    assert "Kokouksia 0." in aino.text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("2029", "Vuosi 2029 ei ole vielä alkanut. Kuluvan vuoden luvut saat painikkeesta."),
        ("2026", "Vuodelta 2026 ei ole lukuja. Ensimmäinen vuosi, josta niitä on, on 2027."),
        ("1999", "En tunnistanut vuotta."),
        ("vuosi", "En tunnistanut vuotta."),
        ("2027-03", "En tunnistanut vuotta."),
        ("9" * 300, "En tunnistanut vuotta."),
        ("2027; DROP TABLE snapshot", "En tunnistanut vuotta."),
        ("٢٠٢٧", "En tunnistanut vuotta."),
    ],
)
async def test_what_is_no_year_gets_kind_words(
    talk: Talk, maija: Actor, held: Workgroup, line: str, answer: str
) -> None:
    await maija.says(f"/report {line}")
    assert answer in maija.text
    assert await snapshots_kept(talk) == 0


async def test_a_year_without_figures_has_a_button_to_one_that_has(
    talk: Talk, maija: Actor, bo: Actor, held: Workgroup
) -> None:
    for line, year in (("2029", 2028), ("2026", 2027)):
        await maija.says(f"/report {line}")
        await maija.taps(f"Vuosiraportti {year}")
        assert maija.text.startswith(f"Vuosi {year}")
    assert await snapshots_kept(talk) == 2
    assert await bo.taps_data(f"report-year:{year}") == texts("fi")("report-for-managers").striptags()
    assert await maija.taps_data("report-year:1999") == texts("fi")("report-unread").striptags()


async def test_the_organisation_of_the_settings_is_in_the_report(talk: Talk, maija: Actor, held: Workgroup) -> None:
    talk.app.policy = replace(talk.app.policy, organisation="Osaamiskeskus")
    await maija.says("/report")
    await maija.taps("PDF")
    assert maija.last.document is not None
    assert "Työryhmien vuosi 2027 Osaamiskeskus" in pdf_text(maija.last.document.content)


async def test_before_anything_has_happened_it_says_what_comes_first(talk: Talk, aino: Actor) -> None:
    await aino.starts()
    await aino.says("/report")
    assert aino.text == "Raportin voi tehdä, kun ensimmäinen kokous on pidetty."
    assert [button.label for row in aino.last.buttons for button in row] == ["Ohje"]


async def test_it_is_for_those_who_run_or_manage_the_organisation(
    talk: Talk, aino: Actor, cilla: Actor, dan: Actor, held: Workgroup
) -> None:
    async with talk.app.sessions.begin() as session:
        link = await links.make(session, LinkKind.ROLE, now=talk.clock.now(), group_id=held.id, role=RoleKind.MANAGER)
    await dan.starts(link.code)  # a manager of the group alone
    await cilla.starts()
    for actor, sees in ((dan, False), (talk.people["Maija"], True), (aino, True)):
        await actor.says("/help")
        assert "/digest" in actor.text
        assert ("/report" in actor.text) is sees
        await actor.says("/start")
        assert ("report" in {entry.command for entry in actor.user.commands}) is sees
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


async def test_two_programs_make_one_and_the_same(talk_anywhere: Talk) -> None:
    """As replicas on one database do: each hears one of two who ask at once."""
    talk = talk_anywhere
    aino, eeva, anna, bo = talk.person("Aino", id=ADMIN_ID), *map(talk.person, ("Eeva", "Anna", "Bo"))
    await one_meeting(talk, aino, anna, bo)
    await talk.manager(eeva)
    other = App(talk.app.settings, talk.clock, transport=httpx.ASGITransport(app=talk.sandbox.app))
    await other.start()
    try:
        aino.user.says("/report 2027")
        eeva.user.says("/report 2027")
        asked = [read(update.as_json(), talk.app.bot) for update in talk.sandbox.updates.waiting()]
        apps = talk.app, other
        replies = await asyncio.gather(
            *(app.inbox.applying.apply((received,)) for app, received in zip(apps, asked, strict=True) if received)
        )
        for app, theirs in zip(apps, replies, strict=True):
            await asyncio.gather(*map(app.inbox.replies.show, theirs))
        talk.app.inbox.window.offset = talk.sandbox.updates.waiting()[-1].update_id + 1
    finally:
        await other.close()
    assert aino.text == eeva.text
    assert aino.text.startswith("Vuosi 2027")
    assert await snapshots_kept(talk) == 1
    assert report_pdf_of(aino) == report_pdf_of(eeva)


def report_pdf_of(actor: Actor) -> list[str]:
    """Which files the buttons of the report make."""
    return [str(button.data) for row in actor.last.buttons for button in row if button.label == "PDF-tiedosto"]


async def test_one_meeting_and_no_answers_are_a_whole_report(talk: Talk, maija: Actor, held: Workgroup) -> None:
    manifest, text = await everything(maija)
    assert manifest["activity/meetings"] == [1]
    assert "after-meetings-answered" not in manifest
    assert (manifest["after-meetings-waiting"], manifest["after-meetings-waiting-asked"]) == ([1], [1])
    for line in (
        "– pyydettiin niissä 1",
        "Avovastauksista ei ole nostettu mitään.",
        "Palautteeseen ei ole kirjattu vastauksia tänä vuonna.",
    ):
        assert line in text


async def everything(actor: Actor) -> tuple[dict[str, list[Any]], str]:
    """The figures of the manifest by the end of their keys, and the words of the PDF."""
    await actor.says("/report 2027")
    report = actor.last
    await actor.taps("Tarkistustiedosto", report)
    assert actor.last.document is not None
    figures: dict[str, list[Any]] = {}
    for figure in json.loads(actor.last.document.content)["figures"]:
        figures.setdefault(figure["key"].removeprefix("after-meetings/"), []).append(figure["exact"])
    await actor.taps("PDF", report)
    assert actor.last.document is not None
    return figures, pdf_text(actor.last.document.content)


async def test_where_everything_is_withheld_no_figure_is_told(
    talk: Talk, aino: Actor, anna: Actor, maija: Actor
) -> None:
    """Four of five answers are too few to come out at all. Of five, two statements have two answers each; on two all
    agree, and a mean would tell what each has said."""
    await aino.starts()
    people = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=people, coordinator=anna)
    await talk.manager(maija)
    for day, month, four in ((10, 3, ["4", "2", "3", "4"]), (14, 4, None)):
        await talk.called_meeting(anna, f"Lastensuojelu ke {day}.{month}. klo 9-12 Teams: Aihe {day}")
        await talk.until(datetime(2027, month, day, 12, 30, tzinfo=HELSINKI))
        for number, member in enumerate(people[: 4 if four else 5]):
            rating_or_skip = "4" if number < 2 else "Ohita"
            await member.taps(key("attended-remote"))
            for rating in four or [rating_or_skip, "5", rating_or_skip, "5"]:
                await member.taps(rating)
            await member.says("Salainen sana")
            await member.taps(key("feedback-finish"))
        await talk.time_passes(days=8)
    talk.clock.moment = JANUARY
    figures, text = await everything(maija)
    assert figures["after-meetings-forms"] == [2]
    assert figures["after-meetings-waiting"] == [1]
    assert figures["after-meetings-answered"] == [5, {"part": 5, "whole": 6}]
    assert figures["after-meetings-released"] == [5]
    exact = [one for some in figures.values() for one in some]
    assert not [one for one in exact if isinstance(one, dict) and "total" in one]
    for line in (
        "Alle 5 vastausta, joten lukua ei näytetä. – –",
        "Lukua ei näytetä, jotta kenenkään vastaus ei paljastu (n = 5). – 5",
        "1 kyselyssä vastauksia oli alle 5.",
        "Avovastauksista ei ole nostettu mitään.",
    ):
        assert line in text
    assert "Salainen" not in text
