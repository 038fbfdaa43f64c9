"""Papers of results: tagged, in the reader's language, the same bytes each time, and nothing in them is ever run."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from handlers.drawing import MARK
from handlers.results import papers
from handlers.texts import LANGUAGES, texts
from handlers.workbook import FORMULA, plain
from models.calendar import HELSINKI
from models.feedback.releases import OFF, Withheld
from models.feedback.response import Response
from models.forms.forms import DONT_KNOW, OTHER, Form
from models.forms.items import Background, QuestionKind
from models.results.aggregates import ELSE, Aggregate, Comment, Earlier, Label, OptionTotal, Result, Segment
from models.results.results import ListedResult
from models.valid_figures import Mean

HOSTILE = '#panic("ran") $x$ `raw` *b* _i_ <label> @ref // /* "quote" ] } ) = - + \\u{0} http://example.org'
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", ' =HYPERLINK("http://x")')
TITLE = "Työryhmän vuosikysely (Lastensuojelu)"
SENT = datetime(2027, 11, 30, 22, 30, tzinfo=UTC)
"""The first of December already, in Helsinki."""


def listed(**other: Any) -> ListedResult:
    known: dict[str, Any] = {
        "group": "Lastensuojelu",
        "form": Form(id=1, key="annual", name=None),
        "meeting": None,
        "pooled": False,
        "named": False,
        "day": SENT,
        "release_id": 1,
        "response": Response(33, 40, 33, 38, 33),
        "threshold": 5,
    }
    return ListedResult(**{**known, **other})


def scale(identity: str, mean: Mean | None, *counts: int, **other: Any) -> Result:
    spread = tuple(OptionTotal(value, None, people) for value, people in enumerate(counts, 1))
    known: dict[str, Any] = {"n": mean.n if mean else None, "spread_n": sum(counts)}
    return Result(Label(identity), QuestionKind.SCALE, 1, 5, mean=mean, spread=spread, **{**known, **other})


def choice(identity: str, kind: QuestionKind, n: int, chosen: dict[str, int | None], **other: Any) -> Result:
    spread = tuple(OptionTotal(value, Label(name), people) for value, (name, people) in enumerate(chosen.items(), 1))
    return Result(Label(identity), kind, n=n, spread=spread, spread_n=n, **other)


PARTED = (("influence-on-agenda", Mean(93, 23, 1, 5)),), (("influence-on-agenda", Mean(40, 10, 1, 5)),)
REST = tuple(Label(f"organisation-{one}") for one in ("county", "ngo", "company", "school", "other"))
FOUND = Aggregate(
    Response(33, 40, 33, 38, 33),
    threshold=5,
    results=(
        scale("influence-on-agenda", Mean(133, 33, 1, 5), 0, 2, 4, 18, 9, earlier=Earlier(Mean(96, 25, 1, 5), SENT)),
        scale("informed-in-time", None, withheld=Withheld.FEW),
        scale("memo-important", None, n=12, withheld=Withheld.AGREE),
        choice(
            "coordinator-role", QuestionKind.SINGLE, 32, {"very-well": 22, "well": 10, "satisfactorily": 0, "poorly": 0}
        ),
        choice(
            "most-important-yield",
            QuestionKind.SEVERAL,
            33,
            {"sharing-information": None, "regional-development": 27, "networking": 10},
            texts=(Comment(5, "Vertaistuki 👍👍"),),
        ),
        Result(Label("preferred-mode"), QuestionKind.SINGLE, n=8, withheld=Withheld.SPREAD),
        Result(
            Label("organisation"),
            QuestionKind.SINGLE,
            background=Background.ORGANISATION,
            n=33,
            groups=(
                Segment((Label("organisation-municipality"),), untold=False, n=23, means=PARTED[0]),
                Segment(REST, untold=True, n=10, means=PARTED[1]),
            ),
        ),
        Result(Label("field"), QuestionKind.SINGLE, background=Background.FIELD),
        Result(Label("open-feedback"), QuestionKind.OPEN, texts=tuple(map(Comment, range(9), (HOSTILE, *FORMULAS)))),
    ),
)
YIELD = "Mikä on ollut työryhmän tärkein anti? Voit valita useita."
NEWS = "Tiedon jakaminen ajankohtaisista aiheista"
MAKES = {"pdf": papers.results_pdf, "xlsx": papers.results_xlsx, "csv": papers.results_csv}


def made(way: str, aggregate: Aggregate = FOUND, language: str = "fi", **other: Any) -> bytes:
    return MAKES[way](TITLE, listed(**other), aggregate, language, HELSINKI).content


def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def read(content: bytes) -> str:
    """The words of a PDF, as one line."""
    return " ".join(" ".join(page.extract_text() for page in reader(content).pages).replace("\xa0", " ").split())


def book(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def table(content: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def tags(content: bytes) -> Iterator[tuple[str, Any]]:
    """What stands in the tree of tags, in reading order."""

    def below(node: Any) -> Iterator[tuple[str, Any]]:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                yield from below(one)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]), node
            if "/K" in node:
                yield from below(node["/K"])

    return below(reader(content).trailer["/Root"]["/StructTreeRoot"]["/K"])


@pytest.mark.parametrize("way", MAKES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_release_makes_the_same_bytes(way: str, language: str) -> None:
    assert made(way, language=language) == made(way, language=language)


def test_a_file_is_named_after_its_group_and_local_day() -> None:
    names = {
        way: make("x", listed(group="Ääni & Öljy/../🙂"), FOUND, "fi", HELSINKI).name for way, make in MAKES.items()
    }
    assert names == {way: f"palaute-aani-oljy-2027-12-01.{way}" for way in MAKES}
    assert papers.results_csv("x", listed(group="🙂"), FOUND, "sv", HELSINKI).name == "respons-2027-12-01.csv"


# PDF


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_is_tagged_titled_and_in_its_language(language: str) -> None:
    content = made("pdf", language=language)
    root = reader(content).trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader(content).metadata.title == TITLE
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    found = [name for name, _ in tags(content)]
    assert {"/Title", "/H1", "/H2", "/Table", "/THead", "/TH", "/TD", "/L", "/LI"} <= set(found)
    assert found.count("/Table") == found.count("/THead") == 5
    assert "/Figure" not in found  # bars are decoration: their figures stand beside them


def test_every_column_has_a_head_and_every_font_is_in_the_file() -> None:
    content = made("pdf")
    heads = [node["/A"].get_object() for name, node in tags(content) if name == "/TH"]
    scopes = [one.get("/Scope") for each in heads for one in (each if isinstance(each, list) else [each])]
    assert scopes
    assert set(scopes) <= {"/Column", None}
    assert "/Column" in scopes
    for page in reader(content).pages:
        for font in page["/Resources"]["/Font"].values():
            (below,) = font["/DescendantFonts"]
            described = below["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(described)


def test_every_figure_is_on_the_page_and_what_is_withheld_says_why() -> None:
    text = read(made("pdf"))
    for line in (
        "Vastasi 33 Pyydettiin 40 Vastausprosentti, pyydetyistä 83 %",
        "Osallistui 38 Vastausprosentti, osallistuneista 87 %",
        "Väittämät, asteikko 1–5 1 = täysin eri mieltä · 5 = täysin samaa mieltä",
        "4,0 33 0 2 4 18 9",
        "Muutos +0,2 (vrt. ke 1.12.2027)",
        "Alle 5 vastausta, joten lukua ei näytetä. – – – – – – –",
        "(n = 12). – 12 – – – – –",
        "n = 32 Vaihtoehto Vastaajia Osuus Erittäin hyvin 22 69 % Hyvin 10 31 % Tyydyttävästi 0 0 %",
        "ajankohtaisista aiheista – – Alueellisen toiminnan kehittäminen 27 82 %",
        "Viiva: lukua ei näytetä",
        "Valintojen määrät näytetään, kun vastauksia on vähintään 10 (n = 8).",
        "A. Kunta 23 70 %",
        "Muu organisaatio tai ei kerrottu, yhteensä 10 30 % Pienet ryhmät on yhdistetty",
        "asialistaan 4,0 n = 23 4,0 n = 10",
        "Taustoja ei näytetä, koska niistä ei saa kahta ryhmää",
        "Keskiarvo näytetään, kun vastauksia on vähintään 5.",
    ):
        assert line in text


def test_hostile_words_are_only_shown() -> None:
    text = read(made("pdf"))
    assert '#panic("ran") $x$ `raw` *b* _i_ <label> @ref' in text
    assert "=cmd|' /C calc'!A0" in text
    assert not any("/Annots" in page for page in reader(made("pdf")).pages)


def test_characters_that_no_font_has_are_marked_and_the_mark_is_told() -> None:
    text = read(made("pdf"))
    assert f"Vertaistuki {MARK} " in text
    assert f"{MARK} on merkki" in text
    plain_words = replace(FOUND, results=FOUND.results[:4])
    assert MARK not in read(made("pdf", plain_words))


@pytest.mark.parametrize(
    "words", ["x" * 1000, "väinämöinen " * 80, "👨‍👩‍👧 " * 200, "中文" * 100, "مرحبا بالعالم", "é" * 99]
)
def test_any_words_fit_on_the_page(words: str) -> None:
    many = tuple(OptionTotal(value, Label(f"o{value}", words[:200]), 1) for value in range(1, 21))
    asks = Result(
        Label("q", words[:200]), QuestionKind.SINGLE, n=20, spread=many, spread_n=20, texts=(Comment(1, words),)
    )
    aggregate = Aggregate(Response(20, 20, 20), 5, (asks, replace(FOUND.results[0], words=Label("s", words[:200]))))
    content = MAKES["pdf"](words[:64], listed(group=words[:60]), aggregate, "fi", HELSINKI).content
    for page in reader(content).pages:
        assert page.mediabox.width == pytest.approx(595.28, abs=0.1)
    assert len(reader(content).pages) < 9


def test_a_long_word_breaks_before_the_margin() -> None:
    asks = Result(Label("q", "Q"), QuestionKind.OPEN, texts=(Comment(1, "x" * 1000),))
    aggregate = Aggregate(Response(20, 20, 20), 5, (asks,))
    lines = [line for page in reader(made("pdf", aggregate)).pages for line in page.extract_text().splitlines()]
    lengths = [line.count("x") for line in lines if "xx" in line]
    assert sum(lengths) == 1000
    assert max(lengths) * 5.2 < 595 - 2 * 56  # points that an x takes, the page, its margins


def test_a_scale_with_its_own_ends_and_dont_know_has_a_table_of_its_own() -> None:
    own = Result(
        Label("s", "Suosittelisitko?"),
        QuestionKind.SCALE,
        2,
        10,
        low_name="en koskaan",
        high_name="aina",
        mean=Mean(80, 10, 2, 10),
        n=10,
        spread=(*(OptionTotal(v, None, p) for v, p in zip(range(2, 11), (0, 0, 0, 0, 2, 2, 2, 2, 2), strict=True)),),
        spread_n=10,
    )
    own = replace(own, spread=(*own.spread, OptionTotal(DONT_KNOW, None, 3)))
    text = read(made("pdf", replace(FOUND, results=(FOUND.results[0], own))))
    assert "Väittämät, asteikko 2–10 2 = en koskaan · 10 = aina" in text
    assert "n 2 3 4 5 6 7 8 9 10" in text
    assert "En osaa sanoa: 3" in text
    (unsure,) = [row for row in table(made("csv", replace(FOUND, results=(own,)))) if row[5] == "En osaa sanoa"]
    assert unsure[7:10] == ["3", "", ""]


def test_a_release_of_texts_alone_claims_no_rate() -> None:
    only = Aggregate(Response(), 5, (FOUND.results[-1],))
    text = read(made("pdf", only, pooled=True, response=Response(13)))
    assert "Vastasi 13" in text
    assert "%" not in text
    assert "Tulokset koottu: ke 1.12.2027" in text
    assert "usean kokouksen" in read(made("pdf", replace(only, pooled=True), pooled=True))
    about = [[cell.value for cell in row] for row in book(made("xlsx", only, response=Response(13)))["Tietoja"]]
    assert ["Vastasi", 13] in about


def test_a_named_form_is_not_called_anonymous_and_no_threshold_is_said() -> None:
    assert "vastattiin nimettömästi" in read(made("pdf"))
    text = read(made("pdf", replace(FOUND, threshold=OFF), named=True))
    assert "nimettömästi" not in text
    assert "omalla nimellä" in text
    assert "Vastausten vähimmäismäärä ei ole käytössä" in text
    assert "vähintään 1." not in text


# xlsx


def test_a_workbook_has_exact_figures_under_the_formats_of_people() -> None:
    sheet = book(made("xlsx"))["Luvut"]
    cells = {(row[0].value, row[2].value, row[3].value): row for row in sheet.iter_rows(min_row=2)}
    agenda = "Minulla on ollut mahdollisuus vaikuttaa asialistaan"
    mean = cells[agenda, None, None]
    assert (mean[5].value, mean[7].value, mean[7].number_format) == (33, 133 / 33, "0.0")
    role = cells["Miten koordinoija on onnistunut tehtävässään?", "Erittäin hyvin", None]
    assert (role[4].value, role[5].value, role[6].value) == (22, 32, 22 / 32)
    assert role[6].number_format == "0\\ %"
    assert cells[agenda, None, "Kunta"][7].value == 93 / 23
    few = cells["Olen saanut ajoissa tietoa työryhmän ajankohdista ja sisällöistä", None, None]
    assert [cell.value for cell in few[4:]] == [None] * 4 + ["Alle 5 vastausta, joten lukua ei näytetä."]
    everybody = cells[
        "Mikä on ollut työryhmän tärkein anti? Voit valita useita.", "Tiedon jakaminen ajankohtaisista aiheista", None
    ]
    assert everybody[4].value is everybody[6].value is None
    assert "paljastu" in everybody[8].value
    assert sheet.freeze_panes == "A2"


def test_a_workbook_says_what_it_is_about() -> None:
    about = [[cell.value for cell in row] for row in book(made("xlsx"))["Tietoja"]]
    assert about[:4] == [
        [TITLE, None],
        ["Lomake", "Työryhmän vuosikysely"],
        ["Työryhmä", "Lastensuojelu"],
        ["Kysely avattu", "ke 1.12.2027"],
    ]
    assert ["Pyydettiin", 40] in about
    assert ["Vastausprosentti, pyydetyistä", 33 / 40] in about
    properties = book(made("xlsx")).properties
    assert (properties.title, properties.created) == (TITLE, SENT.replace(tzinfo=None))


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    sheets = book(made("xlsx"))
    texts_there = [row[1].value for row in sheets["Avovastaukset"].iter_rows(min_row=2)]
    assert texts_there[0] == "Vertaistuki 👍👍"
    assert HOSTILE in texts_there
    for sheet in sheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
            assert cell.data_type in "sn"
            assert cell.hyperlink is None


# CSV


@pytest.mark.parametrize(
    ("language", "delimiter", "mean"), [("fi", ";", "4,0"), ("sv", ";", "4,0"), ("en", ",", "4.0")]
)
def test_a_table_opens_in_the_readers_own_program(language: str, delimiter: str, mean: str) -> None:
    content = made("csv", language=language)
    assert content.startswith("\ufeff".encode())
    lines = table(content, delimiter)
    assert {len(line) for line in lines} == {13}
    assert lines[1][10] == mean
    assert lines[1][2] == {"fi": "ke 1.12.2027", "sv": "ons 1.12.2027", "en": "Wed 1 Dec 2027"}[language]


def test_cells_that_could_be_formulas_are_marked_as_words() -> None:
    said = {row[12] for row in table(made("csv")) if row[12]}
    assert {f"'{formula}" for formula in FORMULAS} <= said
    assert HOSTILE in said
    for row in table(made("csv")):
        assert not any(cell.lstrip().startswith(FORMULA) for cell in row)
    assert plain("1 - 2") == "1 - 2"


def test_percents_and_means_are_those_of_the_page() -> None:
    rows = {(row[3], row[5], row[6]): row for row in table(made("csv"))[1:]}
    role = rows["Miten koordinoija on onnistunut tehtävässään?", "Erittäin hyvin", ""]
    assert role[7:12] == ["22", "32", "69", "", ""]
    everybody = rows[
        "Mikä on ollut työryhmän tärkein anti? Voit valita useita.", "Tiedon jakaminen ajankohtaisista aiheista", ""
    ]
    assert everybody[7:11] == ["", "33", "", ""]
    assert "paljastu" in everybody[11]


def test_other_is_named_and_no_other_words_are_lost() -> None:
    other = replace(FOUND.results[4], spread=(*FOUND.results[4].spread, OptionTotal(OTHER, ELSE, 2)))
    content = made("csv", replace(FOUND, results=(other,)))
    assert any(row[5] == "Muu" and row[7:10] == ["2", "33", "6"] for row in table(content))
    assert texts("fi")("option-else") == "Muu"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_paper_speaks_two_languages(language: str) -> None:
    told = read(made("pdf", replace(FOUND, results=FOUND.results[:7]), language=language))
    words = set(re.findall(r"\w+", told))
    strange = {"fi": {"Mean", "Andel"}, "sv": {"Mean", "Osuus"}, "en": {"Keskiarvo", "Medelvärde", "Osuus"}}
    assert not words & strange[language]
