"""Names: what is seen of them, which are the same, and their order in the alphabets of the readers."""

import re

import pytest

from handlers.alphabet import sorted_by_name
from handlers.texts import texts
from models.errors import Refused
from models.people import people
from models.people.names import has_letter, in_order, is_name, is_visible, same_name
from tests.house import ROOT

NORDIC = "Aalto|anna-liisa|Anna Z|Ek Bo|Ekman A|Eva|Éva|Müller|O'Brien|von Berg|Zaida|Åke|Ärlig|Ærlig|Öberg|Øst"
ENGLISH = "Aalto|Åke|anna-liisa|Anna Z|Ek Bo|Ekman A|Eva|Éva|Müller|Öberg|O'Brien|Øst|von Berg|Zaida"


@pytest.mark.parametrize(
    ("language", "names"), [("fi", NORDIC), ("sv", NORDIC), ("en", ENGLISH)], ids=["fi", "sv", "en"]
)
def test_names_are_sorted_as_the_readers_alphabet_is(language: str, names: str) -> None:
    expected = names.split("|")
    for shuffled in (sorted(expected), expected[::-1]):
        assert sorted_by_name(texts(language), shuffled, str) == expected


def test_other_alphabets_stand_after_the_latin_one() -> None:
    assert sorted(["张伟", "Öberg", "Иван"], key=in_order) == ["Öberg", "Иван", "张伟"]


INVISIBLE = {
    "zero width": "\u200b\u200d\ufeff",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "Braille blank": "\u2800\u2800",
    "marks alone": "\u0301\u0308\ufe0f\u034f",
    "direction": "\u202e\u2066",
    "blanks": " \u3000\u00a0\t",
    "musical blank": "\U0001d159",
    "tags": "\U000e0041\U000e0042",
}


@pytest.mark.parametrize("name", INVISIBLE.values(), ids=list(INVISIBLE))
def test_a_name_that_nobody_sees_is_none(name: str) -> None:
    assert not is_visible(people.tidy(name))
    assert not has_letter(people.tidy(name))
    assert people.profile_name(name, None, f"@{name}", "@bo") == "@bo"
    with pytest.raises(Refused, match="line-empty"):
        people.parse_name(name)


@pytest.mark.parametrize("name", ["👍", "007", "...", "\N{EM DASH}"])
def test_a_typed_name_needs_a_letter(name: str) -> None:
    with pytest.raises(Refused, match="name-needs-letter"):
        people.parse_name(name)
    assert people.profile_name(name) == (name if is_name(name) else "")


def test_what_is_invisible_in_a_name_is_left_out() -> None:
    assert people.parse_name(" Bo\u3164\u200bEk\u2800") == "Bo Ek"
    assert people.parse_name("张伟") == "张伟"


@pytest.mark.parametrize("other", ["BO EK", "Ek, Bo", " Bo  Ek ", "bo-ek", "\uff22\uff4f Ek"])
def test_spellings_of_the_same_name(other: str) -> None:
    assert same_name("Bo Ek") == same_name(other)


@pytest.mark.parametrize("other", ["Bö Ek", "Bo Eek", "Bo", "Bo Ek Ek"])
def test_other_names(other: str) -> None:
    assert same_name("Bo Ek") != same_name(other)


def test_no_statement_sorts_by_a_name() -> None:
    """The two databases order letters differently, and neither as the reader's alphabet does."""
    for path in (ROOT / "models").rglob("*.py"):
        assert not re.search(r"order_by\([^)\n]*\.name\b", path.read_text("utf-8")), path
