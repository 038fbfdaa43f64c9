"""The annual report on paper: tagged, in three languages, the same each time; long, empty and withheld years too."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import openpyxl
import pytest
from markupsafe import Markup
from pypdf import PdfReader

from handlers.drawing import MARK
from handlers.layout import CAPTION_LENGTH, shown_length
from handlers.reports.annual import paper
from handlers.reports.annual.paper import report_page, report_pages, report_pdf
from handlers.reports.annual.report import read_year, summary
from handlers.reports.annual.rows import ranges
from handlers.reports.annual.sections import report
from handlers.reports.annual.sheet import manifest_json, report_xlsx
from handlers.texts import LANGUAGES, texts
from models.errors import Refused
from models.feedback.releases import Withheld
from models.feedback.response import Response
from models.forms.items import QuestionKind
from models.reports.annual import snapshots
from models.reports.annual.annual import Activity, Annual, Quote
from models.reports.annual.changes_told import ReportedChange
from models.reports.annual.forms import Part, Sort
from models.reports.annual.groups import GroupYear
from models.reports.annual.questions import Hidden, QuestionResult
from models.reports.annual.snapshots import SnapshotContent
from models.results.aggregates import Label
from models.valid_figures import Mean
from tests.handlers.results.test_papers import FORMULAS, FOUND, HOSTILE, NEWS, tags

MADE_AT = datetime(2028, 1, 9, 22, 30, 15, 123456, tzinfo=UTC)
"""The tenth already, in Helsinki."""
LONG = (
    "Sosiaalityöntekijäkoulutusjärjestelmätyö",
    "Соціальногообслуговуваннянаселенняоблас",
    "社会福祉相談援助技術専門職員養成研修計画策定委員会作業部会第三小委員会準備会合報告",
)
NOTHING = Activity(1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
QUESTIONS = tuple(
    QuestionResult(replace(result, texts=(), earlier=None), (1,), texts=len(result.texts)) for result in FOUND.results
)
SURVEY = Part(Sort.ON_ITS_OWN, 1, Response(33, 40, 33), False, (5,), 33, (1,), QUESTIONS)
SOME_HIDDEN = replace(QUESTIONS[0], releases=(2, 3, 4, 9), hidden=(Hidden(Withheld.FEW, 3), Hidden(Withheld.AGREE, 1)))
ANSWERED = Response(320, 500, 320, 470, 320, few=3, few_asked=24, below=5)
MEETINGS = Part(Sort.AFTER_MEETINGS, 30, ANSWERED, True, (5,), 300, tuple(range(2, 29)), (SOME_HIDDEN,))
YEAR = Annual(
    2027,
    "Europe/Helsinki",
    True,
    Activity(8, 210, 30, 2, 620, 410, 180, 320, 120, 97, 3),
    tuple(
        GroupYear(name, place == 3, 3 + place, 10 + place, 30, 12) for place, name in enumerate(("Kuntakokous", *LONG))
    ),
    (SURVEY, MEETINGS),
    (Quote("Vertaistuki 👍 on ollut parasta", Label("open-feedback")), Quote(HOSTILE, Label("open-feedback"))),
    (ReportedChange(LONG[0], Label("influence-on-agenda"), FORMULAS[0], Mean(11, 5, 1, 5), (7,)),),
)


def snapshot(year: Annual = YEAR) -> SnapshotContent:
    """As it comes from a database."""
    return SnapshotContent(snapshots.annual_from_json(snapshots.annual_to_json(year)), "ab" * 32, "0.1.0", MADE_AT)


@cache
def page_texts(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def one_line(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\xad\n", "").split())


def read(content: bytes) -> str:
    return one_line(" ".join(page_texts(content)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_snapshot_makes_the_same_bytes(language: str) -> None:
    for make in (report_pdf, report_xlsx, manifest_json):
        assert make(snapshot(), language, "2") == make(snapshot(), language, "2")
    assert report_pages(snapshot(), language, "2") == report_pages(snapshot(), language, "2")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_tagged_titled_in_its_language_and_its_headings_are_in_order(language: str) -> None:
    content = report_pdf(snapshot(), language, "2").content
    reader = PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == texts(language)("report-title", year="2027").unescape()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    assert reader.outline
    names = [name for name, _ in tags(content)]
    assert {"/Title", "/H1", "/H2", "/Table", "/THead", "/TH", "/TD", "/L", "/LI", "/TOC", "/TOCI"} <= set(names)
    assert "/Figure" not in names  # bars are decoration: their figures stand beside them
    tables = [section for section in report(snapshot(), language, "2").sections if section.rows and not section.pairs]
    assert names.count("/Table") == names.count("/THead") == len(tables)
    heads = [scope for name, node in tags(content) if name == "/TH" for scope in scopes(node)]
    assert set(heads) == {"/Column"}
    for page in reader.pages:
        assert page["/Tabs"] == "/S"
        for font in page["/Resources"]["/Font"].values():
            assert {"/FontFile2", "/FontFile3"} & set(font["/DescendantFonts"][0]["/FontDescriptor"])


def scopes(node: Any) -> Iterator[str]:
    attributes = node["/A"].get_object()
    for attribute in attributes if isinstance(attributes, list) else [attributes]:
        if "/Scope" in attribute:
            yield attribute["/Scope"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_on_the_pages_in_the_workbook_and_in_the_manifest(language: str) -> None:
    made, text = report(snapshot(), language, "2"), read(report_pdf(snapshot(), language, "2").content)
    listed = json.loads(manifest_json(snapshot(), language, "2").content)["figures"]
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(snapshot(), language, "2").content))
    figures = [figure for _, row in made.rows for figure in row.figures]
    assert len(listed) == len(figures) == book.worksheets[0].max_row - 1
    for section, row in made.rows:
        printed = [figure.printed.replace("\xa0", " ") for figure in row.figures]
        cells = [" ".join(printed)] if not section.pairs else printed
        assert all(cell in text for cell in cells), row.label
        assert all(bool(figure.withheld) == (figure.exact is None) for figure in row.figures), row
        assert row.source
    assert len({(figure["key"], *figure["where"]) for figure in listed}) == len(listed)


def test_people_are_never_attendances() -> None:
    text = read(report_pdf(snapshot(), "fi", "2").content)
    for line in (
        "Pidettyjä kokouksia 30 Osallistumisia 500 Eri ihmisiä (nimellä kirjattuja) 97",
        "Vastauksia kyselyihin 33 Palautteita kokouksista 320",
        "Osallistumisia 500 – paikan päällä 180 36 % osallistumisista",
        "– nimellä kirjattuja 380 61 % kutsutuista",
        "– laskettu ilman nimeä 120 24 % osallistumisista Eri ihmisiä nimellä kirjatuissa 97",
        "Sama ihminen kahdessa kokouksessa on kaksi osallistumista mutta yksi ihminen.",
        "Yhteensä 30 500 180 320 97",
    ):
        assert line in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_main_figure_stands_in_a_row_and_of_each_part_alone(language: str) -> None:
    both = report(snapshot(), language, "2")
    first, alone = snapshot(replace(YEAR, parts=(SURVEY,))), snapshot(replace(YEAR, parts=()))
    assert [len(report(content, language, "2").tiles) for content in (snapshot(), first, alone)] == [5, 4, 3]
    counts = {row.key: row.figures[0].printed for _, row in both.rows}
    keys = ("meetings", "attended", "people", "on-its-own-answered", "after-meetings-answered")
    assert [figure for _, figure in both.tiles] == [counts[key] for key in keys]
    lines = summary(texts(language), snapshot()).unescape().splitlines()
    totals = [{word.strip(",.:") for word in line.split()} & {"33", "320"} for line in lines]
    assert max(map(len, totals)) == 1  # people and attendances are not put together
    assert sum(map(len, totals)) == 3  # 320 attended remotely, too


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("fi", "” sai 2,2 (n = 5)."), ("sv", "” fick 2,2 (n = 5)."), ("en", "” got 2.2 (n = 5).")],
)
def test_what_was_done_stands_beside_the_figure_it_is_about(language: str, sentence: str) -> None:
    done = texts(language)("report-done", line=FORMULAS[0]).unescape()
    assert f"{sentence} {done}" in read(report_pdf(snapshot(), language, "2").content)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(snapshot(), language, "2").content))
    assert any(sentence in str(row[1]) for row in book.worksheets[2].iter_rows(values_only=True))
    listed = json.loads(manifest_json(snapshot(), language, "2").content)["figures"]
    mean, n = [figure for figure in listed if figure["key"] == "replies/reply-1"]
    assert (mean["exact"], n["exact"]) == ({"total": 11, "n": 5, "low": 1, "high": 5}, 5)
    assert mean["releases"] == [7]


def test_a_reply_that_an_earlier_program_froze_stands_without_its_figure() -> None:
    early = json.loads(snapshots.annual_to_json(YEAR))
    del early["replies"][0]["mean"], early["replies"][0]["releases"], early["activity"]["erased"]
    year = snapshots.annual_from_json(json.dumps(early))
    assert FORMULAS[0] in read(report_pdf(snapshot(year), "fi", "2").content)
    assert "replies" not in {section.key for section, _ in report(snapshot(year), "fi", "2").rows}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_caption_of_a_page_says_what_it_shows(language: str) -> None:
    made, shown = report(snapshot(), language, "2"), report_pages(snapshot(), language, "2")
    pages = [*map(one_line, page_texts(report_pdf(snapshot(), language, "2").content))]
    assert len(pages) == len(shown)
    captions = [str((file.caption or Markup("")).unescape()) for file in shown]
    assert all(f"{figure}" in captions[0] and what in captions[0] for what, figure in made.tiles)
    for number, caption in enumerate(captions, 1):
        assert str(texts(language)("report-page-of", page=number, pages=len(shown))) in caption
        assert shown_length(shown[number - 1].caption or "") <= CAPTION_LENGTH
        assert caption.count("\n") > 1
    for section in made.sections:
        (where,) = [number for number, caption in enumerate(captions) if f"– {section.heading[:40]}" in caption]
        assert section.heading[:40] in pages[where]


def test_a_caption_of_endless_headings_fits() -> None:
    endless = tuple(
        replace(result, result=replace(result.result, words=Label(f"q{number}", "sanoja & " * 60)))
        for number, result in enumerate(MEETINGS.questions * 30)
    )
    hidden = tuple(
        replace(result, result=replace(result.result, kind=QuestionKind.SINGLE, mean=None)) for result in endless
    )
    year = replace(YEAR, parts=(replace(MEETINGS, questions=hidden),))
    for file in report_pages(snapshot(year), "fi", "2"):
        assert file.caption is not None
        assert shown_length(file.caption) <= CAPTION_LENGTH


def test_pages_are_drawn_once_however_often_one_turns() -> None:
    first = report_page(snapshot(), "fi", "2", 0)
    drawn = paper._drawn.cache_info().misses
    for number in range(1, 30):
        assert report_page(snapshot(), "fi", "2", number).content
    assert report_page(snapshot(), "fi", "2", 0) == first
    assert paper._drawn.cache_info().misses == drawn
    assert report_page(snapshot(replace(YEAR, groups=())), "fi", "2", 0) != first


def test_who_was_erased_since_is_told_in_the_method() -> None:
    assert "3 nimellä kirjatun osallistumisen tekijät on sittemmin poistettu tiedoista." in read(
        report_pdf(snapshot(), "fi", "2").content
    )
    untouched = replace(YEAR, activity=replace(YEAR.activity, erased=0))
    assert "poistettu tiedoista" not in read(report_pdf(snapshot(untouched), "fi", "2").content)


def test_the_yield_is_in_order_and_what_is_not_told_stands_last() -> None:
    text = read(report_pdf(snapshot(), "fi", "2").content)
    assert "kehittäminen 27 82 % Kollegoiden kanssa kokoontuminen ja verkostoituminen 10 30 %" in text
    assert f"30 % {NEWS} – –" in text


def test_what_is_withheld_is_told_with_the_reason() -> None:
    text = read(report_pdf(snapshot(), "fi", "2").content)
    for line in (
        "3 kyselyssä oli alle 5 vastausta, joten ne eivät ole mukana. Yhden kyselyn luku on jätetty pois",
        "Alle 5 vastausta, joten lukua ei näytetä.",
        "3 kyselyssä vastauksia oli alle 5. Niiden vastanneiden määriä ei näytetä, eivätkä ne ole mukana",
        "Kaikkia vastauksia ei voitu avata",
        "Keskiarvo näytetään, kun kyselyssä on vähintään 5 vastausta.",
        "Lukujen tunniste on abababababababab",
        f"{MARK} on merkki, jota tässä tiedostossa ei voi näyttää",
    ):
        assert line in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_year_of_one_meeting_and_no_answers_is_a_small_report(language: str) -> None:
    small = Annual(
        2027, "Europe/Helsinki", False, replace(NOTHING, meetings=1), (GroupYear("A", False, 1, 0, 0, 0),), ()
    )
    content = report_pdf(snapshot(small), language, "2").content
    assert len(PdfReader(io.BytesIO(content)).pages) <= 2
    assert texts(language)("report-highlights-none").unescape() in read(content)
    assert texts(language)("report-answered-none") in summary(texts(language), snapshot(small))
    assert "0%" not in read(content).replace(" %", "%")  # of nothing there is no percentage
    report_xlsx(snapshot(small), language, "2")


def test_a_year_of_nothing_and_one_of_which_everything_is_withheld() -> None:
    empty = Annual(2027, "Europe/Helsinki", True, replace(NOTHING, groups=0), (), ())
    assert "Työryhmiä ei ollut tänä vuonna." in read(report_pdf(snapshot(empty), "fi", "2").content)
    hidden = tuple(
        QuestionResult(
            replace(result.result, mean=None, n=None, spread=(), groups=(), withheld=Withheld.FEW),
            (),
            (Hidden(Withheld.FEW, 1),),
        )
        for result in QUESTIONS
    )
    part = replace(SURVEY, response=Response(few=1, few_asked=9, below=5), released=0, releases=(), questions=hidden)
    text = read(report_pdf(snapshot(replace(YEAR, parts=(part,), highlights=())), "fi", "2").content)
    assert text.count("Alle 5 vastausta, joten lukua ei näytetä.") == 5  # of three statements once, of each choice
    assert "1 kyselyssä vastauksia oli alle 5." in text


ENDLESS = "Moniammatillisuusosaamiskeskittymätyöryhmä", *LONG[:2], "x" * 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_endless_name_is_found_as_it_is_written(language: str) -> None:
    """Hyphenated where its line ends, which readers undo; without a sign that nobody sees."""
    groups = tuple(GroupYear(f"{name}{number}", False, 1, 2, 3, 4) for number, name in enumerate(ENDLESS * 3))
    done = (*YEAR.replies, ReportedChange("Y" * 70, Label("", ENDLESS[0] * 4), "z" * 200, Mean(11, 5, 1, 5), (7,)))
    content = report_pdf(snapshot(replace(YEAR, groups=groups, replies=done)), language, "2").content
    text = "".join(page_texts(content))
    assert "\u200b" not in text
    text = re.sub("[\xad-]\n", "", text).replace("\n", "")
    assert all(group.name in text for group in groups)
    assert ENDLESS[0] * 4 in text
    assert "z" * 200 in text


def test_a_name_that_cannot_be_drawn_has_a_mark_for_each_letter_and_its_place() -> None:
    names = ("会議", LONG[2], "Ryhmä 会", "\U0001f600")
    groups = tuple(GroupYear(name, name == "会議", 1, 2, 3, 4) for name in names)
    done = (ReportedChange("会議", Label("influence-on-agenda"), "Teimme", Mean(11, 5, 1, 5), (7,)),)
    year = snapshot(replace(YEAR, groups=groups, replies=done, highlights=()))
    text = read(report_pdf(year, "fi", "2").content)
    for number, printed in ((1, MARK * 2 + " (päättynyt) 1"), (2, MARK * 10), (4, MARK)):
        assert f"Työryhmä {number}: {printed}" in text
    assert f"Ryhmä {MARK} 1 5 2 3 4" in text
    assert f"Työryhmä 1: {MARK * 2} ”Minulla" in text
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(year, "fi", "2").content))
    assert [row[0] for row in book.worksheets[1].iter_rows(min_row=2, max_row=3, values_only=True)] == [
        "会議 (päättynyt)",
        LONG[2],
    ]


def of_few(question: QuestionResult, forms: int) -> QuestionResult:
    """Without the figures of so many forms."""
    return replace(question, hidden=(Hidden(Withheld.FEW, forms),))


@pytest.mark.parametrize("counts", [(1, 1, 1), (1, 1, 2)])
def test_a_reason_that_all_have_stands_once_above_them(counts: tuple[int, ...]) -> None:
    statements = tuple(
        of_few(replace(QUESTIONS[0], result=replace(QUESTIONS[0].result, words=Label(f"q{n}", f"Väittämä {n}"))), count)
        for n, count in enumerate(counts)
    )
    text = read(report_pdf(snapshot(replace(YEAR, parts=(replace(SURVEY, questions=statements),))), "fi", "2").content)
    reason = "Yhdessä kyselyssä oli alle 5 vastausta, joten se ei ole mukana."
    assert text.rindex(reason) > text.index("Kyselyjen kysymykset")  # there its count is in each row, and it once
    if counts == (1, 1, 1):
        assert text.count(reason) == 2
        assert text.index("– vastauksia, jotka ovat mukana luvuissa") < text.index(reason) < text.index("Väittämät")
    else:
        assert text.count(reason) == 3


def test_an_open_question_tells_from_how_many_forms_its_texts_are_and_of_which_sort() -> None:
    year = snapshot(replace(YEAR, parts=(SURVEY, replace(MEETINGS, questions=QUESTIONS))))
    made = report(year, "fi", "2")
    rows = {
        section.key: (section.heading, row) for section, row in made.rows if row.label == "Mitä muuta haluat sanoa?"
    }
    assert [rows[key][0] for key in ("questions-on-its-own", "questions-after-meetings")] == [
        "Kyselyjen kysymykset",
        "Kokouspalautteen kysymykset",
    ]
    for _, row in rows.values():
        assert [(figure.column, figure.exact) for figure in row.figures] == [("n", 9), ("Lomakkeita", 1)]
        assert row.source.endswith("nro 1")


def test_the_organisation_stands_under_the_title() -> None:
    name = "Osaamiskeskus #1 <b>"
    year = snapshot(replace(YEAR, organisation=name))
    assert f"Työryhmien vuosi 2027 {name} Kokoukset, osallistujat" in read(report_pdf(year, "fi", "2").content)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(year, "fi", "2").content))
    assert book.worksheets[3]["A2"].value == name
    assert json.loads(manifest_json(year, "fi", "2").content)["organisation"] == name
    early = json.loads(snapshots.annual_to_json(YEAR))
    del early["organisation"]
    assert snapshots.annual_from_json(json.dumps(early)) == YEAR


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_year_under_way_is_a_draft_of_now(language: str) -> None:
    t = texts(language)
    under_way, over = (
        read(report_pdf(snapshot(replace(YEAR, is_over=over)), language, "2").content) for over in (0, 1)
    )
    draft = {"fi": "Luonnos: vuosi 2027 on kesken", "sv": "Utkast: året 2027 pågår", "en": "Draft: the year 2027"}
    assert draft[language] in under_way
    for key in ("report-groups", "report-roster"):
        now, end = (t(text_key).unescape() for text_key in (f"{key}-now", key))
        assert (now in under_way, end in under_way) == (True, False)
        assert (now in over, end in over) == (False, True)
    lines = summary(t, snapshot(replace(YEAR, is_over=False)))
    assert t("report-files-now") in lines
    assert t("report-files") not in lines


def test_two_hundred_groups_go_on_from_page_to_page() -> None:
    many = tuple(GroupYear(f"Työryhmä {n} {LONG[n % 3]}", False, 1, 2, 3, 4) for n in range(200))
    content = report_pdf(snapshot(replace(YEAR, groups=many)), "fi", "2").content
    text = read(content)
    assert all(f"Työryhmä {n} " in text for n in range(200))
    assert len(PdfReader(io.BytesIO(content)).pages) < 25


def test_nothing_that_anybody_wrote_is_run() -> None:
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(snapshot(), "fi", "2").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type in "sn" for cell in cells)
    assert any(cell.value == FORMULAS[0] for cell in cells)
    assert "#panic" in read(report_pdf(snapshot(), "fi", "2").content)


@pytest.mark.parametrize(
    "line", ["", "20", "2027-03", "20277", "1999", "٢٠٢٧", "vuosi", "9" * 400, "2027 2028", "-2027"]
)
def test_what_is_no_year_is_not_read(line: str) -> None:
    with pytest.raises(Refused):
        read_year(line)


def test_a_year_is_read() -> None:
    assert read_year(" 2027 ") == 2027


@pytest.mark.parametrize(("numbers", "wanted"), [([], "–"), ([4], "4"), ([3, 1, 2, 7, 9, 10], "1–3, 7, 9–10")])
def test_numbers_are_told_in_ranges(numbers: list[int], wanted: str) -> None:
    assert ranges(numbers) == wanted
