"""What is left of deleted rows in the files of SQLite: free pages, and the free bytes of pages in use.

The layout is that of https://www.sqlite.org/fileformat2.html. Deleted rows are overwritten while secure_delete is on,
which the program always sets; another program that writes to the file may not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

ANSWERS = re.compile(rb'\{\s*"-?[0-9]{1,9}(?:\.[0-9a-z]+)?"\s*:')
"""The beginning of answers as JSON: an object whose keys are numbers of questions."""
HEADER, WAL_HEADER, FRAME_HEADER = 100, 32, 24
"""Bytes of the file's header, and of those of a write-ahead log and of each page in it."""
LEAVES = (10, 13)
"""The kinds of b-tree pages without children, of an index and of a table; 2 and 5 have children."""


@dataclass(frozen=True)
class Remains:
    """Page numbers, from 1."""

    uncleared: list[int]
    """Free pages that still hold something."""
    legible: list[int]
    """Pages whose free bytes hold answers in plain words."""


def look(database: Path) -> Remains:
    """Reads the database file and its write-ahead log, page by page. A program that writes meanwhile may give a page
    twice."""
    uncleared: list[int] = []
    with database.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        size = _page_size(content)
        free = set(_free_pages(content, size))
        legible = set()
        for number in range(1, len(content) // size + 1):
            page = content[(number - 1) * size : number * size]
            if number in free and any(page):
                uncleared.append(number)
            if _holds_answers(page, number, is_free=number in free):
                legible.add(number)
    for number, page in _logged(database.with_name(f"{database.name}-wal"), size):
        if _holds_answers(page, number, is_free=number in free):
            legible.add(number)
    return Remains(uncleared, sorted(legible))


def _holds_answers(page: bytes, number: int, *, is_free: bool) -> bool:
    """Whether what belongs to no row holds answers: all of a free page, the free bytes of another."""
    return ANSWERS.search(page if is_free else _free_bytes(page, number)) is not None


def _page_size(content: mmap) -> int:
    size = int.from_bytes(content[16:18], "big")
    return 65_536 if size == 1 else size


def _free_pages(content: mmap, size: int) -> Iterator[int]:
    """The free pages that hold nothing. They are listed in trunk pages: the next trunk, a count, and page numbers."""
    trunk = int.from_bytes(content[32:36], "big")
    while trunk:
        page = content[(trunk - 1) * size : trunk * size]
        count = int.from_bytes(page[4:8], "big")
        yield from (int.from_bytes(page[8 + 4 * index : 12 + 4 * index], "big") for index in range(count))
        trunk = int.from_bytes(page[:4], "big")


def _logged(log: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """The pages of the write-ahead log with their numbers, old ones too."""
    if not log.is_file():
        return
    with log.open("rb") as file:
        file.seek(WAL_HEADER)
        while len(frame := file.read(FRAME_HEADER + size)) == FRAME_HEADER + size:
            yield int.from_bytes(frame[:4], "big"), frame[FRAME_HEADER:]


def _free_bytes(page: bytes, number: int) -> bytes:
    """The bytes of a page in use that belong to no row: between its pointers and its rows, and in its free blocks."""
    start = HEADER if number == 1 else 0
    kind = page[start]
    if kind not in (2, 5, *LEAVES):
        return b""  # the rest of a long row
    rows, content = (int.from_bytes(page[start + at : start + at + 2], "big") for at in (3, 5))
    pointers = start + (8 if kind in LEAVES else 12) + 2 * rows
    free = [page[pointers : content or 65_536]]
    block = int.from_bytes(page[start + 1 : start + 3], "big")
    while block:
        length = int.from_bytes(page[block + 2 : block + 4], "big")
        free.append(page[block + 4 : block + length])
        after = int.from_bytes(page[block : block + 2], "big")
        block = after if after > block else 0  # blocks are in ascending order
    return b"\0".join(free)
