"""How long texts are to Telegram, how they are cut, and how they are divided into pages."""

import pytest
from markupsafe import Markup

from handlers.layout import cut, fill_pages, headed_pages, pages_of_blocks, shown_length

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1eb\U0001f1ee"
ACCENTED = "e\u0301"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a & b", 5),
        (Markup("<b>a</b> &amp; b"), 5),
        ("<b>", 3),
        ("\U0001f600", 2),
        (Markup("<i>{}</i>").format("\U0001f600"), 2),
    ],
)
def test_a_length_is_in_utf_16_units_after_entity_parsing(text: str, length: int) -> None:
    assert shown_length(text) == length


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Hyvä", 10, "Hyvä"),
        ("Hyvä keskustelu oli", 16, "Hyvä keskustelu…"),
        ("Hyvä, keskustelu", 8, "Hyvä…"),
        ("Lastensuojelun kehittäminen", 10, "Lastensuo…"),
        ("A lastensuojelu", 10, "A lastens…"),
        (Markup("<b>Hyvä</b> &amp; hyvä"), 8, "Hyvä &…"),
        ("x" * 30, 1, "…"),
    ],
)
def test_a_text_is_cut_at_a_word_or_inside_a_very_long_one(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@pytest.mark.parametrize("sign", [FAMILY, FLAG, ACCENTED, "\U0001f44d\U0001f3fd", "\u2764\ufe0f", "\U0001f600"])
def test_a_cut_tears_no_sign_that_is_made_of_several(sign: str) -> None:
    for limit in range(1, 60):
        shown = cut(sign * 60, limit)
        assert shown_length(shown) <= limit
        assert shown == sign * ((limit - 1) // shown_length(sign)) + "…"


def test_pages_hold_whole_blocks_and_long_ones_are_divided_between_lines_and_words() -> None:
    blocks = [
        Markup("<b>aaa</b>"),
        Markup("bbb"),
        Markup("cccc\ndddd eeee\nf"),
        Markup("<i>gg hh &amp; ii jj kk ll</i>"),
    ]
    pages = pages_of_blocks(blocks, 10, gap=1)
    assert pages == [["<b>aaa</b>", "bbb"], ["cccc"], ["dddd eeee"], ["f", "gg hh &amp;"], ["ii jj kk"], ["ll"]]
    assert all(sum(shown_length(piece) + 1 for piece in page) - 1 <= 10 for page in pages)


def test_pages_hold_so_many_items_at_most() -> None:
    assert fill_pages([3, 3, 3, 9, 1], lambda size: size, 8, gap=1, most=2) == [[3, 3], [3], [9], [1]]
    assert fill_pages([1, 1, 1], lambda size: size, 8, most=2) == [[1, 1], [1]]
    assert fill_pages([], len, 8) == []


def test_several_pages_are_numbered_under_a_heading() -> None:
    first, name = Markup("<b>Palaute</b>, 5 vastausta"), Markup("Palaute")
    assert headed_pages(first, name, []) == ["<b>Palaute</b>, 5 vastausta"]
    assert headed_pages(first, name, [Markup("a" * 6), Markup("b" * 6)], 10) == [
        f"{first} <i>(1/2)</i>\n\naaaaaa",
        "<b>Palaute</b> <i>(2/2)</i>\n\nbbbbbb",
    ]
