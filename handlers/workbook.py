"""Tables as xlsx and CSV.

Cells are data, whatever stands in them: nothing that anybody wrote becomes a formula or a link.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from handlers.figures import share_format
from handlers.screen import File
from models.valid_figures import Mean, Rate, Share

if TYPE_CHECKING:
    from xlsxwriter import Workbook

CellValue = str | int | Rate | Mean | None
INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


@dataclass(frozen=True)
class Sheet:
    """A table with its name; the first line stays above the others. Widths of columns are in characters."""

    name: str
    lines: Iterable[Sequence[CellValue]]
    widths: Sequence[int]


def workbook(name: str, sheets: Iterable[Sheet], language: str, *, at: datetime, title: str, subject: str = "") -> File:
    """A file made ``at`` a moment. Takes tenths of a second: call it in a thread."""
    from xlsxwriter import Workbook

    content = io.BytesIO()
    with Workbook(content, INERT) as book:
        # Without a moment of its own, the file would carry the clock's, and be another one each time.
        properties = {"title": title, "created": at.replace(tzinfo=None)}
        book.set_properties({**properties, "subject": subject} if subject else properties)
        for sheet in sheets:
            _fill(book, sheet, language)
    return File(name, content.getvalue())


def _fill(book: "Workbook", table: Sheet, language: str) -> None:
    sheet = book.add_worksheet(table.name)
    top = {"text_wrap": True, "valign": "top"}
    heading, words = book.add_format({**top, "bold": True, "bottom": 1}), book.add_format(top)
    percents = book.add_format({**top, "num_format": share_format(language)})
    numbers = {
        Rate: percents,
        Share: percents,
        Mean: book.add_format({**top, "num_format": "0.0"}),
    }
    for column, width in enumerate(table.widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    for line, cells in enumerate(table.lines):
        for column, cell in enumerate(cells):
            number = _number(cell)
            if number is not None:
                sheet.write_number(line, column, number, numbers.get(type(cell), words))
            elif isinstance(cell, str) and cell:
                sheet.write_string(line, column, cell, words if line else heading)


def _number(cell: CellValue) -> float | None:
    """What is written as a number, exactly; how it is printed is the cell's format."""
    if isinstance(cell, Mean):
        return float(cell.value)
    if isinstance(cell, Rate):
        return cell.part / cell.whole if cell.whole else None
    return cell if isinstance(cell, int) else None


FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Characters that spreadsheet programs may take for the beginning of a formula. Some accept full-width signs."""


def csv_table(rows: Iterable[Sequence[object]], separator: str) -> bytes:
    """Rows as CSV in UTF-8, with the byte order mark without which Excel shows ä as Ã¤."""
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=separator)
    writer.writerows([plain(str(cell)) for cell in row] for row in rows)
    return content.getvalue().encode("utf-8-sig")


def plain(cell: str) -> str:
    """A cell that no program runs: whatever could be a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.lstrip(" \N{NO-BREAK SPACE}").startswith(FORMULA) else cell
