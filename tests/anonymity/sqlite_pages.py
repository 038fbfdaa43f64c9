"""The parts of a SQLite file that no row uses: free pages, and the unused bytes between the cells of other pages."""

import struct
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

INTERIOR, LEAVES = (2, 5), (10, 13)
"""Types of pages in b-trees: of indexes and of tables."""
FILE_HEADER = 100
"""Bytes of the file's header, before the first page's."""


def unused(file: Path) -> dict[str, bytes]:
    """The unused bytes by the name of the table or index whose pages they are in; under "" those of free pages.

    The file's WAL must be empty.
    """
    with closing(connect(file)) as connection:
        owners = {page: name for name, page in connection.execute("SELECT name, pageno FROM dbstat")}
    content = file.read_bytes()
    size = struct.unpack(">H", content[16:18])[0]
    found: dict[str, bytes] = defaultdict(bytes)
    for start in range(0, len(content), size):
        page, owner = content[start : start + size], owners.get(start // size + 1)
        found[owner or ""] += page if owner is None else b"".join(_between_cells(page, FILE_HEADER * (start == 0)))
    return dict(found)


def _between_cells(page: bytes, header: int) -> Iterator[bytes]:
    """The gap between the cell pointers and the cells, and the freed blocks; nothing of overflow pages."""
    if page[header] not in (*INTERIOR, *LEAVES):
        return
    block, cells, content = struct.unpack(">HHH", page[header + 1 : header + 7])
    pointers = header + (12 if page[header] in INTERIOR else 8) + 2 * cells
    yield page[pointers:content]
    while block:
        following, length = struct.unpack(">HH", page[block : block + 4])
        yield page[block + 4 : block + length]
        block = following
