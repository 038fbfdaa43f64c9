"""Reads a roster, pasted or from a file: ``name; organisation; contact``, in the encodings that office programs
write."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from models.errors import Refused
from models.people.people import NAME_LENGTH, tidy

MOST = 2_000
DELIMITERS = (";", "\t", ",")
FIELDS = ("name", "organisation", "contact")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
NOT_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf")  # xlsx and docx, old Office, PDF, RTF
UTF8_LETTER = re.compile(rb"\xc3[\x80-\xbf]")
"""ä, ö and å in UTF-8. If a text with these does not decode, it is broken UTF-8 and not Windows-1252."""
QUOTED = re.compile(r'"[^"]*"')
CONTACT = re.compile(r"\S+@\S+\.\S+|\+?[\d\s()-]{6,}")
LONGEST_CELL = 5
"""Maximum number of lines of a quoted cell. In a longer one the quotation mark is an ordinary character."""

HEADER = {
    "name": {"nimi", "name", "namn", "jäsen", "medlem", "member", "osallistuja", "deltagare", "participant"},
    "first": {"etunimi", "first name", "förnamn"},
    "last": {"sukunimi", "last name", "surname", "efternamn", "släktnamn"},
    "organisation": {"organisaatio", "taustaorganisaatio", "organisation", "organization", "bakgrundsorganisation"},
    "contact": {"yhteystieto", "yhteystiedot", "sähköposti", "puhelin", "contact", "email", "e-mail", "phone"}
    | {"kontakt", "kontaktuppgift", "kontaktuppgifter", "e-post", "telefon"},
}

LONGEST_ROW = 10_000
"""Characters. No row of a person is as long; the csv module raises an error above 128 kB per cell."""

Trouble = Literal["no-name", "too-long", "too-many"]


class Entry(NamedTuple):
    """One person of the list, normalised. ``line`` counts from 1."""

    line: int
    name: str
    organisation: str
    contact: str


Unread = tuple[int, Trouble]
"""A line's number and what is wrong with it."""


@dataclass(frozen=True)
class Read:
    """The entries, the lines that could not be read, and the number of lines."""

    entries: tuple[Entry, ...]
    unread: tuple[Unread, ...]
    lines: int


def decode(data: bytes) -> str:
    """The text of a file. Raises Refused with the line that no encoding can decode."""
    if data.startswith(NOT_TEXT):
        raise Refused("roster-not-text")
    if encoding := next((name for bom, name in BOMS if data.startswith(bom)), None) or _bare_utf16(data):
        return _decoded(data, encoding)
    try:
        return data.decode()
    except UnicodeDecodeError:
        if b"\0" in data:
            raise Refused("roster-not-text") from None
        return _decoded(data, "utf-8" if UTF8_LETTER.search(data) else "cp1252")


def _bare_utf16(data: bytes) -> str | None:
    """Recognises UTF-16 without a byte order mark by its zeros: every other byte of Western text is zero."""
    half = len(data) // 2
    if half and data[1::2].count(0) > 0.4 * half:
        return "utf-16-le"
    return "utf-16-be" if half and data[::2].count(0) > 0.4 * half else None


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "ignore")
        raise Refused("roster-encoding", line=len(_lines(before))) from None


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read(text: str) -> Read:
    """Reads the people of a text. Blank lines are counted and skipped."""
    lines = _lines(text.lstrip("\ufeff").rstrip())
    rows = list(_rows(lines))
    columns: list[str] = []
    if rows and (columns := _header(rows[0][1])):
        del rows[0]
    if len(rows) > MOST:
        raise Refused("roster-too-many", n=len(rows), most=MOST)
    entries, unread = [], []
    for number, cells in rows:
        entry = _entry(number, cells, columns)
        if isinstance(entry, Entry):
            entries.append(entry)
        else:
            unread.append((number, entry))
    return Read(tuple(entries), tuple(unread), len(lines))


def _rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its first line."""
    delimiter, at = _delimiter(lines)
    while at < len(lines):
        span = _span(lines[at : at + LONGEST_CELL], delimiter)
        row = _cells("\n".join(lines[at : at + span]), delimiter)
        if row is None:
            span, row = 1, _cells(lines[at], delimiter) or []
        if any(cell.strip() for cell in row):
            yield at + 1, row
        at += span


def _cells(piece: str, delimiter: str) -> list[str] | None:
    """The cells of a row; a row that is too long is one cell. None if a line break is in a cell that is not quoted."""
    if len(piece) > LONGEST_ROW:
        return [piece.strip(f"{delimiter} \t")[: LONGEST_ROW + 1]]
    if '"' not in piece or piece.count('"') % 2:  # an unpaired quotation mark is an ordinary character
        return piece.split(delimiter)
    try:
        return next(csv.reader([piece], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return None


def _span(lines: list[str], delimiter: str) -> int:
    """The number of lines of a row. It is more than one only if a quoted cell opens in it and is closed later."""
    # Spaces without the tab: the tab is a delimiter, and a pattern that can begin at each tab of a run takes n² steps.
    if lines[0].count('"') % 2 == 0 or not re.search(rf'(?:^|{re.escape(delimiter)})[^\S\t]*"', lines[0]):
        return 1
    marks = 0
    for span, line in enumerate(lines, start=1):
        marks += line.count('"')
        if marks % 2 == 0:
            return span
    return 1


def _delimiter(lines: list[str]) -> tuple[str, int]:
    """The separator of columns on most lines, and the first line to read. Excel may begin with ``sep=;``."""
    if separator := re.fullmatch(r"sep=([;,\t])", lines[0].strip(" "), re.IGNORECASE):
        return separator[1], 1
    bare = [QUOTED.sub("", line) for line in lines]
    return max(DELIMITERS, key=lambda mark: sum(mark in line for line in bare)), 0


def _header(cells: list[str]) -> list[str]:
    """The columns that a header row names. Empty if the first row is a person."""
    words = [cell.strip(" :*").casefold() for cell in cells]
    columns = [next((field for field, names in HEADER.items() if word in names), "") for word in words]
    return columns if {"name", "first", "last"} & set(columns) else []


def _entry(line: int, cells: list[str], columns: list[str]) -> Entry | Trouble:
    tidied = [tidy(cell, NAME_LENGTH + 1) for cell in cells]
    if not columns and any(tidied[len(FIELDS) :]):
        return "too-many"
    known: dict[str, str] = {}
    for column, cell in zip(columns or FIELDS, tidied, strict=False):
        known[column] = known.get(column) or cell
    name = known.get("name") or f"{known.get('first', '')} {known.get('last', '')}".strip()
    organisation, contact = known.get("organisation", ""), known.get("contact", "")
    if not columns and not contact and CONTACT.fullmatch(organisation):
        organisation, contact = "", organisation
    if max(map(len, (name, organisation, contact))) > NAME_LENGTH:
        return "too-long"
    if not any(c.isalpha() for c in name):
        return "no-name"
    return Entry(line, name, organisation, contact)
