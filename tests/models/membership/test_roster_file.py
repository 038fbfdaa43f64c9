"""Rosters as offices save them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refused
from models.membership.roster_file import MOST, Entry, decode, read

PEOPLE = "Åke Öberg; Åbo stad; ake@abo.fi\nMatti Mäki; Kaarinan kaupunki; 040 123 4567\n"


def people(text: str) -> list[tuple[str, str, str]]:
    return [(entry.name, entry.organisation, entry.contact) for entry in read(text).entries]


def refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_reads_the_same(encoding: str, ends: str) -> None:
    text = decode(PEOPLE.replace("\n", ends).encode(encoding))
    assert people(text) == [
        ("Åke Öberg", "Åbo stad", "ake@abo.fi"),
        ("Matti Mäki", "Kaarinan kaupunki", "040 123 4567"),
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("Åke\nMäki\n".encode() + b"J\xff\xc3rvi\n", 3),  # UTF-8 with a broken letter
        (b"Matti\nM\x81ki\n", 2),  # no letter of Windows-1252
        (b"\xff\xfeM\x00a\x00\n\x00\x00\xd8", 2),  # UTF-16 with half a pair
    ],
)
def test_what_no_encoding_explains_is_refused_with_its_line(data: bytes, line: int) -> None:
    refused = refusal(data)
    assert (refused.key, refused.values["line"]) == ("roster-encoding", line)


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0old", b"%PDF-1.7", b"name\xff\x00\x01name"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    assert refusal(data).key == "roster-not-text"


@pytest.mark.parametrize(
    "text",
    [
        "Matti; Turku; m@x.fi",
        "Matti\tTurku\tm@x.fi",
        "Matti,Turku,m@x.fi",
        'sep=;\n"Matti";"Turku";"m@x.fi"',
        "Nimi;Organisaatio;Sähköposti\nMatti;Turku;m@x.fi",
        "Organisation,E-post,Namn\nTurku,m@x.fi,Matti",
        "Name;Titteli;Organisaatio;Puhelin;Email\nMatti;johtaja;Turku;;m@x.fi",
        "\ufeffMatti ;  Turku; m@x.fi ;;\n\n",
    ],
)
def test_columns_are_found(text: str) -> None:
    assert people(text) == [("Matti", "Turku", "m@x.fi")]


def test_first_and_last_names_are_joined() -> None:
    assert people("Sukunimi;Etunimi;Organisaatio\nMäki;Matti;Turku") == [("Matti Mäki", "Turku", "")]


def test_names_alone_and_contacts_in_the_second_column() -> None:
    assert people("Matti Mäki\nMaija Meri") == [("Matti Mäki", "", ""), ("Maija Meri", "", "")]
    assert people("Matti; m@x.fi\nMaija; +358 40 123") == [("Matti", "", "m@x.fi"), ("Maija", "", "+358 40 123")]


def test_quotes_keep_what_they_hold_and_a_stray_one_spoils_nothing() -> None:
    assert people('"Mäki, Matti","Turku, Åbo",m@x.fi') == [("Mäki, Matti", "Turku, Åbo", "m@x.fi")]
    assert people('"Matti ""Masa"" Mäki";"Turku\nÅbo";x') == [('Matti "Masa" Mäki', "Turku Åbo", "x")]
    assert people('"Matti; Turku\nMaija; Turku') == [('"Matti', "Turku", ""), ("Maija", "Turku", "")]


def test_unreadable_lines_are_numbered_and_the_rest_is_read() -> None:
    found = read(f"Matti;Turku\n;Turku;m@x.fi\n\n{'x' * 81}\na;b;c;d\n---\nMaija")
    assert found.entries == (Entry(1, "Matti", "Turku", ""), Entry(7, "Maija", "", ""))
    assert found.unread == ((2, "no-name"), (4, "too-long"), (5, "too-many"), (6, "no-name"))
    assert found.lines == 7


def test_hostile_names_are_tidied_and_formulas_are_text() -> None:
    read_names = [name for name, _, _ in people('<b>Matti</b>\nMa\u202etti\0\u200b\n=HYPERLINK("http://x")\n+Matti')]
    assert read_names == ["<b>Matti</b>", "Matti", '=HYPERLINK("http://x")', "+Matti"]


def test_too_many_are_refused() -> None:
    assert len(read("Nimi\n" + "Matti\n" * MOST).entries) == MOST
    with pytest.raises(Refused) as caught:
        read("Matti;Turku\n" * 10_000)
    assert caught.value.values == {"n": 10_000, "most": MOST}


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    try:
        read(decode(data))
    except Refused:
        return


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for entry in read(text).entries:
        assert entry.name == entry.name.strip()
        assert "\n" not in entry.name + entry.organisation + entry.contact


@pytest.mark.parametrize("space", ["", " ", "\u00a0 "])
def test_a_quoted_cell_may_contain_a_line_break_after_a_space(space: str) -> None:
    names = [name for name, _, _ in people(f'Bo;{space}"Kunta\nJärvi"\nCilla; Kunta')]
    assert names[0] == "Bo"
    assert names[-1] == "Cilla"


def test_a_quoted_cell_with_a_line_break_is_one_cell() -> None:
    assert people('Bo; "Kunta\nJärvi"; bo@kunta.fi') == [("Bo", "Kunta Järvi", "bo@kunta.fi")]


@pytest.mark.parametrize("end", ["", ";" + "x" * 20_000, ";" * 20_000 + "x"])
def test_a_line_that_is_far_too_long_is_named(end: str) -> None:
    read_roster = read(f"Bo\n{'A' * 20_000}{end}\nCilla")
    assert [entry.name for entry in read_roster.entries] == ["Bo", "Cilla"]
    assert read_roster.unread == ((2, "too-long"),)
