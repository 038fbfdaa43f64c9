"""A digest of some groups says of which, wherever it is shown; the organisation's says nothing."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from handlers.reports.digest.charts import digest_inputs, trend_inputs
from handlers.reports.digest.sheet import digest_xlsx
from handlers.reports.digest.text import digest_text
from handlers.texts import texts
from models.reports.digests import figures_from_json, figures_to_json
from models.reports.statistics import DigestFigures
from tests.handlers.test_charts import FIGURES, NOTHING

ONE, TWO, FOUR = ("Lastensuojelu",), ("Aikuiset & perheet", "Lastensuojelu"), ("Aikuiset", "Lapset", "Nuoret", "Ruoka")
AT = datetime(2027, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("of", "language", "wanted"),
    [
        (ONE, "fi", "Työryhmä: Lastensuojelu"),
        (TWO, "sv", "Arbetsgrupper: Aikuiset & perheet, Lastensuojelu"),
        (FOUR, "fi", "Työryhmät: Aikuiset, Lapset ja 2 muuta"),
        (FOUR, "en", "Workgroups: Aikuiset, Lapset and 2 more"),
    ],
)
@pytest.mark.parametrize("figures", [FIGURES, NOTHING])
def test_under_the_heading(figures: DigestFigures, of: tuple[str, ...], language: str, wanted: str) -> None:
    narrowed = replace(figures, of=of)
    assert digest_text(texts(language), narrowed).unescape().splitlines()[1] == wanted
    for inputs in (digest_inputs(narrowed, language), trend_inputs(narrowed, language)):
        assert inputs["under"].splitlines()[0] == wanted


def test_the_sheet_has_them_all() -> None:
    file = digest_xlsx(replace(FIGURES, of=FOUR), "fi", AT)
    assert load_workbook(io.BytesIO(file.content)).worksheets[0]["A1"].value == f"Työryhmät: {', '.join(FOUR)}"
    assert load_workbook(io.BytesIO(digest_xlsx(FIGURES, "fi", AT).content)).worksheets[0]["A1"].value == "Luvut"


def test_of_the_organisation_nothing_is_said() -> None:
    for inputs in (digest_inputs(FIGURES, "fi"), trend_inputs(FIGURES, "fi")):
        assert "Työryhm" not in inputs["under"]
    assert "Työryhm" not in digest_text(texts("fi"), FIGURES)


def test_a_digest_of_an_earlier_program_names_no_group() -> None:
    assert figures_from_json(figures_to_json(replace(FIGURES, of=TWO))).of == TWO
    raw = json.loads(figures_to_json(FIGURES))
    del raw["of"]
    assert figures_from_json(json.dumps(raw)).of is None
