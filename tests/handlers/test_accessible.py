"""The papers before veraPDF: the annual report and the results, in every language."""

import io
import os
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

from handlers.reports.annual.paper import report_pdf
from handlers.texts import LANGUAGES
from tests import verapdf
from tests.handlers.reports.test_report import snapshot
from tests.handlers.results.test_papers import made

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    reason = verapdf.missing()
    if reason and os.environ.get("TEST_REQUIRE_JAVA") != "1":
        pytest.skip(f"{reason}: veraPDF cannot be asked")
    assert reason is None


def test_verapdf_finds_that_every_paper_is_pdf_ua(tmp_path: Path) -> None:
    papers = []
    for language in LANGUAGES:
        for name, content in (
            ("report", report_pdf(snapshot(), language, "2").content),
            ("results", made("pdf", language=language)),
        ):
            papers.append(tmp_path / f"{name}-{language}.pdf")
            papers[-1].write_bytes(content)
    assert [line.partition(",")[0] for line in verapdf.verdict(*papers)] == ["compliant"] * len(papers)


def test_verapdf_finds_what_is_missing(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(made("pdf"))))
    del writer.root_object[NameObject("/StructTreeRoot")]
    writer.write(tmp_path / "untagged.pdf")
    first, *found = verapdf.verdict(tmp_path / "untagged.pdf")
    assert first.startswith("not compliant")
    assert any("StructTreeRoot" in line for line in found)
